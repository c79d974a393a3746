"""MariaDB as it is in life: full, restarting, hanging, closed to us; and what its sessions have to be told first."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator

import pytest
import sqlalchemy as sa

from insula.core.ids import random_id
from insula.database import errors, pool
from insula.database.budget import ConnectionBudget
from insula.database.dialects.mariadb import DIALECT
from insula.database.dialects.mysql import DIALECT as MYSQL
from insula.database.dialects.mysql_connection import MysqlConnection
from insula.database.dialects.mysql_opening import Killer
from insula.database.engine import open_database
from insula.database.executor import Database
from insula.database.options import DatabaseOptions
from insula.database.pooled import PooledDatabase
from insula.database.provision.ensure import ensure_database, wait_for_database
from insula.database.statement import SCHEMA_TOKEN
from insula.testing import servers
from insula.testing.suspended import suspended

ONE = sa.select(sa.literal(1).label("one"))
OWN_ID = sa.text("SELECT CONNECTION_ID() AS id")
TEXTS = sa.Table(
    "texts",
    sa.MetaData(),
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("text", sa.Text(2**30)),
    schema=SCHEMA_TOKEN,
)


def on(server: servers.Server, **changes: object) -> DatabaseOptions:
    values = {
        "dialect": "mariadb",
        "host": server.host,
        "port": server.port,
        "user": server.user,
        "password": server.password,
        "database": "insula",
    }
    return DatabaseOptions(**{**values, **changes})  # type: ignore[arg-type]


@contextlib.asynccontextmanager
async def opened(options: DatabaseOptions, budget: ConnectionBudget) -> AsyncIterator[Database]:
    await ensure_database(options, ConnectionBudget())
    database = open_database(options, budget)
    try:
        yield database
    finally:
        await database.close()


@contextlib.asynccontextmanager
async def watching(server: servers.Server) -> AsyncIterator[MysqlConnection]:
    """A connection beside the pools, as the administrator."""
    options = on(server, database="mysql")
    connection = await DIALECT.connect(options, Killer(options, asyncio.Lock()))
    try:
        yield connection
    finally:
        await connection.close()


async def of(connection: MysqlConnection, database: str) -> list[str | None]:
    """What the connections to ``database`` (a pattern of LIKE) run."""
    text = "SELECT INFO AS info FROM information_schema.PROCESSLIST WHERE DB LIKE ?"
    return [row["info"] for row in await connection.fetch(text, (database,))]


async def kill_all(connection: MysqlConnection, database: str) -> None:
    rows = await connection.fetch(
        "SELECT ID AS id FROM information_schema.PROCESSLIST WHERE DB = ?", (database,)
    )
    for row in rows:
        await connection.script(f"KILL CONNECTION {row['id']}")


@pytest.fixture
def options(mariadb: servers.Server) -> DatabaseOptions:
    """A database of its own, not made yet."""
    return on(mariadb, database=f"test_{random_id(8)}")


@pytest.fixture
async def database(options: DatabaseOptions) -> AsyncIterator[Database]:
    budget = ConnectionBudget(5, wait_s=5)
    async with opened(options, budget) as database:
        yield database
    assert (budget.used, budget.waiting) == (0, 0)


@pytest.fixture
async def texts(database: Database) -> Database:
    await database.run(sa.schema.CreateTable(TEXTS))
    return database


# --- sessions


async def test_text_is_compared_by_its_letters_and_blanks(texts: Database) -> None:
    values = ["a", "A", "a ", "ä", "z", "Z", "é", "😀"]
    await texts.execute_many(
        texts.compile(sa.insert(TEXTS)), [{"id": i, "text": text} for i, text in enumerate(values)]
    )
    for text in values:
        found = await texts.run(sa.select(TEXTS.c.text).where(TEXTS.c.text == text))
        assert [row["text"] for row in found] == [text]
    ordered = await texts.run(sa.select(TEXTS.c.text).order_by(TEXTS.c.text))
    assert [row["text"] for row in ordered] == sorted(values)


async def test_sessions_are_strict_in_utc_and_see_what_others_commit(texts: Database) -> None:
    with pytest.raises(errors.ValueOutOfRange):
        await texts.run(sa.text("INSERT INTO texts (id, text) VALUES ('x', 'y')"))
    await texts.run(sa.insert(TEXTS).values(id=0, text="zero"))
    assert await texts.run(sa.select(TEXTS)) == [{"id": 0, "text": "zero"}]
    (row,) = await texts.run(
        sa.text("SELECT @@time_zone AS z, NOW() = UTC_TIMESTAMP() AS same, 'a' || 'b' AS ab")
    )
    assert row == {"z": "+00:00", "same": 1, "ab": "ab"}
    async with texts.transaction() as transaction:
        assert len(await transaction.run(sa.select(TEXTS))) == 1
        await texts.run(sa.insert(TEXTS).values(id=1, text="one"))
        assert len(await transaction.run(sa.select(TEXTS))) == 2


async def test_texts_can_hold_what_sql_is_made_of(texts: Database) -> None:
    values = [
        "it's",
        "\\",
        "\\'",
        "a?b",
        '"',
        "`",
        "%s",
        "/* ",
        "-- ",
        "#",
        ":x",
        "\n\r\t\x1a",
        "';DROP TABLE texts;",
    ]
    insert = texts.compile(sa.insert(TEXTS))
    for number, text in enumerate(values):
        await texts.execute(insert, {"id": number, "text": text})
        found = await texts.run(sa.select(TEXTS.c.id).where(TEXTS.c.text == text, TEXTS.c.text != "?"))
        assert found == [{"id": number}]
    assert [row["text"] for row in await texts.run(sa.select(TEXTS).order_by(TEXTS.c.id))] == values


async def test_what_a_transaction_changed_of_its_session_is_set_back(database: Database) -> None:
    assert database.dialect.lock_timeout is not None
    limits = sa.text(
        "SELECT @@max_statement_time AS s, @@lock_wait_timeout AS w, @@foreign_key_checks AS f, CONNECTION_ID() AS id"
    )
    (before,) = await database.run(limits)
    for failing in (False, True):
        with contextlib.suppress(ZeroDivisionError):
            async with database.transaction(statement_timeout_s=77) as transaction:
                await transaction.run(sa.text(database.dialect.lock_timeout))
                await transaction.lock("x")
                await transaction.run(sa.text("SET SESSION foreign_key_checks = 0"))
                (inside,) = await transaction.run(limits)
                assert (float(inside["s"]), inside["w"], inside["f"]) == (77.0, 10, 0)
                if failing:
                    raise ZeroDivisionError
        assert await database.run(limits) == [before]
        (row,) = await database.run(sa.text("SELECT RELEASE_ALL_LOCKS() AS held"))
        assert row["held"] == 0


async def test_locks_are_of_one_database(mariadb: servers.Server, database: Database) -> None:
    other = on(mariadb, database=f"test_{random_id(8)}")
    async with opened(other, ConnectionBudget(1)) as second, database.transaction() as transaction:
        await transaction.lock("same name")
        async with asyncio.timeout(5), second.transaction() as its:
            await its.lock("same name")


async def test_waiting_for_a_lock_has_an_end(database: Database) -> None:
    async with database.transaction() as first:
        await first.lock("taken")
        with pytest.raises(errors.StatementTimeout):
            async with database.transaction(statement_timeout_s=0.2) as second:
                await second.lock("taken")


# --- long values and long results


async def test_long_values(texts: Database) -> None:
    insert = texts.compile(sa.insert(TEXTS))
    long = "é" * 5_000_000
    await texts.execute(insert, {"id": 1, "text": long})
    assert (await texts.run(sa.select(TEXTS.c.text)))[0]["text"] == long
    with pytest.raises(errors.StatementTooComplex):
        await texts.execute(insert, {"id": 2, "text": long * 2})
    assert await texts.run(ONE) == [{"one": 1}]


async def test_a_stream_may_be_read_slowly_but_has_to_begin_in_time(options: DatabaseOptions) -> None:
    impatient = on(servers.Server(options.host, options.port or 0, options.user, options.password, None, None),  # type: ignore[arg-type]
                   database=options.database, statement_timeout_s=1.0)  # fmt: skip
    async with opened(impatient, ConnectionBudget(2)) as database:
        numbers = database.compile(sa.text("SELECT seq AS n, REPEAT('x', 1000) AS x FROM seq_1_to_30000"))
        stream = database.stream(numbers, {}, 1000)
        count = len(await anext(stream))
        await asyncio.sleep(1.2)
        async for rows in stream:
            count += len(rows)
        assert count == 30_000
        late = database.compile(sa.text("SELECT SLEEP(30) AS n"))
        async with asyncio.timeout(5):
            with pytest.raises(errors.StatementTimeout):
                await anext(database.stream(late, {}))
        assert await database.run(ONE) == [{"one": 1}]


async def test_a_stream_that_is_left_ends_on_the_server(
    mariadb: servers.Server, options: DatabaseOptions
) -> None:
    async with opened(options, ConnectionBudget(1)) as database, watching(mariadb) as watcher:
        (before,) = await database.run(OWN_ID)
        endless = database.compile(sa.text("SELECT seq AS n, REPEAT('x', 1000) AS x FROM seq_1_to_100000000"))
        stream = database.stream(endless, {}, 10)
        assert len(await anext(stream)) == 10
        await stream.aclose()  # type: ignore[attr-defined]
        assert await database.run(OWN_ID) == [before]
        assert not [info for info in await of(watcher, options.database) if "seq_1" in (info or "")]


# --- giving up


async def test_what_is_cancelled_ends_on_the_server(
    mariadb: servers.Server, options: DatabaseOptions
) -> None:
    async with opened(options, ConnectionBudget(12)) as database, watching(mariadb) as watcher:
        slow = database.compile(sa.text("SELECT SLEEP(60) AS n"))
        for _ in range(3):
            tasks = [asyncio.create_task(database.execute(slow, {})) for _ in range(4)]
            async with asyncio.timeout(5):
                while sum(info is not None for info in await of(watcher, options.database)) < 4:
                    await asyncio.sleep(0.01)
                for task in tasks:
                    task.cancel()
                await asyncio.wait(tasks)
            assert all(task.cancelled() for task in tasks)
            assert not [info for info in await of(watcher, options.database) if "SLEEP" in (info or "")]
        async with asyncio.timeout(5):
            await asyncio.gather(*(database.run(ONE) for _ in range(20)))


async def test_a_deadlock_ends_the_whole_transaction(texts: Database) -> None:
    await texts.execute_many(texts.compile(sa.insert(TEXTS)), [{"id": 1, "text": ""}, {"id": 2, "text": ""}])
    met = asyncio.Barrier(2)

    async def take(first: int, second: int) -> None:
        async with texts.transaction() as transaction:
            await transaction.run(sa.insert(TEXTS).values(id=first * 10, text="lost or kept"))
            await transaction.run(sa.update(TEXTS).where(TEXTS.c.id == first).values(text=f"{first}"))
            await met.wait()
            async with transaction.savepoint():
                await transaction.run(sa.update(TEXTS).where(TEXTS.c.id == second).values(text=f"{first}"))

    results = await asyncio.gather(take(1, 2), take(2, 1), return_exceptions=True)
    assert [type(result) for result in results if result is not None] == [errors.Contention]
    winner = 1 if results[0] is None else 2
    rows = await texts.run(sa.select(TEXTS).order_by(TEXTS.c.id))
    assert [tuple(row.values()) for row in rows] == [
        (1, f"{winner}"), (2, f"{winner}"), (winner * 10, "lost or kept")
    ]  # fmt: skip


async def test_a_transaction_that_the_server_undid_is_not_gone_on_from(texts: Database) -> None:
    """Whatever made the server do it: what was done before is not there any more, so nothing may follow."""
    with pytest.raises(errors.TransactionFailed):
        async with texts.transaction() as transaction:
            await transaction.run(sa.insert(TEXTS).values(id=1, text="lost"))
            with pytest.raises(errors.Contention):
                async with transaction.savepoint():
                    await transaction.run(sa.text("ROLLBACK /* as a server may do */"))
            await transaction.run(sa.insert(TEXTS).values(id=2, text="half"))
    assert await texts.run(sa.select(TEXTS)) == []


async def test_a_change_of_schema_that_is_given_up(mariadb: servers.Server, texts: Database) -> None:
    """It waits for a reader; whoever gives it up can go on, and what came before it was committed."""
    add = sa.DDL(f"ALTER TABLE {SCHEMA_TOKEN}.texts ADD COLUMN more INTEGER")
    async with texts.transaction() as reader, texts.transaction() as transaction:
        await reader.run(sa.select(TEXTS))
        await transaction.run(sa.insert(TEXTS).values(id=1, text="before"))
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.3), transaction.savepoint():
                await transaction.run(add)
        await transaction.run(sa.insert(TEXTS).values(id=2, text="after"))
    assert await texts.run(sa.select(TEXTS.c.id).order_by(TEXTS.c.id)) == [{"id": 1}, {"id": 2}]


async def test_reads_survive_lost_connections_and_writes_are_not_repeated(
    mariadb: servers.Server, options: DatabaseOptions
) -> None:
    budget = ConnectionBudget(5)
    async with opened(options, budget) as database, watching(mariadb) as other:
        await asyncio.gather(*(database.run(ONE) for _ in range(3)))
        await kill_all(other, options.database)
        assert await database.run(ONE) == [{"one": 1}]
        with pytest.raises(errors.TransactionFailed):
            async with database.transaction() as transaction:
                assert await transaction.run(ONE) == [{"one": 1}]
                await kill_all(other, options.database)
                with pytest.raises(errors.DatabaseGone):
                    await transaction.run(ONE)
        sleeping = asyncio.create_task(database.run(sa.text("SELECT SLEEP(30)")))
        while not any("SLEEP" in (info or "") for info in await of(other, options.database)):
            await asyncio.sleep(0.005)
        await kill_all(other, options.database)
        with pytest.raises(errors.DatabaseGone):
            await sleeping
    assert budget.used == 0


async def test_a_server_that_hangs_is_given_up(
    mariadb: servers.Server, options: DatabaseOptions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool, "TICK_S", 0.1)
    monkeypatch.setattr("insula.database.dialects.mysql.HANG_GRACE_S", 0.3)
    short = on(mariadb, database=options.database, statement_timeout_s=1, connect_timeout_s=2)
    async with opened(short, ConnectionBudget(3)) as database:
        await database.run(ONE)
        with suspended(mariadb.process.pid):
            async with asyncio.timeout(60):
                with pytest.raises(errors.DatabaseGone):
                    await database.execute(database.compile(sa.text("SELECT 1")), {})
        async with asyncio.timeout(60):
            assert await database.run(ONE) == [{"one": 1}]


# --- the budget


async def test_never_more_connections_than_the_budget(mariadb: servers.Server) -> None:
    budget = ConnectionBudget(5)
    names = [f"budget {number}" for number in range(3)]
    async with watching(mariadb) as watcher, contextlib.AsyncExitStack() as stack:
        databases = [
            await stack.enter_async_context(opened(on(mariadb, database=name), budget)) for name in names
        ]
        tasks = [asyncio.create_task(databases[i % 3].run(sa.text("SELECT SLEEP(0.01)"))) for i in range(100)]
        most = 0
        while not all(task.done() for task in tasks):
            most = max(most, len(await of(watcher, "budget %")))
        await asyncio.gather(*tasks)
    assert 0 < most <= 5
    assert budget.used == 0


async def test_too_many_connections_are_waited_out(
    mariadb: servers.Server, options: DatabaseOptions, monkeypatch: pytest.MonkeyPatch
) -> None:
    await ensure_database(options, ConnectionBudget())
    user = f"plain_{random_id(6)}"
    async with watching(mariadb) as admin:
        await admin.script(f"CREATE USER '{user}'@'%' IDENTIFIED BY 'x' WITH MAX_USER_CONNECTIONS 3")
        await admin.script(f"GRANT ALL PRIVILEGES ON `{options.database}`.* TO '{user}'@'%'")
    plain = on(mariadb, database=options.database, user=user, password="x")
    budget = ConnectionBudget(30)
    async with opened(plain, budget) as database:
        await asyncio.gather(*(database.run(sa.text("SELECT SLEEP(0.1)")) for _ in range(6)))
        monkeypatch.setattr(pool, "REFUSED_S", 0.3)
        results = await asyncio.gather(
            *(database.run(sa.text("SELECT SLEEP(2)")) for _ in range(8)), return_exceptions=True
        )
        assert any(isinstance(result, errors.TooManyConnections) for result in results)
        assert all(isinstance(result, errors.TooManyConnections | list) for result in results)
    assert budget.used == 0


async def test_slow_readers_leave_connections_to_others(
    mariadb: servers.Server, options: DatabaseOptions
) -> None:
    budget = ConnectionBudget(5, wait_s=2)
    async with opened(options, budget) as database:
        numbers = database.compile(sa.text("SELECT seq AS n FROM seq_1_to_10"))
        unread = [database.stream(numbers, {}, 1) for _ in range(2)]
        for stream in unread:
            await anext(stream)
        await asyncio.gather(*(database.run(ONE) for _ in range(20)))
        with pytest.raises(errors.TooManyConnections):
            await anext(database.stream(numbers, {}, 1))
        for stream in unread:
            await stream.aclose()  # type: ignore[attr-defined]
        assert [row["n"] async for rows in database.stream(numbers, {}, 4) for row in rows] == [*range(1, 11)]


# --- opening


async def test_a_wrong_password_is_not_waited_for(mariadb: servers.Server) -> None:
    options = on(mariadb, password="wrông")
    async with asyncio.timeout(5):
        with pytest.raises(errors.InvalidPassword, match="DB_PASSWORD"):
            await wait_for_database(options, ConnectionBudget(), 60)
    assert "wrông" not in repr(options)


async def test_a_role_without_rights_gets_the_statements_to_run(mariadb: servers.Server) -> None:
    async with watching(mariadb) as admin:
        await admin.script("CREATE USER 'poor ''one'''@'%' IDENTIFIED BY 'pässword'")
        poor = on(mariadb, database="my `data` 100%_", user="poor 'one'", password="pässword")
        with pytest.raises(errors.PermissionDenied, match="GRANT ALL") as denied:
            await ensure_database(poor, ConnectionBudget())
        for statement in denied.value.message.split("mend it: ", 1)[1].rstrip(".").split("; "):
            await admin.script(statement)
        await ensure_database(poor, ConnectionBudget())
        async with opened(poor, ConnectionBudget(1)) as database:
            await database.run(sa.schema.CreateTable(TEXTS))
            await database.run(sa.insert(TEXTS).values(id=1, text="x"))
            assert await database.run(sa.select(TEXTS)) == [{"id": 1, "text": "x"}]
            with pytest.raises(errors.PermissionDenied):
                await database.run(sa.text("SELECT * FROM mysql.db"))


async def test_collations_that_compare_otherwise(mariadb: servers.Server) -> None:
    empty, used = f"test_{random_id(8)}", f"test_{random_id(8)}"
    async with watching(mariadb) as admin:
        for name in (empty, used):
            await admin.script(f"CREATE DATABASE {name} CHARACTER SET latin1")
        await admin.script(f"CREATE TABLE {used}.t (a INTEGER)")
    await ensure_database(on(mariadb, database=empty), ConnectionBudget())
    async with opened(on(mariadb, database=empty), ConnectionBudget(1)) as database:
        (row,) = await database.run(sa.text("SELECT @@collation_database AS name"))
        assert row["name"] == "utf8mb4_nopad_bin"
    with pytest.raises(errors.UnsuitableDatabase, match="latin1.*ALTER DATABASE"):
        await ensure_database(on(mariadb, database=used), ConnectionBudget())


async def test_the_wrong_one_of_the_two_dialects(mariadb: servers.Server) -> None:
    with pytest.raises(errors.UnsuitableDatabase, match="DB_DIALECT=mariadb"):
        await MYSQL.probe(on(mariadb, dialect="mysql", database="mysql"), ConnectionBudget())


async def test_ports_that_never_answer_or_that_nobody_listens_on(mariadb: servers.Server) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        for port, reason in ((silent.getsockname()[1], "too long"), (servers.free_port(), "refused")):
            options = on(mariadb, port=port, connect_timeout_s=0.3)
            with pytest.raises(errors.DatabaseUnavailable, match=reason):
                await DIALECT.probe(options, ConnectionBudget())
            with pytest.raises(errors.DatabaseUnavailable):
                await wait_for_database(options, ConnectionBudget(), 0.4)
    with pytest.raises(errors.DatabaseUnavailable, match="name is not known"):
        await DIALECT.probe(on(mariadb, host="nowhere.invalid"), ConnectionBudget())
    with pytest.raises(errors.DatabaseUnavailable):
        await DIALECT.probe(on(mariadb, host="/nowhere"), ConnectionBudget())


async def test_a_unix_socket(mariadb: servers.Server) -> None:
    folder = mariadb.folder
    (folder / "mysqld.sock").symlink_to(folder / "socket")
    options = on(mariadb, host=str(folder), port=None, database="mysql")
    await DIALECT.probe(options, ConnectionBudget())


async def test_tls_when_it_is_asked_for(mariadb: servers.Server) -> None:
    """This server has none: who insists gets no connection, who prefers it gets one without."""
    with pytest.raises(errors.DatabaseUnavailable):
        await DIALECT.probe(on(mariadb, ssl="require", database="mysql"), ConnectionBudget())
    for mode in ("disable", "allow", "prefer"):
        await DIALECT.probe(on(mariadb, ssl=mode, database="mysql"), ConnectionBudget())


async def test_a_pool_is_shared_by_who_opens_the_same_database(options: DatabaseOptions) -> None:
    budget = ConnectionBudget(3)
    async with opened(options, budget) as one, opened(options, budget) as two:
        assert isinstance(one, PooledDatabase)
        assert isinstance(two, PooledDatabase)
        assert one.pool is two.pool
        assert await one.run(OWN_ID) == await two.run(OWN_ID)
    assert budget.used == 0
