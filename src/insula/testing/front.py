"""A front door on a real socket, small real upstreams behind it, and clients that send what they like."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Self

from insula.gateway.forward.door import Door
from insula.gateway.forward.phases import Phases
from insula.gateway.forward.route import Address, Answer, Asked, Failure, Tcp, Unix

PATIENCE_S = 10.0


@dataclass
class Request:
    """What an upstream got."""

    line: str
    headers: dict[str, str]
    raw: bytes
    body: bytes = b""


class Line:
    """One connection, seen from either side."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def head(self) -> bytes:
        """Up to the empty line. Raises ``IncompleteReadError`` when there is none any more."""
        async with asyncio.timeout(PATIENCE_S):
            return await self.reader.readuntil(b"\r\n\r\n")

    async def exactly(self, count: int) -> bytes:
        async with asyncio.timeout(PATIENCE_S):
            return await self.reader.readexactly(count)

    async def rest(self) -> bytes:
        """All up to the end of the connection."""
        async with asyncio.timeout(PATIENCE_S):
            return await self.reader.read()

    async def chunks(self) -> bytes:
        """A chunked body, as it came."""
        sent = b""
        while not sent.endswith(b"0\r\n\r\n"):
            async with asyncio.timeout(PATIENCE_S):
                sent += await self.reader.readuntil(b"\r\n")
        return sent

    async def request(self) -> Request:
        """The next request with its body, as it came."""
        raw = await self.head()
        first, *lines = raw.decode("latin-1").split("\r\n")[:-2]
        headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
        request = Request(first, headers, raw)
        if "content-length" in headers:
            request.body = await self.exactly(int(headers["content-length"]))
        elif "transfer-encoding" in headers:
            request.body = await self.chunks()
        return request

    async def answer(self, *, head_only: bool = False) -> tuple[int, dict[str, str], bytes]:
        """The next answer: status, headers, and the body of counted length or in chunks."""
        first, *lines = (await self.head()).decode("latin-1").split("\r\n")[:-2]
        status = int(first.split(" ")[1])
        headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
        body = b""
        if not (head_only or status < 200 or status in (204, 304)):
            if "content-length" in headers:
                body = await self.exactly(int(headers["content-length"]))
            elif "transfer-encoding" in headers:
                body = await self.chunks()
        return status, headers, body

    async def left(self) -> None:
        """Return when the other side has closed or reset the connection, whatever it says before."""
        async with asyncio.timeout(PATIENCE_S):
            with contextlib.suppress(ConnectionError):
                while await self.reader.read(65536):
                    pass

    def reset(self) -> None:
        self.writer.transport.abort()

    async def close(self) -> None:
        self.writer.close()
        with contextlib.suppress(OSError, TimeoutError):
            async with asyncio.timeout(PATIENCE_S):
                await self.writer.wait_closed()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()


Serve = Callable[[Line], Awaitable[None]]


@dataclass
class Server:
    """A small upstream."""

    address: Address
    lines: list[Line] = field(default_factory=list)
    """Its connections, in the order in which they came."""
    tasks: set[asyncio.Task[None]] = field(default_factory=set)

    async def all_left(self) -> None:
        """Return when it has nothing more to do with any of them."""
        async with asyncio.timeout(PATIENCE_S):
            while self.tasks:
                await asyncio.wait(set(self.tasks))


@contextlib.asynccontextmanager
async def serving(serve: Serve, path: str = "") -> AsyncIterator[Server]:
    """An upstream on a free port, or on a unix socket; each connection is given to ``serve``, and closed when that returns."""

    async def come(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        server.tasks.add(task)
        line = Line(reader, writer)
        server.lines.append(line)
        try:
            with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
                await serve(line)
        finally:
            await line.close()
            server.tasks.discard(task)

    if path:
        listening = await asyncio.start_unix_server(come, path)
        server = Server(Unix(path))
    else:
        listening = await asyncio.start_server(come, "127.0.0.1", 0)
        server = Server(Tcp("127.0.0.1", listening.sockets[0].getsockname()[1]))
    try:
        yield server
    finally:
        listening.close()
        for task in list(server.tasks):
            task.cancel()
        await asyncio.gather(*server.tasks, return_exceptions=True)


def answering(answer: Callable[[Request], bytes]) -> Serve:
    """Answers each request with the bytes that ``answer`` gives."""

    async def serve(line: Line) -> None:
        while True:
            await line.send(answer(await line.request()))

    return serve


def ok(body: bytes, *headers: str) -> bytes:
    """A whole answer."""
    lines = ["HTTP/1.1 200 OK", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


@dataclass
class Watched:
    """A ``Watch`` that remembers."""

    told: list[tuple[object, ...]] = field(default_factory=list)
    answer: Answer | None = None
    under_way: int = 0

    def begun(self) -> None:
        self.under_way += 1

    def failed(self, asked: Asked, failure: Failure, cause: str) -> Answer | None:
        self.told.append(("failed", asked.path, failure, cause))
        return self.answer

    def upgraded(self) -> None:
        self.told.append(("upgraded",))

    def parted(self) -> None:
        self.under_way -= 1
        self.told.append(("parted",))

    def ended(self, status: int, seconds: float) -> None:
        assert seconds >= 0
        self.under_way -= 1
        self.told.append(("ended", status))


class Front:
    """A door that is open, and the way to it."""

    def __init__(self, door: Door, port: int) -> None:
        self.door = door
        self.port = port
        self._lines: list[Line] = []

    async def line(self, **options: int) -> Line:
        """A new client."""
        line = Line(*await asyncio.open_connection("127.0.0.1", self.port, **options))
        self._lines.append(line)
        return line

    async def ask(self, sent: bytes) -> tuple[int, dict[str, str], bytes]:
        """One request on a connection of its own."""
        async with await self.line() as line:
            await line.send(sent)
            return await line.answer(head_only=sent.startswith(b"HEAD"))

    async def close(self) -> None:
        for line in self._lines:
            await line.close()
        await self.door.drain(PATIENCE_S)


Opened = Callable[..., Awaitable[Front]]

GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
SHORT = Phases(
    head_s=0.6,
    body_s=0.6,
    keep_alive_s=0.6,
    connect_s=0.6,
    answer_s=0.6,
    pause_s=0.6,
    untaken_s=0.6,
    tick_s=0.1,
)
"""So that a test need not wait long, and a busy machine does not wait for longer."""
