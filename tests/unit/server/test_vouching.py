"""Main's word on a token, asked for over the bus."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from insula.application.access.errors import ExpiredToken, InvalidToken, NotLetIn
from insula.application.access.shared import Visitor
from insula.core.errors import InsulaError, Kind
from insula.fleet.bus.memory import MemoryBus
from insula.fleet.command import Command
from insula.server.errors import NoVouching
from insula.server.vouching import AT_ONCE, KEPT_S, Asking, Desk

ANN = Visitor("a-uuid", "ann", "ann@example.com", "Ann")


class Away(InsulaError):
    """The database does not answer."""

    code = "AWAY"
    kind = Kind.UNAVAILABLE


class Main:
    def __init__(self, failure: Exception | None = None) -> None:
        self.failure = failure
        self.open = asyncio.Event()
        self.open.set()
        self.inside = self.most_inside = 0
        self.asked: list[tuple[str, str]] = []

    async def vouch(self, application: str, token: str) -> Visitor:
        self.asked.append((application, token))
        self.inside += 1
        self.most_inside = max(self.inside, self.most_inside)
        await self.open.wait()
        self.inside -= 1
        if self.failure is not None:
            raise self.failure
        return ANN


@asynccontextmanager
async def asking(main: Main, bus: MemoryBus | None = None) -> AsyncIterator[Asking]:
    bus = bus or MemoryBus()
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
    async with asking(main) as ask, asyncio.timeout(60):
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
    async with asking(Main(failure)) as ask, asyncio.timeout(60):
        with pytest.raises(InvalidToken):
            await ask("shop", "t")


async def test_who_may_not_enter_is_told_so() -> None:
    async with asking(Main(NotLetIn())) as ask, asyncio.timeout(60):
        with pytest.raises(NotLetIn):
            await ask("shop", "t")


async def test_a_main_that_can_not_tell_has_said_nothing_of_the_token() -> None:
    """Whose database is away for a moment: nobody is told to sign in anew."""
    async with asking(Main(Away())) as ask, asyncio.timeout(60):
        with pytest.raises(NoVouching):
            await ask("shop", "t")


async def test_a_defect_is_told_at_once_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    async with (
        asking(Main(ZeroDivisionError("a defect"))) as ask,
        asyncio.timeout(4),
    ):  # sooner than it is given up
        with pytest.raises(NoVouching):
            await ask("shop", "t")
    assert "a defect" in caplog.text


async def test_so_many_are_answered_at_once_and_the_others_have_their_turn() -> None:
    main = Main()
    main.open.clear()
    async with asking(main) as ask, asyncio.timeout(60):
        answers = [asyncio.create_task(ask("shop", str(number))) for number in range(2 * AT_ONCE)]
        while main.inside < AT_ONCE:
            await asyncio.sleep(0)
        main.open.set()
        assert await asyncio.gather(*answers) == [ANN] * 2 * AT_ONCE
    assert main.most_inside == AT_ONCE


class Broken(MemoryBus):
    """Fails the first time that something is to be taken."""

    failed = False

    async def take(self, environment: str) -> Command:
        if not self.failed:
            self.failed = True
            raise ZeroDivisionError("a defect")
        return await super().take(environment)


async def test_a_defect_does_not_end_the_desk(caplog: pytest.LogCaptureFixture) -> None:
    async with asking(Main(), Broken()) as ask, asyncio.timeout(60):
        assert await ask("shop", "t") == ANN
    assert "a defect" in caplog.text
