"""What is found before anything is made, and that the remedy that is told mends it."""

import asyncio
import socket
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from time import monotonic
from typing import Any

import asyncpg
import pytest

from insula.core.errors import InsulaError
from insula.core.ids import random_id
from insula.database.dialects import dialect
from insula.database.errors import Contention
from insula.database.options import DatabaseOptions
from insula.database.provision.base import CHECK_WITHIN_S
from insula.database.provision.errors import PrivilegeMissing
from insula.fleet.configuration import Configuration
from insula.fleet.provisioner.base import Finding
from insula.server.provisioner import LocalProvisioner
from insula.testing.databases import connected, run_on
from insula.testing.servers import Server, free_port

Configure = Callable[..., Configuration]


def wrong(findings: Sequence[Finding]) -> list[Finding]:
    return [finding for finding in findings if finding.level == "error"]


async def refused(provisioner: LocalProvisioner, configuration: Configuration) -> Finding:
    """The one thing that is wrong: making it raises the same."""
    (found,) = wrong(await provisioner.check(configuration))
    with pytest.raises(InsulaError) as raised:
        await provisioner.prepare(configuration)
    assert (raised.value.code, raised.value.message) == (found.code, found.message)
    return found


async def mended(provisioner: LocalProvisioner, configuration: Configuration) -> None:
    """Nothing is wrong, and it can be made and dropped."""
    findings = await provisioner.check(configuration)
    assert len(findings) == 1
    assert (findings[0].level, findings[0].code) in (("ok", "OK"), ("warning", "DATABASE_EXISTS"))
    address = await provisioner.prepare(configuration)
    assert {key: value for key, value in configuration.database.items() if key != "schema"}.items() <= (
        address.items()
    )
    await provisioner.remove(replace(configuration, database=address))


async def inside(server: Server, database: str, statement: str) -> None:
    """Run a statement as the administrator in another database."""
    async with connected(server, database) as connection:
        await connection.execute(statement)


@pytest.mark.parametrize("way", ["role", "database"])
async def test_no_right_to_make_databases(
    provisioner: LocalProvisioner, configure: Configure, admin: asyncpg.Connection, role: str, way: str
) -> None:
    asked = configure("new_database", role)
    found = await refused(provisioner, asked)
    assert found.code == "PRIVILEGE_MISSING"
    statement, other = found.remedy.split("-- or: ")
    await admin.execute(statement if way == "role" else other)
    await mended(provisioner, asked)


async def test_no_right_to_make_schemas(
    provisioner: LocalProvisioner, configure: Configure, admin: asyncpg.Connection, role: str
) -> None:
    asked = configure("new_schema", role, schema='The "app"')
    found = await refused(provisioner, asked)
    assert found.code == "DATABASE_NOT_FOUND"
    await admin.execute(found.remedy.split(": ", 1)[1].replace(dialect("postgres").quote(role), "insula"))
    found = await refused(provisioner, asked)
    assert found.code == "PRIVILEGE_MISSING"
    await admin.execute(found.remedy)
    await mended(provisioner, asked)


@pytest.mark.parametrize("schema", [None, 'The "app"'])
async def test_no_right_to_make_tables(
    provisioner: LocalProvisioner,
    configure: Configure,
    admin: asyncpg.Connection,
    postgresql: Server,
    role: str,
    schema: str | None,
) -> None:
    asked = configure("new_connection", role, schema=schema)
    name = asked.database["database"]
    await admin.execute(f"CREATE DATABASE {name}")
    if schema is not None:
        await inside(postgresql, name, 'CREATE SCHEMA "The ""app"""')
    found = await refused(provisioner, asked)
    assert found.code == "PRIVILEGE_MISSING"
    await inside(postgresql, name, found.remedy)
    await mended(provisioner, asked)


async def test_no_schema_to_make_tables_in(
    provisioner: LocalProvisioner,
    configure: Configure,
    admin: asyncpg.Connection,
    postgresql: Server,
    role: str,
) -> None:
    asked = configure("new_connection", role, schema="not there")
    name = asked.database["database"]
    await admin.execute(f"CREATE DATABASE {name}")
    found = await refused(provisioner, asked)
    assert found.code == "DATABASE_NOT_FOUND"
    await inside(postgresql, name, found.remedy.split(": ", 1)[1])
    await mended(provisioner, asked)


async def test_what_belongs_to_another_role(
    provisioner: LocalProvisioner, configure: Configure, admin: asyncpg.Connection, role: str
) -> None:
    asked = configure("new_database", role)
    await admin.execute(f"CREATE DATABASE {asked.database['database']}")
    found = await refused(provisioner, asked)
    assert (found.code, '"insula"' in found.message) == ("PRIVILEGE_MISSING", True)
    await admin.execute(found.remedy.split(": ", 1)[1])
    await mended(provisioner, asked)


async def test_what_belongs_to_another_application(
    provisioner: LocalProvisioner, configure: Configure
) -> None:
    for connection, database in (
        ("new_database", {}),
        ("new_schema", {"database": "postgres", "schema": "s"}),
    ):
        asked, other = configure(connection, **database), configure(connection, **database)
        address = await provisioner.prepare(asked)
        found = await refused(provisioner, replace(other, database=asked.database))
        assert found.code == "OWNED_BY_ANOTHER"
        assert asked.stamp in found.message
        assert asked.application in found.message
        within = replace(other, connection="new_schema", database={**address, "schema": "within"})
        if connection == "new_database":
            assert (await refused(provisioner, within)).code == "OWNED_BY_ANOTHER"
        await provisioner.remove(asked)


@pytest.mark.parametrize("connection", ["new_database", "new_schema", "new_connection"])
async def test_servers_that_let_nobody_in(
    provisioner: LocalProvisioner, configure: Configure, connection: str
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        cases: list[tuple[str, dict[str, Any]]] = [
            ("LOGIN_REFUSED", {"password": "wrong"}),
            ("SERVER_UNREACHABLE", {"port": free_port()}),
            ("SERVER_UNREACHABLE", {"host": "nowhere.invalid"}),
            ("SERVER_UNREACHABLE", {"port": silent.getsockname()[1]}),
        ]
        for code, database in cases:
            asked = configure(connection, **{"schema": "s", **database})
            began = monotonic()
            (found,) = wrong(await provisioner.check(asked))
            assert (found.code, bool(found.remedy)) == (code, True)
            assert "wrong" not in found.message
            assert monotonic() - began < CHECK_WITHIN_S


async def test_what_insula_can_not_use(
    provisioner: LocalProvisioner, configure: Configure, admin: asyncpg.Connection
) -> None:
    for connection in ("new_database", "new_schema", "new_connection"):
        asked = configure(connection, schema="s" if connection == "new_schema" else None)
        await admin.execute(
            f"CREATE DATABASE {asked.database['database']} ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0"
        )
        found = await refused(provisioner, asked)
        assert (found.code, "LATIN1" in found.message) == ("DATABASE_UNSUITABLE", True)
    for database in ("", "ä" * 32, "n\0l"):
        found = await refused(provisioner, configure("new_database", database=database))
        assert found.code == "DATABASE_UNSUITABLE"
    (unknown,) = wrong(await provisioner.check(configure("new_database", dialect="oracle")))
    assert unknown.code == "UNKNOWN_DIALECT"


async def test_what_is_used_is_not_dropped_under_other_people(
    provisioner: LocalProvisioner,
    configure: Configure,
    admin: asyncpg.Connection,
    postgresql: Server,
    role: str,
) -> None:
    asked = configure("new_database")
    await provisioner.prepare(asked)
    where = {"host": postgresql.host, "port": postgresql.port, "database": asked.database["database"]}
    theirs = await asyncpg.connect(**where, user=role, password="x")
    with pytest.raises(InsulaError) as raised:
        await provisioner.remove(asked)
    assert (raised.value.code, role in raised.value.message) == ("DATABASE_IN_USE", True)
    assert await theirs.fetchval("SELECT 1") == 1
    await theirs.close()
    left = await asyncpg.connect(**where, user=postgresql.user, password=postgresql.password)
    await provisioner.remove(asked)
    with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError, OSError)):
        await left.fetchval("SELECT 1")
    left.terminate()
    assert await admin.fetchval("SELECT count(*) FROM pg_database WHERE datname = $1", where["database"]) == 0


def everywhere(mariadb: Server) -> DatabaseOptions:
    """Its administrator, in the database that is always there."""
    return DatabaseOptions(
        "mariadb",
        host=mariadb.host,
        port=mariadb.port,
        user=mariadb.user,
        password=mariadb.password,
        database="information_schema",
    )


@pytest.mark.parametrize("connection", ["new_database", "new_connection"])
async def test_no_right_on_mariadb(
    provisioner: LocalProvisioner, configure: Configure, mariadb: Server, connection: str
) -> None:
    admin = everywhere(mariadb)
    user = f"poor_{random_id(6)}"
    await run_on(admin, f"CREATE USER '{user}'@'%' IDENTIFIED BY 'x'")
    asked = configure(connection, user, dialect="mariadb", host=mariadb.host, port=mariadb.port)
    (found,) = wrong(await provisioner.check(asked))
    assert found.code == ("PRIVILEGE_MISSING" if connection == "new_database" else "DATABASE_NOT_FOUND")
    for statement in found.remedy.removeprefix("An administrator can make it: ").split("; "):
        await run_on(admin, statement)
    await mended(provisioner, asked)
    (refusal,) = wrong(await provisioner.check(replace(asked, database={**asked.database, "password": "y"})))
    assert refusal.code == "LOGIN_REFUSED"
    with socket.create_server(("127.0.0.1", 0)) as silent:
        there = {**asked.database, "port": silent.getsockname()[1]}
        (hanging,) = wrong(await provisioner.check(replace(asked, database=there)))
    assert hanging.code == "SERVER_UNREACHABLE"


@pytest.mark.parametrize("by_role", [False, True])
async def test_a_database_on_mariadb_that_may_only_be_read(
    provisioner: LocalProvisioner, configure: Configure, mariadb: Server, by_role: bool
) -> None:
    admin, user = everywhere(mariadb), f"reader_{random_id(6)}"
    await run_on(admin, f"CREATE USER '{user}'@'%' IDENTIFIED BY 'x'")
    await run_on(admin, f"CREATE DATABASE {user}")
    if by_role:
        await run_on(admin, f"CREATE ROLE role_{user}")
        await run_on(admin, f"GRANT SELECT ON {user}.* TO role_{user}")
        await run_on(admin, f"GRANT role_{user} TO '{user}'@'%'")
        await run_on(admin, f"SET DEFAULT ROLE role_{user} FOR '{user}'@'%'")
    else:
        await run_on(admin, f"GRANT SELECT ON {user}.* TO '{user}'@'%'")
    there = {"dialect": "mariadb", "host": mariadb.host, "port": mariadb.port, "database": user}
    asked = configure("new_connection", user, **there)
    if by_role:
        # What a role may is not told with the rest: it turns out when it is tried.
        assert wrong(await provisioner.check(asked)) == []
    else:
        (found,) = wrong(await provisioner.check(asked))
        assert found.code == "PRIVILEGE_MISSING"
    with pytest.raises(PrivilegeMissing) as refused:
        await provisioner.prepare(asked)
    await run_on(admin, refused.value.remedy)
    await mended(provisioner, asked)


@pytest.mark.parametrize("connection", ["new_database", "new_connection"])
async def test_what_is_found_on_mariadb(
    provisioner: LocalProvisioner, configure: Configure, mariadb: Server, connection: str
) -> None:
    where = {
        "dialect": "mariadb",
        "host": mariadb.host,
        "port": mariadb.port,
        "username": mariadb.user,
        "password": mariadb.password,
    }
    owner = configure("new_database", **where)
    address = await provisioner.prepare(owner)
    other = configure(connection, **where)
    found = await refused(provisioner, replace(other, database=owner.database))
    assert (found.code, owner.application in found.message) == ("OWNED_BY_ANOTHER", True)
    assert [finding.level for finding in await provisioner.check(owner)] == ["ok"]
    await provisioner.remove(replace(owner, database=address))

    full = configure(connection, **where)
    name = full.database["database"]
    at = everywhere(mariadb)
    await run_on(at, f"CREATE DATABASE {name}")
    await run_on(at, f"CREATE TABLE {name}.letters (id INT PRIMARY KEY)")
    found = await refused(provisioner, full)
    assert (found.code, "letters" in found.message) == ("DATABASE_EXISTS", True)
    await run_on(at, f"DROP DATABASE {name}")

    for change in ({"port": free_port()}, {"host": "nowhere.invalid"}):
        (away,) = wrong(await provisioner.check(configure(connection, **{**where, **change})))
        assert (away.code, bool(away.remedy)) == ("SERVER_UNREACHABLE", True)


@pytest.mark.parametrize("connection", ["new_schema", "new_connection"])
async def test_a_schema_with_a_name_that_postgresql_keeps(
    provisioner: LocalProvisioner, configure: Configure, connection: str
) -> None:
    asked = configure(connection, database="postgres", schema="pg_shop")
    assert (await refused(provisioner, asked)).code == "DATABASE_UNSUITABLE"


async def test_a_schema_that_somebody_holds_is_given_up_and_whole(
    provisioner: LocalProvisioner,
    configure: Configure,
    postgresql: Server,
    admin: asyncpg.Connection,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(type(dialect("postgres")), "lock_timeout", "SET LOCAL lock_timeout = '100ms'")
    asked = configure("new_schema", database="postgres", schema="held")
    await provisioner.prepare(asked)
    async with admin.transaction():
        await admin.execute("LOCK TABLE held.books")
        with pytest.raises(Contention):
            await provisioner.remove(asked)
    assert await admin.fetchval("SELECT count(*) FROM held.books") == 0
    await provisioner.remove(asked)


@pytest.mark.parametrize(
    ("path", "connection", "code"),
    [
        ("apps/a/a.sqlite", "new_schema", "DATABASE_UNSUITABLE"),
        ("../outside.sqlite", "new_database", "STORAGE_UNFIT"),
        ("link/outside.sqlite", "new_database", "STORAGE_UNFIT"),
        ("file/a.sqlite", "new_database", "STORAGE_UNFIT"),
        ("folder", "new_database", "STORAGE_UNFIT"),
        ("text.sqlite", "new_database", "STORAGE_UNFIT"),
        ("file", "new_database", "STORAGE_UNFIT"),
        ("apps/other/other.sqlite-wal", "new_database", "STORAGE_UNFIT"),
        ("apps/other/other.sqlite-journal", "new_database", "STORAGE_UNFIT"),
        ("logs/other.log.1", "new_database", "STORAGE_UNFIT"),
        ("templates/a.sqlite", "new_database", "STORAGE_UNFIT"),
        ("nothing.sqlite", "new_connection", "DATABASE_NOT_FOUND"),
        ("", "new_database", "STORAGE_UNFIT"),
    ],
)
async def test_files_that_can_not_be(
    provisioner: LocalProvisioner, folder: Path, path: str, connection: str, code: str
) -> None:
    (folder / "folder").mkdir()
    for name in ("file", "text.sqlite"):
        (folder / name).write_text("not a database, but some text that is longer than a header" * 20)
    (folder / "link").symlink_to(folder.parent)
    before = sorted(folder.parent.rglob("*"))
    storage = str(folder / path) if path else None
    asked = Configuration("a", "00000000-0000-4000-8000-000000000001", connection=connection)  # type: ignore[arg-type]
    found = await refused(provisioner, replace(asked, database={"dialect": "sqlite", "storage": storage}))
    assert (found.code, bool(found.remedy)) == (code, True)
    assert sorted(folder.parent.rglob("*")) == before


async def test_many_at_once(provisioner: LocalProvisioner, configure: Configure, folder: Path) -> None:
    many = [configure("new_database") for _ in range(10)]
    many += [configure("new_schema", database="postgres", schema=f"many {number}") for number in range(10)]
    many += [
        replace(
            configure("new_database"),
            database={"dialect": "sqlite", "storage": str(folder / "apps" / str(number) / "a.sqlite")},
        )
        for number in range(10)
    ]
    await asyncio.gather(*(provisioner.prepare(each) for each in many))
    for each in many:
        assert [finding.level for finding in await provisioner.check(each)] == ["ok"]
    await asyncio.gather(*(provisioner.remove(each) for each in many))
    assert not list((folder / "apps").iterdir())
