"""Redis forgets, restarts, hangs, is full, or is written by strangers: nothing is lost, nothing is done twice."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest

from insula.core.clock import now
from insula.core.ids import random_id
from insula.fleet import agreement
from insula.fleet.agreement import Agreement
from insula.fleet.bus import redis_sender
from insula.fleet.bus.redis import RedisBus
from insula.fleet.bus.redis_words import commands_key
from insula.fleet.command import Command, Outcome, Verb
from insula.fleet.configuration import Configuration
from insula.fleet.discovery.redis import RedisDiscovery
from insula.fleet.discovery.redis_words import REPORTS
from insula.fleet.environment import Environment
from insula.fleet.errors import CommandExpired, KeyMismatch, RedisRefused, RedisUnavailable
from insula.fleet.lease import lease_key
from insula.fleet.lifecycle import Observed, Status
from insula.fleet.redis_server import RedisServer
from insula.fleet.seal import Seal
from insula.testing import servers
from insula.testing.suspended import suspended

PATIENCE_S = 30.0
KEY, OTHER_KEY = bytes(range(32)), bytes(range(1, 33))
SECRET = "s3cr3t-s3cr3t"


@pytest.fixture(scope="module")
def own_redis() -> Iterator[servers.Server]:
    """One that only this module ill-treats."""
    with servers.redis() as server:
        yield server


class House:
    """A supervisor and a worker around one Redis; the worker does what it is told, and counts."""

    def __init__(self, port: int, key: bytes | None = KEY, worker_key: bytes | None = KEY) -> None:
        self.url = f"redis://127.0.0.1:{port}/0"
        self.environment = f"env_{random_id(6)}"
        self.near, self.far = RedisServer(self.url, "X"), RedisServer(self.url, "X")
        self.sender = RedisBus(self.near, Seal(key), "supervisor")
        self.looks_on = RedisDiscovery(self.near, Seal(key))
        self.taker = RedisBus(self.far, Seal(worker_key), "one")
        self.worker = RedisDiscovery(self.far, Seal(worker_key))
        self.done: list[str] = []
        """Request ids that were carried out, in order; a second time is answered from here."""
        self.carrying: asyncio.Task[None] | None = None

    async def begin(self) -> None:
        await self.looks_on.follow()
        await self.worker.hold(self.environment, "one", lambda error: None)
        await self.worker.announce(Environment(self.environment))
        self.carrying = asyncio.create_task(self._carry_out())

    async def _carry_out(self) -> None:
        while True:
            command = await self.taker.take(self.environment)
            if command.request_id not in self.done:
                self.done.append(command.request_id)
                self.worker.report(self.environment, command.application, Status(Observed.RUNNING, now()))
            await self.taker.finish(self.environment, Outcome(command.request_id))

    def send(self, application: str = "shop", deadline_s: float = PATIENCE_S) -> asyncio.Task[Outcome]:
        command = Command(Verb.START, application, random_id(8), deadline_s=deadline_s)
        return asyncio.create_task(self.sender.send(self.environment, command))

    async def end(self) -> None:
        if self.carrying is not None:
            self.carrying.cancel()
            await asyncio.gather(self.carrying, return_exceptions=True)
        for each in (self.sender, self.taker, self.worker, self.looks_on):
            await each.close()
        await self.near.close()
        await self.far.close()


@pytest.fixture
async def house(own_redis: servers.Server) -> AsyncIterator[House]:
    made = House(own_redis.port)
    yield made
    await made.end()


async def until(right: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not right():
            await asyncio.sleep(0.01)


async def known(house: House) -> bool:
    return any(found.name == house.environment for found in await house.looks_on.environments())


async def test_what_is_forgotten_is_told_again_and_done_once(house: House) -> None:
    await house.begin()
    sent = []
    for number in range(60):
        sent.append(house.send(f"a_{number}"))
        if number % 10 == 5:
            await house.near.call("FLUSHALL")
        await asyncio.sleep(0.01)
    outcomes = await asyncio.gather(*sent)
    assert all(outcome.done for outcome in outcomes)
    assert len(house.done) == len(set(house.done)) == 60
    await until(lambda: all(house.looks_on.statuses(f"a_{n}") for n in range(60)))
    # Who begins to look on only now finds all of it, once the lease was taken anew.
    late = RedisDiscovery(house.near, Seal(KEY))
    await late.follow()
    await until(lambda: all(late.statuses(f"a_{n}") for n in range(60)))
    await late.close()


async def test_a_command_that_is_under_way_when_redis_forgets_is_not_done_twice(house: House) -> None:
    sent = house.send()
    taken = await house.taker.take(house.environment)
    await house.near.call("FLUSHALL")
    taking = asyncio.create_task(house.taker.take(house.environment))
    await until_there(house)  # sent again
    await house.taker.finish(house.environment, Outcome(taken.request_id, result={"n": 1}))
    assert not taking.done()
    taking.cancel()
    assert (await sent).result == {"n": 1}


async def test_what_nobody_waits_for_any_more_is_not_sent_again_after_redis_forgot(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would come after what was sent since, which may contradict it."""
    monkeypatch.setattr(redis_sender, "LOOK_AGAIN_S", 0.02)
    stream = commands_key(house.environment)

    async def stand(count: int) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while await house.near.call("XLEN", stream) != count:
                await asyncio.sleep(0.01)

    given_up, waited_for = house.send("given up"), house.send("waited for")
    await stand(2)
    given_up.cancel()
    await asyncio.wait((given_up,))
    await stand(2)  # it goes on, as long as Redis knows of it
    await house.near.call("FLUSHALL")
    await stand(1)
    await asyncio.sleep(10 * redis_sender.LOOK_AGAIN_S)
    await stand(1)
    await house.begin()
    assert (await waited_for).done
    assert len(house.done) == 1


async def test_a_restart_loses_nothing() -> None:
    with contextlib.ExitStack() as stack:
        port = stack.enter_context(servers.redis()).port
        house = House(port)
        await house.begin()
        assert (await house.send("before")).done
        stack.pop_all().close()
        sent = [house.send(f"a_{number}") for number in range(5)]
        await asyncio.sleep(0.5)
        assert not any(each.done() for each in sent)
        with servers.redis(port=port):
            assert all(outcome.done for outcome in await asyncio.gather(*sent))
            assert len(house.done) == len(set(house.done)) == 6
            await until(lambda: house.worker.held(house.environment))
            late = RedisDiscovery(house.near, Seal(KEY))
            await late.follow()
            await until(lambda: bool(late.statuses("before")))
            await late.close()
            await house.end()


async def test_one_that_is_suspended_loses_nothing(house: House, own_redis: servers.Server) -> None:
    await house.begin()
    assert (await house.send("before")).done
    with suspended(own_redis.process.pid):
        sent = [house.send(f"a_{number}") for number in range(5)]
        await asyncio.sleep(1.0)
        assert not any(each.done() for each in sent)
    assert all(outcome.done for outcome in await asyncio.gather(*sent))
    assert len(house.done) == len(set(house.done)) == 6


async def test_one_that_is_full_loses_nothing(house: House) -> None:
    await house.begin()
    assert (await house.send("before")).done
    await house.near.call("CONFIG", "SET", "maxmemory", "1")
    try:
        with pytest.raises(RedisUnavailable, match="full"):
            await house.near.call("SET", "x", "y")
        sent = house.send("after")
        house.worker.report(house.environment, "other", Status(Observed.STOPPED, now()))
        await asyncio.sleep(0.5)
        assert not sent.done()
        assert house.worker.held(house.environment)
    finally:
        await house.near.call("CONFIG", "SET", "maxmemory", "0")
    assert (await sent).done
    await until(lambda: bool(house.looks_on.statuses("other")))


async def test_one_that_lets_nobody_in_for_a_while_loses_nothing(house: House) -> None:
    await house.begin()
    assert (await house.send("before")).done
    async with RedisServer(house.url, "X") as admin:
        await admin.call("CONFIG", "SET", "requirepass", SECRET)
        try:
            await admin.call("CLIENT", "KILL", "SKIPME", "yes")
            with pytest.raises(RedisRefused):
                await house.near.call("GET", "x")
            sent = house.send("after")
            house.worker.report(house.environment, "other", Status(Observed.STOPPED, now()))
            await until(lambda: not house.worker.held(house.environment))
            assert not sent.done()
        finally:
            await admin.call("CONFIG", "SET", "requirepass", "")
    assert (await sent).done
    await until(lambda: bool(house.looks_on.statuses("other")))
    await until(lambda: house.worker.held(house.environment))


async def test_one_that_can_not_save_to_its_disk_is_waited_for(house: House) -> None:
    with pytest.raises(RedisUnavailable, match="saved"):
        await house.near.call("EVAL", "return redis.error_reply('MISCONF Data can not be saved.')", 0)


@pytest.mark.parametrize("lost", ["XREADGROUP", "TIME"])
async def test_a_command_whose_way_here_broke_is_taken_all_the_same(
    house: House, lost: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Redis has given it out; the answer, or what is asked next, does not come through."""
    call, losses = house.far.call, list[bytes]()

    async def broken(*words: bytes | str | int, within_s: float = 10.0) -> Any:
        answer = await call(*words, within_s=within_s)
        if words[0] == lost and answer and not losses:
            losses.append(b"")
            raise RedisUnavailable(where="here", setting="A_SETTING", reason="the connection broke")
        return answer

    await house.begin()
    monkeypatch.setattr(house.far, "call", broken)
    assert (await house.send()).done
    assert losses
    assert len(house.done) == 1


async def test_what_one_took_and_did_not_finish_is_taken_by_who_comes_next(house: House) -> None:
    sent = [house.send(f"a_{number}") for number in range(3)]
    first = await house.taker.take(house.environment)
    await house.taker.close()
    house.taker = RedisBus(house.far, Seal(KEY), "two")
    taken = [await house.taker.take(house.environment) for _ in range(3)]
    assert first.request_id in [command.request_id for command in taken]
    for command in taken:
        await house.taker.finish(house.environment, Outcome(command.request_id))
    assert all(outcome.done for outcome in await asyncio.gather(*sent))


async def test_what_has_expired_while_nobody_was_there_is_not_begun(house: House) -> None:
    with pytest.raises(CommandExpired):
        await house.send("old", deadline_s=0.1)
    sent = house.send("new")
    taken = await house.taker.take(house.environment)
    assert taken.application == "new"
    await house.taker.finish(house.environment, Outcome(taken.request_id))
    assert (await sent).done


async def test_why_a_command_was_not_done_is_said_as_far_as_it_is_known(house: House) -> None:
    for began in (False, True):  # no worker has ever listened there; one has, and hangs by now
        with pytest.raises(CommandExpired, match="has not taken the command start .* APP_COMMAND_REDIS_URL"):
            await house.send(deadline_s=0.2)
        if not began:
            listening = asyncio.create_task(house.taker.take(house.environment))
            sent = house.send()
            await house.taker.finish(house.environment, Outcome((await listening).request_id))
            await sent
            await house.taker.close()
            house.taker = RedisBus(house.far, Seal(KEY), "two")
    sent = house.send(deadline_s=1.0)
    assert (await house.taker.take(house.environment)).application == "shop"
    with pytest.raises(CommandExpired, match="was not done within 1 s"):
        await sent
    async with RedisServer(f"redis://127.0.0.1:{servers.free_port()}/0", "X") as nowhere:
        bus = RedisBus(nowhere, Seal(KEY), "supervisor")
        with pytest.raises(CommandExpired, match=r"was not done within 0.5 s\. The Redis .* does not answer"):
            await bus.send(house.environment, Command(Verb.START, "shop", random_id(8), deadline_s=0.5))
        await bus.close()


async def test_nothing_that_stands_in_redis_can_be_read_without_the_key(house: House) -> None:
    await house.worker.hold(house.environment, "one", lambda error: None)
    await house.worker.announce(Environment(house.environment))
    await house.looks_on.follow()
    configuration = Configuration("shop", "stamp", database={"password": SECRET}, data_key=SECRET)
    command = Command(Verb.START, "shop", random_id(8), configuration, {"root": SECRET})
    sent = asyncio.create_task(house.sender.send(house.environment, command))
    await house.taker.take(house.environment)
    house.worker.report(house.environment, "shop", Status(Observed.COMMANDING, now(), command))
    await until(lambda: bool(house.looks_on.statuses("shop")))
    for key in await house.near.call("KEYS", "insula:*"):
        dumped = await house.near.call("DUMP", key)
        assert SECRET.encode() not in dumped, key
        assert b"stamp" not in dumped, key
    await house.taker.finish(house.environment, Outcome(command.request_id, result={"password": SECRET}))
    assert (await sent).result == {"password": SECRET}
    for key in await house.near.call("KEYS", "insula:*"):
        assert SECRET.encode() not in await house.near.call("DUMP", key), key


@pytest.mark.parametrize(("key", "worker_key"), [(KEY, OTHER_KEY), (KEY, None), (None, KEY)])
async def test_different_keys_never_mix(
    own_redis: servers.Server, key: bytes | None, worker_key: bytes | None
) -> None:
    house = House(own_redis.port, key, worker_key)
    await house.begin()
    outcome = await house.send()
    assert outcome.code == "KEY_MISMATCH"
    assert house.done == []
    assert not await known(house)
    await house.end()


@pytest.mark.parametrize("stranger", [OTHER_KEY, None], ids=["another", "none"])
async def test_after_redis_forgot_different_keys_do_not_mix_either(
    stranger: bytes | None, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Who comes back after another serves on, takes and sends nothing, and says so, until the other is gone."""
    monkeypatch.setattr(agreement, "RENEW_S", 0.05)
    monkeypatch.setattr(agreement, "LASTS_S", 3.0)
    with servers.redis() as server:
        house = House(server.port)
        await house.begin()
        ours = [Agreement(each, Seal(KEY)) for each in (house.near, house.far)]
        async with RedisServer(house.url, "X") as elsewhere:
            for each in ours:
                await each.join()
            theirs = Agreement(elsewhere, Seal(stranger))
            with pytest.raises(KeyMismatch):
                await theirs.join()
            await elsewhere.together(
                (("FLUSHALL",), ("SET", agreement.KEY, Seal(stranger).close(agreement.KEY, b"")))
            )
            await theirs.join()
            await until(lambda: house.near.others_key and house.far.others_key)
            assert "others use another key" in caplog.text
            waiting = house.send()
            with pytest.raises(KeyMismatch):
                await house.near.call("PING")
            assert all("KEY" in each.failure for each in await house.looks_on.environments())
            assert await elsewhere.call("XLEN", commands_key(house.environment)) == 0
            assert await elsewhere.call("HLEN", "insula:environments") == 0
            await theirs.leave()
        await until(lambda: not (house.near.others_key or house.far.others_key))
        assert (await waiting).done
        assert all(not each.failure for each in await house.looks_on.environments())
        for each in ours:
            await each.leave()
        await house.end()


async def test_a_renewal_does_not_stand_over_what_another_has_written(own_redis: servers.Server) -> None:
    async with RedisServer(f"redis://127.0.0.1:{own_redis.port}/0", "X") as server:
        await server.call("DEL", agreement.KEY)
        first, second = Agreement(server, Seal(KEY)), Agreement(server, Seal(OTHER_KEY))
        await first.join()
        await first.leave()
        before = await server.call("GET", agreement.KEY)
        with pytest.raises(KeyMismatch):
            await second.join()
        assert await server.call("GET", agreement.KEY) == before
        await server.call("PERSIST", agreement.KEY)  # as a stranger writes, who never takes it back
        with pytest.raises(KeyMismatch):
            await second.join()
        assert 0 < await server.call("PTTL", agreement.KEY) <= agreement.LASTS_S * 1000
        await server.call("DEL", agreement.KEY)


async def test_one_that_lost_its_name_leaves_at_once_and_says_why(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    await house.begin()
    await until_there(house)
    await house.near.call("SET", lease_key(house.environment), "another life 9999999999999", "PX", 10_000)
    house.worker.report(house.environment, "shop", Status(Observed.RUNNING, now()))
    caplog.set_level("INFO")
    await house.worker.leave(house.environment)
    assert "its name is not held here any more" in caplog.text
    assert "took too long" not in caplog.text
    await house.near.call("DEL", lease_key(house.environment))


async def test_without_a_key_it_works_and_says_so(own_redis: servers.Server) -> None:
    house = House(own_redis.port, None, None)
    await house.begin()
    assert (await house.send()).done
    await until(lambda: bool(house.looks_on.statuses("shop")))
    found = next(each for each in await house.looks_on.environments() if each.name == house.environment)
    assert not found.secured
    await house.end()


async def test_what_strangers_write_is_passed_over(house: House) -> None:
    await house.begin()
    key = commands_key(house.environment)
    for fields in (("r", "x", "c", "nonsense"), ("r", "x"), ("c", "\x00" * 64), ("z", "z")):
        await house.near.call("XADD", key, "*", *fields)
    await house.near.call("PUBLISH", house.near.channel(REPORTS), "nonsense")
    await house.near.call("HSET", "insula:environments", "evil", "nonsense")
    assert (await house.send()).done
    assert len(house.done) == 1
    assert [found.name for found in await house.looks_on.environments() if found.name == "evil"] == []


async def test_a_command_of_one_environment_is_none_of_another(house: House) -> None:
    other = f"env_{random_id(6)}"
    sent = house.send()
    await until_there(house)
    (_, fields), *_ = await house.near.call("XRANGE", commands_key(house.environment), "-", "+")
    await house.near.call("XADD", commands_key(other), "*", "r", fields[b"r"], "c", fields[b"c"])
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.3):
            await house.taker.take(other)
    sent.cancel()
    await asyncio.gather(sent, return_exceptions=True)


async def until_there(house: House) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not await house.near.call("EXISTS", commands_key(house.environment)):
            await asyncio.sleep(0.01)


async def test_a_server_that_is_gone_without_a_word_is_noticed_by_the_system(house: House) -> None:
    await house.near.probe()
    pool = house.near._client.connection_pool
    connection = await pool.get_connection()
    found = connection._writer.get_extra_info("socket")
    assert found.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
    assert found.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) <= 10
    await pool.release(connection)


async def test_who_may_not_read_is_told_so() -> None:
    with servers.redis(settings=("--requirepass", SECRET)) as server:
        async with RedisServer(f"redis://127.0.0.1:{server.port}/0", "THE_SETTING") as closed:
            with pytest.raises(RedisRefused, match="THE_SETTING"):
                await closed.call("GET", "x")


async def test_a_number_that_is_not_there_is_said(own_redis: servers.Server) -> None:
    async with RedisServer(f"redis://127.0.0.1:{own_redis.port}/99", "THE_SETTING") as nowhere:
        with pytest.raises(
            RedisRefused, match="/99 has no database of that number; write a smaller one in THE_SETTING"
        ):
            await nowhere.wait(PATIENCE_S)


async def test_what_a_late_holder_says_does_not_stand_over_what_a_newer_one_said(house: House) -> None:
    await house.begin()
    await until(lambda: house.worker.held(house.environment))
    async with asyncio.timeout(PATIENCE_S):
        while not await known(house):
            await asyncio.sleep(0.01)
    newer = f"newer life {10**13}"
    await house.near.call("SET", lease_key(house.environment), newer, "PX", 60_000)
    before = await house.near.call("HGET", "insula:environments", house.environment)
    await house.worker.announce(Environment(house.environment, applications=99))
    house.worker.report(house.environment, "shop", Status(Observed.RUNNING, now()))
    await house.worker.leave(house.environment)  # tells what is untold, if it may
    assert await house.near.call("HGET", "insula:environments", house.environment) == before
    assert house.looks_on.statuses("shop") == {}


async def test_nothing_stays_of_one_that_has_left(house: House) -> None:
    await house.begin()
    assert (await house.send()).done
    await house.worker.leave(house.environment)
    assert await house.near.call("HEXISTS", "insula:environments", house.environment) == 0
    assert await house.near.call("EXISTS", f"insula:statuses:{house.environment}") == 0
    (found,) = [e for e in await house.looks_on.environments() if e.name == house.environment]
    assert not found.available
