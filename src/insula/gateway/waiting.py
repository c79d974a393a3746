"""Requests for applications that are asleep or on their way up: the application is woken once, they are held.

However many ask for an application, its directory is asked to wake it once; who hangs up lets go of their place,
and the wake goes on. Beyond ``HELD_AT_MOST`` for one application nobody is held, so that one that is slow to come up
costs its neighbours nothing.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Coroutine
from typing import Any, Final, Protocol

from insula.fleet.directory.base import Directory
from insula.fleet.lifecycle import Wanted
from insula.fleet.process.base import AsgiApp, Message, Receive
from insula.fleet.target import Target
from insula.gateway.errors import TooManyWaiting

HOLD_S: Final = 30.0
"""How long a request is held unless the settings say otherwise."""
HELD_AT_MOST: Final = 256
"""Requests that are held for one application."""
LOOK_AGAIN_S: Final = 0.05
"""When a directory is asked again that came back before the application was up or had failed, and observes nothing."""
KEPT_BYTES: Final = 64 * 1024
"""Of the body of a request that is held. What is beyond it stays with the client, unread."""


def comes(target: Target) -> bool:
    """Whether an application that does not answer is asleep or on its way up: then waiting for it helps."""
    if target.wanted in (Wanted.STOPPED, Wanted.DELETED):
        return False
    return target.wanted is Wanted.ASLEEP or not target.status.stuck


class Runs(Protocol):
    """Where applications run."""

    def running(self, application: str) -> AsgiApp | None:
        """The application ready to answer, or ``None``. Asked on every request: one look-up."""


class Waiting:
    """Those that wait, by application."""

    def __init__(self, directory: Directory, process: Runs, held_at_most: int = HELD_AT_MOST) -> None:
        self._directory = directory
        self._running = process.running
        self._held_at_most = held_at_most
        self._wakings: dict[str, _Waking] = {}
        self._open = True

    def held(self, application: str) -> int:
        """How many requests are held for an application."""
        waking = self._wakings.get(application)
        return waking.held if waking else 0

    def close(self) -> None:
        """Hold nobody any more: who waits is told at once how far their application is. What wakes goes on."""
        self._open = False
        for waking in self._wakings.values():
            waking.task.cancel()

    async def until_up(self, application: str, client: EarlyReceive, within_s: float) -> Target | None:
        """Wait until the application runs here, has failed, or is no more; until the client goes, or time is up.

        Gives what is known of it then. Raises ``TooManyWaiting``, and what waking it raises.
        """
        if not self._open:
            return await self._directory.find(application)
        waking = self._wakings.get(application)
        if waking is None:
            waking = self._wakings[application] = _Waking(self._wake(application))
            waking.task.add_done_callback(lambda _: self._forget(application, waking))
        if waking.held >= self._held_at_most:
            raise TooManyWaiting(application=application, limit=self._held_at_most)
        waking.held += 1
        leaving = asyncio.create_task(client.left(), name="client of a held request")
        try:
            await asyncio.wait((waking.task, leaving), timeout=within_s, return_when=asyncio.FIRST_COMPLETED)
        finally:
            waking.held -= 1
            if not waking.held:
                self._forget(application, waking)
                waking.task.cancel()
            leaving.cancel()
            await asyncio.wait((leaving,))
        if waking.task.done() and not waking.task.cancelled():
            return waking.task.result()
        return await self._directory.find(application)

    def _forget(self, application: str, waking: _Waking) -> None:
        """Who comes from now on asks anew."""
        if self._wakings.get(application) is waking:
            del self._wakings[application]

    async def _wake(self, application: str) -> Target | None:
        while True:
            target = await self._directory.wake(application)
            if target is None or self._running(application) is not None or not comes(target):
                return target
            await self._directory.changed(application, LOOK_AGAIN_S)


class _Waking:
    """One application on its way up, and how many wait for it."""

    __slots__ = ("held", "task")

    def __init__(self, wake: Coroutine[Any, Any, Target | None]) -> None:
        self.held = 0
        self.task = asyncio.create_task(wake, name="wake")
        self.task.add_done_callback(_heard)


def _heard(task: asyncio.Task[Target | None]) -> None:
    """Those who wait are told what it raised; there may be none any more."""
    if not task.cancelled():
        task.exception()


class EarlyReceive:
    """What the client of a held request sends: read to hear it leave, and kept for the application."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._kept: deque[Message] = deque()
        self.gone = False
        """The client has left: there is nobody to answer."""

    async def left(self) -> None:
        """Return when the client has left. To be cancelled before anyone else receives."""
        kept_bytes = 0
        while kept_bytes <= KEPT_BYTES:
            message = await self._receive()
            self._kept.append(message)
            if message["type"] == "http.disconnect":
                self.gone = True
                return
            kept_bytes += len(message.get("body", b""))
        await asyncio.get_running_loop().create_future()

    async def __call__(self) -> Message:
        """The ``receive`` of the application."""
        return self._kept.popleft() if self._kept else await self._receive()
