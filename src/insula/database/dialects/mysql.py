"""MySQL (8.0.17 and later), and what MariaDB has in common with it, on asyncmy."""

from __future__ import annotations

from typing import Any, ClassVar, Final

import orjson
from asyncmy import errors as my
from sqlalchemy.dialects.mysql.base import MySQLDialect, MySQLIdentifierPreparer
from sqlalchemy.sql.base import Executable

from insula.database.budget import ConnectionBudget
from insula.database.compile import QuotingPreparer
from insula.database.connection import ServerConnection
from insula.database.dialects.base import Dialect
from insula.database.dialects.mysql_connection import MysqlConnection
from insula.database.dialects.mysql_errors import translate, translate_opening
from insula.database.dialects.mysql_opening import Killer, open_raw
from insula.database.dialects.mysql_session import Flavor, flavor, setup
from insula.database.dialects.mysql_values import constant, literal
from insula.database.dialects.mysql_wire import Wire
from insula.database.errors import CanNotCompile, UnsuitableDatabase
from insula.database.options import DatabaseOptions
from insula.database.pool import Pool
from insula.database.pooled import PooledDatabase
from insula.database.statement import Statement

HANG_GRACE_S = 5.0
"""How much later than the server's own limit a statement without an answer is given up here."""
DRIVER_ERRORS: Final = (my.MySQLError,)


class _Preparer(QuotingPreparer, MySQLIdentifierPreparer):
    """Quotes every identifier."""


class SqlAlchemyDialect(MySQLDialect):
    """As SQLAlchemy's own, with literals of standard SQL, and JSON as text by orjson."""

    preparer = _Preparer
    default_paramstyle = "qmark"
    supports_statement_cache = False
    supports_native_decimal = True
    update_returning = False
    insula: Dialect

    def __init__(self, *, mariadb: bool) -> None:
        super().__init__(
            paramstyle="qmark", json_serializer=_json, json_deserializer=orjson.loads, is_mariadb=mariadb
        )
        self._backslash_escapes = False
        self.server_version_info = (10, 6) if mariadb else (8, 0, 20)
        self.insert_returning = self.delete_returning = mariadb


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()


class Mysql(Dialect):
    """MySQL. Its time limit for statements holds for SELECT alone."""

    name = "mysql"
    transactional_ddl = False
    returning = frozenset[str]()
    is_file = False
    max_identifier_bytes = 64
    copies_csv = False
    begin = "START TRANSACTION"
    begin_reading = "START TRANSACTION READ ONLY"
    nulls_are_least = True
    alters_columns = True
    keeps_writers_off = False
    # set back when the transaction ends
    lock_timeout = "SET SESSION lock_wait_timeout = 10"
    has_uuids = False
    keys_follow = True
    automatic_key = "{type} NOT NULL AUTO_INCREMENT PRIMARY KEY"
    aside = 1
    mariadb: ClassVar[bool] = False
    sqlalchemy: ClassVar[SqlAlchemyDialect]  # type: ignore[misc]

    def compile(self, element: Executable) -> Statement:
        kind = getattr(element, "__visit_name__", "")
        if getattr(element, "_returning", ()) and kind not in self.returning:
            raise CanNotCompile(reason=f"{self.name} has no RETURNING for {kind}")
        return super().compile(element)

    def translate(self, error: BaseException) -> BaseException:
        return translate(error)

    def literal(self, value: Any) -> str:
        return constant(value)

    def open(self, options: DatabaseOptions, budget: ConnectionBudget) -> PooledDatabase:
        server = (options.host, options.port, options.database, options.user, options.password, options.ssl)
        key = (self.name, *server, options.statement_timeout_s, options.application_name)

        def make() -> Pool:
            killer = Killer(options, budget.aside)

            async def open_one() -> ServerConnection:
                return await self.connect(options, killer)

            hang_s = options.statement_timeout_s + HANG_GRACE_S
            return Pool(open_one, budget, where=options.where, hang_s=hang_s, driver_errors=DRIVER_ERRORS)

        return PooledDatabase(self, options, budget, key, budget.pool(key, make))

    async def connect(self, options: DatabaseOptions, killer: Killer) -> MysqlConnection:
        """A connection of its own, for a pool. Raises as ``probe``."""
        raw = None
        try:
            raw = await open_raw(options, database=options.database)
            kind = flavor(raw.get_server_info())
            if unfit := self._unfit(kind):
                raise UnsuitableDatabase(database=options.database, reason=unfit)
            wire = Wire(raw, killer)
            begun = await wire.run(setup(kind, options.statement_timeout_s).encode())
        except BaseException as error:
            if raw is not None:
                raw.close()
            problem = translate_opening(
                error,
                where=options.where,
                user=options.user,
                database=options.database,
                create=self.create_database(options),
                grant=self.grant(options),
            )
            if problem is error:
                raise
            raise problem from error
        ((longest,),) = begun.rows
        return MysqlConnection(wire, kind, longest=longest, limit_s=options.statement_timeout_s)

    async def probe(self, options: DatabaseOptions, budget: ConnectionBudget) -> None:
        database = self.open(options, budget)
        try:
            await database.probe()
        finally:
            await database.close()

    async def ensure(self, options: DatabaseOptions, budget: ConnectionBudget) -> None:
        from insula.database.dialects.mysql_ensure import ensure

        await ensure(self, options, budget)

    def create_database(self, options: DatabaseOptions) -> str:
        """The statement that creates the database of ``options``; ``ensure`` gives it the server's best collation."""
        return f"CREATE DATABASE IF NOT EXISTS {self.quote(options.database)} CHARACTER SET utf8mb4"

    def grant(self, options: DatabaseOptions) -> str:
        """The statement that gives the user of ``options`` all that Insula needs in its database."""
        # in a grant % and _ of a database's name stand for anything
        name = options.database.replace("_", r"\_").replace("%", r"\%")
        return f"GRANT ALL PRIVILEGES ON {self.quote(name)}.* TO {literal(options.user)}@'%'"

    def _unfit(self, kind: Flavor) -> str | None:
        """What is wrong with a server of that kind."""
        if self.mariadb is not kind.mariadb:
            # tables name the collation, and each of the two has its own
            return f"its server is {kind.product}; write DB_DIALECT={kind.product.lower()}"
        return kind.problem


Mysql.sqlalchemy = SqlAlchemyDialect(mariadb=False)
DIALECT = Mysql()
Mysql.sqlalchemy.insula = DIALECT
