"""Tokens: JWTs signed with the application's own Ed25519 key, for this application alone (``aud``)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol

from insula.application.access.collections import JTI_LENGTH
from insula.application.access.errors import ExpiredToken, InvalidToken

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

ALGORITHM: Final = "EdDSA"
"""The only one that is believed; what the token itself names is compared with it, never obeyed."""
MAX_TOKEN_CHARACTERS: Final = 4096
LEEWAY_S: Final = 15 * 60
"""A token may be this much younger than our clock says: clocks of other environments are apart by as much. It is signed, so
that nobody else than a clock makes one that is too young."""


class VerifyKey(Protocol):
    """The public key of one application; loaded when a token is first read."""

    @property
    def verify_key(self) -> Ed25519PublicKey: ...


class SigningKeys(VerifyKey, Protocol):
    """The key pair of one application (its ``Secrets``); loaded when a token is first read or made."""

    @property
    def signing_key(self) -> Ed25519PrivateKey: ...


@dataclass(frozen=True, slots=True)
class Claims:
    """What a token says. Times are seconds since the epoch."""

    user_id: int
    jti: str
    issued: int
    expires: int | None
    """``None`` only for API keys that never expire."""
    sign_in_time: float | None = None
    """``None`` for API keys."""
    role: str | None = None
    """The role that an API key is bound to; ``None`` for sessions."""
    subject: str | None = None
    """Global subject (uuid) of the person."""


class TokenReader:
    """Reads the tokens of one application, by its public key alone."""

    def __init__(self, application: str, key: VerifyKey) -> None:
        self._application = application
        self._key = key

    def read(self, token: str) -> Claims:
        """What a token of the application says, whatever the time.

        Raises ``InvalidToken`` for anything that the application did not sign for itself.
        """
        import jwt

        if len(token) > MAX_TOKEN_CHARACTERS:
            raise InvalidToken()
        # Times are compared by the caller, with a clock that does not go back.
        try:
            payload = jwt.decode(
                token,
                self._key.verify_key,
                [ALGORITHM],
                audience=self._application,
                options={
                    "verify_exp": False,
                    "verify_iat": False,
                    "verify_nbf": False,
                    "verify_sub": False,
                    "require": ["iat", "jti", "aud"],
                },
            )
        except (jwt.PyJWTError, ValueError, RecursionError):
            raise InvalidToken() from None
        return _claims(payload)


class Tokens(TokenReader):
    """Makes and reads the tokens of one application."""

    def __init__(self, application: str, keys: SigningKeys) -> None:
        super().__init__(application, keys)
        self._keys = keys

    def mint(self, claims: Claims) -> str:
        """The signed token. The same claims give the same text (Ed25519 is deterministic)."""
        import jwt

        payload: dict[str, Any] = {
            "userId": claims.user_id,
            "iat": claims.issued,
            "jti": claims.jti,
            "temp": claims.role is None,
            "aud": self._application,
        }
        if claims.expires is not None:
            payload["exp"] = claims.expires
        if claims.sign_in_time is not None:
            payload["signInTime"] = round(claims.sign_in_time * 1000)
        if claims.role is not None:
            payload["roleName"] = claims.role
        if claims.subject is not None:
            payload["sub"] = claims.subject
        return jwt.encode(payload, self._keys.signing_key, ALGORITHM)


def _claims(payload: Mapping[str, Any]) -> Claims:
    user, jti, issued = payload.get("userId"), payload.get("jti"), payload.get("iat")
    expires, signed_in = payload.get("exp"), payload.get("signInTime")
    role, subject = payload.get("roleName"), payload.get("sub")
    if not (isinstance(user, int) and isinstance(issued, int)):
        raise InvalidToken()
    if not (isinstance(jti, str) and jti.isprintable() and len(jti) <= JTI_LENGTH):
        raise InvalidToken()
    if role is None and not (isinstance(signed_in, int) and isinstance(expires, int)):
        raise InvalidToken()
    return Claims(
        user_id=user,
        jti=jti,
        issued=issued,
        expires=expires,
        sign_in_time=None if signed_in is None else signed_in / 1000,
        role=role,
        subject=subject,
    )


def check_times(claims: Claims, now: float, idle_s: float | None = None) -> None:
    """Raises ``ExpiredToken``; ``InvalidToken`` for a token from the future (made while a clock was ahead).

    ``idle_s`` limits the life of a token that was made while a longer one was allowed.
    """
    if claims.issued > now + LEEWAY_S:
        raise InvalidToken()
    if claims.expires is not None and now >= claims.expires:
        raise ExpiredToken()
    if idle_s is not None and now >= claims.issued + idle_s:
        raise ExpiredToken()
