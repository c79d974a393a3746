"""When memory is given back, and what is asked of Python's collector of garbage."""

import asyncio
import contextvars
import gc
from collections.abc import Callable
from typing import Final

from insula.server.heap import Heap

TRIM_AFTER_S: Final = 5.0
"""Applications are often stopped together, and giving memory back takes milliseconds."""
MOST_LOOKED_THROUGH: Final = 10
"""Applications that run, up to which garbage is looked for: each makes the look, in which no request is answered,
1 ms longer. Where more run, Python looks in its own time."""


def keep_what_is_loaded() -> None:
    """Take all objects of now for good: looking for garbage among them stalls all requests for 20 to 50 ms."""
    gc.collect()
    gc.freeze()


class Trimmer:
    """Gives back to the system what was freed, some time after an application has stopped: once for many stops."""

    def __init__(
        self,
        sweep: Callable[[], None],
        running: Callable[[], int],
        heap: Heap,
        after_s: float = TRIM_AFTER_S,
    ) -> None:
        """``sweep`` lets go of what is shared by applications and was of those alone that are no more; ``running``
        is how many applications run."""
        self._sweep = sweep
        self._running = running
        self._after_s = after_s
        self._heap = heap
        self._timer: asyncio.TimerHandle | None = None
        self._more = False
        """Something was freed since the timer began."""
        self._closed = False

    def soon(self) -> None:
        """Something was freed: given back from time to time while that goes on, and once more after the last of it."""
        if self._closed:
            return
        if self._timer is None:
            # for no application, though it is one that asks
            nobody = contextvars.Context()
            self._timer = asyncio.get_running_loop().call_later(self._after_s, self._begin, context=nobody)
        else:
            self._more = True

    def close(self) -> None:
        """Nothing more is given back, whatever is freed from now on: the process ends."""
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _begin(self) -> None:
        self._timer = None
        if self._more:
            self._more = False
            self.soon()
        looks = self._running() <= MOST_LOOKED_THROUGH
        if looks:
            gc.collect()  # collections refer to one another: else Python may take hours to find that no one else does
        self._sweep()
        if looks:
            gc.collect()  # what that let go of is scattered over many pages
        self._heap.let_go()
        asyncio.get_running_loop().run_in_executor(None, self._heap.give_back)
