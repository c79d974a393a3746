"""Where a database is and how patient to be with it."""

from dataclasses import dataclass, field, replace
from pathlib import Path

STATEMENT_TIMEOUT_S = 30.0
CONNECT_TIMEOUT_S = 10.0
USUAL_PORTS = {"postgres": 5432, "mariadb": 3306, "mysql": 3306}
"""Of servers whose port is not said."""

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
"""Names of this very machine."""


@dataclass(frozen=True, slots=True)
class DatabaseOptions:
    """One application's database: a server's (host … schema), or a file (storage) on SQLite."""

    dialect: str = "sqlite"
    """``sqlite``, ``postgres``, ``mariadb`` or ``mysql``."""
    host: str = "localhost"
    """A name, an address, or the folder of a unix socket (begins with ``/``)."""
    port: int | None = None
    """``None``: the dialect's usual one."""
    database: str = "insula"
    user: str = "insula"
    password: str = field(default="", repr=False)
    schema: str | None = None
    """``None``: the tables stand in the database's own default schema, unqualified."""
    storage: Path | None = None
    """The file, on SQLite."""
    ssl: str = "prefer"
    """``disable allow prefer require verify-ca verify-full``, as libpq's sslmode."""
    statement_timeout_s: float = STATEMENT_TIMEOUT_S
    """A statement that runs longer is ended by the database."""
    connect_timeout_s: float = CONNECT_TIMEOUT_S
    application_name: str = "insula"
    """How the server's own lists of connections name this process."""

    def on_database(self, database: str) -> "DatabaseOptions":
        """The same server and role, another database, no schema."""
        return replace(self, database=database, schema=None)

    @property
    def server(self) -> tuple[str, str, int | None]:
        """Which server it is, as far as can be told without asking it: dialect, host and port. This machine's has one
        name, whichever it was called by."""
        host = "localhost" if self.host in LOOPBACK else self.host
        return (self.dialect, host, self.port or USUAL_PORTS.get(self.dialect))

    @property
    def where(self) -> str:
        """For messages: the server's address and database, or the file. Never a password."""
        if self.dialect == "sqlite":
            return str(self.storage)
        port = f":{self.port}" if self.port else ""
        return f'"{self.database}" on {self.host}{port}'
