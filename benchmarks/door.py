"""A front door by itself, as a process of its own: ``python door.py PORT UPSTREAM_PORT [WEBSOCKET_PORT]``.

It asks the same questions of each request as a Supervisor does: which application, and is there one.
"""

import asyncio
import ipaddress
import socket
import sys

import uvloop

from insula.gateway.forward.door import Door
from insula.gateway.forward.route import Answer, Asked, Tcp, Told, Upstream
from insula.gateway.selector import Asked as Named
from insula.gateway.selector import named_by_headers, select
from insula.gateway.trust import TrustedProxies
from insula.server.memory import keep_what_is_loaded


class Directory:
    """One application, and where it runs."""

    def __init__(self, port: int, websocket_port: int) -> None:
        self._serves = {"main": Upstream(Tcp("127.0.0.1", port))}
        self._talks = Upstream(Tcp("127.0.0.1", websocket_port))

    def __call__(self, asked: Asked) -> Told:
        if asked.websocket:
            return self._talks
        named = named_by_headers(asked.headers, asked.fields)
        choice = select(Named(asked.path, asked.query, named, asked.origin.hosts), "/api/", self._of)
        return self._serves.get(choice.application) or Answer(404)

    @staticmethod
    def _of(_: str) -> str | None:
        return None


async def serve(port: int, upstream_port: int, websocket_port: int) -> None:
    bound = socket.create_server(("127.0.0.1", port))
    bound.setblocking(False)
    proxies = TrustedProxies([ipaddress.ip_network("10.0.0.0/8")])
    door = Door(Directory(upstream_port, websocket_port), proxies, connections=20_000)
    await door.open(bound)
    keep_what_is_loaded()
    await asyncio.get_running_loop().create_future()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])))
