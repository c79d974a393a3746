"""The way in of WebSockets: one address for each application, wherever its other addresses lead to it as well.

``/ws`` and ``/apps/<application>/ws``, and behind the base path of the API, where browsers send its cookies along:
``/api/ws`` and ``/api/__app/<application>/ws``. None wakes an application that sleeps.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Final

from insula.core import log
from insula.core.errors import Kind
from insula.core.ids import request_id as new_request_id
from insula.core.translation import filled
from insula.fleet.lifecycle import Wanted
from insula.gateway.answers import locale, send_error, send_not_woken
from insula.gateway.errors import NO_SOCKET, AmbiguousApplication, OtherApplication, unknown
from insula.gateway.selector import Asked, named_by_headers, select

if TYPE_CHECKING:
    from insula.fleet.directory.base import Directory
    from insula.fleet.process.base import AsgiApp, Message, Receive, Scope, Send
    from insula.fleet.traffic import Traffic
    from insula.gateway.selector import Choice
    from insula.gateway.trust import Origin
    from insula.gateway.waiting import Runs

    HandOver = Callable[[Choice, AsgiApp, Scope, Receive, Send], Awaitable[None]]

PATH: Final = "/ws"
"""What is left of the address once the application is known."""


class WebSockets:
    """Hands each over to the application that it is for."""

    def __init__(
        self,
        api: str,
        directory: Directory,
        process: Runs,
        traffic: Traffic,
        hand_over: HandOver,
    ) -> None:
        """``api``: the base path, from slash to slash. ``hand_over`` leaves an application what is its own."""
        self._api = api
        self._directory = directory
        self._running = process.running
        self._traffic = traffic
        self._hand_over = hand_over

    async def __call__(
        self, scope: Scope, receive: Receive, send: Send, headers: dict[bytes, bytes], origin: Origin
    ) -> None:
        """Talk, or say why not. ``headers`` are the last of each name, lower case."""
        identifier = new_request_id()
        log.request_id.set(identifier)
        scope["insula.request_id"] = identifier
        scope["insula.host"] = origin.host
        scope["client"] = (origin.client, 0)
        scope["scheme"] = {"https": "wss", "http": "ws"}.get(origin.scheme, origin.scheme)
        refuse = _before_talking(send, identifier)
        named = named_by_headers(headers, scope["headers"])
        asked = Asked(scope["path"], scope["query_string"], named, origin.hosts, origin.application)
        try:
            choice = select(asked, self._api, self._directory.application_of)
        except (OtherApplication, AmbiguousApplication) as error:
            status = 404 if error.kind is Kind.MISSING else 400
            await send_error(refuse, status, error.code, error.message_in(locale(scope)))
            return
        answers = self._running(choice.application)
        if choice.path != PATH:
            await send_error(refuse, 404, "NOT_FOUND", filled(NO_SOCKET, {"path": PATH}, locale(scope)))
        elif answers is not None:
            counts = self._traffic.of(choice.application)
            counts.talk()
            try:
                await self._hand_over(choice, answers, scope, receive, send)
            finally:
                counts.part()
        else:
            target = await self._directory.find(choice.application)
            if target is None or target.wanted is Wanted.DELETED:
                await send_error(refuse, 404, "APP_NOT_FOUND", unknown(choice.application, locale(scope)))
            else:
                await send_not_woken(refuse, target, locale(scope))


def _before_talking(send: Send, identifier: str) -> Send:
    """An HTTP answer in place of the agreement to talk."""

    async def refuse(message: Message) -> None:
        if message["type"] == "http.response.start":
            stamp = (b"x-request-id", identifier.encode())
            message["headers"] = [*message.get("headers", ()), stamp]
        await send({**message, "type": f"websocket.{message['type']}"})

    return refuse
