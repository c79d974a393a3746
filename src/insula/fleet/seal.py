"""What stands in Redis is sealed: nobody reads it, changes it or puts it elsewhere without the key.

AES-256-GCM (NIST SP 800-38D) with a random nonce for each message. The purpose is authenticated with it: a value that
was sealed for one place is not opened at another. Without a key of their own, installations use a fixed one that
everybody knows: the same code, and no protection.
"""

from __future__ import annotations

import hashlib
import secrets
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from insula.fleet.errors import KeyMismatch

KEY_BYTES: Final = 32
_NONCE_BYTES: Final = 12
_MARK_BYTES: Final = 8
_PUBLIC_KEY: Final = hashlib.sha256(b"insula: not a secret").digest()


class Seal:
    """One key, for all that stands in Redis."""

    def __init__(self, key: bytes | None) -> None:
        """``key``: 32 bytes, or nothing where the fixed one that everybody knows will do. Raises ``ValueError``."""
        if key is not None and len(key) != KEY_BYTES:
            raise ValueError(f"a key has {KEY_BYTES} bytes, and not {len(key)}")
        self.secured = key is not None
        """Whether others are kept from reading and writing what is sealed."""
        used = key if key is not None else _PUBLIC_KEY
        self.mark = hashlib.sha256(b"insula: which key" + used).digest()[:_MARK_BYTES]
        """Names the key, and tells nothing of it: all that is sealed begins with this."""
        self._cipher = AESGCM(used)

    def close(self, purpose: str, plain: bytes) -> bytes:
        """Seal it. ``purpose`` names where it will stand, and whatever else it must not be torn from."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return self.mark + nonce + self._cipher.encrypt(nonce, plain, purpose.encode())

    def open(self, purpose: str, sealed: bytes) -> bytes:
        """Raises ``KeyMismatch`` for what was sealed with another key or for another purpose, or was changed."""
        nonce_to = _MARK_BYTES + _NONCE_BYTES
        if not secrets.compare_digest(sealed[:_MARK_BYTES], self.mark):
            raise KeyMismatch(what=purpose)
        try:
            return self._cipher.decrypt(sealed[_MARK_BYTES:nonce_to], sealed[nonce_to:], purpose.encode())
        except (InvalidTag, ValueError):
            raise KeyMismatch(what=purpose) from None
