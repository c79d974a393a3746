"""Files for collections whose records need a value or a link."""

from typing import Any

import httpx
import pytest

from insula.testing.importing import Importing, rows

NAME = {"name": "name", "type": "string"}


async def made(client: httpx.AsyncClient, *fields: dict[str, Any], **settings: Any) -> None:
    body = {"name": "goods", "fields": [NAME, *fields], **settings}
    answer = await client.post("/collections:create", json=body)
    assert answer.status_code == 200, answer.text


def link(kind: str, **settings: Any) -> dict[str, Any]:
    return {"name": "maker", "type": kind, "target": "makers", "required": True, **settings}


@pytest.fixture(autouse=True)
async def makers(client: httpx.AsyncClient) -> None:
    await client.post("/collections:create", json={"name": "makers"})
    await client.post("/makers:create", json={})


@pytest.mark.parametrize(
    ("field", "reason"),
    [
        ({"name": "code", "type": "string", "required": True}, 'no column goes to the field "code"'),
        ({"name": "code", "type": "string", "allowNull": False}, "give the field a defaultValue"),
        (
            link("belongsTo"),
            'no column goes to "makerId" of "goods", the foreign key of the relation "maker"',
        ),
        (link("belongsToMany"), 'the relation "maker" of "goods" is required, and files bring no links'),
        (link("hasMany"), "files bring no links"),
        (link("hasOne"), "files bring no links"),
    ],
)
async def test_a_file_without_what_records_need_is_refused(
    client: httpx.AsyncClient, importing: Importing, field: dict[str, Any], reason: str
) -> None:
    await made(client, field)
    assert reason in (await importing.refused("/goods:import", b"name\na\nb\n"))["message"]
    assert await rows(client, "/goods:list") == []


async def test_a_file_without_the_key_that_people_choose_is_refused(
    client: httpx.AsyncClient, importing: Importing
) -> None:
    await made(client, {"name": "code", "type": "string", "primaryKey": True}, autoGenId=False)
    assert '"code" of "goods"' in (await importing.refused("/goods:import", b"name\na\n"))["message"]


@pytest.mark.parametrize(
    "field",
    [
        {"name": "code", "type": "string", "required": True, "defaultValue": "x"},
        {"name": "code", "type": "uuid", "required": True},
        {"name": "code", "type": "sort", "required": True},
        {"name": "code", "type": "sequence", "required": True, "patterns": [{"type": "integer"}]},
    ],
)
async def test_what_comes_by_itself_needs_no_column(
    client: httpx.AsyncClient, importing: Importing, field: dict[str, Any]
) -> None:
    await made(client, field)
    assert (await importing("/goods:import", b"name\na\nb\n"))["imported"] == 2
    assert None not in [row["code"] for row in await rows(client, "/goods:list")]


async def test_rows_without_a_link_are_told_with_their_lines(
    client: httpx.AsyncClient, importing: Importing
) -> None:
    await made(client, link("belongsTo"))
    tally = await importing("/goods:import", b"name,makerId\na,1\nb,\nc,1\nd,\ne,7\n")
    assert [(error["line"], error["field"]) for error in tally["errors"]] == [
        (3, "makerId"),
        (5, "makerId"),
        (6, "makerId"),
    ]
    assert "is required" in tally["errors"][0]["reason"]
    assert [row["name"] for row in await rows(client, "/goods:list?sort=id")] == ["a", "c"]


async def test_a_file_may_change_records_that_have_what_they_need(
    client: httpx.AsyncClient, importing: Importing
) -> None:
    """It need not bring it again; rows whose record is not there are rejected."""
    await made(client, {"name": "code", "type": "string", "unique": True}, link("belongsTo"))
    await client.post("/goods:create", json={"code": "a", "name": "x", "maker": 1})
    update = {"matchOn": "code", "existing": "update"}
    tally = await importing("/goods:import", b"code,name\na,y\nb,z\n", **update)
    assert (tally["updated"], tally["imported"], tally["rejected"]) == (1, 0, 1)
    (error,) = tally["errors"]
    assert (error["line"], error["field"]) == (3, "maker")
    assert await rows(client, "/goods:list?fields=name") == [{"name": "y"}]
