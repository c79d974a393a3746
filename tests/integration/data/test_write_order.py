"""Sort fields and moving records, on every dialect."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from insula.data.catalog import StaticCatalog
from insula.data.errors import InvalidQuery, RecordNotFound, UnknownField
from insula.data.scope import Scope, Unrestricted
from insula.data.writing import Writer
from insula.database.executor import Database
from insula.testing.library import create_tables, library

ALL = Unrestricted()


class NoState(Unrestricted):
    """Which list a task is in may not be written."""

    def scope(self, collection: str, action: str) -> Scope:
        return Scope(fields=frozenset({"id", "name", "sort", "place"})) if action == "update" else Scope()


@pytest.fixture
async def world(database: Database) -> SimpleNamespace:
    collections = library()
    await create_tables(database, collections)
    writer = Writer(StaticCatalog(collections), database)
    for name in "abcde":
        await writer.create("tasks", {"name": name, "state": "open"}, scopes=ALL)
    for name in "xy":
        await writer.create("tasks", {"name": name, "state": "done"}, scopes=ALL)
    return SimpleNamespace(writer=writer, catalog=writer.catalog, database=database)


async def shown(world: SimpleNamespace, state: str | None = "open", field: str = "sort") -> str:
    table = world.catalog.get("tasks").table
    found = await world.database.run(table.select().order_by(table.c[field], table.c.id))
    return "".join(row["name"] for row in found if field == "place" or row["state"] == state)


async def test_new_records_go_to_the_end_of_their_list(world: SimpleNamespace) -> None:
    table = world.catalog.get("tasks").table
    found = await world.database.run(table.select().order_by(table.c.id))
    assert [(row["sort"], row["place"]) for row in found] == [
        (1, 1),
        (2, 2),
        (3, 3),
        (4, 4),
        (5, 5),
        (1, 6),
        (2, 7),
    ]
    row = await world.writer.create("tasks", {"name": "n", "sort": 40}, scopes=ALL)
    assert row["sort"] == 40


@pytest.mark.parametrize(
    ("source", "target", "options", "expected"),
    [
        (1, 3, {}, "bcade"),
        (4, 2, {}, "adbce"),
        (1, 5, {}, "bcdea"),
        (5, 1, {}, "eabcd"),
        (1, 3, {"method": "prepend"}, "bacde"),
        (4, 2, {"method": "insertAfter"}, "abdce"),
        (4, 2, {"method": "prepend"}, "adbce"),
        (1, 2, {"method": "prepend"}, "abcde"),
        (3, 3, {}, "abcde"),
        (3, None, {"sticky": True}, "cabde"),
        (3, None, {"method": "prepend"}, "cabde"),
        (3, None, {}, "abdec"),
        (3, None, {"method": "insertAfter"}, "abdec"),
    ],
)
async def test_move(
    world: SimpleNamespace, source: int, target: int, options: dict[str, Any], expected: str
) -> None:
    row = await world.writer.move("tasks", source, target, scopes=ALL, **options)
    assert row["id"] == source
    assert await shown(world) == expected
    assert await shown(world, "done") == "xy"


@pytest.mark.parametrize(
    ("target", "options", "expected"),
    [
        (7, {}, "xby"),
        (7, {"method": "insertAfter"}, "xyb"),
        (6, {}, "bxy"),
        (None, {"target_scope": "done"}, "xyb"),
        (None, {"target_scope": {"state": "done"}}, "xyb"),
        (None, {"target_scope": "done", "method": "prepend"}, "bxy"),
        (None, {"target_scope": "new"}, "xy"),
    ],
)
async def test_move_to_another_list(
    world: SimpleNamespace, target: int | None, options: dict[str, Any], expected: str
) -> None:
    await world.writer.move("tasks", 2, target, scopes=ALL, **options)
    assert await shown(world, "done") == expected
    assert await shown(world) == "acde"


async def test_another_sort_field(world: SimpleNamespace) -> None:
    await world.writer.move("tasks", 7, 1, sort_field="place", scopes=ALL)
    assert await shown(world, field="place") == "yabcdex"
    assert await shown(world, "done") == "xy"


async def test_missing_and_double_numbers_are_mended_first(world: SimpleNamespace) -> None:
    await world.writer.update("tasks", {"sort": 2}, keys=[1, 2, 3], scopes=ALL)
    await world.writer.update("tasks", {"sort": None}, keys=[4, 5], scopes=ALL)
    await world.writer.move("tasks", 5, 2, scopes=ALL)
    assert await shown(world) == "dabec"


async def test_a_record_that_changes_its_list_goes_to_the_end(world: SimpleNamespace) -> None:
    await world.writer.update("tasks", {"state": "done"}, keys=[2], scopes=ALL)
    assert await shown(world, "done") == "xyb"
    row = (await world.writer.update("tasks", {"state": "done"}, keys=[6], scopes=ALL))[0]
    assert row["sort"] == 1
    await world.writer.update("tasks", {"state": None}, keys=[1], scopes=ALL)
    await world.writer.update("tasks", {"state": None}, keys=[3], scopes=ALL)
    assert await shown(world, None) == "ac"
    await world.writer.move("tasks", 3, 1, scopes=ALL)
    assert await shown(world, None) == "ca"


async def test_what_can_not_be_moved(world: SimpleNamespace) -> None:
    for error, options in (
        (RecordNotFound, {"source": 99}),
        (RecordNotFound, {"source": 1, "target": 99}),
        (UnknownField, {"source": 1, "sort_field": "none"}),
        (InvalidQuery, {"source": 1, "sort_field": "name"}),
        (InvalidQuery, {"source": 1, "method": "above"}),
    ):
        with pytest.raises(error):
            await world.writer.move("tasks", **options, scopes=ALL)


async def test_many_rows_at_once_go_to_the_ends_of_their_lists(world: SimpleNamespace) -> None:
    rows = [("f", "open"), ("z", "done"), ("g", "open"), ("n", None), ("m", "new"), ("o", None)]
    assert await world.writer.bulk_insert("tasks", rows, ["name", "state"], scopes=ALL) == 6
    table = world.catalog.get("tasks").table
    found = await world.database.run(table.select().where(table.c.id > 7).order_by(table.c.id))
    assert [(row["sort"], row["place"]) for row in found] == [
        (6, 8),
        (3, 9),
        (7, 10),
        (1, 11),
        (1, 12),
        (2, 13),
    ]
    assert await shown(world) == "abcdefg"
    row = await world.writer.create("tasks", {"name": "p"}, scopes=ALL)
    assert row["sort"] == 3
    assert world.writer.csv_rows("tasks", ["name", "state"]) is None


async def test_moves_at_once_leave_no_number_twice(world: SimpleNamespace) -> None:
    moves = [(5, 1), (1, 4), (2, 6), (3, None), (6, 2), (4, 5), (7, 3), (1, 7), (2, 4)]
    await asyncio.gather(
        *(world.writer.move("tasks", source, target, scopes=ALL) for source, target in moves)
    )
    table = world.catalog.get("tasks").table
    found = await world.database.run(table.select())
    places = [(row["state"], row["sort"]) for row in found]
    assert len(found) == len(set(places)) == 7
    assert None not in {number for _, number in places}


@pytest.mark.parametrize("scope", [{"stat": "done"}, {"state": "done", "name": "x"}])
async def test_a_list_is_named_by_its_field_alone(world: SimpleNamespace, scope: dict[str, str]) -> None:
    with pytest.raises(UnknownField):
        await world.writer.move("tasks", 1, target_scope=scope, scopes=ALL)
    assert await shown(world, "done") == "xy"


async def test_the_list_itself_may_be_closed(world: SimpleNamespace) -> None:
    await world.writer.move("tasks", 1, 3, scopes=NoState())
    assert await shown(world) == "bcade"
    for options in ({"target": 6}, {"target_scope": "done"}):
        with pytest.raises(UnknownField):
            await world.writer.move("tasks", 1, **options, scopes=NoState())
    assert await shown(world, "done") == "xy"
