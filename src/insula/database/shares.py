"""How many connections of a server each application uses now, so that one with slow statements leaves some to others."""

from __future__ import annotations

import asyncio
from collections import deque


class Shares:
    """Of one budget. An application may use one more as long as at least as many are free as it uses already.

    So one alone gets half of them, two that want all get a third each, and so on: there is always something left for
    the next one, without a part that is set aside for those who want nothing. (Choudhury and Hahne's dynamic
    thresholds, for the queues of a switch that share one memory.)
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.used = 0
        self._held_up: dict[Share, None] = {}
        """Those in which somebody waits."""

    def held_up(self, share: Share, *, waits: bool) -> None:
        """Somebody waits in ``share``, or nobody any more."""
        if waits:
            self._held_up[share] = None
        else:
            self._held_up.pop(share, None)

    def freed(self) -> None:
        """One more is free: for those who wait, in the share with the fewest first."""
        while self._held_up:
            share = min(self._held_up, key=lambda each: each.used)
            if not share.fits:
                return
            share.let_in()


class Share:
    """One application's: the connections that it uses, and those of its tasks that wait until it may use another."""

    __slots__ = ("_all", "_queue", "used")

    def __init__(self, shares: Shares) -> None:
        self.used = 0
        self._all = shares
        self._queue: deque[asyncio.Future[None]] = deque()

    @property
    def fits(self) -> bool:
        """Whether one more may be used. The first always may: whoever has none waits with all others."""
        return not self.used or self.used <= self._all.limit - self._all.used

    def begin(self) -> bool:
        """Use one more, if it may be and nobody waits for it."""
        if self._queue or not self.fits:
            return False
        self.used += 1
        self._all.used += 1
        return True

    async def wait(self, seconds: float) -> None:
        """Wait until one more may be used, and use it. Raises TimeoutError."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._queue.append(future)
        self._all.held_up(self, waits=True)
        try:
            async with asyncio.timeout(seconds):
                await future
        except BaseException:
            if future.done() and not future.cancelled():
                self.end()  # let in, and given up, in the same moment
            elif future in self._queue:
                self._queue.remove(future)
                self._all.held_up(self, waits=bool(self._queue))
            raise

    def let_in(self) -> None:
        """The one that waits longest uses one more; those who have given up meanwhile are passed over."""
        while self._queue:
            future = self._queue.popleft()
            if not future.done():
                self.used += 1
                self._all.used += 1
                future.set_result(None)
                break
        self._all.held_up(self, waits=bool(self._queue))

    def end(self) -> None:
        """One less is used."""
        self.used -= 1
        self._all.used -= 1
        self._all.freed()
