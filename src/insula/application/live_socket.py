"""One WebSocket: the page says what it wants to hear of, and is told what it may hear.

From the page, as JSON: first ``{"token": …}`` where neither cookie nor header said who it is (``"role"`` beside it, if
wanted), then ``{"subscribe": [topic, …]}`` and ``{"unsubscribe": [topic, …]}``. ``"locale"`` in any of them: the language of
what is said from then on, where no header ``X-Locale`` named it, which browsers can not send.

To the page: ``{"type": "ready"}``; ``subscribed``, ``unsubscribed`` (``topics``) and ``refused`` (``topic``, ``code``,
``message``); ``changed`` with ``topic``, ``action`` and, where they may be told, ``keys`` (of jobs also ``rows``); without
keys, whatever was listed is to be listed again.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import msgspec

from insula.application.access.errors import RoleNotHeld, Unauthenticated
from insula.application.access.principal import ANONYMOUS, LOCAL, Principal
from insula.application.api.encode import encode
from insula.application.api.errors import error_answer
from insula.application.api.request import Receive, Request, Scope, Send
from insula.application.errors import ForeignOrigin, NotRunning
from insula.application.live import MOST_TOPICS, Subscriber
from insula.application.live_topics import Topics
from insula.core.errors import InsulaError
from insula.core.translation import filled, language_of

if TYPE_CHECKING:
    from insula.application.application import Application

TOKEN_S: Final = 10.0
"""What a page gets to say who it is."""
LOOK_S: Final = 5.0
"""Who listens is looked at again after this time, for sessions that end by time or elsewhere."""
SEND_S: Final = 10.0
"""What a reader gets to take a message; then it is cut off."""

SIGN_IN, WRONG, SLOW, STOPPING = 4401, 4400, 1013, 1012
"""Why a connection is closed. Close codes."""


class Closed(Exception):
    """The conversation is over; nothing needs to be said any more."""


class Parted(Exception):
    """The conversation is to end with this code and reason."""

    def __init__(self, code: int, reason: str, **details: Any) -> None:
        """``reason`` is a template, as of errors."""
        super().__init__(reason)
        self.code = code
        self.reason = reason
        self.details = details


class Message(msgspec.Struct, frozen=True):
    """What a page sends."""

    token: str | None = None
    role: str | None = None
    subscribe: tuple[str, ...] = ()
    unsubscribe: tuple[str, ...] = ()
    locale: str | None = None


_decoder = msgspec.json.Decoder(Message)


async def converse(application: Application, scope: Scope, receive: Receive, send: Send) -> None:
    """The whole life of one connection, as an ASGI application of the type ``websocket``."""
    request = Request({**scope, "method": "GET"}, receive)
    await receive()  # that it wants to talk
    if not application.answers:
        await _refuse(NotRunning(), request, send)
        return
    socket = _Socket(application, request, receive, send)
    live, subscriber = application.live, Subscriber(asyncio.current_task())
    try:
        try:
            live.enter(subscriber, named=socket.named)
            await socket.open(subscriber)
        except InsulaError as error:
            await _refuse(error, request, send)
            return
        try:
            await socket.run(subscriber)
        except InsulaError as error:
            ended = isinstance(error, Unauthenticated | RoleNotHeld)
            await socket.close(SIGN_IN if ended else SLOW, error.code)
        except Parted as parted:
            await socket.close(parted.code, filled(parted.reason, parted.details, socket.language))
    except Closed:
        return
    finally:
        live.leave(subscriber)


class _Socket:
    """One connection of one person."""

    def __init__(self, application: Application, request: Request, receive: Receive, send: Send) -> None:
        self._application = application
        self._request = request
        self._receive = receive
        self._send = send
        self._carried = application.access.cookies.token(request)
        self.named = self._carried is not None or request.local
        """Whether the request says who it is."""
        self._token: str | None = None
        self._role: str | None = None
        self._chosen: str | None = None
        """The role that the page looks through, by its cookie."""
        self._principal: Principal = ANONYMOUS
        self.language = request.language
        """Of what is said to the page."""

    async def open(self, subscriber: Subscriber) -> None:
        """See who it is, as far as the request says so, and agree to talk.

        Raises ``Unauthenticated``, ``ForeignOrigin``, ``TooManyListeners``.
        """
        application, request = self._application, self._request
        carried = self._carried
        if carried is not None:
            if carried.by_cookie:
                _check_origin(request)
            self._token, self._role = carried.token, request.header(b"x-role") or None
            if carried.by_cookie and self._role is None:
                self._chosen = application.access.cookies.role(request)
            await self._look()
        if self.named:
            application.live.admit(subscriber)
        await self._send({"type": "websocket.accept"})

    async def run(self, subscriber: Subscriber) -> None:
        """Until the page leaves or has to: what it says, and what it is told. Raises ``Closed``, ``Parted``, ``Unauthenticated``."""
        hearing = asyncio.create_task(self._hear(subscriber), name="websocket: hear")
        try:
            while not hearing.done():
                await subscriber.wait(LOOK_S)
                if subscriber.closing:
                    raise Parted(STOPPING, "The application stops: connect again, and read anew.")
                await self._tell(subscriber)
            hearing.result()
        finally:
            hearing.cancel()
            await asyncio.gather(hearing, return_exceptions=True)

    async def close(self, code: int, reason: str) -> None:
        """Say why the conversation ends; to no one, where nobody takes it any more."""
        await self._hand({"type": "websocket.close", "code": code, "reason": reason})

    async def _introduced(self) -> None:
        """Who it is, where the request did not say so: that must be the first message."""
        try:
            async with asyncio.timeout(TOKEN_S):
                said = await self._message()
        except TimeoutError:
            said = Message()
        if said.token is None:
            raise Parted(SIGN_IN, 'The first message must be {{"token": "…"}}.')
        self._token, self._role = said.token, said.role

    async def _look(self) -> Topics:
        """Who listens, as of now; raises ``Unauthenticated`` once their session has ended."""
        if self._request.local:
            self._principal = LOCAL
        elif self._token is not None:
            access = self._application.access
            self._principal = access.acting(await access.know(self._token, self._role), self._chosen)
        return Topics(self._application, self._principal)

    async def _hear(self, subscriber: Subscriber) -> None:
        """What the page says; ends with it, and has the connection looked at."""
        try:
            if self._token is None and not self._request.local:
                await self._introduced()
            await self._look()
            self._application.live.admit(subscriber)
            await self._say({"type": "ready"})
            while True:
                said = await self._message()
                topics = await self._look()
                for topic in said.subscribe:
                    await self._subscribe(subscriber, topics, topic)
                if said.unsubscribe:
                    subscriber.topics.difference_update(said.unsubscribe)
                    await self._say({"type": "unsubscribed", "topics": said.unsubscribe})
        finally:
            subscriber.look()

    async def _subscribe(self, subscriber: Subscriber, topics: Topics, topic: str) -> None:
        if len(subscriber.topics) >= MOST_TOPICS:
            raise Parted(WRONG, "A connection listens to {most} topics at most.", most=MOST_TOPICS)
        try:
            topics.check(topic)
        except InsulaError as error:
            await self._say(self._refused(topic, error))
            return
        subscriber.topics.add(topic)
        await self._say({"type": "subscribed", "topics": [topic]})

    async def _tell(self, subscriber: Subscriber) -> None:
        """What waits, as far as this person may hear it now."""
        topics = await self._look()
        for news in subscriber.take():
            try:
                told = await topics.told(news, self.language)
            except InsulaError as error:
                subscriber.topics.discard(news.topic)
                told = self._refused(news.topic, error)
            if told is not None:
                await self._say(told)

    def _refused(self, topic: str, error: InsulaError) -> dict[str, Any]:
        message = error.told_in(self.language) or error.message_in(self.language)
        return {"type": "refused", "topic": topic, "code": error.code, "message": message}

    async def _message(self) -> Message:
        message = await self._receive()
        if message["type"] != "websocket.receive":
            raise Closed()
        try:
            said = _decoder.decode(message.get("text") or message.get("bytes") or b"")
        except (msgspec.DecodeError, UnicodeError):
            raise Parted(WRONG, "This is no message that is known here.") from None
        if said.locale is not None:
            self.language = language_of(said.locale)
        return said

    async def _say(self, what: dict[str, Any]) -> None:
        if not await self._hand({"type": "websocket.send", "text": encode(what).decode()}):
            raise Parted(SLOW, "This reader is too slow: connect again, and read anew.")

    async def _hand(self, message: dict[str, Any]) -> bool:
        """Whether it was taken in time."""
        try:
            async with asyncio.timeout(SEND_S):
                await self._send(message)
        except TimeoutError:
            return False
        except OSError:
            raise Closed() from None
        return True


def _check_origin(request: Request) -> None:
    """A cookie is sent along by any page of any site: only one of this very host is listened to.

    Raises ``ForeignOrigin``.
    """
    origin = request.header(b"origin")
    if origin is None or urlsplit(origin).netloc.lower() != request.host.lower():
        raise ForeignOrigin()


async def _refuse(error: InsulaError, request: Request, send: Send) -> None:
    """Answer as the API does, before there is a conversation."""
    status, headers, body = error_answer(
        error, request.request_id, operator=request.local, language=request.language
    )
    head = [(b"content-type", b"application/json; charset=utf-8"), *headers, *request.answer_headers]
    await send({"type": "websocket.http.response.start", "status": status, "headers": head})
    await send({"type": "websocket.http.response.body", "body": body})
