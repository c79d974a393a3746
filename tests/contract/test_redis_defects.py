"""What asks Redis again and again goes on after a defect: it is logged, and nothing else notices."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from insula.core.clock import now
from insula.core.ids import random_id
from insula.fleet import agreement
from insula.fleet.agreement import Agreement
from insula.fleet.bus.redis import RedisBus
from insula.fleet.command import Command, Outcome, Verb
from insula.fleet.discovery.redis import RedisDiscovery
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
