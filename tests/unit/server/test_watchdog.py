"""A loop that stands still is noticed, with the application that holds it up."""

import asyncio
import logging
import sys
import time
from collections.abc import AsyncIterator, Callable
from types import FrameType
from typing import cast

import pytest

from insula.application.application import Application
from insula.core import log
from insula.core.clock import now
from insula.fleet.configuration import Configuration
from insula.fleet.lifecycle import Observed, Status
from insula.server.watchdog import UNKNOWN, Watchdog, application_of

LIMIT_S = 0.4
SECRET = "a-value-of-the-plugin"


@pytest.fixture
async def watchdog() -> AsyncIterator[Watchdog]:
    made = Watchdog(LIMIT_S)
    made.start()
    yield made
    made.stop()
    made.stop()


def named(name: str) -> Application:
    """Enough of an application to be known by."""
    made = Application.__new__(Application)
    made.name = name
    return made


def block(seconds: float, secret: str = SECRET) -> str:
    time.sleep(seconds)
    return secret


async def answer(application: Application, seconds: float) -> None:
    """As a request is answered: the application is a few frames above what blocks."""
    await asyncio.sleep(0)
    block(seconds)


async def told(caplog: pytest.LogCaptureFixture, text: str) -> None:
    async with asyncio.timeout(60):
        while text not in caplog.text:
            await asyncio.sleep(0.01)


async def test_who_blocks_the_loop_is_named_counted_and_shown(
    watchdog: Watchdog, caplog: pytest.LogCaptureFixture
) -> None:
    seen: list[str] = []
    caplog.handler.addFilter(lambda _: seen.append(log.application.get()) is None)
    caplog.set_level(logging.WARNING)
    await asyncio.create_task(answer(named("shop"), 4 * LIMIT_S))
    await told(caplog, "moves again")
    assert watchdog.stalls == {"shop": 1}
    assert "it is in the application shop" in caplog.text
    assert "in block" in caplog.text
    assert "time.sleep(seconds)" in caplog.text
    assert SECRET not in caplog.text
    assert set(seen) == {"shop"}
    assert watchdog.lag_s >= 2 * LIMIT_S


async def test_each_stall_is_told_once_and_counted(
    watchdog: Watchdog, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(2):
        await asyncio.create_task(answer(named("shop"), 5 * LIMIT_S))
        await told(caplog, "moves again")
        caplog.clear()
    assert watchdog.stalls == {"shop": 2}


async def test_what_computes_is_noticed_too(watchdog: Watchdog, caplog: pytest.LogCaptureFixture) -> None:
    application = named("shop")
    ends = time.monotonic() + 4 * LIMIT_S
    while time.monotonic() < ends:
        sum(range(1000))
    await told(caplog, "moves again")
    assert watchdog.stalls == {application.name: 1}


async def test_what_belongs_to_nobody_is_told_all_the_same(
    watchdog: Watchdog, caplog: pytest.LogCaptureFixture
) -> None:
    asyncio.get_running_loop().call_soon(time.sleep, 4 * LIMIT_S)
    await told(caplog, "moves again")
    assert watchdog.stalls == {UNKNOWN: 1}
    assert "none of the applications" in caplog.text


async def test_a_loop_that_moves_is_left_alone(watchdog: Watchdog, caplog: pytest.LogCaptureFixture) -> None:
    ends = time.monotonic() + 4 * LIMIT_S
    while time.monotonic() < ends:
        block(LIMIT_S / 10)
        await asyncio.sleep(0)
    assert not watchdog.stalls
    assert "stands" not in caplog.text


class Part:
    """A part of an application, which knows it."""

    def __init__(self, application: object) -> None:
        self._application = application

    def frame(self) -> FrameType:
        return sys._getframe()


def holding(configuration: Configuration) -> FrameType:
    return sys._getframe()


@pytest.mark.parametrize(
    ("frame", "name"),
    [
        (lambda: Part(named("shop")).frame(), "shop"),
        (lambda: Part(Configuration("bank", "stamp")).frame(), "bank"),
        (lambda: Part("no application").frame(), UNKNOWN),
        (lambda: holding(Configuration("bank", "stamp")), "bank"),
        (lambda: cast(FrameType, None), UNKNOWN),
    ],
)
def test_whose_a_stack_is(frame: Callable[[], FrameType], name: str) -> None:
    assert application_of(frame()) == name


def test_properties_of_strangers_are_not_run() -> None:
    class Trap:
        @property
        def application(self) -> str:
            raise AssertionError("this must not run")

        def frame(self) -> FrameType:
            return sys._getframe()

    assert application_of(Trap().frame()) == UNKNOWN


def test_one_that_was_never_started_can_be_stopped() -> None:
    Watchdog().stop()


def test_of_an_application_that_is_gone_nothing_is_kept() -> None:
    watchdog = Watchdog()
    watchdog.stalls.update({"shop": 2, "press": 1, UNKNOWN: 1})
    watchdog.hear("local", "shop", Status(Observed.STOPPED, now()))
    assert watchdog.stalls["shop"] == 2
    watchdog.hear("local", "shop", Status(Observed.NOT_FOUND, now()))
    watchdog.hear("local", "shop", Status(Observed.NOT_FOUND, now()))
    assert dict(watchdog.stalls) == {"press": 1, UNKNOWN: 1}
