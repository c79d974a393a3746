"""Files whose records are there already, in part or wholly."""

import asyncio
from collections.abc import Iterable
from typing import Any

import httpx
import pytest

from insula.data import faults
from insula.data.collection import Collection
from insula.database.executor import Transaction
from insula.plugins.import_export import importer
from insula.testing.importing import Importing, rows

FIRST = b"code,name,day\na,one,2026-01-01\nb,two,2026-01-02\n,none,2026-01-03\n"
SECOND = (
    b"code,name,day\nb,zwei,\nc,drei,2026-02-03\nc,trois,2026-02-04\nb,deux,2026-02-05\n,none,2026-01-03\n"
)


def counts(tally: dict[str, int]) -> tuple[int, int, int, int]:
    return tally["imported"], tally["updated"], tally["skipped"], tally["rejected"]


async def found(client: httpx.AsyncClient) -> list[tuple[str | None, str, str | None]]:
    records = await rows(client, "/goods:list?sort=id&paginate=false")
    return [(row["code"], row["name"], row["day"]) for row in records]


async def test_a_file_that_is_sent_twice_is_in_once(client: httpx.AsyncClient, importing: Importing) -> None:
    data = b"code,name,day\n" + b"".join(b"c%d,n,2026-01-01\n" % n for n in range(3_000))
    for expected in ((3_000, 0, 0, 0), (0, 0, 3_000, 0)):
        tally = await importing("/imports:create", data, collection="goods", matchOn="code")
        assert counts(tally) == expected
    assert len(await found(client)) == 3_000


async def test_what_is_there_is_passed_over(client: httpx.AsyncClient, importing: Importing) -> None:
    await importing("/imports:create", FIRST, collection="goods", matchOn="code")
    assert counts(await importing("/goods:import", SECOND, matchOn="code")) == (2, 0, 3, 0)
    assert await found(client) == [
        ("a", "one", "2026-01-01"),
        ("b", "two", "2026-01-02"),
        (None, "none", "2026-01-03"),
        ("c", "drei", "2026-02-03"),
        (None, "none", "2026-01-03"),
    ]


async def test_what_is_there_is_updated(client: httpx.AsyncClient, importing: Importing) -> None:
    await importing("/imports:create", FIRST, collection="goods", matchOn="code")
    tally = await importing("/goods:import", SECOND, matchOn="code", existing="update")
    assert counts(tally) == (2, 1, 2, 0)
    assert await found(client) == [
        ("a", "one", "2026-01-01"),
        ("b", "deux", "2026-02-05"),
        (None, "none", "2026-01-03"),
        ("c", "trois", "2026-02-04"),
        (None, "none", "2026-01-03"),
    ]


async def test_records_are_told_by_their_key(client: httpx.AsyncClient, importing: Importing) -> None:
    await importing("/imports:create", b"id,name\n1,a\n2,b\n", collection="keyed")
    tally = await importing("/keyed:import", b"id,name\n2,c\n3,d\n", matchOn="id", existing="update")
    assert counts(tally) == (1, 1, 0, 0)
    found = await rows(client, "/keyed:list?sort=id")
    assert [(row["id"], row["name"]) for row in found] == [(1, "a"), (2, "c"), (3, "d")]


async def test_an_update_that_breaks_a_rule_rejects_its_row(
    client: httpx.AsyncClient, importing: Importing
) -> None:
    fields = [{"name": name, "type": "string", "unique": True} for name in ("code", "tag")]
    await client.post("/collections:create", json={"name": "goods", "fields": fields})
    await importing("/goods:import", b"code,tag\na,x\nb,y\n")
    tally = await importing("/goods:import", b"code,tag\na,y\nb,z\n", matchOn="code", existing="update")
    assert (counts(tally), tally["errors"][0]["line"]) == ((0, 1, 0, 1), 2)


@pytest.mark.parametrize(
    ("params", "reason"),
    [
        ({"matchOn": "nope"}, 'no column goes to the field "nope"'),
        ({"matchOn": "name"}, '"name" of "goods" is not unique'),
        ({"existing": "skip"}, "with matchOn"),
        ({"matchOn": "code", "existing": "replace"}, "skip or update"),
    ],
)
async def test_what_can_not_be_matched_says_why(
    client: httpx.AsyncClient, importing: Importing, params: dict[str, str], reason: str
) -> None:
    fields = [{"name": "code", "type": "string", "unique": True}, {"name": "name", "type": "string"}]
    await client.post("/collections:create", json={"name": "goods", "fields": fields})
    assert reason in (await importing.refused("/goods:import", b"code,name\na,b\n", **params))["message"]


@pytest.mark.parametrize("existing", ["skip", "update"])
async def test_two_imports_at_once_reject_nothing_of_each_other(
    client: httpx.AsyncClient, importing: Importing, existing: str
) -> None:
    """What one adds, the other finds there."""
    fields = [{"name": "code", "type": "string", "unique": True}, {"name": "name", "type": "string"}]
    await client.post("/collections:create", json={"name": "goods", "fields": fields})
    up, down = (
        b"code,name\n" + b"".join(b"c%d,%s\n" % (n, name) for n in numbers)
        for name, numbers in ((b"up", range(12_000)), (b"down", range(14_999, 2_999, -1)))
    )
    params = {"matchOn": "code", "existing": existing}
    tallies = await asyncio.gather(*(importing("/goods:import", data, **params) for data in (up, down)))
    assert sum(tally["imported"] for tally in tallies) == 15_000
    assert sum(tally["updated" if existing == "update" else "skipped"] for tally in tallies) == 9_000
    assert [tally["rejected"] for tally in tallies] == [0, 0]
    assert len({code for code, _, _ in await found_names(client)}) == 15_000


async def found_names(client: httpx.AsyncClient) -> list[tuple[str, str, int]]:
    records = await rows(client, "/goods:list?sort=id&paginate=false")
    return [(row["code"], row["name"], row["id"]) for row in records]


@pytest.mark.parametrize("existing", ["skip", "update"])
async def test_records_that_come_in_between_are_matched_too(
    client: httpx.AsyncClient, importing: Importing, monkeypatch: pytest.MonkeyPatch, existing: str
) -> None:
    """A record that was not there when it was looked for, and is when it is written."""
    fields = [{"name": "code", "type": "string", "unique": True}, {"name": "name", "type": "string"}]
    await client.post("/collections:create", json={"name": "goods", "fields": fields})
    between = ["b"]

    async def holders(
        collection: Collection, name: str, values: Iterable[Any], on: Transaction
    ) -> dict[Any, Any]:
        there = await faults.holders(collection, name, values, on)
        while between:
            await on.run(collection.table.insert().values(code=between.pop(), name="between"))
        return there

    monkeypatch.setattr(importer, "holders", holders)
    params = {"matchOn": "code", "existing": existing}
    tally = await importing("/goods:import", b"code,name\na,1\nb,2\nc,3\n", **params)
    updates = existing == "update"
    assert counts(tally) == (2, int(updates), int(not updates), 0)
    named = {code: name for code, name, _ in await found_names(client)}
    assert named == {"a": "1", "b": "2" if updates else "between", "c": "3"}
