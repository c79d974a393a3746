"""Passwords checked off the loop, in the same time whether or not the account exists."""

from __future__ import annotations

import base64
from typing import Final, NamedTuple

from insula.data.fields.password import (
    MAX_PASSWORD_LENGTH,
    MEMORY_KIB,
    PARALLELISM,
    TIME_COST,
    hash_password,
)
from insula.data.slow import run_slow

_SALT_BYTES: Final = 16
_HASH_BYTES: Final = 32


def _zeros(length: int) -> str:
    return base64.b64encode(bytes(length)).decode().rstrip("=")


NOBODY: Final = (
    f"$argon2id$v=19$m={MEMORY_KIB},t={TIME_COST},p={PARALLELISM}${_zeros(_SALT_BYTES)}${_zeros(_HASH_BYTES)}"
)
"""A hash that no password has, checked for accounts that do not exist, so that they take as long."""


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
