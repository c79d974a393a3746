"""Whether an environment can be reached where requests are forwarded to."""

from __future__ import annotations

import asyncio
import http.client
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit

PROBE_WITHIN_S: Final = 5.0
_OURS: Final = frozenset((HTTPStatus.OK, HTTPStatus.SERVICE_UNAVAILABLE))
"""What an environment answers, whether or not it takes commands just now: its applications are served."""


def probe(api: str) -> Callable[[str], Awaitable[str]]:
    """``api`` is the base path from slash to slash. What it gives is a ``Probe``."""

    async def ask(address: str) -> str:
        return await asyncio.to_thread(_ask, f"{address.rstrip('/')}{api}__health_check")

    return ask


def _ask(address: str) -> str:
    """Why there is no good answer; empty: there is one."""
    parts = urlsplit(address)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    where = f"{parts.scheme}://{parts.netloc}"
    try:
        connection = kind(parts.hostname or "", parts.port, timeout=PROBE_WITHIN_S)
        try:
            connection.request("GET", parts.path)
            status = connection.getresponse().status
        finally:
            connection.close()
    except (OSError, ValueError, http.client.HTTPException) as error:
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        return f"{where} can not be reached ({reason})"
    if status not in _OURS:
        return f"{where} answers {status} to a look at its health"
    return ""
