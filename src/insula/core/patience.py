"""Waiting at a start for a server that is still coming up, and saying so."""

import asyncio
from collections.abc import Awaitable, Callable

from insula.core.clock import monotonic
from insula.core.errors import InsulaError

WAIT_S = 60.0
REPORT_EVERY_S = 5.0
_TRY_EVERY_S = 0.5


async def wait_for(
    what: str,
    probe: Callable[[], Awaitable[None]],
    passing: tuple[type[InsulaError], ...],
    too_slow: InsulaError,
    timeout_s: float = WAIT_S,
    report: Callable[[str], None] = lambda line: None,
) -> None:
    """Return once ``probe`` does; ``report`` gets a line every 5 s until then, which begins with ``what``.

    Raises the last of the ``passing`` errors of ``probe`` after ``timeout_s`` (``too_slow`` where there was none,
    since the first try hung), and at once whatever else it raises: waiting does not mend that.
    """
    waiting = _Waiting(what, timeout_s, report)
    reporting = asyncio.create_task(waiting.reports(), name=f"waiting for {what}")
    try:
        while True:
            try:
                async with asyncio.timeout(waiting.left_s):
                    await probe()
            except passing as error:
                waiting.reason = error
            except TimeoutError:
                # what was heard before this try says more than that its time was cut
                waiting.reason = waiting.reason or too_slow
            else:
                return
            if not waiting.left_s:
                raise waiting.reason
            await asyncio.sleep(min(_TRY_EVERY_S, waiting.left_s))
    finally:
        reporting.cancel()
        await asyncio.gather(reporting, return_exceptions=True)


class _Waiting:
    """How long has been waited, and for what. Reports also while a try to connect hangs."""

    def __init__(self, what: str, timeout_s: float, report: Callable[[str], None]) -> None:
        self._what = what
        self._started = monotonic()
        self._timeout_s = timeout_s
        self._report = report
        self.reason: InsulaError | None = None
        """Why the last try came to nothing; ``None`` while the first one has not ended."""

    @property
    def left_s(self) -> float:
        return max(0.0, self._started + self._timeout_s - monotonic())

    async def reports(self) -> None:
        while True:
            await asyncio.sleep(REPORT_EVERY_S)
            why = self.reason.message if self.reason else "it does not answer"
            waited_s = monotonic() - self._started
            self._report(f"waiting for {self._what}, {waited_s:.0f} of {self._timeout_s:.0f} s: {why}")
