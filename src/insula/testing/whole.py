"""The whole of shared-memory mode without its sockets, and applications in it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

from insula.core.errors import InsulaError
from insula.server.declared import Settings
from insula.server.fleet import Fleet
from insula.server.host import Host

ACTOR = "a test"
FIRST_USER: Mapping[str, Any] = {
    "email": "ada@example.com",
    "username": "ada",
    "nickname": "Ada",
    "password_hash": "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21l$Zm9v",
    "subject": "7a1c3c1e-8f5f-4f43-9d3a-1c6a5b1d2e3f",
}
"""As whoever makes an application is copied into it."""

Running = Callable[[], AbstractAsyncContextManager[Fleet]]
"""Starts an installation and stops it at the end of the block."""


@asynccontextmanager
async def running_fleet(settings: Settings, folder: Path) -> AsyncIterator[Fleet]:
    """An installation from start to stop. Raises ``RuntimeError`` where it leaves connections, or lost its database."""
    lost: list[InsulaError] = []
    host = Host(settings, folder, makes=True)
    fleet = Fleet(host, lost.append)
    try:
        await fleet.start()
        yield fleet
    finally:
        await fleet.stop()
    if lost or host.connections_used():
        raise RuntimeError(f"left: {lost}, {host.connections_used()} connections")


async def make(fleet: Fleet, name: str, options: Mapping[str, Any], **values: Any) -> None:
    """Make an application as its job does, and start it."""
    supervisor = fleet.supervisor
    await supervisor.create({"name": name, "options": dict(options), **values}, actor=ACTOR)
    await supervisor.prepare(name)
    await supervisor.install(name, root=FIRST_USER)
    await supervisor.start(name, actor=ACTOR)


async def drop(fleet: Fleet, name: str) -> None:
    """Delete it, and its data."""
    await fleet.supervisor.destroy(name, confirm=name, actor=ACTOR)
    await fleet.supervisor.purge(name, confirm=name, actor=ACTOR)
