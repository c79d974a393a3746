"""Shared session: what an application needs in order to let in people who are signed in to the main one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


@dataclass(frozen=True, slots=True)
class Visitor:
    """Someone who is signed in to the main application: who they are, and nothing of what they may do there."""

    subject: str
    """Global subject (uuid): by it alone they are found here, never by a number or a name."""
    username: str | None = None
    email: str | None = None
    nickname: str | None = None


Vouch = Callable[[str], Awaitable[Visitor]]
"""Asks the main application whose token this is. Raises ``Unauthenticated`` for one that is of no use there (any more)."""


@dataclass(frozen=True)
class SharedSession:
    """Main's signatures are verified by its public key; whether its session still stands, main itself is asked."""

    public_key: bytes
    """Main's, raw (32 bytes)."""
    vouch: Vouch

    @cached_property
    def verify_key(self) -> Ed25519PublicKey:
        """See ``VerifyKey``."""
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

        return Ed25519PublicKey.from_public_bytes(self.public_key)


@dataclass(frozen=True, slots=True)
class Visiting:
    """What an application does with visitors whom it does not know: the settings of the plugin ``auth``."""

    creates: bool = True
    """They become a user at their first visit; else they are refused."""
    role: str = "member"
    """Theirs, as long as it configures nothing; else they are refused."""
