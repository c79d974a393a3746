"""Rows that the database refuses: named one by one, found by few statements."""

from collections.abc import Iterable
from time import perf_counter
from typing import Any

import httpx
import pytest

from insula.application.application import Application
from insula.testing.importing import Importing, rows


async def make(client: httpx.AsyncClient, name: str, *fields: dict[str, Any], **more: Any) -> None:
    answer = await client.post("/collections:create", json={"name": name, "fields": list(fields), **more})
    assert answer.status_code == 200, answer.text


def lines(numbers: Iterable[int]) -> bytes:
    return b"".join(b"%d,word\n" % n for n in numbers)


def faults(tally: dict[str, Any]) -> list[tuple[int, str | None]]:
    return [(error["line"], error["field"]) for error in tally["errors"]]


async def test_a_reference_to_nothing_is_said_the_right_way_round(
    client: httpx.AsyncClient, importing: Importing
) -> None:
    await importing("/imports:create", b"id,name\n1,Ada\n", collection="people")
    await make(
        client,
        "books",
        {"name": "title", "type": "string"},
        {"name": "author", "type": "belongsTo", "target": "people", "foreignKey": "authorId"},
    )
    tally = await importing("/books:import", b"title,authorId\na,1\nb,7\nc,\nd,8\n")
    assert (tally["imported"], faults(tally)) == (2, [(3, "authorId"), (5, "authorId")])
    assert 'refers to a record of "people" that does not exist' in tally["errors"][0]["reason"]
    alone = await importing("/books:import", b"title,authorId\nb,7\n")
    assert alone["errors"][0]["reason"] == tally["errors"][0]["reason"]
    assert [row["title"] for row in await rows(client, "/books:list?sort=title")] == ["a", "c"]


async def test_rows_that_refer_to_each_other(client: httpx.AsyncClient, importing: Importing) -> None:
    await make(client, "nodes", {"name": "name", "type": "string"}, template="tree")
    data = b"id,parentId,name\n1,,a\n2,1,b\n3,9,c\n4,3,d\n5,2,e\n"
    tally = await importing("/nodes:import", data)
    assert faults(tally) == [(4, "parentId"), (5, "parentId")]
    assert [row["name"] for row in await rows(client, "/nodes:list?sort=id")] == ["a", "b", "e"]


async def test_a_refused_row_takes_no_key_from_others(
    client: httpx.AsyncClient, importing: Importing
) -> None:
    await make(
        client,
        "pairs",
        {"name": "a", "type": "string", "unique": True},
        {"name": "b", "type": "integer", "unique": True},
    )
    await importing("/pairs:import", b"a,b\nx,1\n")
    tally = await importing("/pairs:import", b"a,b\nx,2\ny,2\nz,2\ny,3\n,4\n,5\nz,1\n")
    assert faults(tally) == [(2, "a"), (4, "b"), (5, "a"), (8, "b")]
    found = await rows(client, "/pairs:list?sort=b&fields=a,b")
    assert [(row["a"], row["b"]) for row in found] == [("x", 1), ("y", 2), (None, 4), (None, 5)]


async def test_what_is_unique_together(client: httpx.AsyncClient, importing: Importing) -> None:
    await make(
        client,
        "seats",
        {"name": "row", "type": "integer"},
        {"name": "day", "type": "dateOnly"},
        indexes=[{"fields": ["row", "day"], "unique": True}],
    )
    data = b"row,day\n" + b"".join(b"%d,2026-01-%02d\n" % (n, n % 28 + 1) for n in range(300))
    assert (await importing("/seats:import", data))["imported"] == 300
    tally = await importing("/seats:import", data + b"1,2026-01-03\n1,2026-01-03\n")
    assert (tally["imported"], tally["rejected"]) == (1, 301)
    assert tally["errors"][0]["field"] is None
    assert '"row", "day"' in tally["errors"][0]["reason"]


@pytest.mark.parametrize("kind", ["string", "bigInt", "decimal", "uuid", "datetimeTz", "dateOnly"])
async def test_every_type_is_compared_as_the_database_does(
    application: Application, client: httpx.AsyncClient, importing: Importing, kind: str
) -> None:
    """Halving would find them too, so statements are counted."""
    cells = {
        "string": ['"a,""b"""', "c"],
        "bigInt": ["9007199254740993", "+7"],
        "decimal": ["1.10", "2"],
        "uuid": ["0F8FAD5B-D9CB-469F-A165-70867728950E", "1f8fad5b-d9cb-469f-a165-70867728950e"],
        "datetimeTz": ["2026-01-02T03:04:05.678Z", "2026-01-02 03:04"],
        "dateOnly": ["2026-01-02", "2026-01-03"],
    }[kind]
    await make(client, "keyed", {"name": "k", "type": kind, "unique": True}, {"name": "n", "type": "integer"})
    data = ("k,n\n" + "".join(f"{cell},1\n" for cell in cells)).encode()
    assert (await importing("/keyed:import", data))["imported"] == 2
    tally = await importing("/keyed:import", data)
    assert faults(tally) == [(2, "k"), (3, "k")]


async def test_every_second_row_at_fault_takes_no_more_than_a_few_times_as_long(
    client: httpx.AsyncClient, importing: Importing
) -> None:
    await make(
        client,
        "many",
        {"name": "n", "type": "integer", "unique": True},
        {"name": "word", "type": "string"},
    )
    count = 20_000
    begun = perf_counter()
    await importing("/many:import", b"n,word\n" + lines(range(0, count * 2, 2)))
    clean = perf_counter() - begun
    begun = perf_counter()
    tally = await importing("/many:import", b"n,word\n" + lines(range(count)))
    mixed = perf_counter() - begun
    assert (tally["imported"], tally["rejected"]) == (count // 2, count // 2)
    assert tally["errors"][0]["line"] == 2
    assert mixed < 10 * clean + 1.0
