"""What PostgreSQL's catalogues tell of a server, its databases and one schema, in one round trip each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from insula.database.provision.ownership import KEPT_TABLE, Kept, read_kept, stamped
from insula.database.statement import Statement

if TYPE_CHECKING:
    from insula.database.errors import DatabaseError
    from insula.database.executor import Executor, Transaction


def joined(statements: Iterable[Statement]) -> list[Statement]:
    """The same statements with those that follow one another without values sent together: one round trip."""
    result: list[Statement] = []
    together: tuple[str, ...] = ()
    for statement in statements:
        if not statement.names and not statement.returns_rows:
            first, *rest = statement.parts
            together = (*together[:-1], f"{together[-1]};\n{first}", *rest) if together else statement.parts
            continue
        if together:
            result.append(Statement(together, (), {}, {}, (), returns_rows=False, is_ddl=True))
            together = ()
        result.append(statement)
    if together:
        result.append(Statement(together, (), {}, {}, (), returns_rows=False, is_ddl=True))
    return result


def sql_state(error: DatabaseError) -> str:
    """The server's five characters for what went wrong; empty where it was not the server."""
    return str(getattr(error.__cause__, "sqlstate", "") or "")


@dataclass(frozen=True, slots=True)
class Server:
    """What the role may, and what the server is."""

    version: int
    """``150004`` is 15.4."""
    user: str
    creates: bool
    """May make databases."""
    synced: bool
    """Waits for its disk, as it should; else it is a server for tests."""
    databases: dict[str, DatabaseRow]
    """Of those that were asked for, the ones that there are."""


@dataclass(frozen=True, slots=True)
class DatabaseRow:
    """One database of the server, seen from another."""

    name: str
    owner: str
    owned: bool
    """The role has the rights of its owner."""
    encoding: str
    comment: str | None


@dataclass(frozen=True, slots=True)
class Scene:
    """One schema of the database that one is connected to."""

    version: int
    user: str
    database: str
    encoding: str
    database_comment: str | None
    may_create_schema: bool
    has_schema: bool
    schema_comment: str | None
    schema_owner: str | None
    owns_schema: bool
    may_create: bool
    """Tables, in the schema."""
    table_comment: str | None
    """Of the application's own table."""
    has_table: bool
    content: Sequence[str]
    """Names of a few things that are in the way."""
    kept: Kept | None = None


_SERVER = Statement(
    (
        """
        SELECT current_setting('server_version_num')::int AS version, r.rolname::text AS user,
               r.rolcreatedb OR r.rolsuper AS creates, current_setting('fsync') = 'on' AS synced,
               d.datname::text AS name, pg_get_userbyid(d.datdba)::text AS owner,
               pg_has_role(d.datdba, 'USAGE') AS owned, pg_encoding_to_char(d.encoding)::text AS encoding,
               shobj_description(d.oid, 'pg_database') AS comment
        FROM pg_roles r LEFT JOIN pg_database d ON d.datname = ANY($1::text[]) OR d.datname LIKE $2
        WHERE r.rolname = current_user
        """,
    ),
    ("names", "pattern"),
    {},
    {},
    (),
    returns_rows=True,
    writes=False,
)

_FOREIGN = """
    NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = '{catalog}'::regclass AND e.objid = {row}.oid
                AND e.deptype = 'e')
"""
_CONTENT = f"""
    SELECT name FROM (
        SELECT s.nspname || '.' || c.relname AS name FROM pg_class c JOIN pg_namespace s ON s.oid = c.relnamespace
        WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND {{within}}
              AND {_FOREIGN.format(catalog="pg_class", row="c")}
        UNION ALL
        SELECT s.nspname || '.' || p.proname || '()' FROM pg_proc p JOIN pg_namespace s ON s.oid = p.pronamespace
        WHERE {{within}} AND {_FOREIGN.format(catalog="pg_proc", row="p")}
        UNION ALL
        SELECT 'schema ' || s.nspname FROM pg_namespace s
        WHERE {{within}} AND s.nspname <> 'public' AND $2 AND {_FOREIGN.format(catalog="pg_namespace", row="s")}
    ) found ORDER BY name LIMIT 4
"""  # noqa: S608 - put together of constants
_WITHIN = """
    CASE WHEN $2 THEN s.nspname <> 'information_schema' AND s.nspname !~ '^pg_' ELSE s.nspname = $1 END
"""

_SCENE = Statement(
    (
        f"""
        SELECT current_setting('server_version_num')::int AS version, current_user::text AS user,
               d.datname::text AS database, pg_encoding_to_char(d.encoding)::text AS encoding,
               shobj_description(d.oid, 'pg_database') AS database_comment,
               has_database_privilege(d.oid, 'CREATE') AS may_create_schema,
               n.oid IS NOT NULL AS has_schema, obj_description(n.oid, 'pg_namespace') AS schema_comment,
               pg_get_userbyid(n.nspowner)::text AS schema_owner,
               coalesce(pg_has_role(n.nspowner, 'USAGE'), FALSE) AS owns_schema,
               coalesce(has_schema_privilege(n.oid, 'CREATE') AND has_schema_privilege(n.oid, 'USAGE'), FALSE)
                   AS may_create,
               obj_description(t.oid, 'pg_class') AS table_comment, t.oid IS NOT NULL AS has_table,
               ARRAY({_CONTENT.format(within=_WITHIN)})::text[] AS content
        FROM pg_database d LEFT JOIN pg_namespace n ON n.nspname = $1::text
             LEFT JOIN pg_class t ON t.relnamespace = n.oid AND t.relname = '{KEPT_TABLE}'
                                  AND t.relkind IN ('r', 'p')
        WHERE d.datname = current_database() AND $2::bool IS NOT NULL
        """,  # noqa: S608 - put together of constants
    ),
    ("schema", "whole"),
    {},
    {},
    (),
    returns_rows=True,
    writes=False,
)

_MARKS = Statement(
    (
        f"""
        SELECT CASE WHEN $1::text IS NULL THEN shobj_description(d.oid, 'pg_database') END AS database,
               obj_description(n.oid, 'pg_namespace') AS schema, obj_description(t.oid, 'pg_class') AS table
        FROM pg_database d LEFT JOIN pg_namespace n ON n.nspname = coalesce($1, 'public')
             LEFT JOIN pg_class t ON t.relnamespace = n.oid AND t.relname = '{KEPT_TABLE}'
        WHERE d.datname = current_database()
        """,  # noqa: S608 - put together of constants
    ),
    ("schema",),
    {},
    {},
    (),
    returns_rows=True,
    writes=False,
)

_SESSIONS = Statement(
    (
        """
        SELECT pid, usename::text AS user, application_name AS application, usename = current_user AS own
        FROM pg_stat_activity WHERE datname = $1 AND pid <> pg_backend_pid() AND usename IS NOT NULL
        """,
    ),
    ("database",),
    {},
    {},
    (),
    returns_rows=True,
    writes=False,
)
_END = Statement(
    ("SELECT pg_terminate_backend(pid) FROM unnest($1::int[]) pid",), ("pids",), {}, {}, (), returns_rows=True
)


async def look_at_server(executor: Executor, names: Sequence[str], pattern: str = "") -> Server:
    """The server, and of its databases those with one of the names, or like the pattern."""
    rows = await executor.fetch(_SERVER, {"names": list(names), "pattern": pattern})
    first = rows[0]
    fields = DatabaseRow.__slots__
    found = {row["name"]: DatabaseRow(**{key: row[key] for key in fields}) for row in rows if row["name"]}
    return Server(first["version"], first["user"], first["creates"], first["synced"], found)


async def look_around(transaction: Transaction, schema: str | None, *, whole: bool) -> Scene:
    """One schema (``None``: ``public``). ``whole``: what is in the way is looked for in the whole database."""
    rows = await transaction.fetch(_SCENE, {"schema": schema or "public", "whole": whole})
    kept = await read_kept(transaction) if rows[0]["has_table"] else None
    return Scene(**rows[0], kept=kept)


async def marks(executor: Executor, schema: str | None) -> list[str]:
    """What is stamped: the database (where no schema is given), the schema, the application's own table."""
    (row,) = await executor.fetch(_MARKS, {"schema": schema})
    return [text for text in row.values() if stamped(text) is not None]


async def sessions(executor: Executor, database: str) -> list[dict[str, Any]]:
    """Who is connected to the database: ``pid user application own``."""
    return await executor.fetch(_SESSIONS, {"database": database})


async def end_sessions(executor: Executor, pids: Sequence[int]) -> None:
    """Ask the server to end these sessions, of the role's own."""
    await executor.fetch(_END, {"pids": list(pids)})
