"""Making and dropping an application's database, on every dialect and in every kind of place."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa

from insula.core.clock import now
from insula.core.ids import random_id
from insula.database.budget import ConnectionBudget
from insula.database.dialects import dialect
from insula.database.engine import open_database
from insula.database.errors import TableMissing
from insula.database.executor import Row
from insula.database.options import DatabaseOptions
from insula.database.provision import errors, mysql
from insula.database.provision.base import Order, Report, is_main
from insula.database.provision.by_dialect import provision
from insula.database.provision.ownership import KEPT, Stamp, read_stamp, stamp_in
from insula.database.provision.sqlite_files import part_of
from insula.database.statement import SCHEMA_TOKEN
from insula.testing.databases import SHARED_DATABASE
from insula.testing.provisioning import BOOKS, TABLES, another, order, template
from insula.testing.servers import Server

Make = Callable[..., Order]
PLACES = [
    "file",
    "tables in a file",
    "database",
    "schema",
    "tables in a database",
    "tables in a schema",
    "mariadb",
    "tables in a mariadb",
]
WHAT = {"file": "new_database", "mariadb": "new_database", "database": "new_database", "schema": "new_schema"}


def on(server: Server, database: str, schema: str | None = None) -> DatabaseOptions:
    return DatabaseOptions(
        "postgres",
        host=server.host,
        port=server.port,
        user=server.user,
        password=server.password,
        database=database,
        schema=schema,
    )


@pytest.fixture(params=PLACES)
async def given(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Order]:
    """An order that can be carried out."""
    place = str(request.param)
    if place.endswith("file"):
        main = DatabaseOptions("sqlite", storage=tmp_path / "main.sqlite")
        at = DatabaseOptions("sqlite", storage=tmp_path / "apps" / "a one" / "a one.sqlite")
        if place.startswith("tables"):
            await dialect("sqlite").ensure(at, ConnectionBudget())
        yield order(WHAT.get(place, "new_connection"), at, main, tmp_path)
        return
    if place.endswith("mariadb"):
        there: Server = request.getfixturevalue("mariadb")
        at = replace(on(there, f"a `odd` one {random_id(6)}"), dialect="mariadb")
        if place.startswith("tables"):
            await dialect("mariadb").ensure(at, ConnectionBudget())
        yield order(WHAT.get(place, "new_connection"), at, at.on_database("main of all"), tmp_path)
        return
    server: Server = request.getfixturevalue("postgresql")
    main = on(server, SHARED_DATABASE, "main")
    await dialect("postgres").ensure(main, ConnectionBudget())
    name = f'an "odd" one {random_id(6)}'
    at = on(server, name)
    if place == "schema":
        at = on(server, SHARED_DATABASE, name)
    elif place.startswith("tables"):
        at = on(server, f"tables {random_id(6)}", name if place.endswith("schema") else None)
        await dialect("postgres").ensure(at, ConnectionBudget())
    made = order(WHAT.get(place, "new_connection"), at, main, tmp_path)
    yield made
    assert (made.budget.used, made.budget.waiting) == (0, 0)


async def rows(asked: Order, element: sa.sql.base.Executable) -> list[Row]:
    database = open_database(asked.options, asked.budget)
    try:
        return await database.run(element)
    finally:
        await database.close()


async def prepare(asked: Order, *extra: sa.sql.base.Executable) -> DatabaseOptions:
    name = asked.options.dialect
    return await provision(name).prepare(asked, template(name, *extra))


async def remove(asked: Order) -> None:
    await provision(asked.options.dialect).remove(asked, TABLES)


async def problems(asked: Order) -> list[str]:
    report = await provision(asked.options.dialect).check(asked)
    assert report.problems or report.good or report.notes
    return [problem.code for problem in report.problems]


async def test_made_once_and_dropped_once(given: Order) -> None:
    assert await problems(given) == []
    assert await read_stamp(given.options, given.budget) is None
    await prepare(given, sa.insert(BOOKS).values(id=7))
    assert await read_stamp(given.options, given.budget) == given.stamp
    assert await rows(given, sa.select(BOOKS)) == [{"id": 7}]
    database = open_database(given.options, given.budget)
    assert await stamp_in(database, given.options) == given.stamp
    await database.run(sa.insert(BOOKS).values(id=8))
    await database.close()
    assert await problems(given) == []
    await prepare(given)
    assert len(await rows(given, sa.select(BOOKS))) == 2
    await remove(given)
    assert await read_stamp(given.options, given.budget) is None
    await remove(given)
    assert await problems(given) == []


async def test_nobody_else_takes_or_drops_it(given: Order) -> None:
    await prepare(given, sa.insert(BOOKS).values(id=7))
    other = another(given)
    assert await problems(other) == ["OWNED_BY_ANOTHER"]
    for attempt in (prepare, remove):
        with pytest.raises(errors.OwnedByAnother, match=given.stamp.id):
            await attempt(other)
    assert await rows(given, sa.select(BOOKS)) == [{"id": 7}]
    assert await read_stamp(given.options, given.budget) == given.stamp


async def make_place(asked: Order) -> None:
    """What an administrator may have made already: empty, without a stamp."""
    await dialect(asked.options.dialect).ensure(asked.options, ConnectionBudget())


async def test_what_is_empty_and_nobodys_is_taken(given: Order) -> None:
    await make_place(given)
    report = await provision(given.options.dialect).check(given)
    told = [] if given.what == "new_connection" else ["DATABASE_EXISTS"]
    assert ([note.code for note in report.notes], report.problems) == (told, [])
    await prepare(given)
    assert await read_stamp(given.options, given.budget) == given.stamp
    assert await rows(given, sa.select(BOOKS)) == []


async def test_what_is_nobodys_but_not_empty_is_left_alone(given: Order) -> None:
    await make_place(given)
    theirs = sa.Table("theirs", sa.MetaData(), sa.Column("id", sa.Integer), schema="insula_schema")
    await rows(given, sa.schema.CreateTable(theirs))
    assert await problems(given) == ["DATABASE_EXISTS"]
    with pytest.raises(errors.NameTaken, match="theirs"):
        await prepare(given)
    assert await rows(given, sa.select(theirs)) == []
    if given.what == "new_connection":
        await remove(given)  # none of its tables are there
    else:
        with pytest.raises(errors.OwnedByAnother):
            await remove(given)
    assert await rows(given, sa.select(theirs)) == []
    with pytest.raises(TableMissing):
        await rows(given, sa.select(BOOKS))


async def test_mains_own_is_no_target(given: Order) -> None:
    at_main = replace(given, main=given.options)
    assert await problems(at_main) == ["OWNED_BY_ANOTHER"]
    for attempt in (prepare, remove):
        with pytest.raises(errors.OwnedByAnother, match="main application"):
            await attempt(at_main)


async def test_mains_own_is_known_by_its_content_too(given: Order) -> None:
    await make_place(given)
    await rows(given, sa.schema.CreateTable(KEPT))
    owner = {"application": "main", "id": given.stamp.id}
    await rows(given, sa.insert(KEPT).values(key="owner", value=owner))
    for adopt in (None, given.stamp.id):
        asked = replace(given, adopt=adopt)
        assert await problems(asked) == ["OWNED_BY_ANOTHER"]
        for attempt in (prepare, remove):
            with pytest.raises(errors.OwnedByAnother):
                await attempt(asked)
    assert [row["value"] for row in await rows(given, sa.select(KEPT))] == [owner]


async def test_what_fails_leaves_nothing(given: Order) -> None:
    with pytest.raises(TableMissing):
        await prepare(given, sa.text("SELECT * FROM nowhere"))
    assert await read_stamp(given.options, given.budget) is None
    assert await problems(given) == []
    await prepare(given)
    assert await rows(given, sa.select(BOOKS)) == []


async def test_what_fails_after_rows_were_written_leaves_nothing(given: Order) -> None:
    with pytest.raises(TableMissing):
        await prepare(given, sa.insert(BOOKS).values(id=7), sa.text("SELECT * FROM nowhere"))
    assert await read_stamp(given.options, given.budget) is None
    await prepare(given)
    assert await rows(given, sa.select(BOOKS)) == []


async def test_tables_that_refer_to_one_another_are_dropped(given: Order) -> None:
    first = sa.Table(
        "first", sa.MetaData(), sa.Column("id", sa.Integer, primary_key=True), schema=SCHEMA_TOKEN
    )
    second = sa.Table(
        "second",
        first.metadata,
        sa.Column("of", sa.ForeignKey(first.c.id, name="of first")),
        schema=SCHEMA_TOKEN,
    )
    everything = [sa.schema.CreateTable(table) for table in (first, second)]
    with pytest.raises(TableMissing):
        await prepare(given, *everything, sa.text("SELECT * FROM nowhere"))
    await prepare(given, *everything)
    await provision(given.options.dialect).remove(given, (*TABLES, "first", "second"))
    assert await read_stamp(given.options, given.budget) is None
    assert await problems(given) == []


async def test_one_that_is_asked_for_at_once_is_made_once(given: Order) -> None:
    await asyncio.gather(*(prepare(given) for _ in range(4)))
    assert await read_stamp(given.options, given.budget) == given.stamp
    assert await rows(given, sa.select(BOOKS)) == []


async def test_of_two_that_ask_for_one_name_one_gets_it(given: Order) -> None:
    both = [given, another(given)]
    results = await asyncio.gather(*(prepare(each) for each in both), return_exceptions=True)
    winners = [each for each, result in zip(both, results, strict=True) if not isinstance(result, Exception)]
    losses = [result for result in results if isinstance(result, Exception)]
    assert len(winners) == 1
    assert isinstance(losses[0], errors.Unfit)
    assert await read_stamp(given.options, given.budget) == winners[0].stamp


@pytest.fixture
async def abandoned(given: Order) -> Stamp:
    """An application that was made for somebody else, in a place where there is nothing but tables."""
    if given.what != "new_connection":
        pytest.skip("only connections to what is there already adopt")
    await prepare(another(given), sa.insert(BOOKS).values(id=7))
    old = await read_stamp(given.options, given.budget)
    assert old is not None
    owner = {"application": old.application, "id": old.id}
    await rows(given, sa.insert(KEPT).values(key="owner", value=owner))
    return old


async def live(asked: Order, minutes: float, installation: str) -> None:
    """Its home is said to have been in an installation some minutes ago."""
    at = (now() - timedelta(minutes=minutes)).isoformat()
    await rows(asked, sa.delete(KEPT).where(KEPT.c.key == "home"))
    await rows(asked, sa.insert(KEPT).values(key="home", value={"installation": installation, "at": at}))


async def test_an_application_is_taken_over_by_its_stamp_alone(given: Order, abandoned: Stamp) -> None:
    for adopt in (None, str(abandoned.id)[:-1] + "x"):
        asked = replace(given, adopt=adopt)
        report = await provision(given.options.dialect).check(asked)
        assert [problem.code for problem in report.problems] == ["HOLDS_APPLICATION"]
        assert f"adopt={abandoned.id}" in report.problems[0].remedy
        with pytest.raises(errors.HoldsApplication):
            await prepare(asked)
    taking = replace(given, adopt=abandoned.id)
    assert await problems(taking) == []
    await prepare(taking)
    assert await read_stamp(given.options, given.budget) == given.stamp
    kept = await rows(given, sa.select(KEPT))
    assert kept == [{"key": "owner", "value": {"application": given.stamp.application, "id": given.stamp.id}}]
    assert await rows(given, sa.select(BOOKS)) == [{"id": 7}]
    assert await problems(another(given)) == ["HOLDS_APPLICATION"]
    await prepare(taking)  # done twice is done once
    with pytest.raises(errors.OwnedByAnother):
        await remove(replace(given, stamp=abandoned))
    await remove(given)


async def test_where_nothing_is_nothing_is_taken_over(given: Order) -> None:
    if given.what != "new_connection":
        pytest.skip("only connections to what is there already adopt")
    asked = replace(given, adopt="5a0b7b3e-3f4e-4f0e-9a52-6a6f2d1c1d11")
    assert await problems(asked) == ["NO_APPLICATION_THERE"]
    with pytest.raises(errors.HoldsNone):
        await prepare(asked)
    assert await problems(given) == []


async def test_one_that_lives_elsewhere_is_not_taken_over(given: Order, abandoned: Stamp) -> None:
    taking = replace(given, adopt=abandoned.id)
    await live(given, 17, "another installation")
    assert await problems(taking) == ["RUNS_ELSEWHERE"]
    with pytest.raises(errors.LivesElsewhere, match="another installation"):
        await prepare(taking)
    await live(given, 18, "another installation")
    assert await problems(taking) == []
    await live(given, 0, given.installation)
    assert await problems(taking) == []
    other = {"installation": "another installation", "at": now().isoformat()}
    await rows(given, sa.insert(KEPT).values(key="home env_b", value=other))
    assert await problems(taking) == ["RUNS_ELSEWHERE"]
    await rows(given, sa.update(KEPT).where(KEPT.c.key == "home env_b").values(value={}))
    assert await problems(taking) == []
    await prepare(taking)
    assert [row["key"] for row in await rows(given, sa.select(KEPT))] == ["owner"]


@pytest.mark.parametrize("stamped", [False, True])
async def test_what_somebody_makes_meanwhile_is_not_touched(
    mariadb: Server, tmp_path: Path, stamped: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = replace(on(mariadb, f"meanwhile {random_id(6)}"), dialect="mariadb")
    await dialect("mariadb").ensure(at, ConnectionBudget())
    asked = order("new_database", at, at.on_database("main of all"), tmp_path)
    look = mysql._look

    async def look_then_be_slow(asked: Order, report: Report) -> Any:
        found = await look(asked, report)
        await rows(asked, sa.text("CREATE TABLE theirs (id INT)"))
        if stamped:
            theirs = Stamp("another", str(uuid4())).text()
            await rows(asked, sa.text("CREATE TABLE insula_stamp (stamp TEXT NOT NULL, ready INT NOT NULL)"))
            await rows(
                asked, sa.text("INSERT INTO insula_stamp VALUES (:theirs, 0)").bindparams(theirs=theirs)
            )
        return found

    monkeypatch.setattr(mysql, "_look", look_then_be_slow)
    with pytest.raises(errors.OwnedByAnother):
        await prepare(asked)
    names = [
        row["name"]
        for row in await rows(
            asked,
            sa.text(
                "SELECT TABLE_NAME AS name FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE()"
            ),
        )
    ]
    assert sorted(names) == (["insula_stamp", "theirs"] if stamped else ["theirs"])
    stamp = await read_stamp(at, ConnectionBudget())
    assert (stamp.application if stamp else None) == ("another" if stamped else None)


async def test_a_file_is_named_once_after_a_process_was_killed(tmp_path: Path) -> None:
    main = DatabaseOptions("sqlite", storage=tmp_path / "main.sqlite")
    path = tmp_path / "apps" / "a" / "a.sqlite"
    asked = order("new_database", DatabaseOptions("sqlite", storage=path), main, tmp_path)
    await prepare(asked)
    part_of(path, asked.stamp.hex).hardlink_to(path)
    await prepare(asked)
    assert list(path.parent.iterdir()) == [path]
    assert await rows(asked, sa.select(BOOKS)) == []


async def test_a_database_of_an_application_that_was_taken_over(postgresql: Server, tmp_path: Path) -> None:
    main = on(postgresql, SHARED_DATABASE, "main")
    await dialect("postgres").ensure(main, ConnectionBudget())
    first = order("new_database", on(postgresql, f"whole {random_id(6)}"), main, tmp_path)
    name = dialect("postgres").quote(first.options.database)
    await prepare(first)
    owner = {"application": first.stamp.application, "id": first.stamp.id}
    await rows(first, sa.insert(KEPT).values(key="owner", value=owner))
    second = replace(another(first), what="new_connection", adopt=first.stamp.id)
    await prepare(second)

    theirs = Stamp("a third", str(uuid4())).text()
    await rows(second, plain_text(f"COMMENT ON DATABASE {name} IS '{theirs}'"))
    with pytest.raises(errors.OwnedByAnother):
        await remove(second)
    assert await rows(second, sa.select(BOOKS)) == []

    await rows(second, plain_text(f"COMMENT ON DATABASE {name} IS '{second.stamp.text()}'"))
    await remove(second)
    assert await problems(replace(another(second), adopt=None)) == []


def plain_text(statement: str) -> sa.TextClause:
    """A statement in which colons are colons."""
    return sa.text(statement.replace(":", r"\:"))


@pytest.mark.parametrize(
    ("what", "change", "expected"),
    [
        ("new_connection", {}, True),
        ("new_connection", {"port": 5432}, True),
        ("new_connection", {"schema": "public"}, True),
        ("new_connection", {"schema": "shop"}, False),
        ("new_schema", {"port": 5432, "schema": "public"}, True),
        ("new_database", {"port": 5432}, True),
        ("new_database", {"port": 5433}, False),
        ("new_database", {"database": "shop"}, False),
    ],
)
def test_mains_own_place_is_known_however_it_is_said(
    what: Any, change: dict[str, Any], expected: bool, tmp_path: Path
) -> None:
    main = DatabaseOptions("postgres", host="db", database="main")
    assert is_main(order(what, replace(main, **change), main, tmp_path)) is expected
