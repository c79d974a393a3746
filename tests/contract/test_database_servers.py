"""PostgreSQL as it is in life: full, restarting, hanging, closed to us. The budget over several pools."""

import asyncio
import contextlib
import signal
import socket
from collections.abc import AsyncIterator, Iterator

import pytest
import sqlalchemy as sa

from insula.database import connection, errors, pool
from insula.database.budget import ConnectionBudget
from insula.database.engine import open_database
from insula.database.executor import Database
from insula.database.options import DatabaseOptions
from insula.database.pooled import PooledDatabase
from insula.database.provision.claim import claim
from insula.database.provision.ensure import ensure_database, wait_for_database
from insula.testing import servers
from insula.testing.databases import connected
from insula.testing.disks import Disk, NoDisks, small_disk
from insula.testing.suspended import suspended

ONE = sa.select(sa.literal(1).label("one"))


def on(server: servers.Server, **changes: object) -> DatabaseOptions:
    values = {
        "dialect": "postgres",
        "host": server.host,
        "port": server.port,
        "user": server.user,
        "password": server.password,
        "database": "postgres",
    }
    return DatabaseOptions(**{**values, **changes})  # type: ignore[arg-type]


@contextlib.asynccontextmanager
async def opened(options: DatabaseOptions, budget: ConnectionBudget) -> AsyncIterator[Database]:
    database = open_database(options, budget)
    try:
        yield database
    finally:
        await database.close()


@pytest.fixture
def own_server() -> Iterator[servers.Server]:
    """A server that the test may stop and stall."""
    with servers.postgresql(
        settings=("--max_connections=12", "--superuser_reserved_connections=1")
    ) as server:
        yield server


async def test_never_more_connections_than_the_budget(postgresql: servers.Server) -> None:
    budget = ConnectionBudget(5)
    options = on(postgresql, application_name="counted")
    async with connected(postgresql) as watcher:
        for name in ("one", "two", "three"):
            await ensure_database(on(postgresql, database=f"budget_{name}"), ConnectionBudget())
        async with contextlib.AsyncExitStack() as stack:
            databases = [
                await stack.enter_async_context(opened(on(postgresql, database=f"budget_{name}",
                                                          application_name="counted"), budget))
                for name in ("one", "two", "three")
            ]  # fmt: skip
            most = 0
            tasks = [
                asyncio.create_task(databases[i % 3].run(sa.text("SELECT pg_sleep(0.01)")))
                for i in range(100)
            ]
            while not all(task.done() for task in tasks):
                counted = await watcher.fetchval(
                    "SELECT count(*) FROM pg_stat_activity WHERE application_name = $1",
                    options.application_name,
                )
                most = max(most, counted)
            await asyncio.gather(*tasks)
        assert 0 < most <= 5
        assert budget.used == 0


async def test_first_come_first_served_in_each_application(postgresql: servers.Server) -> None:
    budget = ConnectionBudget(1)
    order: list[int] = []

    async def one(number: int, database: Database) -> None:
        await database.run(ONE)
        order.append(number)

    for name in ("one", "two"):
        await ensure_database(on(postgresql, database=f"order_{name}"), ConnectionBudget())
    async with (
        opened(on(postgresql, database="order_one"), budget) as first,
        opened(on(postgresql, database="order_two"), budget) as second,
    ):
        await asyncio.gather(*(one(i, (first, first, second)[i % 3]) for i in range(12)))
        assert [number for number in order if number % 3 != 2] == [0, 1, 3, 4, 6, 7, 9, 10]
        assert [number for number in order if number % 3 == 2] == [2, 5, 8, 11]
        assert order.index(11) < 11, "the one with fewer tasks has its turn between those of the other"
        # An idle connection of the other pool is taken away.
        await first.run(ONE)
        await second.run(ONE)
        assert budget.used == 1


async def test_waiting_has_an_end(postgresql: servers.Server) -> None:
    budget = ConnectionBudget(1, wait_s=0.2)
    async with opened(on(postgresql), budget) as database, database.transaction() as transaction:
        await transaction.run(ONE)
        with pytest.raises(errors.TooManyConnections):
            await database.run(ONE)
        waiting = asyncio.create_task(database.run(ONE))
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert budget.waiting == 0


async def test_whoever_waits_for_a_closing_pool_is_refused(postgresql: servers.Server) -> None:
    budget = ConnectionBudget(1)
    await ensure_database(on(postgresql, database="closing"), ConnectionBudget())
    async with opened(on(postgresql), budget) as busy, busy.transaction() as transaction:
        await transaction.run(ONE)
        closing = open_database(on(postgresql, database="closing"), budget)
        waiting = asyncio.create_task(closing.run(ONE))
        while not budget.waiting:
            await asyncio.sleep(0)
        await closing.close()
        with pytest.raises(errors.DatabaseClosed):
            await waiting
        assert (budget.used, budget.waiting) == (1, 0)


async def test_handles_with_the_same_server_share_a_pool(postgresql: servers.Server) -> None:
    budget = ConnectionBudget(5)
    options = [on(postgresql, schema=f"shared {i}") for i in range(4)]
    for each in options:
        await ensure_database(each, ConnectionBudget())
    databases = [open_database(each, budget) for each in options]
    table = sa.Table("t", sa.MetaData(), sa.Column("id", sa.Integer), schema="insula_schema")
    for number, database in enumerate(databases):
        await database.run(sa.schema.CreateTable(table))
        await database.run(sa.insert(table).values(id=number))
    assert budget.used == 1
    assert [(await database.run(sa.select(table)))[0]["id"] for database in databases] == [0, 1, 2, 3]
    await databases[0].close()
    assert await databases[1].run(ONE) == [{"one": 1}]
    with pytest.raises(errors.DatabaseClosed):
        await databases[0].run(ONE)
    for database in databases:
        await database.close()
    assert budget.used == 0


async def test_a_connection_retires(postgresql: servers.Server, monkeypatch: pytest.MonkeyPatch) -> None:
    budget = ConnectionBudget(5)
    pid = sa.text("SELECT pg_backend_pid() AS pid")
    async with opened(on(postgresql), budget) as database:
        before = await database.run(pid)
        assert await database.run(pid) == before
        monkeypatch.setattr(pool, "MAX_USES", 2)
        await database.run(pid)
        assert await database.run(pid) != before
    monkeypatch.setattr(pool, "MAX_SCHEMAS", 2)
    handles = [open_database(on(postgresql, schema=f"s{i}"), budget) for i in range(4)]
    seen = [(await handle.run(pid))[0]["pid"] for handle in handles]
    assert len(set(seen)) == 2
    for handle in handles:
        await handle.close()


async def test_reads_survive_a_restart_and_writes_are_not_repeated(postgresql: servers.Server) -> None:
    budget = ConnectionBudget(5)
    async with (
        opened(on(postgresql, application_name="victim"), budget) as database,
        connected(postgresql) as other,
    ):
        end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'victim'"
        await asyncio.gather(*(database.run(ONE) for _ in range(3)))
        await other.execute(end)
        assert await database.run(ONE) == [{"one": 1}]
        await other.execute(end)
        with pytest.raises(errors.TransactionFailed):
            async with database.transaction() as transaction:
                assert await transaction.run(ONE) == [{"one": 1}]
                await other.execute(end)
                with pytest.raises(errors.DatabaseGone):
                    await transaction.run(ONE)
        await database.run(ONE)
        sleeping = asyncio.create_task(database.run(sa.text("SELECT pg_sleep(30)")))
        active = (
            "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'victim' AND state = 'active'"
        )
        while not await other.fetchval(active):
            await asyncio.sleep(0)
        await other.execute(end)
        with pytest.raises(errors.DatabaseGone):
            await sleeping
    assert budget.used == 0


async def test_the_server_goes_away_in_the_middle(own_server: servers.Server) -> None:
    budget = ConnectionBudget(3)
    async with opened(on(own_server), budget) as database:
        await database.run(ONE)
        slow = asyncio.create_task(database.run(sa.text("SELECT pg_sleep(30)")))
        await asyncio.sleep(0)
        servers.stop(own_server.process, signal.SIGQUIT)
        with pytest.raises(errors.DatabaseGone):
            await slow
        with pytest.raises(errors.DatabaseUnavailable):
            await database.run(ONE)
        lines: list[str] = []
        with pytest.raises(errors.DatabaseUnavailable):
            await wait_for_database(on(own_server), ConnectionBudget(), 0.3, lines.append)
    assert budget.used == 0


async def test_a_server_that_hangs_is_given_up(
    own_server: servers.Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool, "TICK_S", 0.1)
    monkeypatch.setattr("insula.database.dialects.postgresql.HANG_GRACE_S", 0.3)
    budget = ConnectionBudget(3)
    async with opened(on(own_server, statement_timeout_s=1), budget) as database:
        (row,) = await database.run(sa.text("SELECT pg_backend_pid() AS pid"))
        with suspended(row["pid"]):
            async with asyncio.timeout(60):
                with pytest.raises(errors.DatabaseGone):
                    await database.execute(database.compile(sa.text("SELECT 1")), {})
                assert await database.run(ONE) == [{"one": 1}]


async def test_a_port_that_never_answers(postgresql: servers.Server) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        options = on(postgresql, port=silent.getsockname()[1], connect_timeout_s=0.3)
        budget = ConnectionBudget(3)
        async with opened(options, budget) as database:
            with pytest.raises(errors.DatabaseUnavailable, match="too long"):
                await database.run(ONE)
        with pytest.raises(errors.DatabaseUnavailable):
            await wait_for_database(options, ConnectionBudget(), 0.5)
        assert budget.used == 0


async def test_a_port_that_nobody_listens_on(
    postgresql: servers.Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("insula.core.patience.REPORT_EVERY_S", 0.1)
    monkeypatch.setattr("insula.core.patience._TRY_EVERY_S", 0.05)
    options = on(postgresql, port=servers.free_port())
    lines: list[str] = []
    with pytest.raises(errors.DatabaseUnavailable):
        await wait_for_database(options, ConnectionBudget(), 2, lines.append)
    assert 2 <= len(lines) <= 20
    assert "waiting for the database" in lines[0]


async def test_too_many_connections_are_waited_out(
    own_server: servers.Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    budget = ConnectionBudget(30)
    async with connected(own_server) as admin:
        await admin.execute("CREATE ROLE plain LOGIN PASSWORD 'x'")
        options = on(own_server, user="plain", password="x")
        async with opened(options, budget) as database:
            slow = sa.text("SELECT pg_sleep(0.2)")
            await asyncio.gather(*(database.run(slow) for _ in range(30)))
            monkeypatch.setattr(pool, "REFUSED_S", 0.3)
            await asyncio.gather(*(database.run(sa.text("SELECT 1")) for _ in range(2)))
            results = await asyncio.gather(
                *(database.run(sa.text("SELECT pg_sleep(2)")) for _ in range(20)), return_exceptions=True
            )
            assert any(isinstance(result, errors.TooManyConnections) for result in results)
            assert all(isinstance(result, errors.TooManyConnections | list) for result in results)
    assert budget.used == 0


async def test_a_wrong_password_is_not_waited_for(postgresql: servers.Server) -> None:
    options = on(postgresql, password="wrong")
    async with asyncio.timeout(5):
        with pytest.raises(errors.InvalidPassword, match="DB_PASSWORD"):
            await wait_for_database(options, ConnectionBudget(), 60)
    assert "wrong" not in repr(options)


async def test_a_role_without_rights_gets_the_statement_to_run(postgresql: servers.Server) -> None:
    async with connected(postgresql) as admin:
        await admin.execute("""CREATE ROLE "poor 'one'" LOGIN PASSWORD 'x'""")
    poor = {"user": "poor 'one'", "password": "x"}
    with pytest.raises(errors.DatabaseMissing) as missing:
        await ensure_database(on(postgresql, database='my "data"', **poor), ConnectionBudget())
    statement = str(missing.value.details["statement"])
    async with connected(postgresql) as admin:
        await admin.execute(statement)
    await ensure_database(on(postgresql, database='my "data"', **poor), ConnectionBudget())
    with pytest.raises(errors.SchemaMissing) as schema:
        await ensure_database(on(postgresql, schema="The App", **poor), ConnectionBudget())
    async with connected(postgresql) as admin:
        await admin.execute(str(schema.value.details["statement"]))
    await ensure_database(on(postgresql, schema="The App", **poor), ConnectionBudget())
    with pytest.raises(errors.SchemaMissing, match="GRANT"):
        await ensure_database(on(postgresql, **poor), ConnectionBudget())
    async with opened(on(postgresql, schema="pg_catalog", **poor), ConnectionBudget(1)) as database:
        with pytest.raises(errors.PermissionDenied):
            await database.run(sa.text("SELECT * FROM pg_authid"))


async def test_an_unsuitable_encoding(postgresql: servers.Server) -> None:
    async with connected(postgresql) as admin:
        await admin.execute("CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0")
    with pytest.raises(errors.UnsuitableDatabase, match="LATIN1"):
        await ensure_database(on(postgresql, database="latin"), ConnectionBudget())


async def test_ddl_of_another_process(postgresql: servers.Server) -> None:
    """Statements prepared before are prepared again, alone and as the first of a transaction."""
    options = on(postgresql, schema="other ddl")
    await ensure_database(options, ConnectionBudget())
    everything = sa.text("SELECT * FROM insula_schema.t")
    async with opened(options, ConnectionBudget(1)) as database, connected(postgresql) as other:
        assert isinstance(database, PooledDatabase)
        await other.execute('CREATE TABLE "other ddl".t (a integer); INSERT INTO "other ddl".t VALUES (1)')
        for column in ("b", "c"):
            before = len((await database.run(everything))[0])
            await other.execute(f'ALTER TABLE "other ddl".t ADD COLUMN {column} integer')
            if column == "b":
                assert len((await database.run(everything))[0]) == before + 1
            else:
                async with database.transaction() as transaction:
                    assert len((await transaction.run(everything))[0]) == before + 1
        async with database.transaction() as transaction:
            await transaction.run(everything)
        async with database.transaction() as transaction:
            await transaction.run(ONE)
            await other.execute('ALTER TABLE "other ddl".t ADD COLUMN d integer')
            with pytest.raises(errors.StatementOutdated):
                async with transaction.savepoint():
                    await transaction.run(everything)
            assert len((await transaction.run(everything))[0]) == 4
        statement = database.compile(everything)
        for column in ("e", "f"):
            (batch,) = [batch async for batch in database.stream(statement, {})]
            before = len(batch[0])
            await other.execute(f'ALTER TABLE "other ddl".t ADD COLUMN {column} integer')
            (batch,) = [batch async for batch in database.stream(statement, {})]
            assert len(batch[0]) == before + 1


async def test_invalid_patterns_and_deadlocks(postgresql: servers.Server) -> None:
    async with opened(on(postgresql), ConnectionBudget(3)) as database:
        with pytest.raises(errors.InvalidPattern):
            await database.run(sa.text("SELECT 'a' ~ '('"))
        met = asyncio.Barrier(2)

        async def take(first: int, second: int) -> None:
            async with database.transaction() as transaction:
                await transaction.run(sa.text(f"SELECT pg_advisory_xact_lock({first})"))
                await met.wait()
                await transaction.run(sa.text(f"SELECT pg_advisory_xact_lock({second})"))

        results = await asyncio.gather(take(1, 2), take(2, 1), return_exceptions=True)
        assert [type(result) for result in results if result is not None] == [errors.Contention]


@pytest.fixture
def disk(own_server: servers.Server) -> Iterator[Disk]:
    """Of the user that the server runs as."""
    folder = own_server.folder
    try:
        with small_disk(folder / "small", 2, owner=folder.stat().st_uid) as made:
            yield made
    except NoDisks as reason:
        pytest.skip(f"no file system can be mounted here: {reason}")


async def test_a_full_disk(own_server: servers.Server, disk: Disk) -> None:
    async with opened(on(own_server), ConnectionBudget(2)) as database:
        table = sa.table("big", sa.column("text", sa.Text))
        async with connected(own_server) as admin:
            await admin.execute(f"CREATE TABLESPACE small LOCATION '{disk.path}'")
            await admin.execute("CREATE TABLE big (text text) TABLESPACE small")
            await admin.execute("ALTER TABLE big ALTER COLUMN text SET STORAGE EXTERNAL")
        insert = database.compile(sa.insert(table))
        with pytest.raises(errors.DiskFull):
            async with database.transaction() as transaction:
                for _ in range(100):
                    await transaction.execute(insert, {"text": "x" * 100_000})
        assert await database.run(sa.select(table)) == []
    servers.stop(own_server.process, signal.SIGQUIT)


async def test_pools_take_turns_rather_than_connections_from_each_other(
    postgresql: servers.Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More tasks than the budget, over fewer databases: each keeps what it has."""
    opened_connections = 0
    open_one = pool.Pool._open

    async def counting(self: pool.Pool, how: pool.Open) -> connection.ServerConnection:
        nonlocal opened_connections
        opened_connections += 1
        return await open_one(self, how)

    budget = ConnectionBudget(5)
    names = [f"turns_{number}" for number in range(4)]
    for name in names:
        await ensure_database(on(postgresql, database=name), ConnectionBudget())
    async with contextlib.AsyncExitStack() as stack:
        databases = [
            await stack.enter_async_context(opened(on(postgresql, database=name), budget)) for name in names
        ]
        monkeypatch.setattr(pool.Pool, "_open", counting)
        await asyncio.gather(*(databases[number % 4].run(ONE) for number in range(400)))
        assert opened_connections <= 2 * len(names) + budget.limit
    assert (budget.used, budget.waiting) == (0, 0)


async def test_a_busy_application_gives_up_what_is_above_its_share(postgresql: servers.Server) -> None:
    """One database has taken all; tasks of another get their share though the first never rests."""
    budget = ConnectionBudget(4)
    await ensure_database(on(postgresql, database="busy"), ConnectionBudget())
    await ensure_database(on(postgresql, database="modest"), ConnectionBudget())
    slow = sa.text("SELECT pg_sleep(0.02)")
    done = asyncio.Event()
    async with (
        opened(on(postgresql, database="busy"), budget) as busy,
        opened(on(postgresql, database="modest"), budget) as modest,
    ):

        async def restless() -> None:
            while not done.is_set():
                await busy.run(slow)

        load = [asyncio.create_task(restless()) for _ in range(12)]
        while budget.shares.used < 3:
            await asyncio.sleep(0)
        async with asyncio.timeout(60):
            await asyncio.gather(*(modest.run(slow) for _ in range(40)))
        assert isinstance(modest, PooledDatabase)
        assert modest.pool.held == 2
        done.set()
        await asyncio.gather(*load)
    assert (budget.used, budget.waiting) == (0, 0)


async def test_tasks_that_go_away_while_they_wait_leave_nothing(postgresql: servers.Server) -> None:
    budget = ConnectionBudget(2)
    await ensure_database(on(postgresql, database="goes"), ConnectionBudget())
    async with (
        opened(on(postgresql), budget) as first,
        opened(on(postgresql, database="goes"), budget) as second,
    ):
        for round_number in range(20):
            tasks = [
                asyncio.create_task((first, second)[number % 2].run(sa.text("SELECT pg_sleep(0.001)")))
                for number in range(12)
            ]
            for _ in range(round_number * 3):
                await asyncio.sleep(0)
            for task in tasks[::2]:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            assert all(task.cancelled() or task.exception() is None for task in tasks)
            assert budget.waiting == 0
            assert budget.used <= budget.limit
    assert (budget.used, budget.waiting) == (0, 0)


async def test_slow_readers_leave_connections_to_others(postgresql: servers.Server) -> None:
    """Streams that nobody reads on hold at most half of the budget; the next ones wait for their turn."""
    budget = ConnectionBudget(5, wait_s=2)
    async with opened(on(postgresql), budget) as database:
        numbers = database.compile(sa.text("SELECT generate_series(1, 10) AS n"))
        unread = [database.stream(numbers, {}, 1) for _ in range(2)]
        for stream in unread:
            await anext(stream)
        await asyncio.gather(*(database.run(ONE) for _ in range(20)))
        with pytest.raises(errors.TooManyConnections):
            await anext(database.stream(numbers, {}, 1))
        await unread[0].aclose()  # type: ignore[attr-defined]
        assert [row["n"] async for rows in database.stream(numbers, {}, 4) for row in rows] == [*range(1, 11)]
        await unread[1].aclose()  # type: ignore[attr-defined]
        assert len([rows async for rows in database.stream(numbers, {}, 4)]) == 3
    assert (budget.used, budget.waiting) == (0, 0)


@pytest.mark.parametrize("limit", [3, 4, 5, 8])
async def test_all_who_read_streams_may_ask_beside_them(postgresql: servers.Server, limit: int) -> None:
    """As an export that appends does. With main's claim beside them, however many read at once."""
    budget = ConnectionBudget(limit, wait_s=5.0)
    options = on(postgresql)
    held = claim(options, budget, lambda error: None)
    async with opened(options, budget) as database:
        await held.take()
        numbers = database.compile(sa.text("SELECT generate_series(1, 5) AS n"))

        async def read() -> int:
            asked = 0
            async for _ in database.stream(numbers, {}, 1):
                asked += len(await database.run(ONE))
            return asked

        assert await asyncio.gather(*(read() for _ in range(3 * limit))) == [5] * (3 * limit)
    await held.release()
    assert (budget.used, budget.waiting) == (0, 0)


@pytest.mark.parametrize("schemas", [True, False])
async def test_an_application_with_slow_statements_never_takes_all(
    postgresql: servers.Server, schemas: bool
) -> None:
    """Neither of the pool that its neighbours share with it, nor of the budget; not two of them either."""
    budget = ConnectionBudget(10)
    names = [f"flood {number}" for number in range(4)]
    options = [on(postgresql, schema=name) if schemas else on(postgresql, database=name) for name in names]
    for each in options:
        await ensure_database(each, ConnectionBudget())
    async with contextlib.AsyncExitStack() as stack:
        flooding, also, calm, *_ = [await stack.enter_async_context(opened(each, budget)) for each in options]
        slow = sa.text("SELECT pg_sleep(60)")
        flood = [asyncio.create_task(each.run(slow)) for each in (flooding, also) for _ in range(30)]
        while budget.shares.used < 9:
            await asyncio.sleep(0.01)
        async with asyncio.timeout(30):
            for _ in range(50):
                assert await calm.run(ONE) == [{"one": 1}]
        assert not any(task.done() for task in flood)
        for task in flood:
            task.cancel()
        await asyncio.gather(*flood, return_exceptions=True)
        assert await flooding.run(ONE) == [{"one": 1}]
    assert (budget.used, budget.waiting, budget.shares.used) == (0, 0, 0)


async def test_connections_that_know_a_schema_part_with_its_last_user(postgresql: servers.Server) -> None:
    pid = sa.text("SELECT pg_backend_pid() AS pid")
    budget = ConnectionBudget(5)
    one, same, other = (open_database(on(postgresql, schema=name), budget) for name in ("s1", "s1", "s2"))
    known = await one.run(pid)
    await one.close()
    assert await same.run(pid) == known, "another uses the schema"
    await same.close()
    fresh = await other.run(pid)
    assert fresh != known
    passing = open_database(on(postgresql, schema="s3"), budget)
    await passing.close()
    assert await other.run(pid) == fresh, "it never knew that schema"
    await other.close()
    assert budget.used == 0


async def test_schemas_are_spread_over_pools(postgresql: servers.Server) -> None:
    """Few to a connection, so that a server's process knows few; never more pools than half the budget."""
    budget = ConnectionBudget(6)
    handles = [open_database(on(postgresql, schema=f"s{number}"), budget) for number in range(40)]
    pools = [handle.pool for handle in handles if isinstance(handle, PooledDatabase)]
    assert [len(each.users) for each in dict.fromkeys(pools)] == [14, 13, 13]
    again = open_database(on(postgresql, schema="s20"), budget)
    assert isinstance(again, PooledDatabase)
    assert again.pool is pools[20]
    for handle in (again, *handles[:8]):
        await handle.close()
    new = open_database(on(postgresql, schema="new"), budget)
    assert isinstance(new, PooledDatabase)
    assert new.pool is pools[0]
    for handle in (new, *handles[8:]):
        await handle.close()
    assert budget.used == 0
