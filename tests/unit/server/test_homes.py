"""Where applications run: the last that is said of one is true, and one whose database hangs silences no other."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any, cast

import pytest

from insula.application.application import Application
from insula.server import homes as module
from insula.server.homes import Homes


class Named:
    def __init__(self, name: str) -> None:
        self.name = name


def named(name: str) -> Application:
    return cast(Application, Named(name))


class Written:
    """What was written, by application; what a test has hang waits for ``go_on``."""

    def __init__(self) -> None:
        self.last: dict[str, dict[str, str]] = {}
        self.begun: list[str] = []
        self.hang: set[str] = set()
        self.go_on = asyncio.Event()

    async def __call__(self, application: Application, home: dict[str, str]) -> None:
        self.begun.append(application.name)
        if application.name in self.hang:
            await self.go_on.wait()
        self.last[application.name] = home

    async def until(self, name: str, times: int) -> None:
        async with asyncio.timeout(60):
            while self.begun.count(name) < times:
                await asyncio.sleep(0.001)


@pytest.fixture
async def written(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Written]:
    found = Written()
    monkeypatch.setattr(module, "_write", found)
    yield found
    found.go_on.set()


async def test_what_is_said_last_of_one_that_stops_is_that_it_is_nowhere(written: Written) -> None:
    homes, shop = Homes(lambda: "here"), named("shop")
    written.hang.add("shop")
    homes.enter(shop)
    await written.until("shop", 1)
    leaving = asyncio.create_task(homes.leave(shop))
    await asyncio.sleep(0)
    written.go_on.set()
    await leaving
    await homes.stop()
    assert written.last == {"shop": {}}


async def test_one_that_was_followed_by_another_time_of_it_says_nothing_any_more(written: Written) -> None:
    homes, first, second = Homes(lambda: "here"), named("shop"), named("shop")
    homes.enter(first)
    homes.enter(second)
    await homes.leave(first)
    await homes.stop()
    assert written.last["shop"]["installation"] == "here"
    assert written.begun == ["shop"]


async def test_one_whose_database_hangs_silences_no_other(written: Written) -> None:
    homes = Homes(lambda: "here", every_s=0.01)
    written.hang.add("hangs")
    homes.enter(named("hangs"))
    homes.enter(named("shop"))
    homes.start()
    await written.until("shop", 3)
    written.go_on.set()
    await homes.stop()


async def test_a_beat_that_fails_is_not_the_last(written: Written) -> None:
    told: list[Any] = []

    def installation() -> str:
        told.append(None)
        if len(told) < 3:
            raise RuntimeError("not now")
        return "here"

    homes = Homes(installation, every_s=0.01)
    homes.enter(named("shop"))
    homes.start()
    await written.until("shop", 1)
    await homes.stop()
    assert written.last["shop"]["installation"] == "here"
