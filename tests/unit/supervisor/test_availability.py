"""Online, suspect, offline: how it is found out whether an environment can be reached, and who is told."""

import asyncio
from dataclasses import replace
from typing import cast

import pytest

from insula.fleet.discovery.base import Discovery
from insula.fleet.environment import Environment
from insula.supervisor import places as module
from insula.supervisor.place import MISSED_BEATS, OFFLINE, ONLINE, SUSPECT
from insula.supervisor.places import PROBE_EVERY_S, Places

BEAT_S = 4.0
HERE = "http://worker"


class World:
    """One environment, who looks on, and the clock."""

    def __init__(self) -> None:
        self.told = Environment("w1", proxy_url=HERE, epoch=1, beat_s=BEAT_S)
        """What was heard of it last."""
        self.now = 1000.0
        self.failure = ""
        """What a probe finds."""
        self.probed: list[str] = []
        self.gate = asyncio.Event()
        """A probe waits for it."""
        self.gate.set()
        self.changes: list[str] = []
        """The state after each change that is told."""
        self.places = Places(cast(Discovery, self), self._probe)
        self.places.watch(lambda name: self.changes.append(self.state))

    async def environments(self) -> list[Environment]:
        """The part of a ``Discovery`` that is asked."""
        return [self.told]

    async def _probe(self, address: str) -> str:
        self.probed.append(address)
        found = self.failure
        await self.gate.wait()
        return found

    @property
    def state(self) -> str:
        return self.places.known()[0].state

    async def look(self, after_s: float = 0.0) -> str:
        """What it is once somebody has looked, and a probe that was begun has ended."""
        self.now += after_s
        await self.places.look()
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        return self.state

    def silent(self, seconds: float) -> None:
        self.told = replace(self.told, silent_s=seconds)


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    made = World()
    monkeypatch.setattr(module, "monotonic", lambda: made.now)
    return made


async def test_one_that_registers_is_online_once_it_was_reached(world: World) -> None:
    world.gate.clear()
    assert await world.look() == SUSPECT
    world.gate.set()
    assert await world.look() == ONLINE
    assert world.probed == [HERE]
    assert await world.look(PROBE_EVERY_S * 10) == ONLINE
    assert world.probed == [HERE], "what is heard of is left in peace"


async def test_one_that_registers_and_is_not_reached_is_offline_and_shown_why(world: World) -> None:
    world.failure = "http://worker can not be reached (refused)"
    assert await world.look() == OFFLINE
    assert world.places.why_not("w1") == f"The environment w1 does not answer: {world.failure}."
    [shown] = world.places.known()
    assert (shown.available, shown.failure) == (False, world.places.why_not("w1"))


async def test_three_and_a_half_beats_make_it_suspect_and_each_ten_seconds_it_is_probed(world: World) -> None:
    await world.look()
    world.silent(MISSED_BEATS * BEAT_S)
    assert await world.look(PROBE_EVERY_S) == ONLINE
    world.silent(MISSED_BEATS * BEAT_S + 0.1)
    assert await world.look() == SUSPECT
    assert world.places.why_not("w1") == "", "it is reached: what runs there is served"
    assert len(world.probed) == 2
    for number in range(3):
        await world.look(PROBE_EVERY_S - 0.1)
        assert len(world.probed) == 2 + number
        await world.look(0.1)
        assert len(world.probed) == 3 + number
    world.failure = "nothing there"
    assert await world.look(PROBE_EVERY_S) == OFFLINE
    world.silent(0)
    assert await world.look(1) == OFFLINE, "it is heard, and nobody reaches it"
    world.failure = ""
    assert await world.look(PROBE_EVERY_S) == ONLINE
    assert world.changes[-2:] == [OFFLINE, ONLINE]


async def test_a_request_that_could_not_be_forwarded_is_looked_into_at_once(world: World) -> None:
    await world.look()
    world.changes.clear()
    world.places.suspect("w1")
    world.places.suspect("w1")
    assert world.state == SUSPECT
    assert await world.look() == ONLINE
    assert len(world.probed) == 2
    world.failure = "nothing there"
    world.places.suspect("w1")
    assert await world.look() == OFFLINE
    assert world.changes == [SUSPECT, ONLINE, SUSPECT, OFFLINE]


async def test_good_bye_is_offline_at_once_and_nobody_probes(world: World) -> None:
    await world.look()
    world.told = replace(world.told, available=False)
    assert await world.look(PROBE_EVERY_S * 2) == OFFLINE
    assert world.places.why_not("w1") == "The environment w1 was stopped."
    assert len(world.probed) == 1
    assert world.changes[-1] == OFFLINE


async def test_what_was_found_of_one_life_says_nothing_of_the_next(world: World) -> None:
    world.failure = "nothing there"
    world.gate.clear()
    await world.look()
    world.told = replace(world.told, epoch=2)
    world.failure = ""
    await world.places.look()
    world.gate.set()
    await world.look()
    assert await world.look() == ONLINE


async def test_one_whose_commands_take_long_is_probed_and_online_meanwhile(world: World) -> None:
    await world.look()
    world.now += module.DOUBT_EVERY_S + 0.1
    world.places.doubt("w1")
    assert world.state == ONLINE
    assert await world.look() == ONLINE
    assert len(world.probed) == 2
    world.places.doubt("w1")
    await world.look()
    assert len(world.probed) == 2, "not again so soon"


def test_of_one_that_nobody_knows_it_is_said_which_there_are(world: World) -> None:
    assert "choose another one for the application (there is none)" in world.places.why_not("nowhere")
    world.places.suspect("nowhere")
    world.places.doubt("nowhere")


async def test_whoever_keeps_ways_is_told_of_each_look_and_each_probe(world: World) -> None:
    looked: list[str] = []
    world.places.looked = lambda: looked.append(world.places.why_not("w1"))
    world.failure = "refused"
    world.gate.clear()
    await world.look()
    assert looked == [""]
    world.gate.set()
    await world.look()
    assert "refused" in looked[-1]
    world.failure = ""
    world.told = replace(world.told, epoch=2)
    await world.look()
    assert looked[-1] == ""
