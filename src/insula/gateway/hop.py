"""What a front door tells the gateway behind it of where a request comes from, and proves with the key that both have.

A proof is for one application and one client, and for some minutes: clocks may be apart by as much. It is not for one
request: it is made once for all that a client asks within a minute, and read once. Without a key of their own nobody
proves anything, for what everybody can make proves nothing: then the addresses of front doors have to stand in
``APP_TRUSTED_PROXIES``.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from time import time
from typing import Final, NamedTuple, TypeVar

HEADER: Final = b"x-insula-hop"
WINDOW_MIN: Final = 15
"""Minutes that a proof may be old, or come from the future."""
KEPT: Final = 1024
"""Proofs that need not be made, or checked, again."""
_MINUTE_S: Final = 60
_NOTHING: Final = "-"

K = TypeVar("K")
V = TypeVar("V")


class Told(NamedTuple):
    """What is proved."""

    application: str
    """Which the request is for."""
    client: str
    scheme: str
    host: str
    """The host name by which the application may be known."""


class Hops:
    """With one key."""

    def __init__(self, key: bytes, clock: Callable[[], float] = time) -> None:
        """``key``: of the fleet. ``clock`` gives seconds since 1970."""
        self._key = hashlib.sha256(b"insula: hop" + key).digest()
        self._clock = clock
        self._made: dict[tuple[Told, int], bytes] = {}
        self._read: dict[bytes, tuple[Told, int]] = {}

    def header(self, told: Told) -> tuple[bytes, bytes]:
        """The header of requests of this minute."""
        wanted = (told, int(self._clock()) // _MINUTE_S)
        made = self._made.get(wanted)
        if made is None:
            words = " ".join((*(word or _NOTHING for word in told), str(wanted[1]))).encode(
                "latin-1", "replace"
            )
            made = b"%b %b" % (words, self._proof(words))
            _keep(self._made, wanted, made)
        return HEADER, made

    def told(self, value: bytes) -> Told | None:
        """What the value of a header proves now; ``None``: nothing."""
        read = self._read.get(value)
        if read is None:
            read = self._checked(value)
            if read is None:
                return None
            _keep(self._read, value, read)
        told, minute = read
        return told if abs(int(self._clock()) // _MINUTE_S - minute) <= WINDOW_MIN else None

    def _checked(self, value: bytes) -> tuple[Told, int] | None:
        words, _, proof = value.rpartition(b" ")
        if not hmac.compare_digest(proof, self._proof(words)):
            return None
        application, client, scheme, host, minute = (
            "" if word == _NOTHING else word for word in words.decode("latin-1").split(" ")
        )
        return Told(application, client, scheme, host), int(minute)

    def _proof(self, words: bytes) -> bytes:
        return hmac.digest(self._key, words, "sha256").hex().encode()


def _keep(kept: dict[K, V], key: K, value: V) -> None:
    if len(kept) >= KEPT:
        kept.clear()
    kept[key] = value
