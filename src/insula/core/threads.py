"""A few threads of one owner's own, for code that blocks: whoever fills them keeps nobody else waiting.

Python's own pool is one for the whole process, so that one application could fill it for all; a ``ThreadPoolExecutor``
for each, like anyio's threads, has workers for whose end the interpreter waits when it ends, and one call that never
returns would keep the process. So these are daemons, made when there is something for them to do, and gone when there
was nothing for a while: an owner that calls nothing costs a lock. What SQLite's threads do (``database/threads.py``) is
another matter: each has a connection, and every call there can be interrupted.
"""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import logging
import threading
from collections import deque
from collections.abc import Callable, Collection
from concurrent.futures import Executor, Future, InvalidStateError
from functools import partial
from typing import Any, Final, ParamSpec, TypeVar

from insula.core.clock import monotonic
from insula.core.errors import ThreadsBusy, ThreadsClosed

_logger = logging.getLogger(__name__)

SIZE: Final = 4
"""Threads of one owner: two imports at once take one each, and leave two for people."""
WAITING: Final = 256
"""Calls of one owner that wait for a thread: half as many as an application answers requests, so that those which block
leave room for those which do not."""
IDLE_S: Final = 10.0
"""A thread without work ends after so long."""

P = ParamSpec("P")
T = TypeVar("T")


class Call:
    """One call on its way through a thread."""

    __slots__ = ("began", "function", "future", "thread")

    def __init__(self, function: Callable[[], Any]) -> None:
        self.function = function
        self.future: Future[Any] = Future()
        self.began = 0.0
        """When it was begun (monotonic seconds)."""
        self.thread = 0
        """The identifier of the thread that does it; 0 before it is begun, and when it has returned."""

    @property
    def name(self) -> str:
        """What is called, for people."""
        called: Any = self.function
        while isinstance(called, partial):  # with its arguments, and in a context
            in_context = isinstance(getattr(called.func, "__self__", None), contextvars.Context)
            called = called.args[0] if in_context else called.func
        return str(getattr(called, "__qualname__", type(called).__name__))

    def do(self) -> Callable[[], None]:
        """Do it, and give what tells those who wait for it."""
        try:
            return partial(self.future.set_result, self.function())
        except StopIteration as error:  # no future takes it
            escaped = RuntimeError("a call in a thread raised StopIteration")
            escaped.__cause__ = error
            return partial(self.future.set_exception, escaped)
        except Exception as error:  # noqa: BLE001 - raised where it is waited for
            return partial(self.future.set_exception, error)
        except BaseException as error:  # noqa: BLE001 - there it would end the whole process, as SystemExit does
            escaped = RuntimeError(f"a call in a thread raised {type(error).__name__}")
            escaped.__cause__ = error
            return partial(self.future.set_exception, escaped)


class Threads(Executor):
    """Up to ``size`` threads, and a line of up to ``waiting`` calls before them."""

    def __init__(
        self, owner: str, size: int = SIZE, waiting: int | None = WAITING, idle_s: float = IDLE_S
    ) -> None:
        """``owner`` names the threads, and stands in errors; ``waiting`` may be ``None``, for a line without an end."""
        self._owner = owner
        self._size = size
        self._limit = waiting
        self._idle_s = idle_s
        self._change = threading.Condition(threading.Lock())
        """Held for a moment by whoever reads or changes what follows."""
        self._waiting: deque[Call] = deque()
        self._running: set[Call] = set()
        self._threads = 0
        self._idle = 0
        """Threads that have nothing to do, or are about to find out that they have."""
        self._closed = False

    @property
    def running(self) -> Collection[Call]:
        """The calls that threads are busy with just now."""
        if not self._running:  # nearly always
            return ()
        with self._change:
            return tuple(self._running)

    async def run(self, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Call a function that blocks, in the caller's context, and give what it gives.

        Who is cancelled waits no longer: a call that has not begun is not made, one that has goes on to its end, which
        is heard of only where it fails. Raises ``ThreadsBusy``, ``ThreadsClosed`` and what the function raises.
        """
        context = contextvars.copy_context()
        future: Future[T] = self.submit(context.run, partial(function, *args, **kwargs))
        try:
            return await asyncio.wrap_future(future)
        except asyncio.CancelledError:
            future.add_done_callback(lambda done: context.copy().run(_report, done))
            raise

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """As ``Executor.submit``. Raises ``ThreadsBusy`` and ``ThreadsClosed``."""
        call = Call(partial(fn, *args, **kwargs))
        with self._change:
            if self._closed:
                raise ThreadsClosed(owner=self._owner)
            if self._limit is not None and len(self._waiting) >= self._limit + self._idle:
                self._waiting = deque(one for one in self._waiting if not one.future.cancelled())
                if len(self._waiting) >= self._limit + self._idle:
                    raise ThreadsBusy(size=self._size, owner=self._owner, waiting=self._limit)
            if self._idle <= len(self._waiting) and self._threads < self._size:
                self._begin_thread()
            self._waiting.append(call)
            self._change.notify()
        return call.future

    def shutdown(self, wait: bool = False, *, cancel_futures: bool = True) -> None:
        """Refuse further calls, and those that have not begun; never waits. See ``close``."""
        with self._change:
            self._closed = True
            refused, self._waiting = self._waiting, deque()
            self._change.notify_all()
        for call in refused:
            if call.future.set_running_or_notify_cancel():
                call.future.set_exception(ThreadsClosed(owner=self._owner))

    async def close(self, deadline_s: float) -> None:
        """As ``shutdown``, and wait for the calls that run, no longer than ``deadline_s``. May be called twice.

        A call that has not come back by then is left to itself; who waits for it is told ``ThreadsClosed``.
        """
        self.shutdown()
        if left := self.running:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(max(0.0, deadline_s)):
                    ends = (asyncio.wrap_future(call.future) for call in left)
                    await asyncio.gather(*ends, return_exceptions=True)
        for call in self.running:
            with contextlib.suppress(InvalidStateError):  # it has come back this moment
                call.future.set_exception(ThreadsClosed(owner=self._owner))
                _logger.warning(
                    "a thread of %s is left behind: %s has not returned for %.1f s",
                    self._owner,
                    call.name,
                    monotonic() - call.began,
                )

    def _begin_thread(self) -> None:
        name = f"{self._owner} {self._threads + 1}"
        threading.Thread(target=self._work, name=name, daemon=True).start()
        self._threads += 1
        self._idle += 1

    def _work(self) -> None:
        while (call := self._next()) is not None:
            if call.future.set_running_or_notify_cancel():
                tell = call.do()
                self._ended(call)
                with contextlib.suppress(InvalidStateError):  # it was left behind
                    tell()
                del tell  # and with it what was given, which may be large
            else:
                self._ended(call)
            del call

    def _next(self) -> Call | None:
        """Wait for a call; ``None`` where the thread is to end."""
        with self._change:
            self._change.wait_for(lambda: self._waiting or self._closed, self._idle_s)
            self._idle -= 1
            if not self._waiting:
                self._threads -= 1
                return None
            call = self._waiting.popleft()
            call.began, call.thread = monotonic(), threading.get_ident()
            self._running.add(call)
            return call

    def _ended(self, call: Call) -> None:
        """Told before those who wait are: their next call finds the thread free."""
        with self._change:
            self._running.discard(call)
            call.thread = 0
            self._idle += 1


def _report(future: Future[Any]) -> None:
    """Say what became of a call that nobody waits for any more, where it failed."""
    error = None if future.cancelled() else future.exception()
    if error is not None and not isinstance(error, ThreadsClosed):
        _logger.error("a call that nobody waited for any more has failed", exc_info=error)
