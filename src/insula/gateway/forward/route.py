"""What the front door asks of each request, and what it may be told: where it goes, or what is answered at once.

The front door knows neither applications nor where they run; whoever builds it hands it a ``Route``. It asks once for
each request, after its head is read and before anything of its body is.
"""

from __future__ import annotations

import enum
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from insula.gateway.trust import Origin

Fields = Sequence[tuple[bytes, bytes]]
"""Headers in their order; names in lower case."""


class Tcp(NamedTuple):
    """An address on the network."""

    host: str
    port: int
    tls: bool = False
    """Whether it is spoken to under TLS, its certificate checked against ``host``."""


class Unix(NamedTuple):
    """A unix socket on this machine."""

    path: str


Address = Tcp | Unix


@dataclass(slots=True, eq=False)
class Asked:
    """One request, as far as its head goes."""

    method: str
    """In capitals, and one that is known."""
    target: bytes
    """Path and query as they were sent: it begins with a slash, and is printable ASCII without ``#``."""
    path: str
    """Its path, with percent-encoding undone."""
    query: bytes
    """What stands behind the question mark, as it was sent."""
    fields: list[tuple[bytes, bytes]]
    """All headers."""
    headers: dict[bytes, bytes]
    """The last of each name."""
    peer: str
    """The address that the connection comes from; empty behind a unix socket."""
    origin: Origin
    """Client, scheme and host, as far as the peer is believed."""
    request_id: str
    """The client's own where it has the right form, else a new one. The upstream is told it."""
    websocket: bool
    """It asks for a WebSocket."""


class Answer(NamedTuple):
    """A finished answer. Length, date, request id and what the connection needs are added on the way out."""

    status: int
    """200 or above."""
    headers: Fields = ()
    body: bytes = b""


class Failure(enum.Enum):
    """Why an upstream has not answered; nothing of an answer has gone out to the client."""

    UNREACHABLE = "unreachable"
    """No connection came about."""
    BUSY = "busy"
    """As many requests as it may have are under way with it."""
    SILENT = "silent"
    """Nothing came, or nothing was taken, for too long."""
    BROKEN = "broken"
    """It closed the connection without an answer, or sent something that is none."""


class Watch(Protocol):
    """Told of what becomes of forwarded requests. None of it may wait or raise."""

    def begun(self) -> None:
        """One is on its way; from now on its end will be told."""

    def failed(self, asked: Asked, failure: Failure, cause: str) -> Answer | None:
        """It was not answered; ``cause`` is for the log. What to answer; ``None``: the front door's own 502, 503, 504."""

    def upgraded(self) -> None:
        """One has become a WebSocket: from now on it is no request, and ``parted`` comes when it is closed."""

    def parted(self) -> None:
        """A WebSocket was closed."""

    def ended(self, status: int, seconds: float) -> None:
        """One is over, the last of its body included; always told, once. ``seconds`` since it came.

        Status 0: the client left before an answer began. An answer that broke off counts as 502.
        """


class Standing:
    """Whether what was told still holds."""

    __slots__ = ("holds",)

    def __init__(self) -> None:
        self.holds = True


class Upstream(NamedTuple):
    """Where a request goes, and what is changed on its way."""

    address: Address
    base: bytes = b""
    """Stands in front of what the client asked for."""
    headers: Fields = ()
    """Set in place of any of the same name (lower case), ``host`` and those of the front door itself included."""
    without: frozenset[bytes] = frozenset()
    """Headers that do not go along (lower case)."""
    cookies: frozenset[bytes] | None = None
    """Names of applications' cookies (``nb_…``) that go along, all others of them do not; ``None``: all do."""
    watch: Watch | None = None
    prefix: bytes = b""
    """Where not empty: all requests of this client that have the same headers, and a target that begins like this
    and in which no ``__`` comes from the end of that on, go the same way while ``standing`` holds: the route is not
    asked again."""
    standing: Standing | None = None


Told = Upstream | Answer
Route = Callable[[Asked], "Told | Awaitable[Told]"]
"""What is known at once is returned, and costs no task. What has to wait is returned as an awaitable: it is awaited in a
task, which is cancelled when the client leaves or the door is closed for good. What it raises is logged and becomes 500.

A request that is not forwarded has no ``Watch``: whoever answers it counts it.
"""
