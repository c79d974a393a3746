"""What differs between dialects, as declared flags and a few methods. Siblings implement all of it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, ClassVar

from sqlalchemy.engine.interfaces import Dialect as SqlAlchemyDialect
from sqlalchemy.sql.base import Executable

from insula.database.compile import compile_statement
from insula.database.statement import Statement

if TYPE_CHECKING:
    from insula.database.budget import ConnectionBudget
    from insula.database.executor import Database
    from insula.database.options import DatabaseOptions


def own(dialect: SqlAlchemyDialect) -> Dialect:
    """The dialect that a compiler of SQLAlchemy was made for."""
    found: Dialect = dialect.insula  # type: ignore[attr-defined]
    return found


class Dialect(ABC):
    """One kind of database: ``sqlite``, ``postgres``, ``mariadb``, ``mysql``."""

    name: ClassVar[str]
    """As in ``DB_DIALECT`` and in answers of the API."""
    transactional_ddl: ClassVar[bool]
    """DDL commits or rolls back together with data; else it commits what its transaction did before it, whether it
    fails or not, and what follows it is undone alone."""
    returning: ClassVar[frozenset[str]] = frozenset({"insert", "update", "delete"})
    """Which statements may have RETURNING. For others: change and look in one transaction, by key."""
    is_file: ClassVar[bool]
    """The database is a file of its own, which can be copied."""
    max_identifier_bytes: ClassVar[int]
    copies_csv: ClassVar[bool]
    """Takes CSV text as it is (``Transaction.copy_csv``)."""
    begin: ClassVar[str]
    """The words that open a transaction."""
    begin_reading: ClassVar[str]
    """The words that open one which writes nothing."""
    nulls_are_least: ClassVar[bool]
    """NULL stands before every value by itself; else ORDER BY and indexes have to say that it does."""
    alters_columns: ClassVar[bool]
    """ALTER TABLE changes types, NOT NULL and references; else the table's definition is rewritten."""
    keeps_writers_off: ClassVar[bool]
    """Who changes a table has it alone until all of the change is committed, and nobody writes values of a type that
    it does not have any more; else the writers have to wait by themselves."""
    lock_timeout: ClassVar[str | None]
    """The statement that limits how long a change of schema waits for others that use the table; then it gives up,
    and they go on. ``None`` where it never waits."""
    has_uuids: ClassVar[bool]
    """Has a type for UUIDs, which has to be cast to be compared as text."""
    keys_follow: ClassVar[bool]
    """Automatic keys go on behind one that was given, by themselves."""
    automatic_key: ClassVar[str]
    """What follows the name of a key column that counts up by itself; ``{type}`` stands for its type."""
    aside: ClassVar[int] = 0
    """Connections to a server that it needs beside those of the pools, see ``ConnectionBudget.aside``."""
    functions: ClassVar[frozenset[str]] = frozenset()
    """SQL functions that are added to, or mend, what the database itself has."""
    sqlalchemy: SqlAlchemyDialect
    """SQLAlchemy's compiler for this dialect."""

    def compile(self, element: Executable) -> Statement:
        """Expression or DDL → Statement. Raises CanNotCompile."""
        return compile_statement(element, self.sqlalchemy)

    def quote(self, identifier: str) -> str:
        """An identifier quoted by the dialect's own rules, always with quotes."""
        return self.sqlalchemy.identifier_preparer.quote_identifier(identifier)

    @abstractmethod
    def translate(self, error: BaseException) -> BaseException:
        """A driver's error → an error of ``insula.database.errors`` (others pass unchanged).

        Unique, foreign key, not-null and check violations name table and columns where the server says so.
        """

    @abstractmethod
    def literal(self, value: Any) -> str:
        """A constant rendered into DDL (a column's default). Raises ValueOutOfRange."""

    @abstractmethod
    def open(self, options: DatabaseOptions, budget: ConnectionBudget) -> Database:
        """A handle on the database. Connects only when first used."""

    @asynccontextmanager
    async def opened(self, options: DatabaseOptions, budget: ConnectionBudget) -> AsyncIterator[Database]:
        """``open`` for the length of a block."""
        database = self.open(options, budget)
        try:
            yield database
        finally:
            await database.close()

    @abstractmethod
    async def probe(self, options: DatabaseOptions, budget: ConnectionBudget) -> None:
        """Connect once and disconnect.

        Raises DatabaseUnavailable or TooManyConnections where waiting may help, and DatabaseMissing,
        InvalidPassword, PermissionDenied or InvalidStorage where it does not.
        """

    @abstractmethod
    async def ensure(self, options: DatabaseOptions, budget: ConnectionBudget) -> None:
        """Create the database and the schema where they are missing and the role may.

        Raises DatabaseMissing or SchemaMissing, with the exact statement for an administrator, where it may not.
        """
