"""Whole answers of the gateway itself, sent over ASGI: errors, pages, redirects."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from insula.fleet.lifecycle import Observed, Status
from insula.fleet.process.base import Send
from insula.gateway.errors import not_answering

Headers = Iterable[tuple[bytes, bytes]]

RETRY_AFTER_S = 1
"""What a client is told to wait for an application that is on its way up."""

_PASSING = frozenset(
    {Observed.PREPARING, Observed.INITIALIZING, Observed.INITIALIZED, Observed.COMMANDING, Observed.NOT_FOUND}
)
"""States that end by themselves: trying again soon helps."""


async def send_answer(
    send: Send, status: int, body: bytes, content_type: bytes, headers: Headers = ()
) -> None:
    """Send one complete answer."""
    await send(
        {
            "type": "http.response.start",
            "status": status,
            "headers": [
                (b"content-type", content_type),
                (b"content-length", str(len(body)).encode()),
                *headers,
            ],
        }
    )
    await send({"type": "http.response.body", "body": body})


async def send_error(
    send: Send, status: int, code: str, message: str, headers: Headers = (), **more: Any
) -> None:
    """Send an error in the gateway's shape: ``{"error": {"status", "code", "message", …}}``."""
    body = json.dumps({"error": {"status": status, "code": code, "message": message, **more}}).encode()
    await send_answer(send, status, body, b"application/json; charset=utf-8", headers)


async def send_not_answering(send: Send, application: str, status: Status) -> None:
    """503 for an application that exists and does not answer now, with its phase."""
    code, message = not_answering(application, status)
    more = {"command": {"name": status.command.verb.value}} if status.command else {}
    await send_error(
        send, 503, code, message, retry_headers(status), maintaining=status.observed in _PASSING, **more
    )


def retry_headers(status: Status) -> Headers:
    """``Retry-After``, when waiting helps."""
    return ((b"retry-after", str(RETRY_AFTER_S).encode()),) if status.observed in _PASSING else ()
