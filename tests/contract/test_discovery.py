"""The contract of discoveries, run on every adapter: what is told at one end is known at the other."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest

from insula.core.clock import now
from insula.core.ids import random_id
from insula.fleet.command import Command, Verb
from insula.fleet.configuration import Configuration
from insula.fleet.discovery.base import Discovery
from insula.fleet.discovery.local import LocalDiscovery
from insula.fleet.discovery.redis import RedisDiscovery
from insula.fleet.environment import Environment
from insula.fleet.errors import EnvironmentTaken
from insula.fleet.lease import Life
from insula.fleet.lifecycle import Observed, Status
from insula.fleet.redis_server import RedisServer
from insula.fleet.seal import Seal
from insula.testing.servers import Server

PATIENCE_S = 10.0
KEY = bytes(range(32))


@dataclass
class Ends:
    """Where an environment is, and who looks on; and its name, which no other test has."""

    here: Discovery
    there: Discovery
    name: str

    async def hold(self, instance: str = "one") -> int:
        return await self.here.hold(self.name, instance, lambda error: None)

    async def announced(self) -> Environment | None:
        return next((found for found in await self.there.environments() if found.name == self.name), None)


async def until(right: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not right():
            await asyncio.sleep(0.005)


async def until_announced(ends: Ends, right: Callable[[Environment | None], bool]) -> Environment | None:
    async with asyncio.timeout(PATIENCE_S):
        while not right(found := await ends.announced()):
            await asyncio.sleep(0.005)
    return found


@pytest.fixture(params=["local", "redis"])
async def ends(request: pytest.FixtureRequest) -> AsyncIterator[Ends]:
    name = f"env_{random_id(6)}"
    if request.param == "local":
        one = LocalDiscovery()
        yield Ends(one, one, name)
        await one.close()
        return
    url = f"redis://127.0.0.1:{request.getfixturevalue('redis').port}/0"
    async with RedisServer(url, "X") as near, RedisServer(url, "X") as far:
        here = RedisDiscovery(near, Seal(KEY), Life("one", "first"))
        there = RedisDiscovery(far, Seal(KEY), Life("one", "second", before="first"))
        await there.follow()
        yield Ends(here, there, name)
        for each in (here, there):
            await each.close()
            await each.close()


async def test_environments_come_change_and_leave(ends: Ends) -> None:
    epoch = await ends.hold()
    environment = Environment(ends.name, version="1", url="http://a", load={"cpu": 0.5})
    await ends.here.announce(environment)
    found = await until_announced(ends, lambda found: found is not None)
    assert found is not None
    assert (found.version, found.url, found.available, dict(found.load)) == (
        "1",
        "http://a",
        True,
        {"cpu": 0.5},
    )
    assert found.silent_s < PATIENCE_S
    await ends.here.announce(replace(environment, applications=3))
    await until_announced(ends, lambda found: found is not None and found.applications == 3)
    await ends.here.leave(ends.name)
    await ends.here.leave(ends.name)
    await until_announced(ends, lambda found: found is None or not found.available)
    assert await ends.hold("another") > epoch


async def test_one_that_has_said_good_bye_has_its_name_until_it_leaves(ends: Ends) -> None:
    await ends.hold()
    await ends.here.announce(Environment(ends.name))
    await until_announced(ends, lambda found: found is not None)
    await ends.here.good_bye(ends.name)
    await ends.here.good_bye(ends.name)
    ends.here.report(ends.name, "shop", Status(Observed.STOPPED, now()))
    await until_announced(ends, lambda found: found is None or not found.available)
    assert ends.here.held(ends.name)
    with pytest.raises(EnvironmentTaken):
        await ends.there.hold(ends.name, "another", lambda error: None)
    await ends.here.leave(ends.name)
    assert not ends.here.held(ends.name)
    await ends.there.hold(ends.name, "another", lambda error: None)


async def test_one_that_is_gone_is_forgotten_until_it_is_announced_again(ends: Ends) -> None:
    told: list[Observed] = []
    ends.there.watch(
        lambda environment, _, status: told.append(status.observed) if environment == ends.name else None
    )
    await ends.hold()
    await ends.here.announce(Environment(ends.name, capacity=7, dialect="postgres"))
    ends.here.report(ends.name, "shop", Status(Observed.RUNNING, now()))
    await until(lambda: ends.name in ends.there.statuses("shop"))
    found = await ends.announced()
    assert found is not None and (found.capacity, found.dialect) == (7, "postgres")
    await ends.there.forget(ends.name)
    await ends.there.forget(ends.name)
    assert await ends.announced() is None
    assert ends.there.statuses("shop") == {}
    assert told == [Observed.RUNNING, Observed.NOT_FOUND]
    await ends.here.announce(Environment(ends.name))
    await until_announced(ends, lambda found: found is not None)


async def test_a_name_is_held_by_one_alone(ends: Ends) -> None:
    epoch = await ends.hold("one")
    assert ends.here.held(ends.name)
    with pytest.raises(EnvironmentTaken, match="one"):
        await ends.there.hold(ends.name, "two", lambda error: None)
    assert ends.here.held(ends.name)
    assert await ends.there.hold(ends.name, "one", lambda error: None) > epoch
    assert ends.there.held(ends.name)


async def test_reports_are_kept_and_told_in_order(ends: Ends) -> None:
    told: list[tuple[str, Observed]] = []
    end = ends.there.watch(
        lambda environment, name, status: (
            told.append((name, status.observed)) if environment == ends.name else None
        )
    )
    await ends.hold()
    await ends.here.announce(Environment(ends.name))
    running, stopped = Status(Observed.RUNNING, now()), Status(Observed.STOPPED, now())
    ends.here.report(ends.name, "shop", running)
    await until(lambda: ends.there.statuses("shop") == {ends.name: running})
    ends.here.report(ends.name, "shop", stopped)
    await until(lambda: ends.there.statuses("shop") == {ends.name: stopped})
    ends.here.report(ends.name, "shop", Status(Observed.NOT_FOUND, now()))
    await until(lambda: ends.there.statuses("shop") == {})
    end()
    ends.here.report(ends.name, "shop", running)
    await until(lambda: ends.there.statuses("shop") == {ends.name: running})
    assert told == [("shop", Observed.RUNNING), ("shop", Observed.STOPPED), ("shop", Observed.NOT_FOUND)]


async def test_a_status_says_which_command_and_not_what_it_was_told(ends: Ends) -> None:
    secret = Configuration("shop", "stamp", data_key="s3cr3t")
    command = Command(Verb.START, "shop", "r1", secret, {"root": "s3cr3t"})
    await ends.hold()
    await ends.here.announce(Environment(ends.name))
    ends.here.report(ends.name, "shop", Status(Observed.COMMANDING, now(), command))
    await until(lambda: ends.name in ends.there.statuses("shop"))
    found = ends.there.statuses("shop")[ends.name].command
    assert found is not None
    assert (found.verb, found.request_id) == (Verb.START, "r1")


async def test_a_status_says_what_is_being_done_and_how_much_of_it(ends: Ends) -> None:
    await ends.hold()
    await ends.here.announce(Environment(ends.name))
    begun = Status(Observed.PREPARING, now())
    third = replace(begun, doing="migration 3 of 7: users", progress=2 / 7)
    tables = replace(begun, doing="tables")
    for told in (begun, third, tables, begun):
        ends.here.report(ends.name, "shop", told)
        await until(lambda told=told: ends.there.statuses("shop") == {ends.name: told})


async def test_a_status_says_which_plugins_have_failed(ends: Ends) -> None:
    await ends.hold()
    await ends.here.announce(Environment(ends.name))
    runs = Status(Observed.RUNNING, now())
    for told in (runs, replace(runs, failed=("boxes", "shelf")), replace(runs, failed=("shelf",)), runs):
        ends.here.report(ends.name, "shop", told)
        await until(lambda told=told: ends.there.statuses("shop") == {ends.name: told})


async def test_a_watcher_that_fails_keeps_nothing_from_the_others(
    ends: Ends, caplog: pytest.LogCaptureFixture
) -> None:
    told: list[str] = []

    def broken(environment: str, application: str, status: Status) -> None:
        raise RuntimeError("broken")

    ends.there.watch(broken)
    ends.there.watch(lambda environment, _, __: told.append(environment))
    await ends.hold()
    await ends.here.announce(Environment(ends.name))
    ends.here.report(ends.name, "shop", Status(Observed.RUNNING, now()))
    await until(lambda: told.count(ends.name) == 1)
    assert f"shop in {ends.name}" in caplog.text


async def test_of_many_reports_the_last_one_of_each_arrives(ends: Ends) -> None:
    await ends.hold()
    await ends.here.announce(Environment(ends.name))
    first = now()
    for round in range(5):
        for number in range(500):
            ends.here.report(
                ends.name, f"a_{number}", Status(Observed.RUNNING, first + timedelta(seconds=round))
            )
    last = Status(Observed.RUNNING, first + timedelta(seconds=4))
    await until(lambda: all(ends.there.statuses(f"a_{n}") == {ends.name: last} for n in range(500)))


async def test_two_fleets_in_one_redis_hear_nothing_of_each_other(redis: Server) -> None:
    """They meet under numbers of their own, with the same key (or none) and environments of the same names."""
    name = f"env_{random_id(6)}"
    async with AsyncExitStack() as stack:
        fleets = []
        for number in (0, 1):
            ours = RedisServer(f"redis://127.0.0.1:{redis.port}/{number}", "X")
            server = await stack.enter_async_context(ours)
            worker, looks_on = (RedisDiscovery(server, Seal(None), Life(f"{number}", role)) for role in "ab")
            stack.push_async_callback(worker.close)
            stack.push_async_callback(looks_on.close)
            await looks_on.follow()
            await worker.hold(name, f"{number}", lambda error: None)
            await worker.announce(Environment(name, url=f"http://{number}"))
            fleets.append((worker, looks_on))
        (first, sees_first), (second, sees_second) = fleets
        first.report(name, "of_first", Status(Observed.RUNNING, now()))
        await until(lambda: bool(sees_first.statuses("of_first")))
        second.report(name, "of_second", Status(Observed.RUNNING, now()))
        await until(lambda: bool(sees_second.statuses("of_second")))
        assert not sees_first.statuses("of_second")
        assert not sees_second.statuses("of_first")
        assert [each.url for each in await sees_first.environments() if each.name == name] == ["http://0"]
