"""Whether a custom domain leads to this machine. Found out beforehand, as a warning: DNS may follow later."""

from __future__ import annotations

import asyncio
import socket
from typing import Any, Final
from urllib.parse import urlsplit

from insula.fleet.provisioner.base import Finding

RESOLVE_TIMEOUT_S: Final = 3.0
"""Longest time for a name server to answer."""


async def look_up(domain: str, url: str) -> Finding:
    """What the domain's addresses say. ``url`` is the main application's: who resolves as it does is right."""
    found = await _addresses(domain)
    if not found:
        return Finding(
            "warning",
            "DOMAIN_UNRESOLVED",
            f"The domain {domain} has no address yet, as far as can be seen from here.",
            f"Let a DNS record lead {domain} to this machine, or to the proxy in front of it.",
        )
    main = await _addresses(urlsplit(url).hostname or "")
    if found & main or any(map(_is_here, found)):
        return Finding("ok", "DOMAIN_RESOLVES", f"The domain {domain} leads here.")
    return Finding(
        "warning",
        "DOMAIN_ELSEWHERE",
        f"The domain {domain} leads to {', '.join(sorted(found))}, which is not this machine.",
        f"Unless a proxy stands there, let the DNS record of {domain} lead to this machine.",
    )


async def _addresses(host: str) -> frozenset[str]:
    """Empty where there are none, or nobody says in time."""
    if not host:
        return frozenset()
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(RESOLVE_TIMEOUT_S):
            found: list[Any] = await loop.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError, TimeoutError):
        return frozenset()
    return frozenset(str(entry[4][0]) for entry in found)


def _is_here(address: str) -> bool:
    """Whether the address is one of this machine's: only to those a socket can be bound."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.bind((address, 0))
    except OSError:
        return False
    return True
