"""Threads that each own one SQLite connection, so that a query never blocks the event loop."""

import asyncio
import queue
import sqlite3
import threading
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from insula.database.errors import DatabaseClosed, StatementTimeout

INTERRUPT_AGAIN_S = 0.1
"""An interrupt between two steps of a job is lost, so it is repeated until the job has ended."""

CLOSE_S = 5.0
"""How long running jobs may go on when their group is closed, before they are interrupted."""

GROW_S = 0.005
"""Jobs that wait while none has ended for this long get one more thread."""

T = TypeVar("T")
Job = Callable[[sqlite3.Connection], T]


class _Task(Generic[T]):
    """A job on its way through a thread. Made, expired and resolved on the loop; run in the thread."""

    __slots__ = ("ended", "expired", "future", "job", "loop", "runner", "timer")

    def __init__(self, job: Job[T], loop: asyncio.AbstractEventLoop) -> None:
        self.job = job
        self.loop = loop
        self.future: asyncio.Future[T] = loop.create_future()
        self.timer: asyncio.TimerHandle | None = None
        self.runner: _Thread | None = None
        self.expired = False
        """Its time is over, or nobody waits for it any more."""
        self.ended = False

    def expire(self) -> None:
        """Have the job end soon; from now on it is not started."""
        if self.ended:
            return
        self.expired = True
        if self.runner is not None:
            self.runner.interrupt(self)
        if self.timer is not None:
            self.timer.cancel()  # else the loop would hold the job, and with it the connection, for longer
        self.timer = self.loop.call_later(INTERRUPT_AGAIN_S, self.expire)

    def abandoned(self, future: asyncio.Future[T]) -> None:
        """Whoever waited for it was cancelled."""
        if future.cancelled():
            self.expire()

    def resolve(self, result: Any, error: BaseException | None) -> None:
        self.ended = True
        if self.timer is not None:
            self.timer.cancel()
        if self.future.done():
            return
        if error is None:
            self.future.set_result(result)
        else:
            self.future.set_exception(error)


class _Thread(threading.Thread):
    """Opens its connection with its first job and closes it when it is told to stop."""

    def __init__(self, group: "ThreadGroup", name: str) -> None:
        super().__init__(name=name, daemon=True)
        self._group = group
        self._connection: sqlite3.Connection | None = None
        self._guard = threading.Lock()
        self._current: _Task[Any] | None = None

    def interrupt(self, task: _Task[Any]) -> None:
        """Interrupt ``task``, and no other that may have begun meanwhile."""
        with self._guard:
            if self._current is task and self._connection is not None:
                self._connection.interrupt()

    def run(self) -> None:
        while isinstance(order := self._group.tasks.get(), _Task):
            self._do(order)
            del order  # and with it the result, which nobody may want any more
        if self._connection is not None:
            self._connection.close()
        order.loop.call_soon_threadsafe(order.ended.set_result, self)

    def _do(self, task: _Task[Any]) -> None:
        task.runner = self
        result, error = None, None
        try:
            if task.expired:
                raise StatementTimeout()
            if self._connection is None:
                self._connection = self._group.connect()
            with self._guard:
                self._current = task
            try:
                result = task.job(self._connection)
            finally:
                with self._guard:
                    self._current = None
        except BaseException as problem:  # noqa: BLE001 — raised again on the loop, where it is waited for
            error = self._group.translate(problem)
            if error is not problem:
                error.__cause__ = problem
        task.loop.call_soon_threadsafe(self._group.resolve, task, result, error)


class _Stop:
    """The order to end, answered with the thread that took it."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.ended: asyncio.Future[threading.Thread] = loop.create_future()

    async def wait(self) -> None:
        thread = await self.ended
        thread.join()  # its last act was to answer: nothing is left to wait for


class ThreadGroup:
    """Up to ``size`` threads that take jobs from one queue, started when needed. Used from one event loop."""

    def __init__(
        self,
        name: str,
        size: int,
        connect: Callable[[], sqlite3.Connection],
        translate: Callable[[BaseException], BaseException],
    ) -> None:
        self.connect = connect
        self.translate = translate
        self.tasks: queue.SimpleQueue[_Task[Any] | _Stop] = queue.SimpleQueue()
        self.used = False
        """A job was handed in since ``used`` was last set to false."""
        self._name = name
        self._size = size
        self._threads: list[_Thread] = []
        self._live: set[_Task[Any]] = set()
        """Handed in and not yet ended."""
        self._stops: set[_Stop] = set()
        self._resolved = 0
        """Jobs that ended so far."""
        self._growing: asyncio.TimerHandle | None = None
        self._closed = False

    def submit(self, job: Job[T], deadline_s: float | None) -> asyncio.Future[T]:
        """Queue a job. It is interrupted after ``deadline_s`` (waiting included), or when the future is cancelled.

        The future raises what the job raised, translated.
        """
        if self._closed:
            raise DatabaseClosed()
        loop = asyncio.get_running_loop()
        task = _Task(job, loop)
        task.future.add_done_callback(task.abandoned)
        if deadline_s is not None:
            task.timer = loop.call_later(deadline_s, task.expire)
        self._live.add(task)
        self.used = True
        self.tasks.put(task)
        if not self._threads:
            self._start_thread()
        elif self._growing is None and len(self._live) > len(self._threads) < self._size:
            self._growing = loop.call_later(GROW_S, self._grow, self._resolved)
        return task.future

    def resolve(self, task: _Task[Any], result: Any, error: BaseException | None) -> None:
        """Back on the loop: a job has ended."""
        self._live.discard(task)
        self._resolved += 1
        task.resolve(result, error)

    def rest(self) -> None:
        """End all threads, if no job is on its way; the next job starts one again."""
        self._stops = {stop for stop in self._stops if not stop.ended.done()}
        if not self._live:
            self._stop_threads()

    async def close(self) -> None:
        """Refuse further jobs, wait for those that are there, and end the threads."""
        self._closed = True
        if self._growing is not None:
            self._growing.cancel()
        if self._live:
            await asyncio.wait({task.future for task in self._live}, timeout=CLOSE_S)
            for task in tuple(self._live):
                task.expire()
        self._stop_threads()
        for stop in tuple(self._stops):
            await stop.wait()

    def _grow(self, resolved: int) -> None:
        """Start one more thread if all are held up by jobs that take long.

        For short jobs one thread is the fastest: more of them would only fight for the interpreter's lock.
        """
        self._growing = None
        if len(self._live) <= len(self._threads) or len(self._threads) >= self._size:
            return
        if self._resolved == resolved:
            self._start_thread()
        self._growing = asyncio.get_running_loop().call_later(GROW_S, self._grow, self._resolved)

    def _start_thread(self) -> None:
        thread = _Thread(self, f"{self._name}-{len(self._threads)}")
        self._threads.append(thread)
        thread.start()

    def _stop_threads(self) -> None:
        loop = asyncio.get_running_loop()
        for _ in self._threads:
            stop = _Stop(loop)
            self._stops.add(stop)
            self.tasks.put(stop)
        self._threads.clear()
