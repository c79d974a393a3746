"""What listens on the sockets of a process, in the order in which it is opened and drained: the public side first."""

from __future__ import annotations

import socket
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol, Self

from insula.server.listeners import Listener
from insula.server.protocol import Limits
from insula.server.sockets import MAIN_SOCKET_FILE, bound_unix, most_connections

if TYPE_CHECKING:
    from insula.gateway.forward.door import Door
    from insula.server.build import Installation
    from insula.server.declared import Settings

LATER_DRAIN_S: Final = 2.0
"""What is left for requests behind the public side once those on it have ended."""


class Front(Protocol):
    """One socket and who answers on it."""

    async def open(self) -> None:
        """Take connections from now on."""

    async def drain(self, deadline_s: float) -> None:
        """Take no more connections, let requests in flight finish; end those that take longer."""

    def connections(self) -> int:
        """How many clients are connected now."""


class Fronts:
    """Those of one process. As a context manager it takes away the sockets that it has made."""

    def __init__(
        self,
        installation: Installation,
        settings: Settings,
        folder: Path,
        tcp: socket.socket,
        operator: socket.socket,
    ) -> None:
        self._stack = ExitStack()
        self._stop_s = settings.insula_stop_timeout_s
        limits = Limits(
            settings.insula_head_timeout_s,
            settings.insula_body_timeout_s,
            settings.insula_keep_alive_s,
            connections=most_connections(settings.insula_db_connections),
        )
        gateway = installation.gateway
        self._fronts: list[Front] = []
        if installation.route is None:
            self._fronts.append(Listener(gateway, tcp, limits))
        else:
            own = self._stack.enter_context(bound_unix(folder, MAIN_SOCKET_FILE))
            self._fronts.append(_door(installation, settings, tcp, limits.connections))
            self._fronts.append(Listener(gateway.behind, own, limits.behind_a_door()))
        self._fronts.append(Listener(gateway.local, operator, limits))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def connections(self) -> int:
        """How many clients are connected to the public side."""
        return self._fronts[0].connections()

    async def open(self) -> None:
        """All of them."""
        for front in reversed(self._fronts):
            await front.open()

    async def drain(self) -> None:
        """All of them, one after the other."""
        for number, front in enumerate(self._fronts):
            await front.drain(LATER_DRAIN_S if number else self._stop_s)


class _OpenDoor:
    """The front door as a ``Front``."""

    def __init__(self, door: Door, bound: socket.socket) -> None:
        self._door = door
        self._bound = bound
        self.drain = door.drain
        self.connections = door.connections

    async def open(self) -> None:
        await self._door.open(self._bound)


def _door(installation: Installation, settings: Settings, bound: socket.socket, connections: int) -> Front:
    from insula.gateway.forward.door import Door
    from insula.gateway.forward.phases import Phases

    assert installation.route is not None
    phases = Phases(
        head_s=settings.insula_head_timeout_s,
        body_s=settings.insula_body_timeout_s,
        keep_alive_s=settings.insula_keep_alive_s,
    )
    # each client may need a descriptor more, for the connection to its upstream
    door = Door(
        installation.route,
        installation.proxies,
        connections=connections // 2,
        phases=phases,
        access_log=settings.insula_access_log,
    )
    return _OpenDoor(door, bound)
