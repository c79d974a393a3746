"""What an import is told, and what it refuses to guess: encodings, days, columns, unknown parameters."""

import csv
import io

import httpx
import orjson
import pytest

from insula.testing.importing import Importing, rows


async def test_one_wrong_byte_is_named_with_its_line_and_no_encoding_is_guessed(importing: Importing) -> None:
    data = "größe\nä\n".encode() * 3 + b"\xe9\n"
    error = await importing.refused("/imports:create", data, collection="odd")
    assert error["code"] == "INVALID_FILE"
    assert "line 7: the text is not UTF-8" in error["message"]
    assert "encoding=windows-1252" in error["message"]
    assert importing.application.metadata.find("odd") is None


async def test_a_named_encoding_is_taken(client: httpx.AsyncClient, importing: Importing) -> None:
    await importing("/imports:create", "größe\nä\n".encode("cp1252"), collection="odd", encoding="cp1252")
    assert [row["grosse"] for row in await rows(client, "/odd:list")] == ["ä"]
    fields = await rows(client, "/collections/odd/fields:list?paginate=false")
    assert [field["uiSchema"]["title"] for field in fields if field["name"] == "grosse"] == ["größe"]


async def test_days_that_can_be_read_in_two_ways_need_their_order(
    client: httpx.AsyncClient, importing: Importing
) -> None:
    data = b"day,n\n01/02/2026,1\n03/04/2026,2\n"
    error = await importing.refused("/imports:create", data, collection="days")
    assert "the days of 'day' can be read in two ways" in error["message"]
    assert importing.application.metadata.find("days") is None
    seen = (await client.post("/imports:preview", content=data)).json()["data"]["columns"]
    assert [(column["name"], column["ambiguous"]) for column in seen] == [("day", True), ("n", False)]
    for order, first in (("dmy", "2026-02-01"), ("mdy", "2026-01-02")):
        await importing("/imports:create", data, collection=order, dateOrder=order)
        assert (await rows(client, f"/{order}:list?sort=n"))[0]["day"] == first
    error = await importing.refused("/dmy:import", data)
    assert "dateOrder=dmy" in error["message"]
    error = await importing.refused("/dmy:import", data, dateOrder="ymd")
    assert "dateOrder must be mdy or dmy" in error["message"]


async def test_days_that_go_nowhere_or_into_text_need_no_order(
    client: httpx.AsyncClient, importing: Importing
) -> None:
    data = b"day,n\n01/02/2026,1\n"
    await importing("/imports:create", data, collection="left", columns='{"day": null}')
    fields = [{"name": "day", "type": "string"}, {"name": "n", "type": "integer"}]
    await client.post("/collections:create", json={"name": "texts", "fields": fields})
    await importing("/texts:import", data)
    assert [row["day"] for row in await rows(client, "/texts:list")] == ["01/02/2026"]
    assert "day" not in (await rows(client, "/left:list"))[0]


async def test_columns_name_the_fields_of_a_collection_that_is_made(
    client: httpx.AsyncClient, importing: Importing
) -> None:
    wanted = orjson.dumps({"Code": "sku", "Junk": None}).decode()
    await importing("/imports:create", b"Code,Junk,n\na,x,1\n", collection="made", columns=wanted)
    assert (await rows(client, "/made:list?fields=sku,n")) == [{"sku": "a", "n": 1}]
    for columns, reason in (
        ('{"Code": "n"}', 'two columns go to the field "n"'),
        ('{"Code": "1 2"}', "must have 1 to 50 characters"),
    ):
        error = await importing.refused("/imports:create", b"Code,n\na,1\n", collection="x", columns=columns)
        assert reason in error["message"]
        assert importing.application.metadata.find("x") is None


async def test_columns_that_name_no_field_are_refused(
    client: httpx.AsyncClient, importing: Importing
) -> None:
    await client.post(
        "/collections:create", json={"name": "goods", "fields": [{"name": "code", "type": "string"}]}
    )
    for path, more in (("/goods:import", {}), ("/imports:create", {"collection": "goods"})):
        error = await importing.refused(path, b"code\na\n", columns='{"code": "zzz"}', **more)
        assert "\"goods\" has no field 'zzz' to import into" in error["message"]
    assert await rows(client, "/goods:list") == []


@pytest.mark.parametrize("path", ["/imports:create", "/imports:preview", "/goods:import"])
async def test_unknown_parameters_are_refused(
    client: httpx.AsyncClient, importing: Importing, path: str
) -> None:
    await client.post(
        "/collections:create", json={"name": "goods", "fields": [{"name": "code", "type": "string"}]}
    )
    error = await importing.refused(path, b"code\na\n", colums="{}")
    assert (error["code"], "colums" in error["message"]) == ("INVALID_PARAMETER", True)


async def test_the_first_megabyte_may_end_within_a_letter(client: httpx.AsyncClient) -> None:
    text = ("ä" * 40 + "\n").encode() * 20_000
    answer = await client.post("/imports:preview", content=b"word\n" + text[: 2**20 - 6])
    assert answer.status_code == 200, answer.text
    assert answer.json()["data"]["encoding"] == "utf-8"


async def test_an_export_appends_relations(client: httpx.AsyncClient, importing: Importing) -> None:
    await importing("/imports:create", b"id,name\n1,Ada\n", collection="people")
    fields = [
        {"name": "title", "type": "string"},
        {"name": "author", "type": "belongsTo", "target": "people", "foreignKey": "authorId"},
    ]
    await client.post("/collections:create", json={"name": "books", "fields": fields})
    await client.post("/books:create", json={"title": "Notes", "authorId": 1})
    asked = {"fields": ["title"], "appends": ["author"], "format": "jsonl"}
    lines = (await client.post("/books:export", json=asked)).content.splitlines()
    (row,) = map(orjson.loads, lines)
    assert (list(row), row["author"]["name"]) == (["title", "author"], "Ada")
    text = (await client.get("/books:export?fields=title&appends=author")).text
    assert text.startswith("title,author\r\nNotes,")
    assert '""name"":""Ada""' in text


async def test_formulas_stay_as_they_are_unless_the_file_is_for_a_spreadsheet(
    client: httpx.AsyncClient, importing: Importing
) -> None:
    cells = ["=HYPERLINK(1)", "+1", "-1", "@x", "\t=1", "\n=1", "＝1", "plain"]
    await client.post(
        "/collections:create", json={"name": "cells", "fields": [{"name": "t", "type": "string"}]}
    )
    await client.post("/cells:create", json=[{"t": cell} for cell in cells])

    async def exported(spreadsheet: bool) -> list[str]:
        asked = {"fields": ["t"], "sort": ["id"], "spreadsheet": spreadsheet}
        answer = await client.post("/cells:export", json=asked)
        return [row[0] for row in csv.reader(io.StringIO(answer.text, newline=""))][1:]

    assert await exported(False) == cells
    assert await exported(True) == [f"'{cell}" for cell in cells[:-1]] + ["plain"]
    assert (await client.get("/cells:export?spreadsheet=maybe")).status_code == 400
