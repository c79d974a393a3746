"""One connection to a database server: what a driver has to offer to be pooled."""

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Awaitable, Iterable, Sequence
from time import monotonic
from typing import Any, Protocol

from insula.database.shares import Share
from insula.database.statement import Record


class Cursor(Protocol):
    """Rows that are read as they are asked for."""

    async def fetch(self, count: int, /) -> Sequence[Record]:
        """The next ``count`` rows; fewer at the end."""
        ...


class ServerConnection(ABC):
    """A driver's connection and what its pool remembers of it. Used by one task at a time.

    Every method raises the driver's own errors; whoever calls translates them.
    """

    __slots__ = ("busy_since", "idle_since", "opened_at", "schemas", "share", "uses")

    def __init__(self) -> None:
        self.opened_at = monotonic()
        self.idle_since = 0.0
        self.busy_since = 0.0
        """When the statement that runs now began (monotonic); 0 while none does."""
        self.uses = 0
        self.share: Share | None = None
        """Of the application that uses it now."""
        self.schemas: set[str] = set()
        """Schemas whose tables it has touched: each costs the server's process memory."""

    @property
    @abstractmethod
    def closed(self) -> bool: ...

    @property
    @abstractmethod
    def in_transaction(self) -> bool: ...

    @property
    @abstractmethod
    def clean(self) -> bool:
        """Open, outside of any transaction, with nothing running and no cancellation under way."""

    @abstractmethod
    def fetch(self, text: str, arguments: Sequence[Any]) -> Awaitable[Sequence[Record]]: ...

    @abstractmethod
    async def execute(self, text: str, arguments: Sequence[Any]) -> int:
        """Number of rows touched."""

    @abstractmethod
    async def execute_many(self, text: str, rows: Iterable[Sequence[Any]]) -> None:
        """All or nothing, also outside of a transaction."""

    @abstractmethod
    async def script(self, text: str) -> str:
        """Run text without parameters (``BEGIN`` …). Gives the server's word for what it did."""

    @abstractmethod
    async def cursor(self, text: str, arguments: Sequence[Any]) -> "Cursor":
        """Open a cursor on the server. Needs a transaction, with which it ends."""

    @abstractmethod
    async def lock(self, key: int) -> None:
        """Wait for the advisory lock ``key`` (64 bits, signed), held until the transaction ends."""

    @abstractmethod
    async def limit_statements(self, seconds: float | None) -> None:
        """Another time limit for statements, until the transaction ends; ``None`` for none."""

    @abstractmethod
    async def copy_rows(
        self, schema: str | None, table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]
    ) -> int: ...

    @abstractmethod
    async def copy_csv(
        self, schema: str | None, table: str, columns: Sequence[str], chunks: AsyncIterator[bytes], null: str
    ) -> int: ...

    @abstractmethod
    async def settle(self) -> None:
        """Return once the server has ended a statement whose task was cancelled."""

    @abstractmethod
    async def close(self) -> None:
        """Part from the server; returns when it has let go of the connection."""

    @abstractmethod
    def terminate(self) -> None:
        """Drop the connection at once."""
