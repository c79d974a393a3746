"""The example configurations of ``deploy/``, started: domains, clients' addresses, streams and WebSockets get through."""

import asyncio
import contextlib
import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import httpx
import pytest

from insula.fleet.lifecycle import Observed
from insula.fleet.process.base import Receive, Scope, Send
from insula.gateway.answers import send_answer
from insula.server.listeners import Listener
from insula.server.protocol import Limits
from insula.testing import proxies
from insula.testing.gateway import House
from insula.testing.instance import ROOT_EMAIL, ROOT_PASSWORD, Instance
from insula.testing.servers import Server

Proxy = Callable[[int], AbstractContextManager[Server]]
PATIENCE_S = 20.0

both = pytest.mark.parametrize("proxy", [proxies.nginx, proxies.caddy], ids=["nginx", "caddy"])


def named(name: str) -> Callable[[Scope, Receive, Send], object]:
    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        """Tells who it is, and what was believed of the request."""
        if scope["path"] == "/stream":
            await send({"type": "http.response.start", "status": 200, "headers": []})
            for piece in (b"one ", b"two"):
                await send({"type": "http.response.body", "body": piece, "more_body": True})
            await send({"type": "http.response.body", "body": b""})
            return
        said = dict(scope["headers"]).get(b"x-hostname", b"").decode()
        seen = [name, scope["insula.host"], scope["client"][0], scope["scheme"], said]
        await send_answer(send, 200, json.dumps(seen).encode(), b"application/json")

    return answer


@contextlib.contextmanager
def behind() -> Iterator[int]:
    """A gateway with the applications main and ``shop``, served as it is in earnest. Gives its port."""
    bound = socket.create_server(("127.0.0.1", 0))
    bound.setblocking(False)
    begun, ended = threading.Event(), asyncio.Event()

    async def serve() -> None:
        house = House(named("main"))
        house.put("shop", Observed.RUNNING)
        house.process.apps["shop"] = named("shop")
        listener = Listener(house.gateway, bound, Limits())
        await listener.open()
        loops.append(asyncio.get_running_loop())
        begun.set()
        await ended.wait()
        await listener.drain(1.0)

    loops: list[asyncio.AbstractEventLoop] = []
    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    try:
        assert begun.wait(PATIENCE_S)
        yield bound.getsockname()[1]
    finally:
        loops[0].call_soon_threadsafe(ended.set)
        thread.join()
        bound.close()


@both
def test_domains_and_clients_arrive(proxy: Proxy) -> None:
    with behind() as port, proxy(port) as front, httpx.Client(timeout=PATIENCE_S) as client:

        def ask(host: str, **headers: str) -> list[str]:
            answer = client.get(f"http://127.0.0.1:{front.port}/api/x:y", headers={"Host": host, **headers})
            seen: list[str] = answer.raise_for_status().json()
            return seen

        main, shop = f"insula.example.com:{front.port}", f"shop.example.com:{front.port}"
        assert ask(main) == ["main", main, "127.0.0.1", "http", ""]
        assert ask(shop) == ["shop", shop, "127.0.0.1", "http", ""]
        assert ask(shop.upper())[0] == "shop"
        # What a client writes chooses no other application, and is nobody's address.
        assert ask(main, **{"X-Hostname": "shop.example.com"})[0] == "main"
        assert ask(shop, **{"X-Hostname": "insula.example.com"})[0::4] == ["shop", ""]
        assert ask(shop, **{"X-Forwarded-Host": "insula.example.com"})[0] == "shop"
        other = client.get(
            f"http://127.0.0.1:{front.port}/api/__app/main/x:y", headers={"Host": "shop.example.com"}
        )
        assert other.status_code == 404
        assert client.get(f"http://127.0.0.1:{front.port}/metrics", headers={"Host": main}).status_code == 403
        stream = client.get(f"http://127.0.0.1:{front.port}/api/stream", headers={"Host": main})
        assert stream.text == "one two"


def received(at: socket.socket, end: bytes | int) -> bytes:
    """What comes up to these bytes, or so many: it may come in pieces."""
    found = b""
    while not (found.endswith(end) if isinstance(end, bytes) else len(found) >= end):
        piece = at.recv(1)
        assert piece, f"it was closed after {found!r}"
        found += piece
    return found


@both
def test_websockets_get_through(proxy: Proxy) -> None:
    """An upgrade reaches whoever is behind the proxy with its headers, and then bytes go both ways."""
    with socket.create_server(("127.0.0.1", 0)) as behind_it, proxy(behind_it.getsockname()[1]) as front:
        behind_it.settimeout(PATIENCE_S)
        with socket.create_connection(("127.0.0.1", front.port), timeout=PATIENCE_S) as client:
            client.sendall(
                b"GET /api/ws HTTP/1.1\r\nHost: shop.example.com:%d\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
                % front.port
            )
            server, _ = behind_it.accept()
            with server:
                server.settimeout(PATIENCE_S)
                head = received(server, b"\r\n\r\n").decode().lower()
                assert f"host: shop.example.com:{front.port}\r\n" in head
                assert "upgrade: websocket\r\n" in head
                assert "connection: upgrade\r\n" in head
                server.sendall(
                    b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                    b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"
                )
                assert received(client, b"\r\n\r\n").startswith(b"HTTP/1.1 101 ")
                client.sendall(b"\x81\x03one")
                assert received(server, 5) == b"\x81\x03one"
                server.sendall(b"\x81\x03two")
                assert received(client, 5) == b"\x81\x03two"


@both
def test_in_front_of_a_real_server(proxy: Proxy, install: Callable[..., Instance]) -> None:
    server = install()
    server.start()
    with proxy(server.port) as front:
        headers = {"Host": f"insula.example.com:{front.port}"}
        answer = httpx.get(f"http://127.0.0.1:{front.port}/api/__health_check", headers=headers)
        assert (answer.status_code, answer.text) == (200, "ok")
        page = httpx.get(f"http://127.0.0.1:{front.port}/?a=b", headers={**headers, "Accept": "text/html"})
        assert (page.status_code, page.headers["location"]) == (302, "/admin/?a=b")


@both
def test_an_application_answers_on_its_own_domain(proxy: Proxy, install: Callable[..., Instance]) -> None:
    """A real one, that sleeps: the first visit by its domain wakes it; its API, sign-in and page are there, and no other's."""
    server = install()
    server.start()
    with server.sign_in() as client:
        body = {"name": "shop", "displayName": "The shop", "cname": "shop.example.com"}
        made = client.post("/applications:create", json=body).raise_for_status().json()["data"]
        assert server.wait_for_job(client, made["jobId"])["status"] == "succeeded"
        client.post("/applications:sleep/shop").raise_for_status()
    with proxy(server.port) as front:
        base, headers = f"http://127.0.0.1:{front.port}", {"Host": f"shop.example.com:{front.port}"}
        with httpx.Client(base_url=base, headers=headers, timeout=PATIENCE_S) as visitor:
            assert visitor.get("/api/app:getInfo").json()["data"]["name"] == "shop"
            # Only on its own domain are the pages of an application elsewhere.
            page = visitor.get("/apps/shop/admin/settings/users", headers={"Accept": "text/html"})
            assert (page.status_code, page.headers["location"]) == (302, "/admin/settings/users")
            body = {"account": ROOT_EMAIL, "password": ROOT_PASSWORD}
            token = visitor.post("/api/auth:signIn", json=body).raise_for_status().json()["data"]["token"]
            bearer = {"Authorization": f"Bearer {token}"}
            assert visitor.get("/api/auth:check", headers=bearer).status_code == 200
            for path in ("/api/__app/main/auth:check", "/apps/main/admin/"):
                assert visitor.get(path, headers=bearer).status_code == 404
            elsewhere = {"Host": f"insula.example.com:{front.port}", **bearer}
            assert visitor.get("/api/auth:check", headers=elsewhere).status_code == 401
