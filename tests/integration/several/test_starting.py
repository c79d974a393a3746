"""Processes of one application that start at the same time, and that meet another version."""

import asyncio

import pytest
import sqlalchemy as sa

from insula.application import install, turns, versions
from insula.application.application import Application, State
from insula.application.errors import AlreadyInstalled, TurnTaken
from insula.application.plugin import Plugin
from insula.application.registry import Registry
from insula.data.query import Query
from insula.data.scope import Unrestricted
from insula.database.options import DatabaseOptions
from insula.database.provision.ownership import KEPT, read_kept
from insula.server.homes import Homes
from insula.testing.people import ROOT
from insula.testing.several import PLACES, Side, in_force, member, side_of

Sides = tuple[Side, Side]
EVERYTHING = Unrestricted()


async def test_both_at_once_on_an_empty_database(options: DatabaseOptions) -> None:
    a, b = (member(options, place) for place in PLACES)
    outcomes = await asyncio.gather(a.install(ROOT), b.install(ROOT), return_exceptions=True)
    assert sorted(map(type, outcomes), key=str) == sorted([type(None), AlreadyInstalled], key=str)
    await asyncio.gather(a.start(), b.start())
    assert a.identifier == b.identifier
    assert a.secrets.data_key == b.secrets.data_key
    await asyncio.gather(a.stop(), b.stop())


async def test_who_starts_while_another_installs_waits_for_it(options: DatabaseOptions) -> None:
    a, b = (member(options, place) for place in PLACES)
    async with a.database.transaction() as transaction:
        await transaction.lock(install.LOCK)
        starting = asyncio.create_task(b.start())
        while b.state is not State.STARTING:
            await asyncio.sleep(0.01)
    await asyncio.gather(starting, return_exceptions=True)
    assert b.state is State.ERROR  # nobody has installed anything
    await asyncio.gather(a.install(ROOT), b.stop())
    async with side_of(member(options, PLACES[1])) as side:
        assert side.application.state is State.RUNNING
    await a.stop()


class Initializes(Plugin):
    """Puts in its first records when it is loaded, where there are none yet: as one that knows of no other process."""

    name = title = description = "initializes"
    requires = ("library",)

    def __init__(self) -> None:
        self.loading: list[str] = []
        """Names of who is loaded, at the beginning and at the end."""

    async def load(self, application: Application) -> None:
        """See ``Plugin``."""
        place = application.options.environment
        self.loading.append(place)
        page = await application.repository.find("books", Query(), scopes=EVERYTHING)
        await asyncio.sleep(0.2)
        if not page.rows:
            await application.repository.create("books", {"title": "the first"}, scopes=EVERYTHING)
        self.loading.append(place)


async def test_they_start_one_after_the_other_so_that_first_records_are_there_once(
    options: DatabaseOptions,
) -> None:
    plugin = Initializes()
    a, b = (member(options, place, plugin, *Registry.discover().plugins.values()) for place in PLACES)
    await a.install(ROOT)
    await asyncio.gather(a.start(), b.start())
    assert (a.state, b.state) == (State.RUNNING, State.RUNNING)
    first, second = plugin.loading[::2]
    assert plugin.loading == [first, first, second, second]
    assert {first, second} == set(PLACES)
    page = await b.repository.find("books", Query(), scopes=EVERYTHING)
    assert [row["title"] for row in page.rows] == ["the first"]
    await asyncio.gather(a.stop(), b.stop())


async def test_who_waits_too_long_is_told_for_what(
    options: DatabaseOptions, monkeypatch: pytest.MonkeyPatch
) -> None:
    a, b = (member(options, place) for place in PLACES)
    await a.install(ROOT)
    monkeypatch.setattr(turns, "TURN_S", 1.0)
    async with a.database.transaction() as transaction:
        await transaction.lock(install.LOCK)
        with pytest.raises(TurnTaken, match="more than 1 s"):
            await b.install(ROOT)
    await a.stop()
    await b.stop()


async def test_each_process_has_a_home_of_its_own(sides: Sides) -> None:
    a, b = (side.application for side in sides)
    homes = {each: Homes(lambda: "here") for each in (a, b)}

    async def inhabited() -> set[str]:
        async with a.database.transaction() as transaction:
            rows = await transaction.run(sa.select(KEPT).where(KEPT.c.key.like("home%")))
        return {row["key"] for row in rows if row["value"]}

    for each in (a, b):
        homes[each].enter(each)

    async def both() -> bool:
        return await inhabited() == {"home env_a", "home env_b"}

    await in_force(both)
    async with a.database.transaction() as transaction:
        kept = await read_kept(transaction)
    assert kept is not None
    assert kept.elsewhere("here") is None
    assert kept.elsewhere("there") is not None
    await homes[b].leave(b)
    assert await inhabited() == {"home env_a"}
    await homes[a].leave(a)
    assert await inhabited() == set()


async def test_a_process_that_does_not_know_what_another_has_made_of_the_database_stops_serving(
    sides: Sides, monkeypatch: pytest.MonkeyPatch
) -> None:
    a, b = sides
    with monkeypatch.context() as newer:
        newer.setattr(versions, "__version__", "99.0")
        await a.application.upgrade()

    async def failed() -> bool:
        return b.application.state is State.ERROR

    await in_force(failed)
    assert "newer version (99.0)" in b.application.cause
    assert (await b.client.get("/books:list")).status_code == 503
