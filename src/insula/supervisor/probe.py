"""Whether an environment can be reached where requests are forwarded to."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Final
from urllib.parse import SplitResult, urlsplit

PROBE_WITHIN_S: Final = 5.0
"""From the look-up of the name to the first line of the answer."""
_OURS: Final = frozenset((HTTPStatus.OK, HTTPStatus.SERVICE_UNAVAILABLE))
"""What an environment answers, whether or not it takes commands just now: its applications are served."""
_STATUS_LINE: Final = re.compile(rb"HTTP/1\.[01] ([1-9][0-9]{2})[ \r\n]")


def probe(api: str) -> Callable[[str], Awaitable[str]]:
    """``api`` is the base path from slash to slash. What it gives is a ``Probe``.

    No thread waits for the answer: however many environments are silent, nobody else does.
    """

    async def ask(address: str) -> str:
        return await _ask(urlsplit(f"{address.rstrip('/')}{api}__health_check"))

    return ask


async def _ask(url: SplitResult) -> str:
    """Why there is no good answer; empty: there is one."""
    where = f"{url.scheme}://{url.netloc}"
    try:
        async with asyncio.timeout(PROBE_WITHIN_S):
            line = await _first_line(url)
    except TimeoutError:
        return f"{where} can not be reached (no answer within {PROBE_WITHIN_S:g} s)"
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        return f"{where} can not be reached ({reason})"
    found = _STATUS_LINE.match(line)
    if found is None:
        return f"{where} does not answer as HTTP does"
    if int(found[1]) not in _OURS:
        return f"{url.geturl()} answers {int(found[1])}, which no environment does when it is asked for its health"
    return ""


async def _first_line(url: SplitResult) -> bytes:
    """Of the answer. Raises ``OSError``, and ``ValueError`` for an address that is none and for a line without an end."""
    secured = url.scheme == "https"
    port = url.port or (443 if secured else 80)
    reader, writer = await asyncio.open_connection(url.hostname or "", port, ssl=secured or None)
    try:
        host = url.netloc.rpartition("@")[2]
        writer.write(f"GET {url.path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode("ascii"))
        return await reader.readline()
    finally:
        writer.transport.abort()
