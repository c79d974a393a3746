"""A front door by itself, as a process of its own: ``python door.py PORT UPSTREAM_PORT [WEBSOCKET_PORT]``.

It does with each request what a Supervisor does: its route chooses the application and the environment, proves where the
request comes from, and counts. The application ``shop`` runs at the upstream, and ``talks`` at the other port.
"""

import asyncio
import ipaddress
import socket
import sys
from typing import Any, cast

import uvloop

from insula.fleet.directory.base import Directory
from insula.fleet.traffic import Traffic
from insula.gateway.course import Place
from insula.gateway.entry import Gateway
from insula.gateway.forward.door import Door
from insula.gateway.forward.route import Unix
from insula.gateway.hop import Hops
from insula.gateway.outward import Outward
from insula.gateway.pages import Templates
from insula.gateway.trust import TrustedProxies
from insula.server.memory import keep_what_is_loaded

CHANGES_EVERY_S = 0.5
"""How often a Supervisor looks at its environments, and forgets the ways to them."""


class Known:
    """Which applications there are; none has a domain."""

    def application_of(self, _: str) -> str | None:
        return None


async def serve(port: int, upstream_port: int, websocket_port: int) -> None:
    bound = socket.create_server(("127.0.0.1", port))
    bound.setblocking(False)
    places = {
        "shop": Place("one", f"http://127.0.0.1:{upstream_port}"),
        "talks": Place("two", f"http://127.0.0.1:{websocket_port}"),
    }
    unused: Any = None
    route = Outward(
        "/api/",
        cast(Directory, Known()),
        lambda application, _: places.get(application),
        Unix("/nowhere"),
        cast(Gateway, unused),
        Traffic(),
        lambda _: None,
        cast(Templates, unused),
        Hops(bytes(32)),
    )
    proxies = TrustedProxies([ipaddress.ip_network("10.0.0.0/8")])
    door = Door(route, proxies, connections=20_000)
    await door.open(bound)
    keep_what_is_loaded()
    while True:
        await asyncio.sleep(CHANGES_EVERY_S)
        route.changed()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])))
