"""Where applications can run: how many, on which service, and for how long a place is known."""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from typing import Any

import pytest

from insula.application.application import Application
from insula.database.errors import DatabaseUnavailable
from insula.fleet.command import Verb
from insula.fleet.environment import Environment
from insula.fleet.lifecycle import Wanted
from insula.server.fleet_metrics import FleetFigures
from insula.supervisor.environment_table import EnvironmentTable
from insula.supervisor.errors import (
    CommandFailed,
    EnvironmentFull,
    EnvironmentInUse,
    InvalidOption,
    NoSuchEnvironment,
)
from insula.testing.fleet import VERSION, PlayedFleet, played_fleet

WHO = "a test"


@pytest.fixture
async def two(main: Application) -> AsyncIterator[PlayedFleet]:
    """Two environments, of which the first has room for two applications."""
    async with played_fleet(main, "a", "b") as played:
        await played.discovery.announce(Environment("a", version=VERSION, capacity=2, dialect="postgres"))
        await played.discovery.announce(Environment("b", version=VERSION, dialect="mariadb"))
        yield played


async def full(fleet: PlayedFleet) -> None:
    for name in ("one", "two"):
        await fleet.make(name, environments=["a"])


async def codes(fleet: PlayedFleet, **values: Any) -> list[str]:
    return [found["code"] for found in await fleet.supervisor.check(values) if found["level"] == "error"]


async def test_one_that_is_full_takes_no_new_application(two: PlayedFleet) -> None:
    assert await codes(two, name="three", environments=["a"]) == []
    await full(two)
    assert await codes(two, name="three", environments=["a"]) == ["ENVIRONMENT_FULL"]
    with pytest.raises(
        EnvironmentFull, match="a takes no more applications, since it has 2 of at most 2.*INSULA_CAPACITY"
    ):
        await two.supervisor.create({"name": "three", "environments": ["a", "b"]}, actor=WHO)
    await two.make("three", environments=["b"])
    assert two.supervisor.taken() == {"a": 2, "b": 1}


async def test_those_that_come_at_once_do_not_share_the_last_room(two: PlayedFleet) -> None:
    made = await asyncio.gather(
        *(
            two.supervisor.create({"name": f"app{number}", "environments": ["a"]}, actor=WHO)
            for number in range(5)
        ),
        return_exceptions=True,
    )
    assert sum(isinstance(found, EnvironmentFull) for found in made) == 3
    assert two.supervisor.taken() == {"a": 2}


async def test_none_moves_into_one_that_is_full_nor_is_restored_there(two: PlayedFleet) -> None:
    await full(two)
    await two.make("three", environments=["b"])
    await two.supervisor.stop("three", actor=WHO)
    with pytest.raises(EnvironmentFull):
        await two.supervisor.update("three", {"environments": ["a"]}, actor=WHO)
    await two.supervisor.destroy("one", confirm="one", actor=WHO)
    assert two.supervisor.taken()["a"] == 1
    await two.make("four", environments=["a"])
    with pytest.raises(EnvironmentFull):
        await two.supervisor.restore("one", actor=WHO)
    await two.supervisor.destroy("four", confirm="four", actor=WHO)
    await two.supervisor.restore("one", actor=WHO)
    await two.supervisor.update("one", {"displayName": "One"}, actor=WHO)


async def test_one_whose_room_was_lowered_sends_none_away(two: PlayedFleet) -> None:
    await full(two)
    await two.discovery.announce(Environment("a", version=VERSION, capacity=1))
    await two.supervisor.environments()
    await two.supervisor.update("one", {"displayName": "One"}, actor=WHO)
    await two.supervisor.restart("one", actor=WHO)
    assert two.supervisor.taken()["a"] == 2


async def test_options_are_held_against_the_service_where_it_will_be(two: PlayedFleet) -> None:
    """Main's own is SQLite, which has no schemas."""
    await two.supervisor.environments()
    assert two.supervisor.service(("a",)) == "postgres"
    assert two.supervisor.service(("b", "a")) == "mariadb"
    await two.make("shop", environments=["a"])
    changed = await two.supervisor.create({"name": "wiki", "environments": ["a"]}, actor=WHO)
    assert changed.options == {}
    await two.supervisor.update("wiki", {"options": {"dbConnType": "new_schema"}}, actor=WHO)
    with pytest.raises(InvalidOption, match="this is mariadb"):
        await two.supervisor.update(
            "wiki", {"environments": ["b"], "options": {"dbConnType": "new_schema"}}, actor=WHO
        )


async def test_while_nothing_can_be_written_all_are_known_and_one_wait_is_enough(
    two: PlayedFleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[str] = []

    async def away(table: EnvironmentTable, environment: Environment) -> None:
        tried.append(environment.name)
        raise DatabaseUnavailable(where="main", reason="it is away")

    monkeypatch.setattr(EnvironmentTable, "keep", away)
    for name in ("one", "two"):
        await two.discovery.announce(Environment(name, proxy_url="http://127.0.0.1:1", epoch=1))
    assert [found.name for found in await two.supervisor.environments()] == ["a", "b", "one", "two"]
    assert tried == ["one"]


@pytest.fixture
def silent() -> Iterator[str]:
    """The address of one that takes connections, and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


async def test_one_is_forgotten_once_nothing_is_there_and_it_is_gone(two: PlayedFleet, silent: str) -> None:
    old = Environment("old", proxy_url=silent, version=VERSION, instance="i", epoch=1)
    with pytest.raises(NoSuchEnvironment, match=r"no environment old here \(there is a, b\)"):
        await two.supervisor.forget("old")
    await two.discovery.announce(old)
    await two.supervisor.environments()
    with pytest.raises(EnvironmentInUse, match="it is suspect; stop it first"):
        await two.supervisor.forget("old")
    await two.discovery.announce(replace(old, available=False))
    await two.supervisor.create({"name": "last", "environments": ["old"]}, actor=WHO)
    with pytest.raises(EnvironmentInUse, match=r"placed there \(last\); move them"):
        await two.supervisor.forget("old")
    await two.supervisor.update("last", {"environments": ["b"]}, actor=WHO)
    await two.supervisor.forget("old")
    assert [found.name for found in await two.supervisor.environments()] == ["a", "b"]
    await two.restart()
    assert "old" not in [found.name for found in await two.supervisor.environments()]
    await two.discovery.announce(replace(old, epoch=2))
    assert "old" in [found.name for found in await two.supervisor.environments()]


async def test_nobody_is_placed_in_one_while_it_is_being_forgotten(
    two: PlayedFleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    await two.discovery.announce(Environment("old", proxy_url="http://127.0.0.1:1", epoch=1, available=False))
    await two.supervisor.environments()
    placing: list[asyncio.Task[Any]] = []
    forget = two.discovery.forget

    async def slow(name: str) -> None:
        work = two.supervisor.create({"name": "last", "environments": ["old"]}, actor=WHO)
        placing.append(asyncio.create_task(work))
        done, _ = await asyncio.wait(placing, timeout=0.2)
        assert not done
        await forget(name)

    monkeypatch.setattr(two.discovery, "forget", slow)
    await two.supervisor.forget("old")
    with pytest.raises(NoSuchEnvironment, match="no environment old here"):
        await placing[0]
    assert two.supervisor.taken() == {}


async def test_one_that_is_forgotten_while_it_is_written_down_stays_forgotten(
    two: PlayedFleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go_on, keep = asyncio.Event(), asyncio.Event(), EnvironmentTable.keep

    async def slow(table: EnvironmentTable, environment: Environment) -> None:
        begun.set()
        await go_on.wait()
        await keep(table, environment)

    monkeypatch.setattr(EnvironmentTable, "keep", slow)
    await two.discovery.announce(Environment("old", proxy_url="http://127.0.0.1:1", epoch=1, available=False))
    looking = asyncio.create_task(two.supervisor.environments())
    await begun.wait()
    forgetting = asyncio.create_task(two.supervisor.forget("old"))
    await asyncio.wait((forgetting,), timeout=0.2)
    go_on.set()
    await asyncio.gather(looking, forgetting)
    await two.restart()
    assert [found.name for found in await two.supervisor.environments()] == ["a", "b"]


async def test_one_that_can_not_be_written_down_hides_no_other(
    two: PlayedFleet, caplog: pytest.LogCaptureFixture
) -> None:
    wordy = Environment("one", url="http://" + "long." * 1000, proxy_url="http://127.0.0.1:1", epoch=1)
    await two.discovery.announce(wordy)
    await two.discovery.announce(Environment("two", proxy_url="http://127.0.0.1:1", epoch=1))
    assert [found.name for found in await two.supervisor.environments()] == ["a", "b", "one", "two"]
    assert caplog.text.count("the environment one is not written down yet") == 1
    await two.discovery.announce(replace(wordy, url="http://one"))
    await two.supervisor.environments()
    await two.discovery.leave("one")
    await two.discovery.leave("two")
    await two.restart()
    kept = {found.name: found.url for found in await two.supervisor.environments()}
    assert kept == {"a": "", "b": "", "one": "http://one", "two": ""}


async def test_an_environment_that_is_away_keeps_no_idle_application_awake(two: PlayedFleet) -> None:
    await two.make("shop", environments=["a", "b"], options={"sleepAfter": 1})
    await two.discovery.announce(Environment("b", version=VERSION, available=False))
    await two.supervisor.environments()
    assert two.supervisor.places.why_not("b")
    two.supervisor.resume()
    async with asyncio.timeout(60):
        while two.records.get("shop").wanted is not Wanted.ASLEEP:
            await asyncio.sleep(0.01)
            await two.supervisor.look_at_all()
    asked = [name for name, place in two.environments.items() if (Verb.VISITED, "shop") in place.carried]
    assert asked == ["a"]


def figures(fleet: PlayedFleet) -> dict[str, dict[tuple[str, ...], float]]:
    """Name → labels' values → value."""
    return {
        family.name.removeprefix("insula_"): {
            tuple(found[0].values()): found[1] for found in family.read() if found is not None
        }
        for family in FleetFigures(fleet.supervisor).families()
    }


async def test_what_is_told_to_programs_that_watch(two: PlayedFleet) -> None:
    load = {"cpu": 0.25, "memoryMb": 80.0, "connections": 3}
    here = Environment("b", version=VERSION, applications=1, load=load)
    await two.discovery.announce(here)
    await two.supervisor.environments()
    await full(two)
    await two.make("three", environments=["b"])
    await two.supervisor.stop("two", actor=WHO)
    await two.supervisor.destroy("one", confirm="one", actor=WHO)
    gate = two.environments["b"].gates[Verb.STOP] = asyncio.Event()
    stopping = asyncio.create_task(two.supervisor.stop("three", actor=WHO))
    while not figures(two)["commands_under_way"].get(("b", "stop")):
        await asyncio.sleep(0)
    while "commanding" not in str(figures(two)["applications"]):
        await asyncio.sleep(0)
    found = figures(two)
    assert found["applications"] == {("deleted",): 1, ("stopped",): 1, ("commanding",): 1}
    assert found["environment_state"] == {("a", "online"): 1, ("b", "online"): 1}
    assert found["environment_applications_placed"] == {("a",): 1, ("b",): 1}
    assert found["environment_capacity"] == {("a",): 2, ("b",): 0}
    assert found["environment_memory_bytes"][("b",)] == 80_000_000
    assert found["environment_cpu"][("b",)] == 0.25
    assert found["environment_applications_running"][("b",)] == 1
    gate.set()
    await stopping
    two.environments["b"].failures[Verb.START] = "REFUSED"
    with pytest.raises(CommandFailed):
        await two.supervisor.start("three", actor=WHO)
    found = figures(two)
    assert found["commands_under_way"][("b", "stop")] == 0
    assert found["commands_total"][("b", "stop", "done")] == 1
    assert found["commands_total"][("b", "start", "failed")] == 1
