"""What a front door tells the gateway behind it of where a request comes from, and proves with the key that both have.

The proof is for one request (its id is in it), and replaces nothing that a client may say of itself elsewhere. Without a
key of their own nobody proves anything: then the addresses of front doors have to stand in ``APP_TRUSTED_PROXIES``.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from typing import Final, NamedTuple

HEADER: Final = b"x-insula-hop"
_PARTS: Final = 4


class Told(NamedTuple):
    """What is proved."""

    client: str
    scheme: str
    host: str
    """The host name by which the application may be known."""


class Hops:
    """With one key."""

    def __init__(self, key: bytes) -> None:
        """``key``: of the fleet."""
        self._key = hashlib.sha256(b"insula: hop" + key).digest()

    def header(self, told: Told, request_id: str) -> tuple[bytes, bytes]:
        """The header of one request."""
        words = " ".join((told.scheme, told.client or "-", told.host or "-"))
        return HEADER, f"{words} {self._proof(words, request_id)}".encode("latin-1", "replace")

    def told(self, headers: Mapping[bytes, bytes]) -> Told | None:
        """What the header of a request proves; ``None`` where it has none, or it proves nothing."""
        value = headers.get(HEADER)
        if value is None:
            return None
        words, _, proof = value.decode("latin-1").rpartition(" ")
        request_id = headers.get(b"x-request-id", b"").decode("latin-1")
        parts = words.split(" ")
        if len(parts) != _PARTS - 1 or not hmac.compare_digest(
            proof.encode("latin-1"), self._proof(words, request_id).encode()
        ):
            return None
        scheme, client, host = ("" if part == "-" else part for part in parts)
        return Told(client, scheme, host)

    def _proof(self, words: str, request_id: str) -> str:
        return hmac.digest(self._key, f"{words}\n{request_id}".encode("latin-1", "replace"), "sha256").hex()
