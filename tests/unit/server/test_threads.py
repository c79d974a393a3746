"""Blocking calls go to the threads of the application that they are made for, and long ones are told of."""

import asyncio
import contextlib
import logging
import threading
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from insula.application.application import Application
from insula.core import log
from insula.core.threads import Threads
from insula.server.threads import STALLS, DefaultThreads, ThreadWatch, busy_s

PATIENCE_S = 10.0
LIMIT_S = 0.05
Use = Callable[[Application], None]
SECRET = "a value of the plugin"


def named(name: str) -> Application:
    """Enough of an application to have threads."""
    made = Application.__new__(Application)
    made.name = name
    made.threads = Threads(name, 1)
    return made


@pytest.fixture
async def shop() -> AsyncIterator[Application]:
    made = named("shop")
    yield made
    await made.threads.close(PATIENCE_S)


@contextlib.contextmanager
def said_by(application: str) -> Any:
    token = log.application.set(application)
    yield
    log.application.reset(token)


@pytest.fixture
async def default() -> AsyncIterator[Use]:
    """Has the loop's calls go to the threads of an application."""
    made: list[DefaultThreads] = []

    def use(application: Application) -> None:
        made.append(DefaultThreads({application.name: application}.get))
        asyncio.get_running_loop().set_default_executor(made[0])

    yield use
    made[0].shutdown()


def thread() -> str:
    return threading.current_thread().name


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not true():
            await asyncio.sleep(0.001)


async def test_each_call_takes_a_thread_of_those_whose_it_is(shop: Application, default: Use) -> None:
    default(shop)
    with said_by("shop"):
        assert await asyncio.to_thread(thread) == "shop 1"
    with said_by("press"):  # which does not run here
        assert await asyncio.to_thread(thread) == "this process 1"
    assert await asyncio.to_thread(thread) == "this process 1"


async def test_an_application_without_a_free_thread_takes_none_of_others(
    shop: Application, default: Use
) -> None:
    default(shop)
    free = threading.Event()
    with said_by("shop"):
        blocked = [asyncio.create_task(asyncio.to_thread(free.wait, PATIENCE_S)) for _ in range(20)]
        await until(lambda: len(shop.threads.running) == 1)
    async with asyncio.timeout(PATIENCE_S / 2):
        assert await asyncio.to_thread(thread) == "this process 1"
    free.set()
    assert all(await asyncio.gather(*blocked))


def test_what_never_returns_does_not_keep_a_loop_from_ending() -> None:
    free = threading.Event()

    async def main() -> None:
        asyncio.get_running_loop().set_default_executor(DefaultThreads({}.get))
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(0.01):
                await asyncio.to_thread(free.wait, PATIENCE_S)

    began = time.monotonic()
    asyncio.run(main())
    assert time.monotonic() - began < PATIENCE_S / 2
    free.set()


def block(free: threading.Event, secret: str = SECRET) -> str:
    free.wait(PATIENCE_S)
    return secret


async def test_who_keeps_a_thread_busy_for_long_is_told_once(
    shop: Application, caplog: pytest.LogCaptureFixture
) -> None:
    seen: set[str] = set()
    caplog.handler.addFilter(lambda _: seen.add(log.application.get()) is None)
    caplog.set_level(logging.WARNING)
    watch = ThreadWatch(lambda: [shop, named("press")], LIMIT_S / STALLS)
    watch.start()
    free = threading.Event()
    work = asyncio.create_task(shop.threads.run(block, free))
    await until(lambda: "A thread of shop has been busy with block for" in caplog.text)
    assert busy_s(shop) > LIMIT_S
    assert busy_s(named("press")) == busy_s(None) == 0.0
    await until(lambda: busy_s(shop) > 3 * LIMIT_S)
    free.set()
    assert await work == SECRET
    await until(lambda: "the thread is free again" in caplog.text)
    assert len(caplog.records) == 2
    assert "in block" in caplog.text
    assert SECRET not in caplog.text
    assert seen == {"shop"}
    watch.stop()
    watch.stop()


async def test_what_is_short_is_left_alone(shop: Application, caplog: pytest.LogCaptureFixture) -> None:
    watch = ThreadWatch(lambda: [shop], LIMIT_S)
    watch.start()
    for _ in range(30):
        await shop.threads.run(time.sleep, LIMIT_S / 10)
    watch.stop()
    assert not caplog.records
