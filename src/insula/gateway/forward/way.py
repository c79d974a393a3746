"""What one client said last of itself, and the way that its requests took: what that costs is paid once.

It is a client's own, and kept no longer than it is used: among headers there are secrets.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from insula.gateway.forward.grammar import END
from insula.gateway.forward.request import TARGET
from insula.gateway.trust import given_request_id

if TYPE_CHECKING:
    from insula.gateway.forward.exchange import Exchange
    from insula.gateway.forward.request import Block, RequestHead
    from insula.gateway.forward.route import Address, Standing, Upstream
    from insula.gateway.forward.upstream import Pool
    from insula.gateway.trust import Origin

KNOWN_BYTES: Final = 4 * 1024
"""The longest requests that are recognised, and headers that are remembered while nothing is asked."""
_REST: Final = re.compile(TARGET + rb"*+ HTTP/1\.1")
"""How a first line may go on."""


class Known:
    """Headers of a client, and what they mean."""

    __slots__ = ("block", "given", "origin")

    def __init__(self, block: Block, origin: Origin) -> None:
        self.block = block
        self.origin = origin
        """Where a request with these headers comes from."""
        self.given = given_request_id(block.headers.get(b"x-request-id"))
        """The id that it gives itself."""


class Way:
    """From a client to an upstream. What is sent: first line, ``base`` in front of its target, ``middle``, id, empty line."""

    __slots__ = (
        *("_begins", "_behind", "_beyond", "_last", "_line", "_standing", "_tail", "_tail_bytes"),
        *("address", "base", "known", "middle", "patience_s", "pool", "spare", "watch"),
    )

    def __init__(self, known: Known, told: Upstream, pool: Pool, middle: bytes, patience_s: float) -> None:
        """``patience_s``: how long ago a connection may have been used that it takes."""
        self.known = known
        self.patience_s = patience_s
        self.address: Address = told.address
        self.pool = pool
        self.base = told.base
        self.middle = middle
        self.watch = told.watch
        self.spare: Exchange | None = None
        """One that is over, and can carry another request."""
        self._standing: Standing | None = None
        self._last = self._line = b""
        """The last request that was recognised: many ask for the same again."""

    def keep(self, request: RequestHead, told: Upstream) -> bool:
        """Whether what comes next may be recognised by it; ``request`` is the one that found it."""
        block = request.block
        if not told.prefix or not block.plain or block.length or request.method == b"HEAD":
            return False
        if not request.minor or len(block.raw) > KNOWN_BYTES:
            return False
        self._standing = told.standing
        self._begins = b"%b %b" % (request.method, told.prefix)
        self._behind = len(self._begins) - 1
        self._beyond = len(self._begins)
        self._tail = block.raw + END
        self._tail_bytes = len(self._tail)
        return True

    def line_of(self, data: bytes) -> bytes | None:
        """The first line of a request that goes the same way: another of this client, with the same headers.

        ``data`` is exactly the one, in full. ``None`` for anything else, which has to be read.
        """
        standing = self._standing
        if standing is None or not standing.holds:
            return None
        if data == self._last:
            return self._line
        if not (data.startswith(self._begins) and data.endswith(self._tail)):
            return None
        end = len(data) - self._tail_bytes
        if end > KNOWN_BYTES or _REST.fullmatch(data, self._beyond, end) is None:
            return None
        if data.find(b"__", self._behind, end) >= 0:
            return None
        self._last = data
        self._line = data[:end]
        return self._line
