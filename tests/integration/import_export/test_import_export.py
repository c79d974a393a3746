"""CSV files in and out, through the API, on both dialects."""

import codecs
import csv
import io
from decimal import Decimal
from typing import Any

import httpx
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from insula.application.api.openapi import document
from insula.application.application import Application
from insula.data.collection import Field
from insula.data.fields import field_type
from insula.database import csv_text
from insula.plugins.import_export import conversion
from insula.plugins.import_export.importer import ROWS_PER_TRANSACTION
from insula.testing.importing import Importing, rows

PEOPLE = b"Name,Age,Born\nAda,36,1815-12-10\nGrace,85,1906-12-09\n"


async def test_import_makes_the_collection(client: httpx.AsyncClient, importing: Importing) -> None:
    assert await importing("/imports:create", PEOPLE, collection="people") == {
        "rows": 2,
        "imported": 2,
        "updated": 0,
        "skipped": 0,
        "empty": 0,
        "rejected": 0,
        "errors": [],
    }
    found = await rows(client, "/people:list?fields=Name,Age,Born&sort=Age")
    assert found == [
        {"Name": "Ada", "Age": 36, "Born": "1815-12-10"},
        {"Name": "Grace", "Age": 85, "Born": "1906-12-09"},
    ]
    assert importing.files() == []


async def test_import_into_a_collection_goes_by_names_titles_and_what_is_said(
    client: httpx.AsyncClient, importing: Importing
) -> None:
    fields = [
        {"name": "name", "type": "string", "required": True},
        {"name": "years", "type": "integer", "uiSchema": {"title": "Age"}},
        {"name": "price", "type": "decimal", "precision": 10, "scale": 2},
    ]
    await client.post("/collections:create", json={"name": "things", "fields": fields})
    data = b"NAME;Age;Cost;Junk\nx;3;1.50;?\ny; 4 ;\t2.25 ;?\n"
    columns = orjson.dumps({"Cost": "price", "Junk": None}).decode()
    assert (await importing("/things:import", data, columns=columns))["imported"] == 2
    found = await rows(client, "/things:list?fields=name,years,price&sort=name")
    assert found == [
        {"name": "x", "years": 3, "price": "1.50"},
        {"name": "y", "years": 4, "price": "2.25"},
    ]


async def test_rows_of_nothing_but_delimiters_become_no_records(
    client: httpx.AsyncClient, importing: Importing
) -> None:
    fields = [{"name": "name", "type": "string"}, {"name": "age", "type": "integer"}]
    await client.post("/collections:create", json={"name": "people", "fields": fields})
    data = b"name;age;town\n;;\nAda;36;\n;;Rome\n;\n\n;;;\nGrace;old;\n;;\n"
    preview = (await client.post("/people:importPreview", content=data, params={"delimiter": ";"})).json()
    seen = preview["data"]
    assert (seen["rejected"], [error["line"] for error in seen["errors"]]) == (1, [8])
    tally = await importing("/people:import", data, delimiter=";", columns='{"town": null}')
    assert (tally["imported"], tally["empty"], tally["rejected"]) == (2, 4, 1)
    assert [error["line"] for error in tally["errors"]] == [8]
    found = await rows(client, "/people:list?fields=name,age&sort=id")
    assert found == [{"name": "Ada", "age": 36}, {"name": None, "age": None}]
    assert (await importing("/people:import", b"name,age\n,\n,\n"))["empty"] == 2


async def test_imported_records_are_numbered_and_computed(
    client: httpx.AsyncClient, importing: Importing
) -> None:
    pattern = [{"type": "string", "options": {"value": "N"}}, {"type": "integer", "options": {"digits": 2}}]
    fields = [
        {"name": "qty", "type": "integer"},
        {"name": "number", "type": "sequence", "patterns": pattern},
        {"name": "double", "type": "formula", "expression": "qty * 2", "dataType": "integer"},
    ]
    await client.post("/collections:create", json={"name": "things", "fields": fields})
    for _ in range(2):
        assert (await importing("/things:import", b"qty\n1\n2\n"))["imported"] == 2
    found = await rows(client, "/things:list?fields=qty,number,double&sort=number")
    assert [list(row.values()) for row in found] == [
        [1, "N01", 2],
        [2, "N02", 4],
        [1, "N03", 2],
        [2, "N04", 4],
    ]


async def test_bad_rows_are_reported_with_their_lines_and_the_others_go_in(
    client: httpx.AsyncClient, importing: Importing
) -> None:
    fields = [
        {"name": "code", "type": "string", "unique": True, "required": True},
        {"name": "amount", "type": "integer"},
    ]
    await client.post("/collections:create", json={"name": "stock", "fields": fields})
    data = b'code,amount\na,1\nb,many\n"c\nd",2\n,3\na,4\ne\nf,99999999999\ng,7\n'
    tally = await importing("/stock:import", data)
    assert (tally["rows"], tally["imported"], tally["rejected"]) == (8, 3, 5)
    assert [(error["line"], error["field"]) for error in tally["errors"]] == [
        (3, "amount"),
        (6, "code"),
        (7, "code"),
        (8, None),
        (9, "amount"),
    ]
    assert "code" in tally["errors"][2]["reason"]
    assert tally["errors"][3]["reason"] == "has 1 cell instead of 2"
    assert [row["code"] for row in await rows(client, "/stock:list?sort=code")] == ["a", "c\nd", "g"]


async def test_rows_without_a_link_that_they_need_are_reported(
    client: httpx.AsyncClient, importing: Importing
) -> None:
    await importing("/imports:create", b"id,word\n5,five\n", collection="words")
    order = {"name": "word", "type": "belongsTo", "target": "words", "required": True}
    await client.post("/collections:create", json={"name": "uses", "fields": [order]})
    for existing in ({}, {"matchOn": "id", "existing": "update"}):
        tally = await importing("/uses:import", b"id,wordId\n1,5\n2,\n3,6\n", **existing)
        assert [(error["line"], error["field"]) for error in tally["errors"]] == [
            (3, "wordId"),
            (4, "wordId"),
        ]
        assert tally["errors"][0]["reason"] == "is required"
    assert [row["wordId"] for row in await rows(client, "/uses:list?sort=id")] == [5]


async def test_given_ids_are_kept_and_the_next_record_gets_a_new_one(
    client: httpx.AsyncClient, importing: Importing
) -> None:
    await importing("/imports:create", b"id,word\n5,five\n9,nine\n", collection="words")
    made = await client.post("/words:create", json={"word": "next"})
    assert made.json()["data"]["id"] == 10


async def test_import_goes_on_where_a_crash_left_it(
    application: Application, client: httpx.AsyncClient, importing: Importing
) -> None:
    """What is kept with each batch is what the next start begins from: each row is there exactly once."""
    count = ROWS_PER_TRANSACTION * 3 + 7
    data = b"n\n" + b"".join(b"%d\n" % n for n in range(count))
    answer = await client.post("/imports:create?collection=numbers", content=data)
    job = answer.json()["data"]["jobId"]
    await application.jobs.stop()
    before = (await rows(client, "/numbers:count"))["count"]
    assert before % ROWS_PER_TRANSACTION == 0 or before == count
    await application.jobs.start()
    finished = await application.jobs.finished(job)
    assert (finished.status, finished.steps[0].result["imported"]) == ("succeeded", count)
    total = {"measures": [{"field": ["n"], "aggregation": "sum", "alias": "sum"}]}
    answer = await client.post("/numbers:query", json=total)
    assert int(answer.json()["data"][0]["sum"]) == count * (count - 1) // 2


@pytest.mark.parametrize(
    ("data", "params", "reason"),
    [
        (b"", {}, "empty"),
        (b"a,b\n\xff,1\n", {"encoding": "utf-8"}, "not utf-8"),
        (b",".join(b"c" for _ in range(1_000_000)), {}, "header is longer"),
        (b"a,a\n1,2\n", {}, "more than once"),
        (b"a\n1\n", {"columns": "{"}, "columns must be JSON"),
        (b"a\n1\n", {"columns": '{"b": "a"}'}, "the file has no column 'b'"),
        (b"a\n1\n", {"columns": '{"a": null}'}, "no column goes to a field"),
    ],
)
async def test_what_can_not_be_imported_says_why(
    importing: Importing, data: bytes, params: dict[str, str], reason: str
) -> None:
    error = await importing.refused("/imports:create", data, collection="odd", **params)
    assert reason in error["message"]


async def test_columns_without_a_field_are_named(client: httpx.AsyncClient, importing: Importing) -> None:
    await client.post(
        "/collections:create", json={"name": "narrow", "fields": [{"name": "a", "type": "string"}]}
    )
    error = await importing.refused("/narrow:import", b"a,b,c\n1,2,3\n")
    assert "'b', 'c'" in error["message"]


async def test_built_in_collections_take_no_files(importing: Importing) -> None:
    error = await importing.refused("/imports:create", b"kind\nx\n", collection="jobs")
    assert "built in" in error["message"]


async def test_preview_proposes_and_keeps_nothing(client: httpx.AsyncClient, importing: Importing) -> None:
    answer = await client.post("/imports:preview", content=PEOPLE)
    data = answer.json()["data"]
    assert [(column["name"], column["type"]) for column in data["columns"]] == [
        ("Name", "string"),
        ("Age", "integer"),
        ("Born", "dateOnly"),
    ]
    assert data["rows"][1] == ["Grace", "85", "1906-12-09"]
    assert importing.files() == []


async def test_export_gives_what_import_takes(client: httpx.AsyncClient, importing: Importing) -> None:
    data = b'label,count,ratio,day,ok\n"a,""b""\nc",1,0.5,2026-01-31,true\n=1+1,-2,,,false\n'
    await importing("/imports:create", data, collection="first")
    exported = await client.get("/first:export?fields=label,count,ratio,day,ok&sort=-count")
    assert exported.headers["content-disposition"] == 'attachment; filename="first.csv"'
    assert list(csv.reader(io.StringIO(exported.text))) == list(csv.reader(io.StringIO(data.decode())))
    await importing("/imports:create", exported.content, collection="second")
    again = await client.get("/second:export?fields=label,count,ratio,day,ok&sort=-count")
    assert again.content == exported.content


async def test_export_filters_names_fields_and_disarms_formulas(
    client: httpx.AsyncClient, importing: Importing
) -> None:
    await importing("/imports:create", b"t,n\n=cmd,-1\nplain,2\n", collection="cells")
    csv_ = await client.get("/cells:export?fields=t,n&spreadsheet=true&sort=n")
    assert csv_.content.decode("utf-8-sig").splitlines() == ["t,n", "'=cmd,-1", "plain,2"]
    assert csv_.content.startswith(codecs.BOM_UTF8)
    plain = await client.get("/cells:export?fields=t,n&sort=n")
    assert plain.content.decode().splitlines()[0] == "t,n"
    lines = await client.get("/cells:export", params={"format": "jsonl", "fields": "t", "filter": '{"n": 2}'})
    assert [orjson.loads(line) for line in lines.content.splitlines()] == [{"t": "plain"}]
    for wrong, code in (
        ("format=xls", "INVALID_EXPORT"),
        ("fields=zzz", "INVALID_EXPORT"),
        ("sort=zzz", "UNKNOWN_FIELD"),
    ):
        refused = await client.get(f"/cells:export?{wrong}")
        assert (refused.status_code, refused.json()["errors"][0]["code"]) == (400, code)


CELLS = st.one_of(
    st.text(max_size=12),
    st.integers(-(2**65), 2**65).map(str),
    st.floats(allow_nan=True, allow_infinity=True).map(repr),
    st.dates().map(str),
    st.datetimes().map(str),
    st.datetimes().map(lambda moment: moment.isoformat(timespec="milliseconds") + "Z"),
    st.sampled_from(["true", "false", "True", "1_000", " 7", "٣", "1e5", "-0", "+4", "00012"]),
    st.sampled_from(
        ["2026-W01-1", "20260102", "0" * 20, "1e00005", "2026-01-02T03", "24:00:00", "1,2", "1\n2"]
    ),
)


@given(st.lists(CELLS, min_size=1, max_size=5), st.sampled_from(sorted(conversion._FAST)))
def test_fast_columns_give_what_single_cells_give(cells: list[str], kind: str) -> None:
    field = Field("f", field_type(kind))
    alone = [_alone(field, cell) for cell in cells]
    values, bad = conversion.to_values(conversion.Target(field))(cells)
    assert [(value, type(value)) for value in values] == [(value, type(value)) for value, _ in alone]
    assert [(cell.row, cell.reason) for cell in bad] == [
        (row, reason) for row, (_, reason) in enumerate(alone) if reason
    ]


def _alone(field: Field, cell: str) -> tuple[Any, str]:
    """The value of a cell, or the reason against it, as the API would say."""
    try:
        text = cell.strip() if field.type.family == "number" else cell
        return (field.type.prepare(text, field) if text else None), ""
    except ValueError as error:
        return None, str(error)


@given(st.lists(CELLS, min_size=1, max_size=5), st.sampled_from(sorted(conversion._AS_WRITTEN)))
def test_cells_that_stay_as_written_are_those_that_are_valid(cells: list[str], kind: str) -> None:
    """Whether the database reads them to the same values is asked of it below."""
    field = Field("f", field_type(kind))
    convert = conversion.to_csv(conversion.Target(field), csv_text.cell)
    texts, bad = convert(cells)
    alone = [_alone(field, cell) for cell in cells]
    assert [(cell.row, cell.reason) for cell in bad] == [
        (row, reason) for row, (_, reason) in enumerate(alone) if reason
    ]
    assert [not text for text in texts] == [value is None for value, _ in alone]


EVERY_TYPE = {
    "integer": ["7", "+4", "-0", "00012", "2147483647", ""],
    "bigInt": ["9223372036854775807", "-9223372036854775808", "0001", "", "5", "6"],
    "double": ["1.5", "-.5", "3.", "1e-400", "1.7976931348623157e308", ""],
    "boolean": ["true", "False", "1", "0", "TRUE", ""],
    "dateOnly": ["2026-02-28", "0001-01-01", "9999-12-31", "2026-01-02T03:04:05Z", "", "2024-02-29"],
    "datetimeTz": [
        "2026-01-02T03:04:05.678Z",
        "2026-01-02 03:04:05",
        "2026-01-02",
        "2026-01-02T03:04:05.9999+02:00",
        "",
        "0001-01-01T00:00:01Z",
    ],
    "datetimeNoTz": [
        "2026-01-02T03:04:05.678Z",
        "2026-01-02 03:04:05",
        "2026-01-02",
        "2026-01-02T03:04:05.9999+02:00",
        "",
        "9999-12-31T23:59:59.999",
    ],
    "time": ["03:04", "23:59:59", "03:04:05.9", "", "00:00", "12:00:00"],
    "string": ['say "hi"', "a,b", "\\.", " edge ", "Zo\u00eb\n\r\t\\N", ""],
    "text": ["NULL", "\\N", "''", "\u2603", "x" * 300, ""],
    "decimal": ["1.10", "-0.01", "12345678.90", "", "7", "+3.5"],
    "uuid": ["0F8FAD5B-D9CB-469F-A165-70867728950E", "", "", "", "", ""],
    "json": ['{"a": [1, "b,c"]}', "[]", "1", '"text"', "", "true"],
}


_OPTIONS = {"decimal": {"precision": 10, "scale": 2}}


@pytest.mark.parametrize("order", [slice(None), slice(None, None, -1), slice(0, 1), slice(1, 2)])
async def test_every_type_is_stored_as_the_api_stores_it(
    client: httpx.AsyncClient, importing: Importing, order: slice
) -> None:
    """The same texts by the file and by the API: also when all of a column's cells stay as they are written."""
    fields = [{"name": f"f_{name}", "type": name, **_OPTIONS.get(name, {})} for name in EVERY_TYPE]
    fields += [
        {"name": "word", "type": "string", "defaultValue": ""},
        {"name": "place", "type": "sort"},
        {"name": "token", "type": "nanoid"},
    ]
    for name in ("filed", "sent"):
        body = {"name": name, "fields": fields, "createdAt": True}
        answer = await client.post("/collections:create", json=body)
        assert answer.status_code == 200, answer.text
    columns = [values[order] for values in EVERY_TYPE.values()]
    sink = io.StringIO()
    writer = csv.writer(sink)
    writer.writerow([f"f_{name}" for name in EVERY_TYPE])
    writer.writerows(zip(*columns, strict=True))
    tally = await importing("/filed:import", sink.getvalue().encode())
    assert tally["errors"] == []
    for cells in zip(*columns, strict=True):
        body = {f"f_{name}": cell or None for name, cell in zip(EVERY_TYPE, cells, strict=True)}
        if body["f_json"]:
            body["f_json"] = orjson.loads(body["f_json"])
        answer = await client.post("/sent:create", json=body)
        assert answer.status_code == 200, answer.text
    filed, sent = [await rows(client, f"/{name}:list?sort=place") for name in ("filed", "sent")]
    own = {"createdAt", "updatedAt", "token"}
    assert [{k: v for k, v in row.items() if k not in own} for row in filed] == [
        {k: v for k, v in row.items() if k not in own} for row in sent
    ]
    assert len({row["token"] for row in filed}) == len(filed)
    assert all(row["createdAt"] for row in filed)


def test_decimals_keep_their_digits() -> None:
    target = conversion.Target(Field("f", field_type("decimal"), options={"precision": 10, "scale": 2}))
    assert conversion.to_values(target)(["1.10"]) == ([Decimal("1.10")], [])


async def test_the_document_describes_imports_and_exports_wholly(importing: Importing) -> None:
    await importing("/imports:create", PEOPLE, collection="people")
    paths = (await document(importing.application, "/api"))["paths"]

    def names(path: str, verb: str) -> list[str]:
        stated = paths[path][verb]["parameters"]
        return [p["$ref"].rpartition("/")[2] if "$ref" in p else p["name"] for p in stated]

    assert names("/imports:create", "post") == [
        "collection",
        "encoding",
        "delimiter",
        "dateOrder",
        "columns",
        "matchOn",
        "existing",
    ]
    assert names("/people:import", "post") == [
        "encoding",
        "delimiter",
        "dateOrder",
        "columns",
        "matchOn",
        "existing",
    ]
    assert names("/imports:preview", "post") == ["encoding", "delimiter", "dateOrder"]
    listing = ["filter", "fields", "appends", "except", "sort"]
    assert names("/people:export", "get") == ["format", "spreadsheet", *listing]
    assert names("/jobs:cancel", "post") == ["filterByTk"]
    for path in ("/imports:create", "/imports:preview", "/people:import", "/people:importPreview"):
        assert list(paths[path]["post"]["requestBody"]["content"]) == ["text/csv"]
    assert paths["/imports:create"]["post"]["parameters"][0]["required"]


async def test_an_export_takes_its_parameters_from_the_body_too(
    client: httpx.AsyncClient, importing: Importing
) -> None:
    await importing("/imports:create", b"name,age\nAda,36\nEve,20\n", collection="people")
    wanted = {"filter": {"age": {"$gt": 30}}, "fields": ["name"], "format": "jsonl"}
    answer = await client.post("/people:export", json=wanted)
    assert answer.text == '{"name":"Ada"}\n'
    for wrong in ({"filter": {"nope": 1}}, {"format": ["csv"]}, {"nope": 1}, {"page": 2}, {"filterByTk": 1}):
        assert (await client.post("/people:export", json=wrong)).status_code == 400
    assert (await client.post("/people:export", json=[1])).status_code == 400
