"""What environments tell of their work on an application, kept in the step of the job that waits for it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

from insula.application.jobs.step_runner import SAVE_EVERY_S
from insula.core.errors import InsulaError
from insula.fleet.environment import LOCAL

if TYPE_CHECKING:
    from insula.application.jobs.kinds import StepContext
    from insula.fleet.discovery.base import Watcher
    from insula.fleet.lifecycle import Status

_logger = logging.getLogger(__name__)

KEPT_AFTER_S: Final = SAVE_EVERY_S + 0.1
"""What is told is written so much later, together with all that is told meanwhile."""


@asynccontextmanager
async def followed(
    watch: Callable[[Watcher], Callable[[], None]], application: str, context: StepContext
) -> AsyncIterator[None]:
    """While this lasts, the step's progress and log are what is told of the application."""
    following = _Following(application, context)
    end = watch(following.hear)
    try:
        yield
    finally:
        end()
        await following.end()


class _Following:
    """Nothing is written, and no task made, where nothing is told."""

    def __init__(self, application: str, context: StepContext) -> None:
        self._application = application
        self._context = context
        self._line = ""
        """The last of the log that is from here."""
        self._unkept = False
        self._keeping: asyncio.Task[None] | None = None

    def hear(self, environment: str, application: str, status: Status) -> None:
        """See ``Watcher``."""
        if application != self._application or not status.doing:
            return
        line = status.doing if environment == LOCAL else f"{environment}: {status.doing}"
        if line != self._line:
            self._line = line
            self._context.log(line)
        if status.progress is not None:
            self._context.record.progress = status.progress
        self._unkept = True
        if self._keeping is None or self._keeping.done():
            self._keeping = asyncio.create_task(self._keep(), name=f"progress of job {self._context.job}")

    async def end(self) -> None:
        """Write nothing more: how the step has ended is written by whoever runs it."""
        if self._keeping is not None:
            self._keeping.cancel()
            await asyncio.wait((self._keeping,))

    async def _keep(self) -> None:
        try:
            while self._unkept:
                await asyncio.sleep(KEPT_AFTER_S)
                self._unkept = False
                await self._context.save()
        except InsulaError as error:  # what is shown is old then; the step itself goes on
            _logger.info("the progress of job %s is not kept: %s", self._context.job, error.message)
