"""A file that threads use and the event loop closes: never while it is in use, and without waiting for that."""

import threading
from collections.abc import Callable
from types import TracebackType
from typing import ParamSpec, Self, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class Shared:
    """Closed when its block ends, or by the use that is under way then, when that is over: perhaps never."""

    def __init__(self, close: Callable[[], None]) -> None:
        """``close`` may be called again when it is closed already."""
        self._close = close
        self._in_use = threading.Lock()
        self._over = False

    def __call__(self, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Use the file, in a thread, one at a time. Raises what the function raises."""
        try:
            with self._in_use:
                return function(*args, **kwargs)
        finally:
            if self._over:
                self._end()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over = True
        self._end()

    def _end(self) -> None:
        if self._in_use.acquire(blocking=False):
            try:
                self._close()
            finally:
                self._in_use.release()
