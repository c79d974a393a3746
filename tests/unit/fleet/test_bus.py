"""The contract of command buses, run on every adapter."""

import asyncio

import pytest

from insula.fleet.bus.base import CommandBus
from insula.fleet.bus.memory import MemoryBus
from insula.fleet.command import Command, Outcome, Verb
from insula.fleet.errors import CommandExpired, EnvironmentUnavailable


@pytest.fixture(params=[MemoryBus])
def bus(request: pytest.FixtureRequest) -> CommandBus:
    made: CommandBus = request.param()
    return made


def _start(request_id: str, deadline_s: float = 5.0) -> Command:
    return Command(Verb.START, "shop", request_id, deadline_s=deadline_s)


async def test_what_is_sent_is_taken_in_order_and_its_outcome_comes_back(bus: CommandBus) -> None:
    sent = [asyncio.create_task(bus.send("local", _start(name))) for name in ("one", "two")]
    taken = [await bus.take("local"), await bus.take("local")]
    assert [command.request_id for command in taken] == ["one", "two"]
    await bus.finish("local", Outcome("two", result={"n": 2}))
    await bus.finish("local", Outcome("one", code="APP_ERROR", message="No.", step="prepare"))
    one, two = await asyncio.gather(*sent)
    assert (one.done, one.step) == (False, "prepare")
    assert (two.done, two.result) == (True, {"n": 2})


async def test_the_same_request_sent_twice_is_handed_out_once(bus: CommandBus) -> None:
    sent = [asyncio.create_task(bus.send("local", _start("one"))) for _ in range(3)]
    assert (await bus.take("local")).request_id == "one"
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await bus.take("local")
    await bus.finish("local", Outcome("one"))
    assert [outcome.done for outcome in await asyncio.gather(*sent)] == [True] * 3


async def test_a_command_that_nobody_takes_expires(bus: CommandBus) -> None:
    with pytest.raises(CommandExpired) as caught:
        await bus.send("nowhere", _start("one", deadline_s=0.05))
    assert "start" in caught.value.message


async def test_a_command_goes_on_when_its_sender_does_not_wait_any_more(bus: CommandBus) -> None:
    sent = asyncio.create_task(bus.send("local", _start("one")))
    command = await bus.take("local")
    sent.cancel()
    await asyncio.wait((sent,))
    again = asyncio.create_task(bus.send("local", command))
    await asyncio.sleep(0)
    await bus.finish("local", Outcome("one"))
    assert (await again).done


async def test_an_outcome_that_nobody_waits_for_is_no_error(bus: CommandBus) -> None:
    await bus.finish("local", Outcome("unknown"))


async def test_nobody_waits_for_a_process_that_takes_no_more_commands() -> None:
    bus = MemoryBus()
    sent = [asyncio.create_task(bus.send("local", _start(name))) for name in ("one", "two")]
    await bus.take("local")
    bus.close()
    for ended in await asyncio.gather(*sent, return_exceptions=True):
        assert isinstance(ended, EnvironmentUnavailable)
    with pytest.raises(EnvironmentUnavailable, match="local"):
        await bus.send("local", _start("three"))
    await bus.finish("local", Outcome("one"))
