"""Main's word on a token, asked for over the bus."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from insula.application.access.errors import ExpiredToken, InvalidToken
from insula.application.access.shared import Visitor
from insula.core.errors import InsulaError, Kind
from insula.fleet.bus.memory import MemoryBus
from insula.server.errors import NoVouching
from insula.server.vouching import KEPT_S, Asking, Desk

ANN = Visitor("a-uuid", "ann", "ann@example.com", "Ann")


class Away(InsulaError):
    """The database does not answer."""

    code = "AWAY"
    kind = Kind.UNAVAILABLE


class Main:
    def __init__(self, failure: InsulaError | None = None) -> None:
        self.failure = failure
        self.asked: list[tuple[str, str]] = []

    async def vouch(self, application: str, token: str) -> Visitor:
        self.asked.append((application, token))
        if self.failure is not None:
            raise self.failure
        return ANN


@asynccontextmanager
async def asking(main: Main) -> AsyncIterator[Asking]:
    bus = MemoryBus()
    desk = Desk(bus, main.vouch)
    desk.start()
    try:
        yield Asking(bus)
    finally:
        await desk.stop()
        await bus.close()


async def test_whose_token_it_is_is_asked_once_in_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    moment = 0.0
    monkeypatch.setattr("insula.server.vouching.monotonic", lambda: moment)
    main = Main()
    async with asking(main) as ask, asyncio.timeout(10):
        assert [await ask("shop", "t"), await ask("shop", "t")] == [ANN, ANN]
        assert main.asked == [("shop", "t")]
        assert await ask("forum", "t") == ANN
        moment += KEPT_S
        main.failure = InvalidToken()
        with pytest.raises(InvalidToken):
            await ask("shop", "t")
    assert main.asked == [("shop", "t"), ("forum", "t"), ("shop", "t")]


@pytest.mark.parametrize("failure", [InvalidToken(), ExpiredToken()])
async def test_a_token_that_is_good_no_more_is_refused(failure: InsulaError) -> None:
    async with asking(Main(failure)) as ask, asyncio.timeout(10):
        with pytest.raises(InvalidToken):
            await ask("shop", "t")


async def test_a_main_that_can_not_tell_has_said_nothing_of_the_token() -> None:
    """Whose database is away for a moment: nobody is told to sign in anew."""
    async with asking(Main(Away())) as ask, asyncio.timeout(10):
        with pytest.raises(NoVouching):
            await ask("shop", "t")
