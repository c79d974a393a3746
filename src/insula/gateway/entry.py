"""The way in: every request passes here once, on its way to the application that it is for.

This is the hot path: for a running application it costs a walk over the headers, a choice and one look-up.
What it puts into the ASGI scope for applications: ``insula.local`` (came over the operator's socket),
``insula.request_id``, ``insula.host`` (as the client wrote it), and the believed ``client`` and ``scheme``;
``path`` is cut to what is the application's own, ``root_path`` is what was cut off.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from insula.core import log
from insula.core.clock import monotonic
from insula.core.ids import request_id as new_request_id
from insula.fleet.directory.base import Directory
from insula.fleet.lifecycle import Status
from insula.fleet.process.base import Message, ProcessAdapter, Receive, Scope, Send
from insula.gateway.answers import send_answer, send_error, send_not_answering
from insula.gateway.errors import OtherApplication
from insula.gateway.selector import Asked, Choice, select
from insula.gateway.trust import Origin, TrustedProxies

_log = logging.getLogger(__name__)
_access = logging.getLogger("insula.access")

_REQUEST_ID = re.compile(rb"[A-Za-z0-9._:-]{1,64}")
"""What is taken over from a client's ``X-Request-Id``: nothing that could forge a line of the log."""

LOCAL_CLIENT = "local"
"""The client's address of a request that came over the operator's socket."""

PageHandler = Callable[[Choice, Status | None, Scope, Receive, Send], Awaitable[None]]
"""Answers what is not API. The status is that of the application, ``None`` when there is none of its name."""


@dataclass(frozen=True, slots=True)
class GatewayOptions:
    """What the settings say about the gateway."""

    api: str
    """Base path of the API, from slash to slash."""
    proxies: TrustedProxies
    access_log: bool = False


class Gateway:
    """An ASGI application for the TCP socket; its method ``local`` is one for the operator's socket."""

    def __init__(
        self, options: GatewayOptions, directory: Directory, process: ProcessAdapter, pages: PageHandler
    ) -> None:
        self._api = options.api
        self._proxies = options.proxies
        self._access_log = options.access_log
        self._directory = directory
        self._application_of = directory.application_of
        self._running = process.running
        self._pages = pages

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """A request from anywhere: never local, whatever its headers say."""
        scope["insula.local"] = False
        headers = dict(scope["headers"])
        peer = scope["client"][0] if scope["client"] else ""
        origin = self._proxies.origin(peer, scope["scheme"], headers)
        await self._enter(scope, receive, send, headers, origin)

    async def local(self, scope: Scope, receive: Receive, send: Send) -> None:
        """A request over the operator's socket, whose file permissions let nobody else in."""
        scope["insula.local"] = True
        headers = dict(scope["headers"])
        origin = Origin(LOCAL_CLIENT, "http", headers.get(b"host", b"").decode("latin-1"), ())
        await self._enter(scope, receive, send, headers, origin)

    async def _enter(
        self, scope: Scope, receive: Receive, send: Send, headers: dict[bytes, bytes], origin: Origin
    ) -> None:
        given = headers.get(b"x-request-id")
        identifier = given if given and _REQUEST_ID.fullmatch(given) else new_request_id().encode()
        request_id = identifier.decode()
        log.request_id.set(request_id)
        scope["insula.request_id"] = request_id
        scope["insula.host"] = origin.host
        scope["client"] = (origin.client, 0)
        scope["scheme"] = origin.scheme
        status = 0

        async def stamped(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", ()), (b"x-request-id", identifier)]
            await send(message)

        began = monotonic() if self._access_log else 0.0
        original = scope["path"]
        try:
            await self._pass_on(scope, receive, stamped, headers, origin)
        except Exception:
            _log.exception("a request failed: %s %s", scope["method"], original)
            if status:
                raise  # The head of the answer is out: only breaking the connection tells the client.
            await send_error(
                stamped, 500, "INTERNAL_ERROR", f"Something went wrong; the log has {request_id}."
            )
        if self._access_log:
            took_ms = (monotonic() - began) * 1000
            user = scope.get("insula.user")
            who = origin.client if user is None else f"{origin.client} user {user}"
            _access.info("%s %s %d %.1f ms %s", scope["method"], original, status, took_ms, who)

    async def _pass_on(
        self, scope: Scope, receive: Receive, send: Send, headers: dict[bytes, bytes], origin: Origin
    ) -> None:
        named = headers.get(b"x-app")
        asked = Asked(
            scope["path"], scope["query_string"], named.decode("latin-1") if named else "", origin.hosts
        )
        try:
            choice = select(asked, self._api, self._application_of)
        except OtherApplication as error:
            await send_error(send, 404, error.code, error.message)
            return
        log.application.set(choice.application)
        answers = self._running(choice.application)
        if choice.kind == "api" and answers is not None:
            scope["path"] = choice.path
            scope["root_path"] = choice.prefix
            await answers(scope, receive, send)
        else:
            await self._without_application(choice, answers is not None, scope, receive, send)

    async def _without_application(
        self, choice: Choice, runs: bool, scope: Scope, receive: Receive, send: Send
    ) -> None:
        """Everything that the gateway answers by itself."""
        if choice.kind == "health" and runs:
            await send_answer(send, 200, b"ok", b"text/plain; charset=utf-8")
            return
        target = await self._directory.find(choice.application)
        if choice.kind == "page":
            await self._pages(choice, target.status if target else None, scope, receive, send)
        elif target is None:
            await send_error(send, 404, "APP_NOT_FOUND", unknown(choice.application))
        else:
            await send_not_answering(send, choice.application, target.status)


def unknown(application: str) -> str:
    """The sentence for an application that does not exist."""
    return f"There is no application {application[:64]!r} here."


def header(scope: Scope, name: bytes) -> str:
    """One header of a scope (lower-case name), or nothing."""
    value: Any = next((value for key, value in scope["headers"] if key == name), b"")
    return str(value.decode("latin-1"))
