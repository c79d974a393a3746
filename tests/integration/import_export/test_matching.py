"""Files whose records are there already, in part or wholly."""

import httpx
import pytest

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
