"""One HTTP request as ASGI brings it, with what is read of it read at most once."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, MutableMapping
from typing import Any, Final

from insula.application.errors import ClientGone, PayloadTooLarge
from insula.core.ids import request_id
from insula.core.translation import language_of

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

JSON_BODY_LIMIT_BYTES: Final = 2 * 1024 * 1024
"""The longest body that is read whole, unless the application's options say otherwise."""

_SANE_REQUEST_ID = re.compile(r"[A-Za-z0-9._:-]{1,64}")


class Request:
    """``path`` is decoded and begins behind the API's base path: ``/<resource>:<action>…``."""

    __slots__ = (
        "_body",
        "_body_limit",
        "_cookies",
        "_headers",
        "_receive",
        "_scope",
        "answer_headers",
        "answering",
        "complete",
        "method",
        "path",
        "query",
        "request_id",
        "stamped",
    )

    def __init__(self, scope: Scope, receive: Receive, body_limit: int = JSON_BODY_LIMIT_BYTES) -> None:
        self._scope = scope
        self._receive = receive
        self._body: bytes | None = None
        self._body_limit = body_limit
        self._cookies: Mapping[str, str] | None = None
        # The first of several headers with one name counts.
        self._headers: dict[bytes, bytes] = dict(scope["headers"][::-1])
        self.method: str = scope["method"]
        self.path: str = scope["path"]
        self.query: bytes = scope["query_string"]
        self.complete = False
        """The body was read to its end, so that ``receive`` can only tell of a client that went away."""
        self.answering = False
        """The head of the answer is out."""
        self.answer_headers: list[tuple[bytes, bytes]] = []
        """Put on whatever is answered (``X-New-Token``, ``Set-Cookie``)."""
        given: str | None = scope.get("insula.request_id")
        self.stamped = given is not None
        """The server has put ``X-Request-Id`` on the answer already."""
        self.request_id = given if given is not None else self._sane_request_id()

    def header(self, name: bytes) -> str | None:
        """The value of a header; ``name`` in small letters."""
        value = self._headers.get(name)
        return None if value is None else value.decode("latin-1")

    @property
    def cookies(self) -> Mapping[str, str]:
        """Name → value, as they stand in the header; quotes around a value are taken off."""
        if self._cookies is None:
            self._cookies = _cookies(self.header(b"cookie") or "")
        return self._cookies

    @property
    def client(self) -> str:
        """The address of the client, as the server believes it; empty over the unix socket."""
        client = self._scope.get("client")
        return str(client[0]) if client else ""

    @property
    def scheme(self) -> str:
        return str(self._scope.get("scheme", "http"))

    @property
    def host(self) -> str:
        """The host that the client asked, as the server believes it: name and, where unusual, port."""
        believed: str | None = self._scope.get("insula.host")
        return believed if believed is not None else self.header(b"host") or ""

    @property
    def own_host(self) -> bool:
        """It came to the application's own domain, as the server found."""
        return self._scope.get("insula.own_host") is True

    @property
    def prefix(self) -> str:
        """What the server stripped in front of ``path``: ``/api``, ``/api/__app/<name>``."""
        return str(self._scope.get("root_path", ""))

    @property
    def local(self) -> bool:
        """It came over the unix socket, so it is the operator of the machine."""
        return self._scope.get("insula.local") is True

    @property
    def language(self) -> str:
        """The language that sentences are wanted in."""
        return language_of(self.header(b"x-locale"))

    @property
    def has_body(self) -> bool:
        """Whether the headers announce a body."""
        length = self._headers.get(b"content-length")
        return (length is not None and length != b"0") or b"transfer-encoding" in self._headers

    async def body(self) -> bytes:
        """The whole body. Raises ``PayloadTooLarge``, ``ClientGone``."""
        if self._body is None:
            self._body = b"".join([chunk async for chunk in self.chunks(self._body_limit)])
        return self._body

    async def chunks(self, limit: int) -> AsyncIterator[bytes]:
        """The body as it comes, once. Raises ``PayloadTooLarge`` beyond ``limit`` bytes, and ``ClientGone``.

        The server ends a request whose body stalls, which looks here like a client that went away.
        """
        announced = self._headers.get(b"content-length", b"")
        if announced.isdigit() and int(announced[:20]) > limit:
            raise PayloadTooLarge(limit=limit)
        length = 0
        while not self.complete:
            message = await self._receive()
            if message["type"] != "http.request":
                raise ClientGone()
            self.complete = not message.get("more_body", False)
            if chunk := message.get("body", b""):
                length += len(chunk)
                if length > limit:
                    raise PayloadTooLarge(limit=limit)
                yield chunk

    async def gone(self) -> None:
        """Return once the client went away. Only when ``complete``, since it eats what is received."""
        for _ in range(2):  # an empty body may still come before
            if (await self._receive())["type"] == "http.disconnect":
                return
        # A server that tells of bodies without end would else keep the loop busy.
        await asyncio.Event().wait()

    def asked_by(self, user_id: int | None) -> None:
        """Let the server know who asks, for its log of requests."""
        self._scope["insula.user"] = user_id

    def _sane_request_id(self) -> str:
        """The client's own id where it is harmless in a log, else a new one."""
        given = self._headers.get(b"x-request-id")
        if given is not None:
            text = given.decode("latin-1")
            if _SANE_REQUEST_ID.fullmatch(text):
                return text
        return request_id()


def _cookies(header: str) -> Mapping[str, str]:
    found: dict[str, str] = {}
    for part in header.split(";"):
        name, equals, value = part.strip().partition("=")
        if equals and name:
            if len(value) > 1 and value[0] == value[-1] == '"':
                value = value[1:-1]
            found.setdefault(name, value)
    return found
