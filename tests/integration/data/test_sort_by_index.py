"""Ordered pages are read off an index, in both directions, and not sorted."""

from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa

from insula.data.catalog import StaticCatalog
from insula.data.collection import Collection
from insula.data.filters.shape import Binder
from insula.data.outline import EVERYTHING
from insula.data.plan import ReadShape, read_plan
from insula.data.query import Query
from insula.data.repository import Repository
from insula.data.scope import Scope, Unrestricted
from insula.data.sorting import bind_sort
from insula.database.executor import Database
from insula.testing.library import collection, column, create_tables

ROWS = 5_000


@pytest.fixture
async def things(database: Database) -> Collection:
    made = collection(
        "things",
        column("id", "bigInt", primary_key=True, auto_increment=True),
        column("qty", "integer", index=True),
        column("code", "string", unique=True, required=True),
        column("plain", "integer"),
    )
    await create_tables(database, [made])
    table = made.table
    values = {name: sa.bindparam(f"v_{name}", type_=table.c[name].type) for name in made.fields}
    rows = [
        {"v_id": n, "v_qty": None if n % 7 == 0 else n * 37 % 4_001, "v_code": f"c{n * 13 % 5_003:05}"}
        | {"v_plain": n}
        for n in range(ROWS)
    ]
    await database.execute_many(database.compile(sa.insert(table).values(values)), rows)
    await database.run(sa.text(f"ANALYZE{' TABLE things' if database.dialect.name == 'mariadb' else ''}"))
    return made


async def explain(database: Database, things: Collection, sort: tuple[str, ...]) -> str:
    """How the database means to read a page in this order."""
    binder = Binder(StaticCatalog([things]), Unrestricted())
    order = bind_sort(binder, things, Scope(), sort)
    plan = read_plan(database.dialect, ReadShape("page", things, Scope(), EVERYTHING, None, order))
    word = "EXPLAIN QUERY PLAN " if database.dialect.is_file else "EXPLAIN "
    first, *rest = plan.statement.parts
    asked = replace(plan.statement, parts=(word + first, *rest), decoders=())
    rows: list[dict[str, Any]] = await database.fetch(asked, {"limit": 5, "offset": 0})
    if database.dialect.name == "mariadb":
        return "\n".join(f"{row['key']} {row['Extra']}" for row in rows)
    return "\n".join(str(list(row.values())[-1]) for row in rows)


@pytest.mark.parametrize("sort", ["qty", "-qty", "code", "-code", "id", "-id", ""])
async def test_an_index_serves_both_directions(database: Database, things: Collection, sort: str) -> None:
    if database.dialect.name == "mariadb" and "code" in sort:
        pytest.skip("of few rows MariaDB takes sorting to be cheaper than reading them by an index over text")
    found = await explain(database, things, (sort,) if sort else ())
    assert "TEMP B-TREE" not in found
    assert "Seq Scan" not in found
    assert "filesort" not in found
    words = found.replace("Incremental Sort", "").replace("Sort Key", "")
    assert "Sort  " not in words, found  # only ties may be sorted, and only those that are read
    if sort.lstrip("-") in ("qty", "code"):
        assert f"_things_{sort.lstrip('-')}" in found
    if database.dialect.name == "postgres":
        assert "Index Scan" in found


async def test_without_an_index_it_is_sorted(database: Database, things: Collection) -> None:
    found = await explain(database, things, ("-plain",))
    assert any(words in found for words in ("TEMP B-TREE", "Sort Key", "filesort"))


async def test_descending_is_ascending_backwards(database: Database, things: Collection) -> None:
    repository = Repository(StaticCatalog([things]), database)

    async def keys(*sort: str) -> list[int]:
        page = await repository.find("things", Query(sort=sort, page_size=None), scopes=Unrestricted())
        return [row["id"] for row in page.rows]

    ascending = await keys("qty")
    assert ascending[: ROWS // 7] == list(range(0, ROWS // 7 * 7, 7))
    assert await keys("-qty") == ascending[::-1]
    assert await keys() == list(range(ROWS))
