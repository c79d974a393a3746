"""Whose thread a call takes that blocks, and which applications have kept theirs busy for long.

Python, libraries and plugins that know no better (``asyncio.to_thread``) ask the loop for a thread. They get one of the
application that they work for, so that none fills the threads of another, or of the process.
"""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Final, ParamSpec, TypeVar

from insula.application.application import Application
from insula.core import log
from insula.core.clock import monotonic
from insula.core.errors import InsulaError
from insula.core.threads import Threads
from insula.server.watchdog import LIMIT_S, in_log_of, traceback_of

if TYPE_CHECKING:
    from insula.core.threads import Call
    from insula.fleet.process.base import AsgiApp

_log = logging.getLogger(__name__)

PROCESS: Final = "this process"
"""Whose threads serve what is done for no application that runs: databases that are made, files that are removed."""
PROCESS_THREADS: Final = 6
STALLS: Final = 10
"""A thread may be busy for as many times as long as the loop may stand still: it holds up one application alone."""
LOOKS: Final = 5
"""Looks within that time."""

P = ParamSpec("P")
T = TypeVar("T")


class ThreadBusy(InsulaError):
    """A thread of {application} has been busy with {call} for {seconds:.1f} s."""

    code = "THREAD_BUSY"


class DefaultThreads(ThreadPoolExecutor):
    """What the loop takes for its pool: hands each call to those whose it is, and has no threads itself."""

    def __init__(self, running: Callable[[str], AsgiApp | None]) -> None:
        super().__init__(1)
        self._running = running
        self._own = Threads(PROCESS, PROCESS_THREADS, waiting=None)

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """To the threads of the application that the context names, where it runs here."""
        application = self._running(log.application.get())
        threads = application.threads if isinstance(application, Application) else self._own
        return threads.submit(fn, *args, **kwargs)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Never waits: what does not return must not keep the process from ending."""
        self._own.shutdown()


class ThreadWatch:
    """Looks at the threads of all applications from time to time, and logs which have been busy for long, and where."""

    def __init__(self, running: Callable[[], Iterable[AsgiApp]], stall_limit_s: float = LIMIT_S) -> None:
        self._running = running
        self._limit_s = stall_limit_s * STALLS
        self._told: dict[Call, str] = {}
        """Calls that were told of, and whose they are."""
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Look from now on."""
        self._timer = asyncio.get_running_loop().call_later(self._limit_s / LOOKS, self._look)

    def stop(self) -> None:
        """Look no more. Stopping one that was not started, or twice, does nothing."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look(self) -> None:
        self.start()
        now = monotonic()
        long: dict[Call, str] = {}
        for application in self._running():
            if isinstance(application, Application):
                for call in application.threads.running:
                    if now - call.began > self._limit_s:
                        long[call] = application.name
        for call in long.keys() - self._told.keys():
            _tell(call, long[call], now)
        for call in self._told.keys() - long.keys():
            if not call.thread:
                in_log_of(
                    self._told[call], _log, logging.WARNING,
                    "the thread is free again, after %.1f s", now - call.began,
                )  # fmt: skip
        self._told = long


def busy_s(application: AsgiApp | None) -> float:
    """For how long the thread of an application has been busy that has been so for the longest; 0 where none is."""
    running = application.threads.running if isinstance(application, Application) else ()
    return max((monotonic() - call.began for call in running), default=0.0)


def _tell(call: Call, name: str, now: float) -> None:
    frame = sys._current_frames().get(call.thread)
    error = ThreadBusy(application=name, call=call.name, seconds=now - call.began).with_traceback(
        traceback_of(frame)
    )
    in_log_of(name, _log, logging.WARNING, "%s", error.message, exc_info=error)
