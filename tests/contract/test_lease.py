"""One name, one worker, whatever happens to its holder and to Redis."""

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest

from insula.core.clock import monotonic
from insula.core.ids import random_id
from insula.fleet import lease as module
from insula.fleet.errors import EnvironmentTaken
from insula.fleet.lease import Lease, Life, lease_key
from insula.fleet.redis_server import RedisServer
from insula.testing.servers import Server

PATIENCE_S = 10.0
SHORT_S = 1.0
"""A lease of tests: long beside what keeps a busy machine from renewing it."""


@pytest.fixture
async def server(redis: Server) -> AsyncIterator[RedisServer]:
    async with RedisServer(f"redis://127.0.0.1:{redis.port}/0", "X") as made:
        yield made


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leases of a second."""
    monkeypatch.setattr(module, "LEASE_S", SHORT_S)
    monkeypatch.setattr(module, "RENEW_S", 0.05)
    monkeypatch.setattr(module, "TRY_AGAIN_S", 0.02)


async def until(right: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not right():
            await asyncio.sleep(0.005)


@pytest.mark.usefixtures("short")
async def test_it_is_kept_for_longer_than_it_lasts(server: RedisServer) -> None:
    name = random_id(8)
    one, two = Lease(server, name, Life("one", at="host one, process 7")), Lease(server, name, Life("two"))
    await one.take()
    began = monotonic()
    while monotonic() - began < 1.5 * SHORT_S:
        await asyncio.sleep(0.05)
        assert one.held
        with pytest.raises(EnvironmentTaken, match=f"one at host one, process 7, is the environment {name}"):
            await two.take()
    assert not two.held
    await one.give_back()
    assert not one.held
    await two.take()
    assert two.epoch > one.epoch
    await two.give_back()
    await two.give_back()


@pytest.mark.usefixtures("short")
async def test_one_that_was_away_for_too_long_learns_that_another_has_it(server: RedisServer) -> None:
    name, lost = random_id(8), list[EnvironmentTaken]()
    one, two = Lease(server, name, Life("one"), lost=lost.append), Lease(server, name, Life("two", "life"))
    await one.take()
    # As a process that is suspended: its name runs out, and another comes.
    await server.call("SET", lease_key(name), "two life 9999999999999", "PX", 10_000)
    await until(lambda: bool(lost))
    assert not one.held
    assert lost[0].details["holder"] == "two"
    await two.take()
    assert two.epoch == 10_000_000_000_000
    await one.give_back()
    assert two.held
    assert (await server.call("GET", lease_key(name))).startswith(b"two ")
    await two.give_back()


@pytest.mark.usefixtures("short")
async def test_one_that_redis_has_forgotten_is_taken_again_with_a_new_epoch(server: RedisServer) -> None:
    name, epochs = random_id(8), list[int]()
    lease = Lease(server, name, Life("one"), taken=lambda epoch, _: epochs.append(epoch))
    await lease.take()
    await server.call("DEL", lease_key(name))
    await until(lambda: len(epochs) == 2)
    assert epochs[1] > epochs[0]
    assert lease.held
    assert lease.epoch == epochs[1]
    await lease.give_back()
    assert await server.call("GET", lease_key(name)) is None


@pytest.mark.usefixtures("short")
async def test_what_a_stranger_has_written_in_its_place_does_not_end_it(server: RedisServer) -> None:
    name, epochs = random_id(8), list[int]()
    lease = Lease(server, name, Life("one"), taken=lambda epoch, _: epochs.append(epoch))
    await lease.take()
    await server.together((("DEL", lease_key(name)), ("HSET", lease_key(name), "some", "thing")))
    await until(lambda: not lease.held)
    await server.call("DEL", lease_key(name))
    await until(lambda: lease.held)
    assert len(epochs) == 2
    await lease.give_back()


@pytest.mark.usefixtures("short")
async def test_a_holder_that_can_not_renew_does_not_believe_in_it_for_longer_than_redis(
    server: RedisServer, redis: Server
) -> None:
    name = random_id(8)
    own = RedisServer(f"redis://127.0.0.1:{redis.port}/0", "X")
    lease = Lease(own, name, Life("one"))
    await lease.take()
    await server.call("CLIENT", "PAUSE", int(2000 * SHORT_S), "ALL")
    await until(lambda: not lease.held)
    await until(lambda: lease.held)
    await lease.give_back()
    await own.close()


@pytest.mark.usefixtures("short")
async def test_the_next_life_of_an_instance_takes_over_at_once(server: RedisServer) -> None:
    name = random_id(8)
    before = Lease(server, name, Life("one", "first"))
    after = Lease(server, name, Life("one", "second", before="first"))
    await before.take()
    await after.take()
    assert after.epoch > before.epoch
    await after.give_back()
    await before.give_back()


@pytest.mark.usefixtures("short")
async def test_another_life_of_an_instance_is_refused_while_the_first_renews(server: RedisServer) -> None:
    """As in a copy of its storage folder."""
    name, lost = random_id(8), list[EnvironmentTaken]()
    one, copy = Lease(server, name, Life("one"), lost=lost.append), Lease(server, name, Life("one"))
    await one.take()
    with pytest.raises(EnvironmentTaken):
        await copy.take()
    assert one.held
    assert lost == []
    await one.give_back()


@pytest.mark.usefixtures("short")
async def test_another_life_of_an_instance_waits_for_one_that_has_ended(server: RedisServer) -> None:
    """As after a restore of its storage folder: nobody renews."""
    name = random_id(8)
    await server.call("SET", lease_key(name), "one ended 1", "PX", 200)
    again = Lease(server, name, Life("one"))
    await again.take()
    assert again.held
    await again.give_back()


@pytest.mark.usefixtures("short")
async def test_a_defect_is_told_and_does_not_end_its_renewal(
    server: RedisServer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    lease = Lease(server, random_id(8), Life("one"))
    await lease.take()
    with monkeypatch.context() as broken:
        broken.setattr(lease, "_script", lambda *given: 1 / 0)
        await until(lambda: not lease.held)
    assert "is not renewed" in caplog.text
    assert "ZeroDivisionError" in caplog.text
    await until(lambda: lease.held)
    await lease.give_back()
