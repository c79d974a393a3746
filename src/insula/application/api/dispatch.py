"""From an ASGI call to a handler and back: the hot path of every request to the API."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

from insula.application import audit
from insula.application.api.acting import act
from insula.application.api.action import Answer, Context, Raw, Stream
from insula.application.api.bodies import read_json
from insula.application.api.encode import encode
from insula.application.api.errors import error_answer
from insula.application.api.in_flight import Flight, InFlight
from insula.application.api.parameters import parse_query
from insula.application.api.request import Receive, Request, Scope, Send
from insula.application.errors import ApplicationError, DeadlineExceeded, NotRunning, UnknownResource
from insula.core import log

if TYPE_CHECKING:
    from insula.application.application import Application
    from insula.application.options import Options

Headers = list[tuple[bytes, bytes]]

JSON: Final = b"application/json; charset=utf-8"
_ALWAYS: Final = ((b"cache-control", b"no-store"), (b"x-content-type-options", b"nosniff"))
_OPTIONS: Final = ((b"allow", b"GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"),)


class Dispatcher:
    """Answers the API of one application."""

    def __init__(self, options: Options) -> None:
        self._body_limit = options.body_limit_bytes
        self.in_flight = InFlight(options.requests_at_once, options.request_deadline_s)

    async def __call__(self, application: Application, scope: Scope, receive: Receive, send: Send) -> None:
        """The application is handed in each time, so that nothing here keeps one that has stopped alive."""
        request = Request(scope, receive, self._body_limit)
        if not request.stamped:
            log.request_id.set(request.request_id)
            log.application.set(application.name)
        try:
            flight = self.in_flight.enter(request)
        except ApplicationError as error:
            await _send_error(error, request, send)
            return
        try:
            await self._answer(application, flight, request, send)
        except asyncio.CancelledError:
            if flight.ended is None:
                raise
            # Cancelled from here, not by the server: the task goes on, to answer if there is still someone.
            asyncio.current_task().uncancel()  # type: ignore[union-attr]
            await self._ended(flight, request, send)
        finally:
            self.in_flight.leave(flight)

    async def _answer(self, application: Application, flight: Flight, request: Request, send: Send) -> None:
        try:
            result = await self._handle(application, flight, request)
            if isinstance(result, Stream):
                await self._stream(flight, result, request, send)
                return
            if isinstance(result, Answer):
                body = encode(
                    {"data": result.data}
                    if result.meta is None
                    else {"data": result.data, "meta": result.meta}
                )
                kind = JSON
            else:
                body, kind = result.body, result.content_type
        except Exception as error:  # whatever an action raises is answered
            if request.answering:
                # The head of a stream is out: only breaking the connection tells the client.
                raise
            await _send_error(error, request, send)
            return
        await _send(request, send, result.status, result.headers, kind, body)

    async def _handle(
        self, application: Application, flight: Flight, request: Request
    ) -> Answer | Stream | Raw:
        method = request.method
        if method == "OPTIONS":
            return Raw(b"", status=204, headers=_OPTIONS)
        try:
            route = application.plugin_manager.table.route(
                method, request.path, application.metadata, application.plugin_manager.refused
            )
        except UnknownResource:
            if application.others is None:
                raise
            await application.others.catch_up()  # perhaps it was made in another process a moment ago
            route = application.plugin_manager.table.route(
                method, request.path, application.metadata, application.plugin_manager.refused
            )
        action = route.action
        access = application.access
        principal = await access.authenticate(request, writes=action.writes, public=action.gate == "public")
        request.asked_by(principal.user_id)
        scopes = access.authorize(principal, route.subject, action)
        if action.slow:
            flight.slow()
        body: Any = None
        if not request.has_body:
            request.complete = True
        elif action.streams:
            flight.unlimited()
        else:
            body = await read_json(request)
        context = Context(
            application,
            request,
            principal,
            scopes,
            route.resource,
            action.name,
            route.key,
            parse_query(request.query),
            body,
            route.parent,
            route.relation,
        )
        answer = await act(action, context)
        if action.writes:
            audit.tell(context)
        return answer

    async def _stream(self, flight: Flight, stream: Stream, request: Request, send: Send) -> None:
        """Send the head, the first piece and what follows it."""
        try:
            flight.moved()
            request.answering = True
            headers = _headers(request, stream.headers, stream.content_type)
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            if request.method != "HEAD":
                await send({"type": "http.response.body", "body": stream.first, "more_body": True})
                async for chunk in stream.chunks:
                    await send({"type": "http.response.body", "body": chunk, "more_body": True})
                    flight.moved()
            await send({"type": "http.response.body", "body": b""})
        finally:
            await stream.close()

    async def _ended(self, flight: Flight, request: Request, send: Send) -> None:
        """Say why the work was ended, where an answer can still be given."""
        if request.answering:
            if flight.ended != "gone":
                raise DeadlineExceeded(seconds=flight.deadline_s)
        elif flight.ended == "deadline":
            await _send_error(DeadlineExceeded(seconds=flight.deadline_s), request, send)
        elif flight.ended == "stopping":
            await _send_error(NotRunning(), request, send)


async def _send_error(error: BaseException, request: Request, send: Send) -> None:
    status, headers, body = error_answer(
        error, request.request_id, operator=request.local, language=request.language
    )
    await _send(request, send, status, headers, JSON, body)


async def _send(
    request: Request,
    send: Send,
    status: int,
    headers: tuple[tuple[bytes, bytes], ...],
    content_type: bytes,
    body: bytes,
) -> None:
    request.answering = True
    complete = _headers(request, headers, content_type)
    if status != 204:
        complete.append((b"content-length", b"%d" % len(body)))
    await send({"type": "http.response.start", "status": status, "headers": complete})
    await send({"type": "http.response.body", "body": b"" if request.method == "HEAD" else body})


def _headers(request: Request, more: tuple[tuple[bytes, bytes], ...], content_type: bytes) -> Headers:
    headers = [(b"content-type", content_type), *_ALWAYS, *more, *request.answer_headers]
    if not request.stamped:
        headers.append((b"x-request-id", request.request_id.encode()))
    return headers
