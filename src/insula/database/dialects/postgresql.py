"""PostgreSQL (13 and later), on asyncpg."""

from __future__ import annotations

import asyncio
import datetime as dt
import decimal
import math
from collections.abc import AsyncIterator, Awaitable, Iterable, Sequence
from typing import Any, ClassVar

import asyncpg  # type: ignore[import-untyped]
import orjson
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql.asyncpg import PGDialect_asyncpg
from sqlalchemy.dialects.postgresql.base import PGCompiler, PGDialect, PGIdentifierPreparer

from insula.database.budget import ConnectionBudget
from insula.database.compile import QuotingPreparer
from insula.database.connection import Cursor, ServerConnection
from insula.database.dialects.base import Dialect
from insula.database.dialects.postgresql_errors import translate, translate_opening
from insula.database.errors import ValueOutOfRange
from insula.database.options import LOOPBACK, DatabaseOptions
from insula.database.pool import Pool
from insula.database.pooled import PooledDatabase
from insula.database.statement import BAD_VALUE, Record

DEFAULT_PORT = 5432
STATEMENT_CACHE = 1000
"""Prepared statements kept per connection: one pool serves many schemas, each with texts of its own, and a
connection is retired after 64 of them. Each costs the server's process about 12 kB."""
HANG_GRACE_S = 5.0
"""How much later than the server's own limit a statement without an answer is given up here."""
IDLE_IN_TRANSACTION_S = 300.0
"""The server ends a transaction in which nothing was said for this long."""
KEEPALIVES = {
    "tcp_keepalives_idle": "10",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "4",
    "tcp_user_timeout": "30000",
}
"""Seconds, and for the last milliseconds: after 30 s without a sign of life from this machine the server ends the
session, with its locks. Else a machine that lost its power would keep them for two hours."""
DRIVER_ERRORS = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)


class _Preparer(QuotingPreparer, PGIdentifierPreparer):
    """Quotes every identifier."""


class _Compiler(PGCompiler):
    """Casts parameters, so that the server need not guess their types; never to a length or precision, which
    would cut or round the value that a column is compared with."""

    def render_bind_cast(self, type_: Any, dbapi_type: Any, sqltext: str) -> str:
        if isinstance(dbapi_type, sa.Numeric) and not isinstance(dbapi_type, sa.Float):
            return f"{sqltext}::NUMERIC"
        if isinstance(dbapi_type, sa.DateTime):
            return f"{sqltext}::TIMESTAMP{'TZ' if dbapi_type.timezone else ''}"
        if isinstance(dbapi_type, sa.Time):
            return f"{sqltext}::TIME"
        return super().render_bind_cast(type_, dbapi_type, sqltext)  # type: ignore[no-untyped-call, no-any-return]


def _cast(kind: type[Any]) -> type[Any]:
    """The type, with its parameters cast."""
    return type(kind.__name__, (kind,), {"render_bind_cast": True})


_CAST_TYPES = (
    sa.String, sa.SmallInteger, sa.Integer, sa.BigInteger, sa.Numeric, sa.Float, sa.Double, sa.Boolean,
    sa.Date, sa.Time, sa.DateTime,
)  # fmt: skip


_JSON_KEYS = (sa.JSON.JSONPathType, sa.JSON.JSONIntIndexType, sa.JSON.JSONStrIndexType)
"""Keys into JSON values, whose types asyncpg has to be told; as SQLAlchemy's own dialect for asyncpg does it."""

_COLSPECS = (
    dict(PGDialect.colspecs)
    | {kind: _cast(PGDialect.colspecs.get(kind, kind)) for kind in _CAST_TYPES}
    | {kind: PGDialect_asyncpg.colspecs[kind] for kind in _JSON_KEYS}
)


class _SqlAlchemyDialect(PGDialect):
    """As SQLAlchemy's own, in the parameter style of asyncpg, with JSON passed as text by orjson."""

    preparer = _Preparer
    statement_compiler = _Compiler
    default_paramstyle = "numeric_dollar"
    supports_native_decimal = True
    supports_statement_cache = False
    bind_typing = sa.engine.interfaces.BindTyping.RENDER_CASTS
    colspecs = _COLSPECS
    insula: Dialect

    def __init__(self) -> None:
        super().__init__(  # type: ignore[no-untyped-call]
            paramstyle="numeric_dollar", json_serializer=_json, json_deserializer=orjson.loads
        )


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()


class PostgresqlConnection(ServerConnection):
    """asyncpg's connection."""

    __slots__ = ("_raw",)

    def __init__(self, raw: asyncpg.Connection) -> None:
        super().__init__()
        self._raw = raw

    @property
    def closed(self) -> bool:
        return bool(self._raw.is_closed())

    @property
    def in_transaction(self) -> bool:
        return bool(self._raw.is_in_transaction())

    @property
    def clean(self) -> bool:
        # asyncpg's own pool asks its protocol likewise; there is no public way to ask.
        return not (self.closed or self.in_transaction or self._raw._protocol._is_cancelling())

    def fetch(self, text: str, arguments: Sequence[Any]) -> Awaitable[Sequence[Record]]:
        records: Awaitable[Sequence[Record]] = self._raw.fetch(text, *arguments)
        return records

    async def execute(self, text: str, arguments: Sequence[Any]) -> int:
        return _touched(await self._raw.execute(text, *arguments))

    async def execute_many(self, text: str, rows: Iterable[Sequence[Any]]) -> None:
        await self._raw.executemany(text, rows)

    async def script(self, text: str) -> str:
        word: str = await self._raw.execute(text)
        return word

    async def cursor(self, text: str, arguments: Sequence[Any]) -> Cursor:
        try:
            cursor: Cursor = await self._raw.cursor(text, *arguments)
        except asyncpg.InvalidCachedStatementError:
            # For other statements asyncpg itself forgets what is outdated, not for cursors.
            await self._raw.reload_schema_state()
            raise
        return cursor

    async def lock(self, key: int) -> None:
        await self._raw.fetch("SELECT pg_advisory_xact_lock($1)", key)

    async def limit_statements(self, seconds: float | None) -> None:
        await self._raw.execute(f"SET LOCAL statement_timeout = {_milliseconds(seconds)}")

    async def copy_rows(
        self, schema: str | None, table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]
    ) -> int:
        try:
            status = await self._raw.copy_records_to_table(
                table, schema_name=schema, columns=columns, records=rows
            )
        except BAD_VALUE as error:
            raise ValueOutOfRange(reason="a value is not of its column's type") from error
        return _touched(status)

    async def copy_csv(
        self, schema: str | None, table: str, columns: Sequence[str], chunks: AsyncIterator[bytes], null: str
    ) -> int:
        status = await self._raw.copy_to_table(
            table,
            schema_name=schema,
            columns=columns,
            source=chunks,
            format="csv",
            null=null,
            encoding="utf8",
        )
        return _touched(status)

    async def settle(self) -> None:
        await self._raw._protocol._wait_for_cancellation()

    async def close(self) -> None:
        await self._raw.close()

    def terminate(self) -> None:
        self._raw.terminate()


class Postgresql(Dialect):
    """PostgreSQL."""

    name = "postgres"
    transactional_ddl = True
    is_file = False
    max_identifier_bytes = 63
    copies_csv = True
    begin = "BEGIN"
    begin_reading = "BEGIN READ ONLY"
    nulls_are_least = False
    alters_columns = True
    keeps_writers_off = True
    lock_timeout = "SET LOCAL lock_timeout = '10s'"
    has_uuids = True
    keys_follow = False
    automatic_key = "{type} GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY"
    sqlalchemy: ClassVar[_SqlAlchemyDialect]  # type: ignore[misc]

    def translate(self, error: BaseException) -> BaseException:
        return translate(error)

    def literal(self, value: Any) -> str:
        if value is None:
            return "NULL"
        if isinstance(value, bool):
            return "TRUE" if value else "FALSE"
        if isinstance(value, int | decimal.Decimal):
            return str(value)
        if isinstance(value, float):
            return repr(value) if math.isfinite(value) else f"'{value}'::float8"
        if isinstance(value, dt.datetime | dt.date | dt.time):
            return f"'{value.isoformat()}'"
        if isinstance(value, dict | list | tuple):
            return _text_literal(_json(value))
        return _text_literal(str(value))

    def open(self, options: DatabaseOptions, budget: ConnectionBudget) -> PooledDatabase:
        server = (options.host, options.port, options.database, options.user, options.password, options.ssl)
        key = (self.name, *server, options.statement_timeout_s, options.application_name)

        def make() -> Pool:
            async def open_one() -> ServerConnection:
                return await self.connect(options)

            hang_s = options.statement_timeout_s + HANG_GRACE_S
            return Pool(open_one, budget, where=options.where, hang_s=hang_s, driver_errors=DRIVER_ERRORS)

        return PooledDatabase(self, options, budget, key, budget.pool(key, make, options.schema))

    async def connect(self, options: DatabaseOptions) -> PostgresqlConnection:
        """A connection of its own, for a pool. Raises as ``probe``."""
        try:
            await _look_up(options)
            raw = await asyncpg.connect(
                host=options.host,
                port=options.port or DEFAULT_PORT,
                user=options.user,
                password=options.password,
                database=options.database,
                ssl=_ssl(options),
                timeout=options.connect_timeout_s,
                statement_cache_size=STATEMENT_CACHE,
                max_cached_statement_lifetime=0,
                server_settings={
                    "application_name": options.application_name,
                    "statement_timeout": _milliseconds(options.statement_timeout_s),
                    "idle_in_transaction_session_timeout": _milliseconds(IDLE_IN_TRANSACTION_S),
                    **KEEPALIVES,
                },
            )
        except BaseException as error:
            problem = translate_opening(
                error,
                where=options.where,
                user=options.user,
                database=options.database,
                create=self.create_database(options),
            )
            if problem is error:
                raise
            raise problem from error
        return PostgresqlConnection(raw)

    async def probe(self, options: DatabaseOptions, budget: ConnectionBudget) -> None:
        database = self.open(options, budget)
        try:
            await database.probe()
        finally:
            await database.close()

    async def ensure(self, options: DatabaseOptions, budget: ConnectionBudget) -> None:
        from insula.database.dialects.postgresql_ensure import ensure

        await ensure(self, options, budget)

    def create_database(self, options: DatabaseOptions) -> str:
        """The statement that creates the database of ``options``."""
        owner, name = self.quote(options.user), self.quote(options.database)
        return f"CREATE DATABASE {name} OWNER {owner} ENCODING 'UTF8' TEMPLATE template0"


async def _look_up(options: DatabaseOptions) -> None:
    """Raises ``socket.gaierror`` for a name that is not known.

    asyncpg would look it up itself; but a look-up that is given up there (out of time, cancelled) leaves a failure
    that nobody takes, which the loop then complains about.
    """
    if not options.host.startswith("/") and options.host not in LOOPBACK:
        await asyncio.get_running_loop().getaddrinfo(options.host, options.port or DEFAULT_PORT)


def _ssl(options: DatabaseOptions) -> str:
    """Without need, no encryption to this very machine: it takes 8 ms for each connection."""
    local = options.host.startswith("/") or options.host in LOOPBACK
    return "disable" if local and options.ssl == "prefer" else options.ssl


def _touched(status: str) -> int:
    """Rows touched, out of the server's word: ``INSERT 0 5``, ``UPDATE 3``, ``CREATE TABLE``."""
    last = status.rsplit(" ", 1)[-1]
    return int(last) if last.isdigit() else 0


def _milliseconds(seconds: float | None) -> str:
    return str(max(1, round(seconds * 1000))) if seconds else "0"


def _text_literal(text: str) -> str:
    if "\0" in text:
        raise ValueOutOfRange(reason="a text has a NUL character")
    return "'" + text.replace("'", "''") + "'"


Postgresql.sqlalchemy = _SqlAlchemyDialect()
DIALECT = Postgresql()
Postgresql.sqlalchemy.insula = DIALECT
