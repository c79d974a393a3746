"""Applications in a whole installation: made and dropped as people do it, without the sockets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from insula.supervisor.supervisor import Supervisor

ACTOR = "a test"
FIRST_USER: Mapping[str, Any] = {
    "email": "ada@example.com",
    "username": "ada",
    "nickname": "Ada",
    "password_hash": "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21l$Zm9v",
    "subject": "7a1c3c1e-8f5f-4f43-9d3a-1c6a5b1d2e3f",
}
"""As whoever makes an application is copied into it."""


class Whole(Protocol):
    """What is asked of an installation here."""

    supervisor: Supervisor


async def make(fleet: Whole, name: str, options: Mapping[str, Any], **values: Any) -> None:
    """Make an application as its job does, and start it."""
    supervisor = fleet.supervisor
    await supervisor.create({"name": name, "options": dict(options), **values}, actor=ACTOR)
    await supervisor.prepare(name)
    await supervisor.install(name, root=FIRST_USER)
    await supervisor.start(name, actor=ACTOR)


async def drop(fleet: Whole, name: str) -> None:
    """Delete it, and its data."""
    await fleet.supervisor.destroy(name, confirm=name, actor=ACTOR)
    await fleet.supervisor.purge(name, confirm=name, actor=ACTOR)
