"""Threads of one owner's own: bounded, made when needed, and left behind where they do not come back."""

import asyncio
import contextvars
import logging
import sys
import threading
from collections.abc import AsyncIterator, Callable

import pytest

from insula.core.errors import ThreadsBusy, ThreadsClosed
from insula.core.threads import Threads

SIZE, WAITING = 2, 3
PATIENCE_S = 10.0
said: contextvars.ContextVar[str] = contextvars.ContextVar("said", default="nothing")


class Gate:
    """What blocks until it is opened; counts who came, and how many at once."""

    def __init__(self) -> None:
        self._open = threading.Event()
        self._lock = threading.Lock()
        self.came = self.inside = self.most = 0

    def __call__(self) -> str:
        with self._lock:
            self.came += 1
            self.inside += 1
            self.most = max(self.most, self.inside)
        assert self._open.wait(PATIENCE_S)
        with self._lock:
            self.inside -= 1
        return threading.current_thread().name

    def open(self) -> None:
        self._open.set()

    async def has(self, inside: int) -> None:
        await until(lambda: self.inside == inside)


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not true():
            await asyncio.sleep(0.001)


def named(owner: str) -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith(owner)]


@pytest.fixture
async def gate() -> AsyncIterator[Gate]:
    made = Gate()
    yield made
    made.open()


@pytest.fixture
async def threads() -> AsyncIterator[Threads]:
    made = Threads("shop", SIZE, WAITING)
    yield made
    await made.close(PATIENCE_S)


async def test_calls_are_made_in_threads_of_the_owner_and_no_more_at_once_than_it_has(
    threads: Threads, gate: Gate
) -> None:
    calls = [asyncio.create_task(threads.run(gate)) for _ in range(SIZE + WAITING)]
    await gate.has(SIZE)
    gate.open()
    assert set(await asyncio.gather(*calls)) <= {"shop 1", "shop 2"}
    assert gate.most == SIZE


async def test_who_calls_nothing_has_no_thread_and_who_calls_in_turn_has_one(threads: Threads) -> None:
    assert named("shop") == []
    for number in range(20):
        assert await threads.run(divmod, number, 7) == divmod(number, 7)
    assert named("shop") == ["shop 1"]
    assert await threads.run(sorted, [1, 2], reverse=True) == [2, 1]


async def test_threads_without_work_end_and_come_back() -> None:
    threads = Threads("press", SIZE, idle_s=0.01)
    for _ in range(3):
        assert await threads.run(named, "press") == ["press 1"]
        await until(lambda: not named("press"))
    await threads.close(0)


async def test_beyond_the_line_a_call_is_refused_and_then_taken_again(threads: Threads, gate: Gate) -> None:
    calls = [asyncio.create_task(threads.run(gate)) for _ in range(SIZE + WAITING)]
    await gate.has(SIZE)
    with pytest.raises(ThreadsBusy, match="All 2 threads of shop are busy, and 3 calls wait"):
        await threads.run(gate)
    calls.pop().cancel()  # who has given up takes no place
    await asyncio.sleep(0)
    calls.append(asyncio.create_task(threads.run(gate)))
    await asyncio.sleep(0)
    gate.open()
    assert len(await asyncio.gather(*calls)) == SIZE + WAITING


async def test_context_travels_along(threads: Threads) -> None:
    said.set("hello")
    assert await threads.run(said.get) == "hello"
    await threads.run(said.set, "in the thread")
    assert said.get() == "hello"


async def test_what_a_call_raises_is_raised(threads: Threads) -> None:
    with pytest.raises(ZeroDivisionError):
        await threads.run(divmod, 1, 0)
    with pytest.raises(RuntimeError, match="raised StopIteration"):
        await threads.run(next, iter(()))
    with pytest.raises(RuntimeError, match="raised SystemExit"):
        await threads.run(sys.exit, 3)
    assert named("shop") == ["shop 1"]


async def test_who_is_cancelled_waits_no_longer(
    threads: Threads, gate: Gate, caplog: pytest.LogCaptureFixture
) -> None:
    def fails() -> None:
        gate()
        raise ValueError("heard of by nobody else")

    running = [asyncio.create_task(threads.run(work)) for work in (gate, fails)]
    await gate.has(SIZE)
    waiting = asyncio.create_task(threads.run(gate))
    await asyncio.sleep(0)
    for task in (*running, waiting):
        task.cancel()
    await asyncio.gather(*running, waiting, return_exceptions=True)
    assert all(task.cancelled() for task in (*running, waiting))
    gate.open()
    await until(lambda: "a call that nobody waited for any more has failed" in caplog.text)
    assert "heard of by nobody else" in caplog.text
    assert await threads.run(len, "abc") == 3
    assert gate.came == 2  # the one that had not begun was not made


async def test_the_end_waits_for_what_runs_and_refuses_what_waits(threads: Threads, gate: Gate) -> None:
    running = [asyncio.create_task(threads.run(gate)) for _ in range(SIZE)]
    await gate.has(SIZE)
    waiting = asyncio.create_task(threads.run(gate))
    await asyncio.sleep(0)
    closing = asyncio.create_task(threads.close(PATIENCE_S))
    with pytest.raises(ThreadsClosed):
        await waiting
    assert not closing.done()
    gate.open()
    await closing
    assert len(await asyncio.gather(*running)) == SIZE
    with pytest.raises(ThreadsClosed, match="shop is stopping"):
        await threads.run(gate)
    await until(lambda: not named("shop"))


async def test_what_does_not_come_back_is_left_behind(gate: Gate, caplog: pytest.LogCaptureFixture) -> None:
    threads = Threads("press", SIZE, WAITING)
    stuck = asyncio.create_task(threads.run(gate))
    await gate.has(1)
    async with asyncio.timeout(PATIENCE_S / 2):
        await threads.close(0.01)
        with pytest.raises(ThreadsClosed):
            await stuck
    assert "a thread of press is left behind: Gate has not returned" in caplog.text
    assert all(thread.daemon for thread in threading.enumerate() if thread.name.startswith("press"))
    assert await Threads("press", SIZE, WAITING, idle_s=0.01).run(len, "ab") == 2  # its next life
    caplog.set_level(logging.DEBUG)
    caplog.clear()
    gate.open()
    await until(lambda: not named("press"))
    assert not caplog.records


async def test_what_is_left_behind_and_waited_for_by_nobody_is_told_of_once(
    gate: Gate, caplog: pytest.LogCaptureFixture
) -> None:
    threads = Threads("shop", SIZE, WAITING)
    call = asyncio.create_task(threads.run(gate))
    await gate.has(1)
    call.cancel()
    await asyncio.wait((call,))
    await threads.close(0.01)
    assert [record.levelname for record in caplog.records] == ["WARNING"]


async def test_what_runs_can_be_seen(threads: Threads, gate: Gate) -> None:
    assert not threads.running
    work = asyncio.create_task(threads.run(gate))
    await gate.has(1)
    (call,) = threads.running
    assert call.name == "Gate"
    assert call.thread in {thread.ident for thread in threading.enumerate() if thread.name == "shop 1"}
    gate.open()
    await work
    assert not threads.running
    assert not call.thread
