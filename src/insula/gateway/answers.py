"""Whole answers of the gateway itself, sent over ASGI: errors, pages, redirects."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from insula.core.errors import InsulaError
from insula.core.translation import ENGLISH, filled, language_of
from insula.fleet.lifecycle import Observed, Wanted
from insula.fleet.process.base import Scope, Send
from insula.fleet.target import Target
from insula.gateway.errors import ASLEEP, not_answering
from insula.gateway.waiting import comes

Headers = Iterable[tuple[bytes, bytes]]

RETRY_AFTER_S = 1
"""What a client is told to wait for an application that is on its way up."""
RETRY_AFTER: Headers = ((b"retry-after", str(RETRY_AFTER_S).encode()),)
LOCALE = b"x-locale"
JSON = b"application/json; charset=utf-8"


def locale(scope: Scope) -> str:
    """The language that a program wants sentences in."""
    return language_of(
        next((value.decode("latin-1") for key, value in scope["headers"] if key == LOCALE), None)
    )


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
    """Send an error in the gateway's shape."""
    await send_answer(send, status, error_body(status, code, message, **more), JSON, headers)


def error_body(status: int, code: str, message: str, **more: Any) -> bytes:
    """An error in the gateway's shape: ``{"error": {"status", "code", "message", …}}``."""
    return json.dumps({"error": {"status": status, "code": code, "message": message, **more}}).encode()


async def send_not_answering(send: Send, target: Target, language: str = ENGLISH) -> None:
    """503 for an application that exists and does not answer now, with its phase."""
    code, message = not_answering(target, language)
    command = target.status.command
    more = {"command": {"name": command.verb.value}} if command else {}
    await send_error(send, 503, code, message, retry_headers(target), maintaining=passes(target), **more)


async def send_ready(send: Send, why_not: InsulaError | None, language: str = ENGLISH) -> None:
    """To who asks for the health of a process or an application, and nothing more."""
    if why_not is None:
        await send_answer(send, 200, b"ok", b"text/plain; charset=utf-8")
    else:
        await send_error(
            send, 503, why_not.code, why_not.told_in(language) or why_not.message_in(language), RETRY_AFTER
        )


async def send_not_woken(send: Send, target: Target, language: str = ENGLISH) -> None:
    """The same for who asks for its health or for a WebSocket, which wake nobody: asking again does not help one that sleeps."""
    if target.wanted is Wanted.ASLEEP and target.status.observed in (Observed.STOPPED, Observed.NOT_FOUND):
        code, template = ASLEEP
        message = filled(template, {"application": target.application}, language)
        await send_error(send, 503, code, message, maintaining=False)
    else:
        await send_not_answering(send, target, language)


def retry_headers(target: Target) -> Headers:
    """``Retry-After``, when waiting helps."""
    return RETRY_AFTER if passes(target) else ()


def passes(target: Target) -> bool:
    """Whether the state that keeps it from answering ends by itself, so that trying again soon helps."""
    return comes(target) or target.status.observed is Observed.COMMANDING
