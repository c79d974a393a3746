"""The one who asks: a person in a role, an API key, the local administrator, or nobody."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class Principal:
    """Who asks, settled once per request (and kept with the token for the next)."""

    kind: Literal["user", "key", "local", "anonymous"]
    """``local`` is the operator of the machine, over the unix socket: everything is open to them."""
    user_id: int | None
    role: str
    """The role in force: one of the person's roles, chosen by ``X-Role`` or their default one."""
    roles: tuple[str, ...] = ()
    """All roles that the person holds."""
    user: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    """The user's record without hidden fields, for variables in scopes (``{{ $user.id }}``)."""
    session: str | None = None
    """The ``jti`` of the token; ``None`` without one."""
    shared: bool = False
    """The session is main's, which is asked whether it still stands; nothing is done to it from here."""


ANONYMOUS = Principal(kind="anonymous", user_id=None, role="anonymous", roles=("anonymous",))
LOCAL = Principal(kind="local", user_id=None, role="root", roles=("root",))
