"""Main's word on whose token something is, asked for by environments over the bus that commands take, the other way."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Final

from insula.application.access.errors import InvalidToken, NotLetIn, Unauthenticated
from insula.application.access.shared import Visitor
from insula.core.clock import monotonic
from insula.core.detached import Detached
from insula.core.errors import InsulaError
from insula.core.ids import request_id
from insula.core.pauses import Pauses
from insula.fleet.bus.base import CommandBus
from insula.fleet.command import Command, Outcome, Verb
from insula.server.errors import NoVouching

_logger = logging.getLogger(__name__)

HEAD: Final = "*"
"""Where questions are sent to: no environment can have this name."""
WITHIN_S: Final = 5.0
KEPT_S: Final = 0.5
"""What was said is good for so long: whoever signs out of main is out everywhere within a second."""
MOST_KEPT: Final = 1000
AT_ONCE: Final = 64
"""Questions that are answered at the same time; what else is asked waits on the bus, as long as its asker does."""
_LAST_WORDS_S: Final = 2.0

Ask = Callable[[str, str], Awaitable[Visitor]]
"""Application and token → whose it is. Raises ``Unauthenticated``."""


class Asking:
    """In an environment: an ``Ask`` that asks main."""

    def __init__(self, bus: CommandBus) -> None:
        self._bus = bus
        self._known: dict[tuple[str, str], tuple[float, Visitor]] = {}

    async def __call__(self, application: str, token: str) -> Visitor:
        """Raises ``InvalidToken``, ``NotLetIn``, and ``NoVouching`` where main does not answer."""
        kept = self._known.get((application, token))
        if kept is not None and monotonic() < kept[0]:
            return kept[1]
        command = Command(Verb.VOUCH, application, request_id(), None, {"token": token}, WITHIN_S)
        try:
            outcome = await self._bus.send(HEAD, command)
        except InsulaError as error:
            _logger.warning("main was not asked who is signed in: %s", error.message)
            raise NoVouching(application=application) from None
        for refused in (InvalidToken, NotLetIn):
            if outcome.code == refused.code:
                raise refused()
        if not outcome.done:  # main is there and can not tell now, which is no word on the token
            _logger.warning("main can not tell who is signed in: %s", outcome.message)
            raise NoVouching(application=application)
        visitor = Visitor(**outcome.result)
        if len(self._known) >= MOST_KEPT:
            self._known.clear()
        self._known[application, token] = (monotonic() + KEPT_S, visitor)
        return visitor


class Desk:
    """Beside main: answers what environments ask."""

    def __init__(self, bus: CommandBus, ask: Ask) -> None:
        self._bus = bus
        self._ask = ask
        self._answering = Detached()
        self._free = asyncio.Semaphore(AT_ONCE)
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Answer from now on."""
        self._task = asyncio.create_task(self._run(), name="desk for environments")

    async def stop(self) -> None:
        """Answer no more. Does nothing where it was not started."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait((self._task,))
            self._task = None
        await self._answering.end(_LAST_WORDS_S)

    async def _run(self) -> None:
        pauses = Pauses()
        while True:
            await self._free.acquire()
            try:
                command = await self._bus.take(HEAD)
            except (
                Exception
            ):  # a defect must not end it: nobody who is signed in to main would be let in any more
                _logger.exception("what environments ask is not heard")
                self._free.release()
                await pauses.next()
            else:
                pauses.over()
                self._answering.start(self._in_turn(command))

    async def _in_turn(self, command: Command) -> None:
        try:
            await self._bus.finish(HEAD, await self._answer(command))
        finally:
            self._free.release()

    async def _answer(self, command: Command) -> Outcome:
        try:
            visitor = await self._ask(command.application, str(command.arguments.get("token", "")))
        except NotLetIn as error:
            return Outcome(command.request_id, error.code, error.message)
        except Unauthenticated as error:
            # it has expired, was signed out, or the application does not share the session any more
            return Outcome(command.request_id, InvalidToken.code, error.message)
        except InsulaError as error:
            return Outcome(command.request_id, error.code, error.message)
        except Exception:  # whoever asks is told at once that main can not tell
            _logger.exception("%s asks who is signed in, and there is no answer", command.application)
            message = f"Something went wrong; the log of main has {command.request_id}."
            return Outcome(command.request_id, InsulaError.code, message)
        told = {
            "subject": visitor.subject,
            "username": visitor.username,
            "email": visitor.email,
            "nickname": visitor.nickname,
        }
        return Outcome(command.request_id, result=told)
