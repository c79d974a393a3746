"""What is told of a file before it is imported into a collection that is there."""

from typing import Any

import httpx
import orjson
import pytest

from insula.testing.importing import Importing, rows

FIELDS = [
    {"name": "name", "type": "string", "required": True, "uiSchema": {"title": "Full name"}},
    {"name": "age", "type": "integer"},
    {"name": "born", "type": "dateOnly"},
    {"name": "code", "type": "string", "unique": True},
]


@pytest.fixture(autouse=True)
async def _people(client: httpx.AsyncClient) -> None:
    await client.post("/collections:create", json={"name": "people", "fields": FIELDS})


async def _preview(client: httpx.AsyncClient, data: bytes, **params: Any) -> Any:
    answer = await client.post("/people:importPreview", content=data, params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


async def test_columns_are_proposed_a_field_by_name_and_title(
    client: httpx.AsyncClient, importing: Importing
) -> None:
    seen = await _preview(client, b"Full Name;AGE;junk\nAda;36;x\nEve;;y\n")
    assert [(column["header"], column["field"]) for column in seen["columns"]] == [
        ("Full Name", "name"),
        ("AGE", "age"),
        ("junk", None),
    ]
    assert (seen["delimiter"], seen["encoding"], seen["taken"]) == (";", "utf-8", 2)
    assert seen["rows"] == [["Ada", "36", "x"], ["Eve", "", "y"]]
    assert "no field for the columns 'junk'" in seen["refusal"]
    assert await rows(client, "/people:list") == []
    assert importing.files() == []


async def test_bad_rows_are_named_with_their_lines(client: httpx.AsyncClient) -> None:
    columns = orjson.dumps({"name": "name", "n": "age"}).decode()
    seen = await _preview(client, b'name,n\nAda,36\n"a\nb",x\n,1\nEve\n', columns=columns)
    assert (seen["taken"], seen["rejected"], seen["refusal"]) == (4, 3, None)
    assert [(error["line"], error["field"]) for error in seen["errors"]] == [
        (3, "age"),
        (5, "name"),
        (6, None),
    ]


async def test_a_row_that_is_cut_off_is_no_bad_one(client: httpx.AsyncClient) -> None:
    seen = await _preview(client, b"name,age\nAda,36\nEv", partial="true")
    assert (seen["taken"], seen["rejected"]) == (1, 0)


@pytest.mark.parametrize(
    ("data", "params", "reason"),
    [
        (b"age\n1\n", {}, "which is required"),
        (b"name,born\nA,01/02/2026\n", {}, "can be read in two ways"),
        (b"name,age\nA,1\n", {"matchOn": "age"}, "is not unique"),
        (b"name\nA\n", {"matchOn": "code"}, "no column goes to the field"),
        (b"name,x\nA,1\n", {"columns": '{"x": "name"}'}, "two columns go to the field"),
    ],
)
async def test_why_an_import_would_be_refused_is_told_and_is_why_it_is(
    client: httpx.AsyncClient, importing: Importing, data: bytes, params: dict[str, str], reason: str
) -> None:
    refusal = (await _preview(client, data, **params))["refusal"]
    assert reason in refusal
    assert (await importing.refused("/people:import", data, **params))["message"] == refusal


async def test_what_can_not_be_previewed_is_refused(client: httpx.AsyncClient, importing: Importing) -> None:
    for params, reason in (({"columns": '{"name": "zzz"}'}, "zzz"), ({"nope": "1"}, "nope")):
        error = await importing.refused("/people:importPreview", b"name\nA\n", **params)
        assert reason in error["message"]
    assert (await importing.refused("/people:importPreview", b""))["code"] == "INVALID_FILE"
