"""Passwords: which are too weak to be set, and whether one is right, whether or not the account exists."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from typing import Final, NamedTuple

from insula.application.access.errors import InvalidAccess
from insula.data.fields.password import (
    MAX_PASSWORD_LENGTH,
    MEMORY_KIB,
    PARALLELISM,
    TIME_COST,
    hash_password,
)
from insula.data.slow import run_slow

SHORTEST: Final = 8
"""Characters of a password, unless the application asks for more."""
_FEWEST_DIFFERENT: Final = 3
_COMMON: Final = frozenset(
    (
        *("12345678", "123456789", "1234567890", "87654321", "abcd1234", "abc12345", "qwertyuiop"),
        *("1q2w3e4r", "1qaz2wsx", "password", "password1", "password123", "passw0rd", "iloveyou"),
        *("sunshine", "princess", "football", "baseball", "superman", "qwerty123", "admin123"),
        *("welcome1", "letmein1", "changeme"),
    )
)
"""Those that are tried first."""

_SALT_BYTES: Final = 16
_HASH_BYTES: Final = 32


def _zeros(length: int) -> str:
    return base64.b64encode(bytes(length)).decode().rstrip("=")


NOBODY: Final = (
    f"$argon2id$v=19$m={MEMORY_KIB},t={TIME_COST},p={PARALLELISM}${_zeros(_SALT_BYTES)}${_zeros(_HASH_BYTES)}"
)
"""A hash that no password has, checked for accounts that do not exist, so that they take as long."""


def check_strength(
    password: object, names: Iterable[object], shortest: int, *, field: str = "password"
) -> None:
    """See that a password may be set for someone with these names. Raises ``InvalidAccess`` naming ``field``."""
    if not isinstance(password, str):
        raise InvalidAccess(field=field, reason="must be text")
    if len(password) < shortest:
        raise InvalidAccess(field=field, reason=f"needs at least {shortest} characters")
    known = _COMMON | {name.lower() for name in names if isinstance(name, str)}
    if len(set(password)) < _FEWEST_DIFFERENT or password.lower() in known:
        raise InvalidAccess(field=field, reason="is too easy to guess; choose another")


class Verified(NamedTuple):
    """What became of a password."""

    matches: bool
    rehashed: str | None
    """The hash under today's parameters, where the kept one is under others."""


async def verify_password(kept: str | None, password: str) -> Verified:
    """Compare a password with the kept hash; ``None`` (no account, no password) never matches."""
    return await run_slow(_verify, kept, password)


def _verify(kept: str | None, password: str) -> Verified:
    from argon2 import PasswordHasher
    from argon2.exceptions import InvalidHashError, VerificationError

    hasher = PasswordHasher(time_cost=TIME_COST, memory_cost=MEMORY_KIB, parallelism=PARALLELISM)
    try:
        # Longer passwords can not have been set; cut, they cost no more than others and do not match.
        matches = hasher.verify(kept or NOBODY, password[: MAX_PASSWORD_LENGTH + 1])
    except (VerificationError, InvalidHashError, UnicodeEncodeError):
        return Verified(False, None)
    stale = hasher.check_needs_rehash(kept or NOBODY)
    return Verified(matches and kept is not None, hash_password(password) if stale else None)
