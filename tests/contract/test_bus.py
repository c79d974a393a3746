"""The contract of command buses, run on every adapter: what is sent at one end is taken at the other."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from insula.core.ids import random_id
from insula.fleet.bus.base import CommandBus
from insula.fleet.bus.memory import MemoryBus
from insula.fleet.bus.redis import RedisBus
from insula.fleet.command import Command, Outcome, Verb
from insula.fleet.configuration import Configuration
from insula.fleet.errors import CommandExpired, EnvironmentUnavailable
from insula.fleet.redis_server import RedisServer
from insula.fleet.seal import Seal

PATIENCE_S = 10.0
KEY = bytes(range(32))


@dataclass
class Ends:
    """Who sends, and who takes; and the environment, which no other test has."""

    sender: CommandBus
    taker: CommandBus
    environment: str

    def send(self, command: Command) -> asyncio.Task[Outcome]:
        return asyncio.create_task(self.sender.send(self.environment, command))

    async def take(self) -> Command:
        async with asyncio.timeout(PATIENCE_S):
            return await self.taker.take(self.environment)

    async def finish(self, outcome: Outcome) -> None:
        await self.taker.finish(self.environment, outcome)


@pytest.fixture(params=["memory", "redis"])
async def ends(request: pytest.FixtureRequest) -> AsyncIterator[Ends]:
    name = f"env_{random_id(6)}"
    if request.param == "memory":
        one = MemoryBus()
        yield Ends(one, one, name)
        await one.close()
        return
    url = f"redis://127.0.0.1:{request.getfixturevalue('redis').port}/0"
    async with RedisServer(url, "X") as near, RedisServer(url, "X") as far:
        made = Ends(RedisBus(near, Seal(KEY), "supervisor"), RedisBus(far, Seal(KEY), "one"), name)
        yield made
        await made.sender.close()
        await made.taker.close()


def start(application: str = "shop", deadline_s: float = PATIENCE_S) -> Command:
    return Command(Verb.START, application, random_id(8), deadline_s=deadline_s)


async def test_what_is_sent_is_taken_in_order_and_its_outcome_comes_back(ends: Ends) -> None:
    commands = [start("one"), start("two")]
    sent = []
    for command in commands:
        sent.append(ends.send(command))
        taken = await ends.take()
        assert taken == command
    await ends.finish(Outcome(commands[1].request_id, result={"n": 2}))
    await ends.finish(Outcome(commands[0].request_id, code="APP_ERROR", message="No.", step="prepare"))
    one, two = await asyncio.gather(*sent)
    assert (one.done, one.step, one.message) == (False, "prepare", "No.")
    assert (two.done, two.result) == (True, {"n": 2})


async def test_a_command_arrives_whole(ends: Ends) -> None:
    configuration = Configuration("shop", "stamp", database={"password": "é§"}, domain="shop.example.com")
    command = Command(
        Verb.CREATE, "shop", random_id(8), configuration, {"root": {"email": "a@b.c"}}, 5.0, "ann"
    )
    sent = ends.send(command)
    taken = await ends.take()
    assert taken == command
    assert (taken.configuration, taken.actor) == (configuration, "ann")
    assert taken.arguments == {"root": {"email": "a@b.c"}}
    await ends.finish(Outcome(command.request_id))
    assert (await sent).done


async def test_many_are_taken_in_the_order_in_which_they_were_sent(ends: Ends) -> None:
    commands = [start(f"a_{number}") for number in range(100)]
    sent = []
    for command in commands:
        sent.append(ends.send(command))
        await asyncio.sleep(0.001)
    taken = [await ends.take() for _ in commands]
    assert sorted(taken, key=lambda c: c.request_id) == sorted(commands, key=lambda c: c.request_id)
    for command in taken:
        await ends.finish(Outcome(command.request_id, result={"of": command.application}))
    outcomes = await asyncio.gather(*sent)
    assert [outcome.result["of"] for outcome in outcomes] == [command.application for command in commands]


async def test_the_same_request_sent_twice_is_handed_out_once(ends: Ends) -> None:
    command = start()
    sent = [ends.send(command) for _ in range(3)]
    assert (await ends.take()).request_id == command.request_id
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await ends.taker.take(ends.environment)
    await ends.finish(Outcome(command.request_id))
    assert [outcome.done for outcome in await asyncio.gather(*sent)] == [True] * 3


async def test_a_command_that_nobody_takes_expires(ends: Ends) -> None:
    with pytest.raises(CommandExpired) as caught:
        await ends.sender.send(ends.environment, start(deadline_s=0.2))
    assert "start" in caught.value.message


async def test_a_command_goes_on_when_its_sender_does_not_wait_any_more(ends: Ends) -> None:
    command = start()
    sent = ends.send(command)
    assert await ends.take() == command
    sent.cancel()
    await asyncio.wait((sent,))
    again = ends.send(command)
    await asyncio.sleep(0)
    await ends.finish(Outcome(command.request_id))
    assert (await again).done


async def test_an_outcome_that_nobody_waits_for_is_no_error(ends: Ends) -> None:
    await ends.finish(Outcome("unknown"))


async def test_nobody_waits_for_a_bus_that_is_closed(ends: Ends) -> None:
    sent = [ends.send(start()) for _ in range(2)]
    await ends.take()
    await ends.sender.close()
    for ended in await asyncio.gather(*sent, return_exceptions=True):
        assert isinstance(ended, EnvironmentUnavailable)
    with pytest.raises(EnvironmentUnavailable, match=ends.environment):
        await ends.sender.send(ends.environment, start())
    await ends.sender.close()
