"""What the log of an application says of its way up and down: it is where people are sent for causes."""

import logging
from collections.abc import Mapping
from typing import Any

import pytest

from insula.core import log
from insula.core.errors import InsulaError, Kind
from insula.fleet.configuration import Configuration
from insula.fleet.process.base import AsgiApp, Receive, Scope, Send
from insula.fleet.process.local import LocalProcess
from insula.fleet.process.steps import Steps

SHOP = Configuration("shop", "1")


class Away(InsulaError):
    """The database db.internal does not answer."""

    code = "DATABASE_UNAVAILABLE"
    kind = Kind.UNAVAILABLE


async def answering(scope: Scope, receive: Receive, send: Send) -> None: ...


class Failing(Steps):
    """Fails with what it is given, when it is prepared."""

    def __init__(self, error: Exception | None) -> None:
        self.error = error

    async def prepare(self) -> None:
        if self.error is not None:
            raise self.error

    async def create(self, arguments: Mapping[str, Any]) -> None: ...

    async def initialize(self) -> None: ...

    async def run(self) -> AsgiApp:
        return answering

    async def upgrade(self) -> None: ...

    async def stop(self) -> None: ...


def process(error: Exception | None) -> LocalProcess:
    return LocalProcess(lambda _: Failing(error), lambda *_: None)


async def test_up_and_down_in_its_own_log(caplog: pytest.LogCaptureFixture) -> None:
    seen: list[str] = []
    caplog.handler.addFilter(lambda _: seen.append(log.application.get()) is None)
    caplog.set_level(logging.INFO)
    shop = process(None)
    await shop.start(SHOP)
    await shop.stop("shop")
    assert [record.getMessage() for record in caplog.records] == ["shop is running", "shop is stopped"]
    assert set(seen) == {"shop"}


@pytest.mark.parametrize(
    ("error", "said", "traceback"),
    [
        (Away(), "shop failed at the step prepare: The database db.internal does not answer.", False),
        (RuntimeError("a defect"), "shop failed at the step prepare", True),
    ],
)
async def test_why_it_failed(
    caplog: pytest.LogCaptureFixture, error: Exception, said: str, traceback: bool
) -> None:
    with pytest.raises(type(error)):
        await process(error).start(SHOP)
    (record,) = caplog.records
    assert (record.levelno, record.getMessage()) == (logging.ERROR, said)
    assert (record.exc_info is not None) is traceback
