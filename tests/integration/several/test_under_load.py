"""Two processes that read and write the same records while one of them changes their tables, or both number them."""

import asyncio
from typing import Any

import pytest

from insula.data.scope import Unrestricted
from insula.testing.askers import Askers
from insula.testing.importing import Importing
from insula.testing.several import Side

Sides = tuple[Side, Side]
ROUNDS = 4


async def things(a: Side, **field: Any) -> None:
    await a.post("/collections:create", name="things", fields=[{"name": "n", **field}])


async def test_fields_come_and_go(sides: Sides) -> None:
    a, b = sides
    await things(a, type="integer")
    asked = (
        ("POST", "/things:create", {"n": 1}),
        ("POST", "/things:create", {"n": 1, "q": "x"}),
        ("GET", "/things:list?pageSize=5", None),
        ("GET", "/things:list?paginate=false&filter[n]=2", None),
        ("GET", '/things:list?filter={"q":"x"}&pageSize=5', None),
        ("POST", '/things:destroy?filter={"q":"z"}', None),
    )
    await b.application.metadata.settled_version()
    async with Askers(b.client, *asked) as traffic:
        for _ in range(ROUNDS):
            await a.post("/collections/things/fields:create", name="q", type="string")
            await a.post("/collections/things/fields:destroy/q")
    assert traffic.answers <= {(200, ""), (400, "UNKNOWN_FIELD")}, traffic.seen
    assert (200, "") in traffic.answers


async def test_collections_come_and_go(sides: Sides) -> None:
    a, b = sides
    asked = (
        ("POST", "/things:create", {"n": 1}),
        ("GET", "/things:list?pageSize=5", None),
        ("GET", "/things:get/1", None),
    )
    async with Askers(b.client, *asked) as traffic:
        for _ in range(ROUNDS):
            await things(a, type="integer")
            await b.application.metadata.settled_version()
            await a.post("/collections:destroy/things")
    assert {status for status, _ in traffic.answers} <= {200, 404}, traffic.seen


@pytest.mark.parametrize(("kind", "text"), [("bigInt", "7"), ("dateOnly", "2026-01-02")])
async def test_types_change(sides: Sides, kind: str, text: str) -> None:
    """What is stored is what was written, whichever type it was made for."""
    a, b = sides
    await things(a, type="string")
    await b.application.metadata.settled_version()
    asked = (
        ("POST", "/things:create", {"n": text}),
        ("POST", "/things:create", [{"n": text}, {"n": text}]),
        ("POST", "/things:update/1", {"n": text}),
        ("GET", f'/things:list?filter={{"n":"{text}"}}&pageSize=5', None),
    )
    async with Askers(b.client, *asked) as traffic:
        for _ in range(ROUNDS):
            for new in (kind, "string"):
                await a.post("/collections/things/fields:update/n", type=new)
    assert {answer for answer in traffic.answers if answer[0] >= 500} == set(), traffic.seen
    assert {status for path, status, _ in traffic.seen if ":list" in path} == {200}, traffic.seen
    values = {row["n"] for row in await a.get("/things:list?paginate=false&fields=n")}
    assert values == {text}


async def test_records_of_both_are_numbered_without_gaps_or_doubles(sides: Sides) -> None:
    a, b = sides
    parts = [{"type": "string", "options": {"value": "N-"}}, {"type": "integer", "options": {"digits": 4}}]
    fields = [{"name": "number", "type": "sequence", "patterns": parts}, {"name": "sort", "type": "sort"}]
    await a.post("/collections:create", name="things", fields=fields)
    await b.application.metadata.settled_version()
    await asyncio.gather(*(side.post("/things:create") for _ in range(20) for side in sides))
    rows = await a.get("/things:list?paginate=false")
    assert sorted(row["number"] for row in rows) == [f"N-{number:04}" for number in range(1, 41)]
    assert sorted(row["sort"] for row in rows) == list(range(1, 41))
    by_sort = sorted(rows, key=lambda row: row["sort"])
    first, last = by_sort[0]["id"], by_sort[-1]["id"]
    moves = [(a, first, last), (b, last, first)] * 3
    await asyncio.gather(*(s.post(f"/things:move?sourceId={x}&targetId={y}") for s, x, y in moves))
    rows = await b.get("/things:list?paginate=false")
    assert len({row["sort"] for row in rows}) == 40


async def test_of_two_that_make_the_same_record_one_does(sides: Sides) -> None:
    a, b = sides
    await things(a, type="integer")
    await b.application.metadata.settled_version()
    path = "/things:firstOrCreate?filterKeys[]=n"
    made = await asyncio.gather(*(side.post(path, n=number) for number in range(10) for side in sides))
    assert len({row["id"] for row in made}) == 10
    assert len(await a.get("/things:list?paginate=false")) == 10


async def test_changes_of_both_follow_one_another(sides: Sides) -> None:
    a, b = sides
    await things(a, type="integer")
    await b.application.metadata.settled_version()
    wanted = [(side, f"{name}{number}") for number in range(4) for side, name in ((a, "a"), (b, "b"))]
    path = "/collections/things/fields:create"
    await asyncio.gather(*(side.post(path, name=name, type="string") for side, name in wanted))
    values = {name: name for _, name in wanted}
    for side in sides:
        await side.application.metadata.settled_version()
        await side.post("/things:create", **values)
    rows = await a.get("/things:list")
    assert [{name: row[name] for name in values} for row in rows] == [values, values]


async def test_a_file_that_is_sent_to_both_at_once_is_in_once(sides: Sides) -> None:
    a, b = sides
    await things(a, type="integer", unique=True)
    await b.application.metadata.settled_version()
    data = b"n\n" + b"".join(b"%d\n" % number for number in range(3000))
    imports = [Importing(side.application, side.client) for side in sides]
    tallies = await asyncio.gather(*(each("/things:import", data, matchOn="n") for each in imports))
    assert sum(tally["imported"] for tally in tallies) == 3000
    assert sum(tally["skipped"] for tally in tallies) == 3000
    assert await a.application.repository.count("things", scopes=Unrestricted()) == 3000


async def test_of_two_who_leave_the_role_root_at_once_one_stays(sides: Sides) -> None:
    a, b = sides
    await a.people.make("other", "root")

    async def left(side: Side, number: int) -> int:
        return (await side.client.post(f"/roles/root/users:remove?filterByTk={number}", json={})).status_code

    assert sorted(await asyncio.gather(left(a, 1), left(b, 2))) == [200, 409]
