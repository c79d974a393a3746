"""A plain proxy as an ASGI application: uvicorn reads what comes, a library's client asks, and headers are copied.

What one writes in an afternoon. It stands beside the front door and nginx where they are held against one another.
"""

from __future__ import annotations

import contextlib
import socket
from collections.abc import AsyncIterator
from typing import Final

import httpx
import uvicorn

from insula.fleet.process.base import Receive, Scope, Send

_BETWEEN_NEIGHBOURS: Final = frozenset(
    b"connection keep-alive proxy-authenticate proxy-authorization te trailer transfer-encoding upgrade".split()
)


class _Proxy:
    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def body() -> AsyncIterator[bytes]:
            more = True
            while more:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise ConnectionResetError("the client left in the midst of its body")
                more = message.get("more_body", False)
                yield message.get("body", b"")

        target = scope["raw_path"] + (b"?" + scope["query_string"] if scope["query_string"] else b"")
        names = {name for name, _ in scope["headers"]}
        request = self._client.build_request(
            scope["method"],
            target.decode("latin-1"),
            headers=_kept(scope["headers"]),
            content=body() if names & {b"content-length", b"transfer-encoding"} else None,
        )
        answer = await self._client.send(request, stream=True)
        try:
            await send(
                {
                    "type": "http.response.start",
                    "status": answer.status_code,
                    "headers": _kept(answer.headers.raw),
                }
            )
            async for piece in answer.aiter_raw():
                await send({"type": "http.response.body", "body": piece, "more_body": True})
            await send({"type": "http.response.body", "body": b""})
        finally:
            await answer.aclose()


def _kept(headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    return [(name, value) for name, value in headers if name.lower() not in _BETWEEN_NEIGHBOURS]


@contextlib.asynccontextmanager
async def asgi_proxy(upstream_port: int) -> AsyncIterator[int]:
    """The port where it listens, in front of another, as long as the block runs."""
    address = f"http://127.0.0.1:{upstream_port}"
    with socket.create_server(("127.0.0.1", 0)) as bound:
        async with httpx.AsyncClient(base_url=address, trust_env=False) as client:
            config = uvicorn.Config(
                _Proxy(client), lifespan="off", http="httptools", ws="none", log_level="critical"
            )
            config.load()
            server = uvicorn.Server(config)  # its parts alone: no signals are taken from whoever tests
            server.lifespan = config.lifespan_class(config)
            await server.startup([bound])
            try:
                yield bound.getsockname()[1]
            finally:
                await server.shutdown([bound])
