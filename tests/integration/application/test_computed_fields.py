"""Sequences and formulas over the API, on both dialects."""

import asyncio
import datetime as dt
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from insula.application.application import Application
from insula.core import clock
from insula.data.scope import Unrestricted
from insula.plugins.collections import CollectionsPlugin
from insula.testing.applications import Library, MakeApplication

UNRESTRICTED = Unrestricted()
NUMBER = {
    "name": "number",
    "type": "sequence",
    "patterns": [
        {"type": "string", "options": {"value": "INV-"}},
        {"type": "date", "options": {"format": "YYYY"}},
        {"type": "string", "options": {"value": "-"}},
        {"type": "integer", "options": {"digits": 4, "start": 1, "cycle": "0 0 1 1 *"}},
    ],
}


@pytest.fixture
async def application(make: MakeApplication) -> AsyncIterator[Application]:
    made = make(Library(), CollectionsPlugin())
    await made.install()
    await made.start()
    yield made
    await made.stop()


async def made(client: httpx.AsyncClient, *fields: dict[str, Any], **settings: Any) -> None:
    body = {"name": "bills", "fields": list(fields), **settings}
    answer = await client.post("/collections:create", json=body)
    assert answer.status_code == 200, answer.text


async def created(client: httpx.AsyncClient, **values: Any) -> dict[str, Any]:
    answer = await client.post("/bills:create", json=values)
    assert answer.status_code == 200, answer.text
    record: dict[str, Any] = answer.json()["data"]
    return record


async def refusal(answer: httpx.Response) -> tuple[int, str]:
    error = answer.json()["errors"][0]
    return answer.status_code, error["message"]


def at(monkeypatch: pytest.MonkeyPatch, moment: str) -> None:
    monkeypatch.setattr(clock, "now", lambda: dt.datetime.fromisoformat(moment))


# --- sequences -------------------------------------------------------------------------------------------------------


async def test_numbers_start_anew_with_each_cycle(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    await made(client, NUMBER)
    numbers = []
    for moment in ("2026-12-30T10:00Z", "2026-12-31T23:59Z", "2027-01-01T00:00Z", "2026-06-01T00:00Z"):
        at(monkeypatch, moment)
        numbers.append((await created(client))["number"])
    # a clock that is set back does not give a number twice
    assert numbers == ["INV-2026-0001", "INV-2026-0002", "INV-2027-0001", "INV-2026-0003"]


async def test_many_creates_at_once_leave_neither_gap_nor_double(client: httpx.AsyncClient) -> None:
    code = {"name": "code", "type": "string", "unique": True}
    await made(client, code, {**NUMBER, "patterns": [{"type": "integer", "options": {"digits": 3}}]})
    bodies = [{"code": str(number)} for number in range(20)] * 2  # each the second time is refused
    answers = await asyncio.gather(*(client.post("/bills:create", json=body) for body in bodies))
    assert sorted(answer.status_code for answer in answers) == [200] * 20 + [409] * 20
    numbers = [answer.json()["data"]["number"] for answer in answers if answer.status_code == 200]
    assert sorted(numbers) == [f"{number:03}" for number in range(1, 21)]


async def test_the_server_numbers_and_not_the_client(client: httpx.AsyncClient) -> None:
    await made(client, {"name": "title", "type": "string"}, NUMBER)
    first = await created(client, number="mine")
    assert first["number"].endswith("-0001")
    changed = (await client.post("/bills:update/1", json={"title": "x", "number": "mine"})).json()["data"][0]
    assert (changed["title"], changed["number"]) == ("x", first["number"])
    await client.post("/collections/bills/fields:update/number", json={"inputable": True})
    assert (await created(client, number="mine"))["number"] == "mine"
    assert (await created(client))["number"].endswith("-0002")


async def test_numbers_that_people_chose_are_passed_over(client: httpx.AsyncClient) -> None:
    pattern = [{"type": "integer", "options": {"digits": 3}}]
    await made(client, {**NUMBER, "patterns": pattern, "inputable": True, "unique": True})
    for number in ("001", "002", "003", "005"):
        await created(client, number=number)
    assert [(await created(client))["number"] for _ in range(3)] == ["004", "006", "007"]
    await client.post("/bills:update/1", json={"number": "008"})
    assert (await created(client))["number"] == "009"
    doubled = await client.post("/bills:create", json={"number": "009"})
    assert doubled.status_code == 409
    many = await client.post("/bills:create", json=[{"number": "010"}, {}, {"number": "012"}, {}])
    assert [row["number"] for row in many.json()["data"]] == ["010", "011", "012", "013"]


async def test_a_unique_number_without_a_counter_is_a_conflict(client: httpx.AsyncClient) -> None:
    pattern = [{"type": "string", "options": {"value": "x"}}]
    await made(client, {**NUMBER, "patterns": pattern, "unique": True})
    assert (await created(client))["number"] == "x"
    assert (await client.post("/bills:create", json={})).status_code == 409


async def test_records_that_exist_are_numbered(client: httpx.AsyncClient) -> None:
    await made(client, {"name": "title", "type": "string"})
    for title in "abc":
        await created(client, title=title)
    pattern = [{"type": "integer", "options": {"start": 7}}, {"type": "string", "options": {"value": "."}}]
    field = {"name": "number", "type": "sequence", "patterns": pattern, "required": True, "unique": True}
    answer = await client.post("/collections/bills/fields:create", json=field)
    assert answer.status_code == 200, answer.text
    rows = (await client.get("/bills:list?sort=id")).json()["data"]
    assert [row["number"] for row in rows] == ["7.", "8.", "9."]
    assert (await created(client))["number"] == "10."


async def test_the_counter_goes_with_its_field(client: httpx.AsyncClient, application: Application) -> None:
    await made(client, NUMBER)
    await created(client)
    for ending in ("/collections/bills/fields:destroy/number", "/collections:destroy/bills"):
        assert (await client.post(ending)).json() == {"data": 1}
    await made(client, NUMBER)
    assert (await created(client))["number"].endswith("-0001")
    assert await application.repository.count("sequences", scopes=UNRESTRICTED) == 1


@pytest.mark.parametrize("zone", ["Mars/Base", "../etc/passwd", "Europe", "", 5])
async def test_wrong_time_zones(client: httpx.AsyncClient, zone: Any) -> None:
    field = {"name": "number", "type": "sequence", "patterns": [{"type": "date"}], "timezone": zone}
    status, message = await refusal(
        await client.post("/collections:create", json={"name": "bills", "fields": [field]})
    )
    assert status == 400
    assert message.endswith(
        ("needs the name of a time zone, such as Europe/Berlin, for timezone.", "be text.")
    )


@pytest.mark.parametrize(
    ("patterns", "reason"),
    [
        (None, "needs a list of parts"),
        ([], "needs a list of parts"),
        ([1], "needs objects with type and options"),
        ([{"type": "random"}], "needs one of string, date, integer"),
        (
            [{"type": "date", "options": {"format": "yyyy"}}],
            "has a format in patterns that is not understood",
        ),
        ([{"type": "integer", "options": {"digits": 0}}], "from 1 to 18 for digits"),
        ([{"type": "integer", "options": {"cycle": "*/5 * * * *"}}], "for cycle in patterns"),
        ([{"type": "integer", "options": {"key": "a"}}] * 2, "needs different keys"),
        ([{"type": "string", "value": "-"}], "needs value inside the options"),
        ([{"type": "integer", "start": 5, "digits": 2}], "needs start, digits inside the options"),
    ],
)
async def test_wrong_patterns(client: httpx.AsyncClient, patterns: Any, reason: str) -> None:
    field = {"name": "number", "type": "sequence", "patterns": patterns}
    answer = await client.post("/collections:create", json={"name": "bills", "fields": [field]})
    status, message = await refusal(answer)
    assert status == 400
    assert reason in message


# --- formulas --------------------------------------------------------------------------------------------------------

PRICE = {"name": "price", "type": "decimal", "precision": 10, "scale": 2}
QTY = {"name": "qty", "type": "integer"}
TOTAL = {
    "name": "total",
    "type": "formula",
    "expression": "round({{price}} * {{ qty }} * 1.19, 2)",
    "dataType": "decimal",
    "scale": 2,
}


async def test_a_formula_follows_the_fields_that_it_reads(client: httpx.AsyncClient) -> None:
    await made(client, PRICE, QTY, {"name": "note", "type": "string"}, TOTAL)
    assert (await created(client, price="10.05", qty=3, total=1))["total"] == "35.88"
    assert (await created(client, qty=3))["total"] is None
    changed = (await client.post("/bills:update/1", json={"qty": 1, "total": 5})).json()["data"]
    assert changed[0]["total"] == "11.96"
    assert (await client.post("/bills:update/1", json={"note": "x"})).json()["data"][0]["total"] == "11.96"
    both = await client.post("/bills:update?filter={}&filterByTk=[1,2]", json={"price": "2"})
    assert sorted(row["total"] for row in both.json()["data"]) == ["2.38", "7.14"]
    assert (await client.get('/bills:list?filter={"total":{"$gt":3}}')).json()["meta"]["count"] == 1
    assert [row["id"] for row in (await client.get("/bills:list?sort=-total")).json()["data"]] == [2, 1]


async def test_many_updates_at_once_agree_with_the_formula(client: httpx.AsyncClient) -> None:
    await made(client, {"name": "a", "type": "integer"}, {"name": "b", "type": "integer"}, SUM)
    await created(client, a=0, b=0)
    writes = [client.post("/bills:update/1", json={name: n}) for n in range(10) for name in "ab"]
    assert {answer.status_code for answer in await asyncio.gather(*writes)} == {200}
    record = (await client.get("/bills:get/1")).json()["data"]
    assert record["sum"] == record["a"] + record["b"]


SUM = {"name": "sum", "type": "formula", "expression": "a + b", "dataType": "bigInt"}


async def test_records_that_exist_are_computed_and_computed_anew(client: httpx.AsyncClient) -> None:
    await made(client, {"name": "a", "type": "integer"}, {"name": "b", "type": "integer"})
    await created(client, a=1, b=2)
    await created(client, a=3)
    answer = await client.post("/collections/bills/fields:create", json=SUM)
    assert answer.status_code == 200, answer.text
    rows = (await client.get("/bills:list?sort=id")).json()["data"]
    assert [row["sum"] for row in rows] == [3, None]
    answer = await client.post("/collections/bills/fields:update/sum", json={"expression": "a * 10"})
    assert answer.status_code == 200, answer.text
    assert [row["sum"] for row in (await client.get("/bills:list?sort=id")).json()["data"]] == [10, 30]
    # what can not be computed for a record leaves everything as it was
    wrong = await client.post("/collections/bills/fields:update/sum", json={"expression": "a / (a - 1)"})
    assert await refusal(wrong) == (
        400,
        'The field "bills.sum" can not be computed: its expression divides by zero.',
    )
    assert [row["sum"] for row in (await client.get("/bills:list?sort=id")).json()["data"]] == [10, 30]
    used = await client.post("/collections/bills/fields:destroy/a")
    assert await refusal(used) == (
        409,
        'The field "bills.a" can not be removed or changed: it is used by the formula sum.',
    )


@pytest.mark.parametrize(
    ("expression", "kind", "values", "expected"),
    [
        ("a / b", "double", {"a": 1, "b": 4}, 0.25),
        ("IF(a > b, 'more', 'less')", "string", {"a": 1, "b": 4}, "less"),
        ("'x' if flag else 'y'", "string", {"flag": True}, "x"),
        ("CONCAT(name, ' ', UPPER(name))", "text", {"name": "ä"}, "ä Ä"),
        ("coalesce(a, b, 0) ^ 2", "integer", {"b": 3}, 9),
        ("days(day, {{day}}) + year(day)", "integer", {"day": "2026-05-01"}, 2026),
        ("a > 1 and not flag", "boolean", {"a": 2, "flag": False}, True),
        ("sum(a, b, 1) + max(a, b) - min(a, b) + abs(-1)", "bigInt", {"a": 1, "b": 5}, 12),
        ("round(a / b, 2)", "double", {"a": 1, "b": 8}, 0.13),
        ("price + 0.1", "decimal", {"price": "0.20"}, "0.300000"),
        ("price * a", "double", {"price": "0.25", "a": 3}, 0.75),
        ("price * a", "integer", {"price": "0.50", "a": 4}, 2),
        ("a", "string", {"a": 5}, "5"),
        ("flag", "string", {"flag": True}, "true"),
        ("price ** 9", "double", {"price": "5000"}, 1.953125e33),
    ],
)
async def test_what_formulas_can_say(
    client: httpx.AsyncClient, expression: str, kind: str, values: dict[str, Any], expected: Any
) -> None:
    formula = {"name": "result", "type": "formula", "expression": expression, "dataType": kind}
    await made(client, *OPERANDS, formula)
    assert (await created(client, **values))["result"] == expected


OPERANDS = (
    {"name": "a", "type": "integer"},
    {"name": "b", "type": "integer"},
    {"name": "flag", "type": "boolean"},
    {"name": "name", "type": "string"},
    {"name": "day", "type": "dateOnly"},
    PRICE,
)


@pytest.mark.parametrize(
    ("expression", "values", "reason"),
    [
        ("1 / a", {"a": 0}, "divides by zero"),
        ("9 ** 9 ** 9", {}, "has a power that is too great"),
        ("a ** 1024.5", {"a": 10}, "has a power that is too great"),
        ("2.0 ** 1024", {}, "has no result that is a number"),
        ("(0 - a) ** 0.5", {"a": 2}, "has no result that is a number"),
        ("name * 1000000", {"name": "x"}, "does not fit the types of its values"),
        ("name + a", {"name": "x", "a": 1}, "does not fit the types of its values"),
        ("1e308 * 10", {}, "must be a finite number"),
        ("day", {"day": "2026-05-01"}, "must be a number"),
        ("round(a, 99)", {"a": 1}, "rounds to more than 30 digits"),
        ("year(name)", {"name": "2026"}, "does not fit the types of its values"),
        ("days(a, a)", {"a": 1}, "does not fit the types of its values"),
        ("max()", {}, "does not fit the types of its values"),
        ("ceil(1e400 - 1e400)", {}, "has no result that is a number"),
        ("price * 1e400", {"price": "1"}, "its value is too great"),
        ("price ** 1000", {"price": "10"}, "its value is too great"),
        ("text(10 ** 1024 * 10 ** 1024 * 10 ** 1024)", {}, "has a number that is too great"),
    ],
)
async def test_values_that_can_not_be_computed(
    client: httpx.AsyncClient, expression: str, values: dict[str, Any], reason: str
) -> None:
    await made(client, *OPERANDS, {"name": "result", "type": "formula", "expression": expression})
    status, message = await refusal(await client.post("/bills:create", json=values))
    assert (status, 'The field "result" of "bills" can not be computed' in message) == (400, True)
    assert reason in message
    assert (await client.get("/bills:list")).json()["meta"]["count"] == 0


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        (None, "needs an expression"),
        ("  ", "needs an expression"),
        ("a +", "can not be read"),
        ("a; b", "is not one single expression"),
        ("a.__class__", "has a part that is not supported (Attribute)"),
        ("a[0]", "has a part that is not supported (Subscript)"),
        ("[x for x in (1, 2)]", "has a part that is not supported (ListComp)"),
        ("(lambda: 1)()", "has a part that is not supported"),
        ("open('x')", 'has an unknown function "open"'),
        ("f'{a}'", "has a part that is not supported (JoinedStr)"),
        ("a << 100000", "has a part that is not supported (LShift)"),
        ("+".join("1" * 400), "is too long or too deep"),
        ("-" * 100 + "1", "is too long or too deep"),
        ("(" * 300 + "1" + ")" * 300, "can not be read"),
        ("1" * 1001, "is longer than 1000 characters"),
        ("{{none}} + 1", 'reads "none", which is no field'),
        ("id + 1", "gets its number only when the record is stored"),
        ("result + 1", "is a formula itself"),
        ("secret", "is hidden"),
        ("__1 + {{a}}", "can not be read"),
    ],
)
async def test_wrong_expressions(client: httpx.AsyncClient, expression: Any, reason: str) -> None:
    secret = {"name": "secret", "type": "password"}
    formula = {"name": "result", "type": "formula", "expression": expression}
    body = {"name": "bills", "fields": [*OPERANDS, secret, formula]}
    status, message = await refusal(await client.post("/collections:create", json=body))
    assert status == 400
    assert reason in message
    assert (await client.get("/collections:get/bills")).json() == {"data": None}


@pytest.mark.parametrize("kind", ["json", "formula", ["double"], {"a": 1}])
async def test_wrong_data_types(client: httpx.AsyncClient, kind: Any) -> None:
    formula = {"name": "result", "type": "formula", "expression": "1", "dataType": kind}
    answer = await client.post("/collections:create", json={"name": "bills", "fields": [formula]})
    status, message = await refusal(answer)
    assert (status, "needs one of double, integer" in message) == (400, True)
