"""Which cookies reach an application: its own, and nobody else's.

Under one host the browser sends the cookies of the main application, and perhaps of others, along with every
request. What runs inside an application has no business with them.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

Headers = list[tuple[bytes, bytes]]

_MARK: Final = b"nb_"
_KINDS: Final = (b"nb_auth_token_", b"nb_role_", b"nb_csrf_token_", b"nb_authenticator_")
"""Beginnings of the names of an application's cookies; its own name follows."""


@lru_cache(maxsize=1024)
def names(application: str) -> frozenset[bytes]:
    """Those of an application."""
    return frozenset(kind + application.encode() for kind in _KINDS)


def sent(headers: Headers, application: str) -> bool:
    """Whether a cookie of this application is among the headers."""
    wanted = names(application)
    return any(
        _name(part) in wanted for key, value in headers if key == b"cookie" for part in value.split(b";")
    )


def strip(headers: Headers, kept: frozenset[bytes]) -> Headers:
    """The headers without cookies of applications, but for those named ``kept``; an empty ``Cookie`` goes too."""
    result: Headers = []
    for key, value in headers:
        if key != b"cookie" or _MARK not in value:
            result.append((key, value))
        elif left := [part.strip() for part in value.split(b";") if _belongs(_name(part), kept)]:
            result.append((key, b"; ".join(left)))
    return result


def _name(part: bytes) -> bytes:
    return part.partition(b"=")[0].strip()


def _belongs(name: bytes, kept: frozenset[bytes]) -> bool:
    return name != b"" and (not name.startswith(_MARK) or name in kept)
