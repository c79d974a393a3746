"""Answers of the front door itself: errors in the gateway's shape, and what is written for ASGI, taken as a whole."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Any, Final

from insula.core.errors import InsulaError, Kind
from insula.core.translation import filled, in_language, language_of
from insula.fleet.process.base import Message, Send
from insula.gateway.answers import JSON, LOCALE, RETRY_AFTER, error_body
from insula.gateway.errors import DEFECT
from insula.gateway.forward.route import Answer, Asked, Failure, Fields

_log = logging.getLogger(__name__)

_REFUSALS: Final = {Kind.TOO_LARGE: 431}
FAILURES: dict[Failure, tuple[int, str]] = {
    Failure.UNREACHABLE: (502, "What serves this address can not be reached."),
    Failure.BUSY: (503, "What serves this address has too many requests under way; try again in a moment."),
    Failure.SILENT: (504, "What serves this address did not answer in time."),
    Failure.BROKEN: (502, "What serves this address broke off before it answered."),
}
"""Status and sentence, where whoever chose the upstream has no better answer."""


def error(status: int, code: str, message: str, headers: Fields = (), **more: Any) -> Answer:
    """An error in the gateway's shape."""
    return Answer(status, ((b"content-type", JSON), *headers), error_body(status, code, message, **more))


def failure(why: Failure, asked: Asked) -> Answer:
    """An upstream has not answered."""
    status, sentence = FAILURES[why]
    message = in_language(sentence, locale(asked))
    return error(status, "UPSTREAM_UNAVAILABLE", message, tuple(RETRY_AFTER) if status == 503 else ())


def late(message: str) -> Answer:
    """The client took too long."""
    return error(408, "TIMEOUT", message)


def refusal(refused: InsulaError) -> Answer:
    """What the client sends can not be passed on."""
    return error(_REFUSALS.get(refused.kind, 400), refused.code, refused.message)


def raised(raised: BaseException, asked: Asked) -> Answer:
    """A route has raised something. Logged, unless it only says that something that is needed is away."""
    if isinstance(raised, InsulaError) and raised.kind is Kind.UNAVAILABLE:
        language = locale(asked)
        message = raised.told_in(language) or raised.message_in(language)
        return error(503, raised.code, message, tuple(RETRY_AFTER))
    _log.error("a request failed: %s %s", asked.method, asked.path, exc_info=raised)
    return error(500, "INTERNAL_ERROR", filled(DEFECT, {"request_id": asked.request_id}, locale(asked)))


def locale(asked: Asked) -> str:
    """The language that a program wants sentences in."""
    return language_of(asked.headers.get(LOCALE, b"").decode("latin-1"))


async def collected(answering: Callable[[Send], Awaitable[None]]) -> Answer:
    """What ``answering`` sends as ASGI messages (an error, a page): the same answers serve both gateways."""
    start: Message = {"status": 500}
    body: list[bytes] = []

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            start.update(message)
        else:
            body.append(message.get("body", b""))

    await answering(send)
    headers = [(name.lower(), value) for name, value in start.get("headers", ())]
    return Answer(start["status"], headers, b"".join(body))
