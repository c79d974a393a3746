"""What every dialect's executor does with statements and values."""

import datetime as dt
import decimal
from collections.abc import Sequence
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.sql.dml import Delete, Insert, Update

from insula.database import errors
from insula.database.executor import Database, Transaction
from insula.database.statement import SCHEMA_TOKEN

METADATA = sa.MetaData()
AUTHORS = sa.Table(
    'The "Authors"',
    METADATA,
    sa.Column(
        "id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=False
    ),
    sa.Column("First Name", sa.String(50), nullable=False),
    sa.Column('quo"ted', sa.String(50)),
    sa.Column("small", sa.Integer),
    sa.Column("facts", sa.JSON),
    sa.Column("born", sa.Date),
    sa.UniqueConstraint("First Name", 'quo"ted', name="names"),
    sa.CheckConstraint("small >= 0", name="not below zero"),
    schema=SCHEMA_TOKEN,
)
BOOKS = sa.Table(
    "books",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("Author Id", sa.ForeignKey(AUTHORS.c.id, name="written by"), nullable=True),
    schema=SCHEMA_TOKEN,
)
INSERT = sa.insert(AUTHORS)
BY_ID = sa.select(AUTHORS).where(AUTHORS.c.id == sa.bindparam("key", type_=AUTHORS.c.id.type))


def author(key: int, name: str = "Ada", **more: Any) -> dict[str, Any]:
    return {
        "id": key,
        "First Name": name,
        'quo"ted': None,
        "small": None,
        "facts": None,
        "born": None,
        **more,
    }


@pytest.fixture
async def tables(database: Database) -> Database:
    for table in (AUTHORS, BOOKS):
        await database.run(sa.schema.CreateTable(table))
    return database


async def count(database: Database | Transaction, table: sa.Table = AUTHORS) -> int:
    rows = await database.run(sa.select(sa.func.count().label("n")).select_from(table))
    return int(rows[0]["n"])


async def test_rows_come_back_as_python_values(tables: Database) -> None:
    written = author(1, facts={"a": [1, None, "é"]}, born=dt.date(1815, 12, 10), small=7)
    assert await tables.execute(tables.compile(INSERT), written) == 1
    (row,) = await tables.fetch(tables.compile(BY_ID), {"key": 1})
    assert row == written
    row["id"] = 5
    assert (await tables.fetch(tables.compile(BY_ID), {"key": 1}))[0]["id"] == 1
    assert await tables.fetch(tables.compile(BY_ID), {"key": 2}) == []


async def test_returning(tables: Database) -> None:
    name = AUTHORS.c["First Name"]
    everything: list[tuple[str, Insert | Update | Delete, dict[str, Any]]] = [
        ("insert", INSERT.returning(name), author(3)),
        ("update", sa.update(AUTHORS).values(small=1).returning(name), {}),
        ("delete", sa.delete(AUTHORS).returning(name), {}),
    ]
    for kind, element, values in everything:
        if kind in tables.dialect.returning:
            assert await tables.fetch(tables.compile(element), values) == [{"First Name": "Ada"}]
        else:
            with pytest.raises(errors.CanNotCompile, match="RETURNING"):
                tables.compile(element)


async def test_touched_rows_are_counted(tables: Database) -> None:
    await tables.execute_many(tables.compile(INSERT), [author(i, str(i)) for i in range(10)])
    assert await tables.execute(tables.compile(sa.delete(AUTHORS).where(AUTHORS.c.id < 4)), {}) == 4
    assert await tables.execute(tables.compile(sa.update(AUTHORS).values(small=1)), {}) == 6


async def test_execute_many_is_all_or_nothing(tables: Database) -> None:
    with pytest.raises(errors.UniqueViolation):
        await tables.execute_many(tables.compile(INSERT), [author(1), author(2, "Bo"), author(1, "Cy")])
    assert await count(tables) == 0
    await tables.execute_many(tables.compile(INSERT), [])


async def test_constants_lists_and_text(tables: Database) -> None:
    await tables.execute_many(tables.compile(INSERT), [author(i, str(i)) for i in range(5)])
    rows = await tables.run(sa.select(AUTHORS.c.id).where(AUTHORS.c.id.in_([1, 3])).order_by(AUTHORS.c.id))
    assert rows == [{"id": 1}, {"id": 3}]
    assert await tables.run(sa.select(AUTHORS.c.id).where(AUTHORS.c.id.in_([]))) == []
    assert await tables.run(sa.text("SELECT 1 AS one")) == [{"one": 1}]
    named = f"SELECT id FROM {SCHEMA_TOKEN}.books WHERE id = :key"
    assert await tables.run(sa.text(named), {"key": 1}) == []
    with pytest.raises(errors.CanNotCompile):
        tables.compile(sa.select(AUTHORS.c.id).where(AUTHORS.c.id.in_(sa.bindparam("ids", expanding=True))))
    with pytest.raises(errors.MissingValue):
        await tables.fetch(tables.compile(BY_ID), {})


async def test_ilike_knows_the_case_of_all_letters(tables: Database) -> None:
    await tables.execute_many(
        tables.compile(INSERT), [author(1, "Émile"), author(2, "émile"), author(3, "x")]
    )
    name = AUTHORS.c["First Name"]
    assert len(await tables.run(sa.select(name).where(name.ilike("É%")))) == 2


async def test_stream_reads_in_batches(tables: Database) -> None:
    await tables.execute_many(tables.compile(INSERT), [author(i, str(i)) for i in range(1000)])
    statement = tables.compile(sa.select(AUTHORS.c.id).order_by(AUTHORS.c.id))
    sizes, seen = [], []
    async for batch in tables.stream(statement, {}, 300):
        sizes.append(len(batch))
        seen += [row["id"] for row in batch]
    assert sizes == [300, 300, 300, 100]
    assert seen == list(range(1000))
    assert [batch async for batch in tables.stream(tables.compile(BY_ID), {"key": -1})] == []
    with pytest.raises(errors.TableMissing):
        [batch async for batch in tables.stream(tables.compile(sa.text("SELECT * FROM nowhere")), {})]


async def test_a_stream_may_be_left(tables: Database) -> None:
    await tables.execute_many(tables.compile(INSERT), [author(i, str(i)) for i in range(1000)])
    statement = tables.compile(sa.select(AUTHORS.c.id))
    for _ in range(8):
        stream = tables.stream(statement, {}, 10)
        assert len(await anext(stream)) == 10
        await stream.aclose()  # type: ignore[attr-defined]
    assert await count(tables) == 1000


async def test_copy_rows(tables: Database) -> None:
    columns = ["id", "First Name", "facts", "born"]
    types = [AUTHORS.c[name].type for name in columns]
    rows: Sequence[Sequence[Any]] = [(i, f'n"{i}', {"i": i}, dt.date(2000, 1, 1)) for i in range(500)]
    async with tables.transaction() as transaction:
        assert await transaction.copy_rows(AUTHORS.name, columns, rows, types) == 500
    (row,) = await tables.fetch(tables.compile(BY_ID), {"key": 7})
    assert (row["First Name"], row["facts"], row["born"]) == ('n"7', {"i": 7}, dt.date(2000, 1, 1))
    with pytest.raises(errors.UniqueViolation):
        async with tables.transaction() as transaction:
            await transaction.copy_rows(AUTHORS.name, columns, rows[:1], types)
    with pytest.raises(errors.ValueOutOfRange, match="born|type"):
        async with tables.transaction() as transaction:
            await transaction.copy_rows(AUTHORS.name, columns, [(900, "x", None, object())], types)
    assert await count(tables) == 500


async def test_copy_csv(tables: Database) -> None:
    async def chunks() -> Any:
        for part in (b'1,"A, ', b'da",\n2,', "Zoë,3\n".encode()):
            yield part

    columns = ["id", "First Name", "small"]
    if not tables.dialect.copies_csv:
        with pytest.raises(errors.NotSupported):
            async with tables.transaction() as transaction:
                await transaction.copy_csv(AUTHORS.name, columns, chunks())
        return
    async with tables.transaction() as transaction:
        assert await transaction.copy_csv(AUTHORS.name, columns, chunks()) == 2
        assert await count(transaction) == 2
    rows = await tables.run(sa.select(*(AUTHORS.c[name] for name in columns)).order_by(AUTHORS.c.id))
    assert [tuple(row.values()) for row in rows] == [(1, "A, da", None), (2, "Zoë", 3)]


async def test_unique_violations_name_table_and_columns(tables: Database) -> None:
    insert = tables.compile(INSERT)
    await tables.execute(insert, author(1, **{'quo"ted': "x"}))
    with pytest.raises(errors.UniqueViolation) as caught:
        await tables.execute(insert, author(1, "Bo"))
    assert (caught.value.table, caught.value.columns) == (AUTHORS.name, ("id",))
    with pytest.raises(errors.UniqueViolation) as caught:
        await tables.execute(insert, author(2, **{'quo"ted': "x"}))
    assert (caught.value.table, caught.value.columns) == (AUTHORS.name, ("First Name", 'quo"ted'))
    assert "Ada" not in str(caught.value)


async def test_other_violations(tables: Database) -> None:
    insert = tables.compile(INSERT)
    with pytest.raises(errors.NotNullViolation) as missing:
        await tables.execute(insert, author(1, None))  # type: ignore[arg-type]
    assert (missing.value.table, missing.value.columns) == (AUTHORS.name, ("First Name",))
    with pytest.raises(errors.CheckViolation) as checked:
        await tables.execute(insert, author(1, small=-1))
    assert checked.value.constraint == "not below zero"


async def test_foreign_keys_both_ways(tables: Database) -> None:
    await tables.execute(tables.compile(INSERT), author(1))
    book = tables.compile(sa.insert(BOOKS))
    await tables.execute(book, {"id": 1, "Author Id": 1})
    with pytest.raises(errors.ForeignKeyViolation) as dangling:
        await tables.execute(book, {"id": 2, "Author Id": 9})
    assert not dangling.value.in_use
    with pytest.raises(errors.ForeignKeyViolation) as used:
        await tables.execute(tables.compile(sa.delete(AUTHORS)), {})
    assert used.value.in_use
    if not tables.dialect.is_file:
        assert (dangling.value.table, dangling.value.columns) == ("books", ("Author Id",))
        assert used.value.table == "books"


@pytest.mark.parametrize(
    "values",
    [
        {"small": 2**70},
        {"id": 2**63},
        {"First Name": "a\0b"},
        {"First Name": "\ud800"},
        {"born": "no date"},
    ],
    ids=["int", "bigint", "nul", "surrogate", "date"],
)
async def test_values_that_can_not_be_stored(tables: Database, values: dict[str, Any]) -> None:
    with pytest.raises(errors.ValueOutOfRange):
        await tables.execute(tables.compile(INSERT), {**author(1), **values})
    with pytest.raises(errors.ValueOutOfRange):
        await tables.execute_many(tables.compile(INSERT), [{**author(1), **values}])
    assert await count(tables) == 0


async def test_what_is_missing_and_what_is_there_already(tables: Database) -> None:
    nowhere = sa.table("Nowhere", sa.column("x"), schema=SCHEMA_TOKEN)
    with pytest.raises(errors.TableMissing, match="Nowhere"):
        await tables.run(sa.select(nowhere))
    other = sa.table("books", sa.column("Not There"), schema=SCHEMA_TOKEN)
    with pytest.raises(errors.ColumnMissing, match="Not There"):
        await tables.run(sa.select(other))
    with pytest.raises(errors.ColumnMissing, match="Not There"):
        await tables.run(sa.insert(other).values({"Not There": None}))
    with pytest.raises(errors.ObjectExists):
        await tables.run(sa.schema.CreateTable(BOOKS))


async def test_statements_prepared_for_an_old_schema_are_prepared_again(tables: Database) -> None:
    everything = tables.compile(sa.text(f"SELECT * FROM {SCHEMA_TOKEN}.books"))
    await tables.execute(tables.compile(sa.insert(BOOKS)), {"id": 1, "Author Id": None})
    assert await tables.fetch(everything, {}) == [{"id": 1, "Author Id": None}]
    add = sa.DDL(f"ALTER TABLE {SCHEMA_TOKEN}.books ADD COLUMN more INTEGER")
    async with tables.transaction() as transaction:
        assert len((await transaction.fetch(everything, {}))[0]) == 2
        await transaction.run(add)
        assert len((await transaction.fetch(everything, {}))[0]) == 3
    async with tables.transaction() as transaction:
        assert len((await transaction.fetch(everything, {}))[0]) == 3
    assert len((await tables.fetch(everything, {}))[0]) == 3


async def test_ddl_is_undone_with_its_transaction(tables: Database) -> None:
    if not tables.dialect.transactional_ddl:
        return  # see the test that follows
    with pytest.raises(ZeroDivisionError):
        async with tables.transaction() as transaction:
            await transaction.run(sa.schema.DropTable(BOOKS))
            raise ZeroDivisionError
    assert await count(tables, BOOKS) == 0


async def test_ddl_that_commits_is_followed_by_a_transaction(tables: Database) -> None:
    """What was done before it stays, what comes after it is undone alone, with all of its savepoints."""
    if tables.dialect.transactional_ddl:
        return  # see the test before
    insert = tables.compile(sa.insert(BOOKS))
    add = sa.DDL(f"ALTER TABLE {SCHEMA_TOKEN}.books ADD COLUMN more INTEGER")
    with pytest.raises(ZeroDivisionError):
        async with tables.transaction() as transaction:
            await transaction.execute(insert, {"id": 1, "Author Id": None})
            async with transaction.savepoint():
                await transaction.execute(insert, {"id": 2, "Author Id": None})
                with pytest.raises(ZeroDivisionError):
                    async with transaction.savepoint():
                        await transaction.execute(insert, {"id": 3, "Author Id": None})
                        await transaction.run(add)
                        await transaction.execute(insert, {"id": 4, "Author Id": None})
                        raise ZeroDivisionError
            assert await count(transaction, BOOKS) == 3
            with pytest.raises(errors.ObjectExists):
                async with transaction.savepoint():
                    await transaction.run(add)
            await transaction.execute(insert, {"id": 5, "Author Id": None})
            raise ZeroDivisionError
    rows = await tables.run(sa.select(BOOKS.c.id).order_by(BOOKS.c.id))
    assert [row["id"] for row in rows] == [1, 2, 3]


async def test_ten_thousand_values_in_one_array(tables: Database) -> None:
    await tables.execute_many(tables.compile(INSERT), [author(i, str(i)) for i in range(50)])
    ids = list(range(0, 20_000, 2))
    among: sa.ColumnElement[bool]
    if tables.dialect.name == "postgres":
        among = AUTHORS.c.id == sa.any_(sa.bindparam("ids", type_=sa.ARRAY(sa.BigInteger)))
    elif tables.dialect.name != "sqlite":
        table = sa.text(
            "`The \"Authors\"`.id IN (SELECT j.v FROM JSON_TABLE(:ids, '$[*]' COLUMNS (v BIGINT PATH '$')) AS j)"
        ).bindparams(sa.bindparam("ids", type_=sa.JSON))
        among = sa.type_coerce(table, sa.Boolean)
    else:
        values = sa.func.json_each(sa.bindparam("ids", type_=sa.JSON)).table_valued("value")
        among = AUTHORS.c.id.in_(sa.select(values.c.value))
    assert len(await tables.fetch(tables.compile(sa.select(AUTHORS.c.id).where(among)), {"ids": ids})) == 25


async def test_literals(database: Database) -> None:
    values: list[Any] = ['it\'s \\ "q"', 5, -1.5, True, None, decimal.Decimal("1.50"), {"a": "'"}]
    text = ", ".join(f"{database.dialect.literal(value)} AS v{i}" for i, value in enumerate(values))
    (row,) = await database.run(sa.text(f"SELECT {text}".replace(":", "\\:")))
    assert row["v0"] == values[0]
    assert [float(row["v1"]), float(row["v2"]), bool(row["v3"]), row["v4"]] == [5, -1.5, True, None]
    assert row["v6"] == '{"a":"\'"}'
    with pytest.raises(errors.ValueOutOfRange):
        database.dialect.literal("\0")
    quote = "`" if database.dialect.name in ("mariadb", "mysql") else '"'
    assert database.dialect.quote(f"a{quote}b") == f"{quote}a{quote}{quote}b{quote}"
