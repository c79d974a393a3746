"""Whether something answers, asked at most once a second however many people want to know."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from insula.core.clock import monotonic
from insula.core.errors import InsulaError

_log = logging.getLogger(__name__)

DEADLINE_S = 2.0
KEPT_S = 1.0


class Pulse:
    """Asks ``ask``, which raises ``InsulaError`` or takes too long when there is no answer."""

    def __init__(
        self, ask: Callable[[], Awaitable[object]], deadline_s: float = DEADLINE_S, kept_s: float = KEPT_S
    ) -> None:
        self._ask = ask
        self._deadline_s = deadline_s
        self._kept_s = kept_s
        self._known = False
        self._good_until = float("-inf")
        self._asking = asyncio.Lock()

    async def __call__(self) -> bool:
        """Whether it answers, as of now or a second ago."""
        async with self._asking:
            if monotonic() >= self._good_until:
                self._known = await self._answers()
                self._good_until = monotonic() + self._kept_s
            return self._known

    async def _answers(self) -> bool:
        try:
            async with asyncio.timeout(self._deadline_s):
                await self._ask()
        except TimeoutError:
            _log.warning("no answer within %g s", self._deadline_s)
            return False
        except InsulaError as error:
            _log.warning("no answer: %s", error.message)
            return False
        return True
