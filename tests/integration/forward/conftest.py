"""Doors that are open, on the loop that the product runs on."""

import asyncio
import ipaddress
import socket
from collections.abc import AsyncIterator, Callable

import pytest
import uvloop

from insula.gateway.forward.door import Door
from insula.gateway.forward.phases import Phases
from insula.gateway.forward.route import Route, Upstream
from insula.gateway.trust import TrustedProxies
from insula.testing.front import Front, Opened


def pytest_asyncio_loop_factories() -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    """The loop that the product runs on."""
    return {"uvloop": uvloop.new_event_loop}


@pytest.fixture
async def front() -> AsyncIterator[Opened]:
    """Opens doors: to a route, or to one upstream."""
    fronts: list[Front] = []

    async def opened(
        route: Route | Upstream, *, trusted: str = "", connections: int = 100, phases: Phases | None = None
    ) -> Front:
        bound = socket.create_server(("127.0.0.1", 0))
        bound.setblocking(False)
        networks = [ipaddress.ip_network(trusted)] if trusted else []
        asks: Route = (lambda _: route) if isinstance(route, Upstream) else route
        door = Door(asks, TrustedProxies(networks), connections=connections, phases=phases)
        await door.open(bound)
        fronts.append(Front(door, bound.getsockname()[1]))
        return fronts[-1]

    yield opened
    for each in fronts:
        await each.close()
