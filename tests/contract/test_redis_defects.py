"""What asks Redis again and again goes on after a defect: it is logged, and nothing else notices."""

import asyncio
import logging
from collections.abc import AsyncIterator
from typing import Any

import pytest

from insula.core.clock import now
from insula.core.ids import random_id
from insula.core.sparse import Sparse
from insula.fleet import agreement
from insula.fleet.agreement import Agreement
from insula.fleet.bus.redis import RedisBus
from insula.fleet.command import Command, Outcome, Verb
from insula.fleet.discovery import redis_follower
from insula.fleet.discovery.redis import RedisDiscovery
from insula.fleet.discovery.redis_words import ENVIRONMENTS
from insula.fleet.environment import Environment
from insula.fleet.lifecycle import Observed, Status
from insula.fleet.redis_server import RedisServer
from insula.fleet.seal import Seal
from insula.testing.servers import Server

PATIENCE_S = 10.0
SEAL = Seal(bytes(range(32)))


class Defective(RedisServer):
    """Raises once what nobody has thought of, for the words that a test says."""

    fails = ""

    async def call_whatever_key(self, *words: Any, **how: Any) -> Any:
        if words[0] == self.fails:
            self.fails = ""
            raise LookupError("a defect")
        return await super().call_whatever_key(*words, **how)


@pytest.fixture
async def near(redis: Server) -> AsyncIterator[Defective]:
    async with Defective(f"redis://127.0.0.1:{redis.port}/0", "X") as made:
        yield made


@pytest.fixture
async def far(redis: Server) -> AsyncIterator[RedisServer]:
    async with RedisServer(f"redis://127.0.0.1:{redis.port}/0", "X") as made:
        yield made


async def test_outcomes_are_heard(
    near: Defective, far: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    sender, taker = RedisBus(near, SEAL, "head"), RedisBus(far, SEAL, "one")
    environment = f"env_{random_id(6)}"
    near.fails = "XREAD"
    command = Command(Verb.START, "shop", random_id(8), deadline_s=PATIENCE_S)
    sending = asyncio.create_task(sender.send(environment, command))
    await taker.finish(environment, Outcome((await taker.take(environment)).request_id))
    assert (await sending).done
    assert "outcomes of commands are not heard" in caplog.text
    await sender.close()
    await taker.close()


async def test_reports_are_told(near: Defective, far: RedisServer, caplog: pytest.LogCaptureFixture) -> None:
    teller, follower = RedisDiscovery(near, SEAL), RedisDiscovery(far, SEAL)
    environment = f"env_{random_id(6)}"
    await teller.hold(environment, "one", lambda error: None)
    near.fails = "EVAL"
    await teller.announce(Environment(environment))
    teller.report(environment, "shop", Status(Observed.RUNNING, now()))
    await follower.follow()
    async with asyncio.timeout(PATIENCE_S):
        while environment not in follower.statuses("shop"):
            await asyncio.sleep(0.01)
    assert f"{environment} is not reported" in caplog.text
    await teller.close()
    await follower.close()


async def test_what_somebody_else_has_put_there_is_told_in_a_line_and_passed_over(
    redis: Server, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redis_follower, "FIRST_READ_S", 0.01)
    monkeypatch.setattr(redis_follower, "_sparse", Sparse(logging.getLogger(redis_follower.__name__)))
    environment = f"env_{random_id(6)}"
    async with RedisServer(f"redis://127.0.0.1:{redis.port}/13", "X") as server:
        await server.call("SET", ENVIRONMENTS, "no hash")
        teller, follower = RedisDiscovery(server, SEAL), RedisDiscovery(server, SEAL)
        await follower.follow()
        async with asyncio.timeout(PATIENCE_S):
            while "what environments report is not heard: WRONGTYPE" not in caplog.text:
                await asyncio.sleep(0.01)
        await server.call("DEL", ENVIRONMENTS)
        await server.call("HSET", ENVIRONMENTS, b"\xff", "of somebody else")
        await teller.hold(environment, "one", lambda error: None)
        await teller.announce(Environment(environment))
        async with asyncio.timeout(PATIENCE_S):
            while environment not in {found.name for found in await follower.environments()}:
                await asyncio.sleep(0.01)
        assert not [record for record in caplog.records if record.exc_info]
        await teller.close()
        await follower.close()
        await server.call("DEL", ENVIRONMENTS)


async def test_the_key_is_renewed(
    near: Defective,
    far: RedisServer,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(agreement, "RENEW_S", 0.01)
    monkeypatch.setattr(agreement, "KEY", f"key_{random_id(6)}")
    joined = Agreement(near, SEAL)
    await joined.join()
    near.fails = "EVAL"
    async with asyncio.timeout(PATIENCE_S):
        while near.fails:
            await asyncio.sleep(0.01)
    await far.call("DEL", agreement.KEY)
    async with asyncio.timeout(PATIENCE_S):
        while not await far.call("EXISTS", agreement.KEY):
            await asyncio.sleep(0.01)
    assert "which key is used here is not renewed" in caplog.text
    await joined.leave()
