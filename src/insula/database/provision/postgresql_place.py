"""One order on a PostgreSQL server: its names, and the databases that it is carried out from."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from insula.database.dialects import dialect
from insula.database.engine import open_database
from insula.database.errors import DatabaseError, DatabaseMissing, PermissionDenied
from insula.database.provision.base import CREATE_TIMEOUT_S
from insula.database.statement import plain

if TYPE_CHECKING:
    from insula.database.executor import Database, Executor
    from insula.database.provision.base import Order

MAINTENANCE: Final = ("postgres", "template1")
"""Where databases are made from, after the main application's own, which comes first where it is on this server."""
ENOUGH_S: Final = 30.0
"""A limit for statements that making a database keeps within, too."""


class Place:
    """The order, with everything quoted."""

    def __init__(self, order: Order) -> None:
        self.order = order
        self.dialect = dialect("postgres")
        self.name = self.quote(order.options.database)
        self.schema = self.quote(order.options.schema or "public")
        self.mark = self.dialect.literal(order.stamp.text())

    @property
    def draft(self) -> str:
        """The name of its database while it is being made."""
        return f"insula_draft_{self.order.stamp.hex}"

    @property
    def gone(self) -> str:
        """The name of its database while it is being dropped."""
        return f"insula_gone_{self.order.stamp.hex}"

    def quote(self, name: str) -> str:
        """As SQL writes the name."""
        return self.dialect.quote(name)

    def on(self, name: str) -> Database:
        """A handle on another database of the server. On main's own, it is main's connections that are used."""
        at, main = self.order.options, self.order.main
        limit_s = CREATE_TIMEOUT_S
        if self._beside_main and name == main.database and main.statement_timeout_s >= ENOUGH_S:
            limit_s = main.statement_timeout_s
        return open_database(replace(at.on_database(name), statement_timeout_s=limit_s), self.order.budget)

    @property
    def _beside_main(self) -> bool:
        at, main = self.order.options, self.order.main
        return (at.host, at.port, at.user) == (main.host, main.port, main.user)

    @contextlib.asynccontextmanager
    async def inside(self) -> AsyncIterator[Database]:
        """The order's own database."""
        database = open_database(self.order.options, self.order.budget)
        try:
            yield database
        finally:
            await database.close()

    @contextlib.asynccontextmanager
    async def elsewhere(self) -> AsyncIterator[Database]:
        """Another database, from which the order's own can be made and dropped. Raises as ``Dialect.probe``."""
        main, own = self.order.main.database, self.order.options.database
        first = [main] if self._beside_main and main != own else []
        database = await self._first_of((*first, *MAINTENANCE))
        try:
            yield database
        finally:
            await database.close()

    async def _first_of(self, names: tuple[str, ...]) -> Database:
        """The first database that can be connected to. Raises what the first one that can not says."""
        failure: DatabaseError | None = None
        for name in names:
            database = self.on(name)
            try:
                await run(database, "SELECT 1")
            except (DatabaseMissing, PermissionDenied) as error:
                failure = failure or error
            except BaseException:
                await database.close()
                raise
            else:
                return database
            await database.close()
        assert failure is not None, "there is always a name to try"
        raise failure


async def run(executor: Executor, text: str) -> None:
    """Run text without values; several statements in it are done as one."""
    await executor.execute(plain(text), {})
