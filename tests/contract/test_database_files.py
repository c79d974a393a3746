"""SQLite files as they are in life: in a wrong place, of a wrong kind, on a full disk, used by others."""

import asyncio
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from insula.database import embedded, errors, sqlite_file
from insula.database.budget import ConnectionBudget
from insula.database.embedded import SqliteDatabase
from insula.database.engine import open_database
from insula.database.options import DatabaseOptions
from insula.database.provision.ensure import ensure_database, wait_for_database
from insula.testing.disks import Disk, NoDisks, small_disk

NOTES = sa.Table("notes", sa.MetaData(), sa.Column("text", sa.Text), schema="insula_schema")


def at(path: Path, **changes: object) -> DatabaseOptions:
    return DatabaseOptions(dialect="sqlite", storage=path, **changes)  # type: ignore[arg-type]


def opened(path: Path, **changes: object) -> SqliteDatabase:
    database = open_database(at(path, **changes), ConnectionBudget())
    assert isinstance(database, SqliteDatabase)
    return database


async def test_folder_and_file_are_private(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "main.sqlite"
    await ensure_database(at(path), ConnectionBudget())
    await wait_for_database(at(path), ConnectionBudget(), 1)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


async def test_paths_that_can_not_be_a_database(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "text").write_text("no database, but a text that is long enough to look at" * 100)
    (tmp_path / "device").symlink_to("/dev/full")
    for name, words in {
        "folder": "is a folder",
        "text": "is not a SQLite",
        "text/below": "can not be opened",
    }.items():
        with pytest.raises(errors.InvalidStorage, match=words):
            await ensure_database(at(tmp_path / name), ConnectionBudget())
        with pytest.raises(errors.InvalidStorage, match=words):
            await wait_for_database(at(tmp_path / name), ConnectionBudget(), 30)
    assert (tmp_path / "text").read_text().startswith("no database")
    for storage in (None, Path(":memory:")):
        with pytest.raises(errors.InvalidStorage):
            open_database(DatabaseOptions(storage=storage), ConnectionBudget())


async def test_readers_write_nothing(tmp_path: Path) -> None:
    connection = sqlite_file.SqliteFile(tmp_path / "x").connect_to_read()
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        connection.execute("CREATE TABLE t (a)")
    connection.close()


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    try:
        with small_disk(tmp_path / "small", 1) as made:
            yield made
    except NoDisks as reason:
        pytest.skip(f"no file system can be mounted here: {reason}")


async def test_a_full_disk(disk: Disk) -> None:
    database = opened(disk.path / "main.sqlite")
    await database.run(sa.schema.CreateTable(NOTES))
    insert = database.compile(sa.insert(NOTES))
    await database.execute(insert, {"text": "kept"})
    with pytest.raises(errors.DiskFull):
        async with database.transaction() as transaction:
            for _ in range(100):
                await transaction.execute(insert, {"text": "x" * 50_000})
    with pytest.raises(errors.DiskFull):
        await database.execute_many(insert, [{"text": "x" * 50_000}] * 100)
    assert await database.run(sa.select(NOTES)) == [{"text": "kept"}]
    await database.execute(insert, {"text": "small"})
    await database.close()


async def test_another_process_writes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite_file, "_SETTINGS", sqlite_file._SETTINGS.replace("5000", "50"))
    path = tmp_path / "main.sqlite"
    database = opened(path)
    await database.run(sa.schema.CreateTable(NOTES))
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    insert = database.compile(sa.insert(NOTES))
    with pytest.raises(errors.Contention):
        await database.execute(insert, {"text": "x"})
    with pytest.raises(errors.Contention):
        async with database.transaction():
            pass
    assert await database.run(sa.select(NOTES)) == []
    other.execute("COMMIT")
    other.execute("ALTER TABLE notes ADD COLUMN more")
    other.close()
    await database.execute(insert, {"text": "x"})
    assert await database.run(sa.text("SELECT * FROM notes")) == [{"text": "x", "more": None}]
    await database.close()


async def test_streams_are_bounded_and_end_with_the_handle(tmp_path: Path) -> None:
    database = opened(tmp_path / "main.sqlite")
    await database.run(sa.schema.CreateTable(NOTES))
    await database.execute_many(database.compile(sa.insert(NOTES)), [{"text": str(i)} for i in range(100)])
    statement = database.compile(sa.select(NOTES))
    streams = [database.stream(statement, {}, 10) for _ in range(embedded.MAX_STREAMS)]
    for stream in streams:
        await anext(stream)
    one_more = asyncio.ensure_future(anext(database.stream(statement, {}, 10)))
    await database.run(sa.select(NOTES))
    assert not one_more.done()
    one_more.cancel()
    await database.close()
    for stream in streams:
        with pytest.raises(errors.DatabaseClosed):
            await anext(stream)


async def test_functions(tmp_path: Path) -> None:
    database = opened(tmp_path / "main.sqlite")
    text = "SELECT lower('ÄÖ') AS l, upper('äö') AS u, 'abc' REGEXP '^a.c$' AS r, 'abc' REGEXP 'x' AS n, lower(5) AS i"
    assert await database.run(sa.text(text)) == [{"l": "äö", "u": "ÄÖ", "r": 1, "n": 0, "i": 5}]
    assert {"regexp", "lower", "upper"} <= database.dialect.functions
    with pytest.raises(errors.InvalidPattern):
        await database.run(sa.text("SELECT 'abc' REGEXP '('"))
    await database.close()


async def test_a_waiting_statement_times_out_too(tmp_path: Path) -> None:
    database = opened(tmp_path / "main.sqlite", statement_timeout_s=0.5)
    numbers = sa.select(sa.literal(1).label("i")).cte("n", recursive=True)
    numbers = numbers.union_all(sa.select(numbers.c.i + 1).where(numbers.c.i < 10**9))
    slow = sa.select(sa.func.max(numbers.c.i))
    results = await asyncio.gather(*(database.run(slow) for _ in range(12)), return_exceptions=True)
    assert {type(result) for result in results} == {errors.StatementTimeout}
    assert await database.run(sa.select(sa.literal(1).label("one"))) == [{"one": 1}]
    await database.close()


async def test_waiting_for_the_writer_has_an_end(tmp_path: Path) -> None:
    database = opened(tmp_path / "main.sqlite", statement_timeout_s=0.5)
    try:
        await database.run(sa.schema.CreateTable(NOTES))
        async with database.transaction() as transaction:
            await transaction.run(sa.insert(NOTES).values(text="first"))
            for _ in range(2):
                with pytest.raises(errors.Contention, match="longer one"):
                    await database.run(sa.insert(NOTES).values(text="second"))
                with pytest.raises(errors.Contention):
                    async with database.transaction():
                        pytest.fail("two transactions write at once")
        await database.run(sa.insert(NOTES).values(text="third"))
        assert [row["text"] for row in await database.run(sa.select(NOTES))] == ["first", "third"]
    finally:
        await database.close()


async def test_what_others_read_keeps_its_log(tmp_path: Path) -> None:
    """Another process that opens and closes the file, a backup for one, must find SQLite's locks in place."""
    path = tmp_path / "main.sqlite"
    database = opened(path)
    try:
        await database.run(sa.schema.CreateTable(NOTES))
        for number in range(3):
            await database.run(sa.insert(NOTES).values(text=str(number)))
            await asyncio.gather(*(database.run(sa.select(NOTES)) for _ in range(20)))
            log = path.with_name("main.sqlite-wal")
            before = log.stat().st_ino
            backup = tmp_path / f"backup {number}"
            script = "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.execute('VACUUM INTO ?', sys.argv[2:]); c.close()"
            subprocess.run([sys.executable, "-c", script, str(path), str(backup)], check=True, timeout=60)
            assert log.stat().st_ino == before
            copy = sqlite3.connect(backup)
            assert copy.execute("SELECT count(*) FROM notes").fetchone() == (number + 1,)
            copy.close()
            database_again = opened(path)
            await database_again.run(sa.select(NOTES))
            await database_again.close()
    finally:
        await database.close()
