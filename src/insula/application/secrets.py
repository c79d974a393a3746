"""The secrets of one application, and the key of the installation that wraps them.

``APP_KEY`` only wraps: it seals the application's own data key, which seals everything else (the signing
key of tokens, passwords in settings). So ``APP_KEY`` can be changed by wrapping again, and no application
can open what another has sealed.

Sealing is AES-256-GCM; the purpose is bound in, so that a sealed value can not be moved to another place.
"""

from __future__ import annotations

import base64
import hashlib
import os
from functools import cached_property
from typing import TYPE_CHECKING

from insula.application.errors import SealBroken

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

KEY_BYTES = 32
_NONCE_BYTES = 12
_DATA_KEY = "data key"
_KEPT_KEY = "kept data key"
_SIGNING_KEY = "signing key"


class MasterKey:
    """``APP_KEY``, as the one thing that it is for: wrapping the keys of applications."""

    __slots__ = ("_key",)

    def __init__(self, app_key: str) -> None:
        self._key = hashlib.sha256(b"insula master key\0" + app_key.encode()).digest()

    def new_secrets(self, application: str) -> tuple[Secrets, dict[str, str]]:
        """Fresh secrets for the application with this id, and the wrapped form to keep."""
        secrets = Secrets.fresh(os.urandom(KEY_BYTES))
        wrapped = _seal(self._key, secrets.data_key, f"{_DATA_KEY} of {application}")
        return secrets, {"dataKey": wrapped, "signingKey": secrets.sealed_signing_key}

    def unwrap(self, application: str, wrapped: dict[str, str]) -> Secrets:
        """The secrets behind what ``new_secrets`` gave. Raises ``SealBroken`` under another ``APP_KEY``."""
        return Secrets(
            _open(self._key, wrapped["dataKey"], f"{_DATA_KEY} of {application}"), wrapped["signingKey"]
        )

    def wrap(self, name: str, data_key: bytes) -> str:
        """The data key of an application whose key is kept here, as text to keep."""
        return _seal(self._key, data_key, f"{_KEPT_KEY} of {name}")

    def open_wrapped(self, name: str, text: str) -> bytes:
        """What ``wrap`` was given. Raises ``SealBroken`` under another ``APP_KEY`` or another name."""
        return _open(self._key, text, f"{_KEPT_KEY} of {name}")


class DataKey:
    """The data key of one application, where main keeps it: its own database holds only what is sealed with it."""

    __slots__ = ("_raw",)

    def __init__(self, raw: bytes) -> None:
        if len(raw) != KEY_BYTES:
            raise ValueError(f"a data key has {KEY_BYTES} bytes")
        self._raw = raw

    def new_secrets(self, application: str) -> tuple[Secrets, dict[str, str]]:
        """Fresh secrets for the application with this id, and the sealed form to keep."""
        secrets = Secrets.fresh(self._raw, f"{_SIGNING_KEY} of {application}")
        return secrets, {"signingKey": secrets.sealed_signing_key}

    def unwrap(self, application: str, wrapped: dict[str, str]) -> Secrets:
        """The secrets behind what ``new_secrets`` gave. Raises ``SealBroken`` under another data key."""
        secrets = Secrets(self._raw, wrapped["signingKey"], f"{_SIGNING_KEY} of {application}")
        secrets.check()
        return secrets


class Secrets:
    """The data key of one application, and what is sealed with it."""

    def __init__(self, data_key: bytes, sealed_signing_key: str, purpose: str = _SIGNING_KEY) -> None:
        """``purpose`` is what the signing key was sealed for."""
        self.data_key = data_key
        self.sealed_signing_key = sealed_signing_key
        self._purpose = purpose

    @classmethod
    def fresh(cls, data_key: bytes, purpose: str = _SIGNING_KEY) -> Secrets:
        """Those of a new application: a new signing key, sealed with the data key."""
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        return cls(
            data_key, _seal(data_key, Ed25519PrivateKey.generate().private_bytes_raw(), purpose), purpose
        )

    def check(self) -> None:
        """Raises ``SealBroken`` where the data key is not the one that the signing key was sealed with."""
        self.open(self.sealed_signing_key, self._purpose)

    def seal(self, plain: bytes, purpose: str) -> str:
        """Text that only this application can open again, and only for this purpose."""
        return _seal(self.data_key, plain, purpose)

    def open(self, sealed: str, purpose: str) -> bytes:
        """What was sealed. Raises ``SealBroken``."""
        return _open(self.data_key, sealed, purpose)

    @cached_property
    def signing_key(self) -> Ed25519PrivateKey:
        """The private key that signs this application's tokens."""
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        return Ed25519PrivateKey.from_private_bytes(self.open(self.sealed_signing_key, self._purpose))

    @cached_property
    def verify_key(self) -> Ed25519PublicKey:
        """The public key that this application's tokens are verified with; others may know it."""
        return self.signing_key.public_key()


def _seal(key: bytes, plain: bytes, purpose: str) -> str:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    nonce = os.urandom(_NONCE_BYTES)
    return base64.b64encode(nonce + AESGCM(key).encrypt(nonce, plain, purpose.encode())).decode()


def _open(key: bytes, sealed: str, purpose: str) -> bytes:
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    try:
        raw = base64.b64decode(sealed, validate=True)
        return AESGCM(key).decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], purpose.encode())
    except (InvalidTag, ValueError):
        raise SealBroken(purpose=purpose) from None
