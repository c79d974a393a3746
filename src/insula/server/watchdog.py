"""Notices when the event loop stands still, and says which application holds it up.

All applications share the loop: one that blocks it, in a plugin that computes or waits without giving way, stops
all others. The loop beats; a thread watches the beat. Where it stays out, the thread looks at what the loop's
thread is doing at that moment, finds out for whom, and logs the stack: lines of code, no values. It ends nothing,
since a thread can not be ended from outside, but who is to be stopped or mended is known.
"""

from __future__ import annotations

import asyncio
import contextvars
import inspect
import logging
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from types import FrameType, TracebackType
from typing import Any, Final

from insula.application.application import Application
from insula.core import log
from insula.core.clock import monotonic
from insula.core.errors import InsulaError
from insula.fleet.configuration import Configuration
from insula.fleet.lifecycle import Observed, Status
from insula.gateway.selector import Choice

_log = logging.getLogger(__name__)

LIMIT_S: Final = 1.0
"""How long the loop may stand still unless the settings say otherwise."""
BEATS: Final = 5
"""Beats within the limit."""
WINDOW_S: Final = 15.0
"""The lag that is told is the greatest of the last one to two of these: no shorter than the usual scrape."""
DEEPEST: Final = 40
"""Frames of a stack that are logged, from the innermost."""
UNKNOWN: Final = ""
"""The application of what belongs to none, or can not be made out."""
_HOLDERS: Final = ("application", "_application", "configuration", "_configuration")
"""Attributes by which the parts of an application know it."""


class LoopStandsStill(InsulaError):
    """The event loop has not moved for {seconds:.1f} s, and nobody is answered; it is in {where}."""

    code = "LOOP_STANDS_STILL"


class Watchdog:
    """The beat of one loop and the thread that watches it."""

    def __init__(self, limit_s: float = LIMIT_S) -> None:
        self._limit_s = limit_s
        self._every_s = limit_s / BEATS
        self.stalls: Counter[str] = Counter()
        """How often the loop stood still, by application (``UNKNOWN`` where none could be made out)."""
        self._beat = 0.0
        """When the loop beat last (monotonic)."""
        self._lags = [0.0, 0.0]
        """The greatest of this window, and of the one before it."""
        self._window_ends = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def lag_s(self) -> float:
        """The longest time that the loop came too late in the last quarter to half of a minute."""
        return max(self._lags)

    def start(self) -> None:
        """Watch the loop that runs, from its own thread."""
        loop = asyncio.get_running_loop()
        self._beat = monotonic()
        self._window_ends = self._beat + WINDOW_S
        self._timer = loop.call_later(self._every_s, self._tick, loop)
        self._thread = threading.Thread(
            target=self._watch, args=(threading.get_ident(),), name="watchdog of the loop", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """Watch no more. Stopping one that was not started, or twice, does nothing."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._ended.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def hear(self, _: str, application: str, status: Status) -> None:
        """Of an application that is gone nothing is kept: others may get its name. See ``fleet.discovery.base.Watcher``."""
        if status.observed is Observed.NOT_FOUND:
            self.stalls.pop(application, None)

    def _tick(self, loop: asyncio.AbstractEventLoop) -> None:
        now = monotonic()
        if now > self._window_ends:
            self._lags = [0.0, self._lags[0]]
            self._window_ends = now + WINDOW_S
        self._lags[0] = max(self._lags[0], now - self._beat - self._every_s)
        self._beat = now
        self._timer = loop.call_later(self._every_s, self._tick, loop)

    def _watch(self, watched: int) -> None:
        told: tuple[float, str] | None = None
        """The beat that the loop stood still at, when that was told, and for whom."""
        looked, used = monotonic(), time.process_time()
        while not self._ended.wait(self._every_s):
            beat, now, used_now = self._beat, monotonic(), time.process_time()
            # Where this thread came too late as well and nothing was computed, the whole process was asleep.
            slept = now - looked > self._limit_s and used_now - used < self._limit_s / 2
            looked, used = now, used_now
            if told is not None and told[0] != beat:
                self._tell_end(told[1], beat - told[0])
                told = None
            elif told is None and not slept and now - beat - self._every_s > self._limit_s:
                told = beat, self._tell(watched, now - beat)

    def _tell(self, watched: int, seconds: float) -> str:
        """Count, and log the stack. Gives the application."""
        frame = sys._current_frames().get(watched)
        name = application_of(frame)
        self.stalls[name] += 1
        where = f"the application {name}" if name else "none of the applications"
        error = LoopStandsStill(seconds=seconds, where=where).with_traceback(traceback_of(frame))
        in_log_of(name, _log, logging.ERROR, "%s", error.message, exc_info=error)
        return name

    def _tell_end(self, name: str, seconds: float) -> None:
        in_log_of(name, _log, logging.WARNING, "the event loop moves again, after %.1f s", seconds)


def application_of(frame: FrameType | None) -> str:
    """For which application a stack of frames works, by what the innermost of them know; ``UNKNOWN`` if none does."""
    for one in _outwards(frame):
        for value in list(one.f_locals.values()):
            if name := _name_of(value):
                return name
        held = (inspect.getattr_static(one.f_locals.get("self"), holder, None) for holder in _HOLDERS)
        if name := next(filter(None, map(_name_of, held)), ""):
            return name
    return UNKNOWN


def _name_of(value: object) -> str:
    if isinstance(value, Application):
        return value.name
    return value.application if isinstance(value, Configuration | Choice) else ""


def _outwards(frame: FrameType | None) -> Iterator[FrameType]:
    while frame is not None:
        yield frame
        frame = frame.f_back


def traceback_of(frame: FrameType | None) -> TracebackType | None:
    """The stack of a frame as it is shown for an error, the outermost first."""
    shown: TracebackType | None = None
    for depth, one in enumerate(_outwards(frame)):
        if depth == DEEPEST:
            break
        shown = TracebackType(shown, one, one.f_lasti, one.f_lineno)
    return shown


def in_log_of(
    application: str, logger: logging.Logger, level: int, message: str, *values: Any, **more: Any
) -> None:
    """Log as if it were said by the application."""

    def tell() -> None:
        log.application.set(application)
        logger.log(level, message, *values, **more)

    contextvars.copy_context().run(tell)
