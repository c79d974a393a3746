"""Stands where a front door looks for an environment: hands on to the worker all but what it answers by itself.

What it answers by itself is what no application has: bodies of any length, events when a test says so.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Self

PATIENCE_S = 60.0
PIECE = bytes(1024 * 1024)


class Asked:
    """One request, its head read and nothing else yet."""

    def __init__(self, near: socket.socket, head: bytes, early: bytes) -> None:
        self.near = near
        self.head = head
        self.early = early
        """What came behind the head."""

    @property
    def path(self) -> str:
        """With its query."""
        return self.head.split(b" ", 2)[1].decode("latin-1")

    def header(self, name: str) -> str:
        """One header, or nothing."""
        for line in self.head.decode("latin-1").split("\r\n")[1:]:
            key, _, value = line.partition(":")
            if key.lower() == name:
                return value.strip()
        return ""

    def body(self) -> Iterator[bytes]:
        """What comes, as it comes, until the client side ends it or is not asked for more."""
        if self.early:
            yield self.early
        while data := self.near.recv(len(PIECE)):
            yield data


Answers = Callable[[Asked], None]


class StandIn:
    """Listens from the moment that it is entered. A path that ends with a key of ``answers`` is answered by that."""

    def __init__(self, worker: int, answers: dict[str, Answers]) -> None:
        """``worker``: the port of the one in whose place it stands."""
        self._worker = worker
        self._answers = answers
        self._sockets: set[socket.socket] = set()
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.address = f"http://127.0.0.1:{self._listening.getsockname()[1]}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        for each in (self._listening, *self._sockets):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._listening.accept()
                near.settimeout(PATIENCE_S)
                self._sockets.add(near)
                threading.Thread(target=self._serve, args=(near,), daemon=True).start()

    def _serve(self, near: socket.socket) -> None:
        """One request for each connection."""
        with near, contextlib.suppress(OSError):
            got = b""
            while b"\r\n\r\n" not in got:
                data = near.recv(65536)
                if not data:
                    return
                got += data
            head, _, early = got.partition(b"\r\n\r\n")
            asked = Asked(near, head, early)
            for ending, answer in self._answers.items():
                if asked.path.partition("?")[0].endswith(ending):
                    answer(asked)
                    return
            self._hand_on(asked)

    def _hand_on(self, asked: Asked) -> None:
        with socket.create_connection(("127.0.0.1", self._worker)) as far:
            head = asked.head
            if asked.header("upgrade") == "":
                head += b"\r\nConnection: close"
            far.sendall(head + b"\r\n\r\n" + asked.early)
            there = threading.Thread(target=_pump, args=(asked.near, far), daemon=True)
            there.start()
            _pump(far, asked.near)
            with contextlib.suppress(OSError):
                asked.near.shutdown(socket.SHUT_RDWR)  # closing alone does not wake who waits for more of it
            there.join()


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
