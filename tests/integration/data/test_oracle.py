"""Filters, order, pages and aggregates on random records, compared with the same done in plain Python."""

import datetime as dt
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from insula.data.catalog import StaticCatalog
from insula.data.collection import Collection
from insula.data.filters.parse import parse_filter
from insula.data.query import Aggregate, Dimension, Measure, Query
from insula.data.repository import Repository
from insula.data.scope import Unrestricted
from insula.database.executor import Database
from insula.testing.library import collection, column, create_tables, related

ALL = Unrestricted()
Row = dict[str, Any]
UTC = dt.UTC

# --- the world -------------------------------------------------------------------------------------------------------


def collections() -> tuple[Collection, ...]:
    """Records of all scalar types, under groups (to one, to many and many to many), which stand under others."""
    groups = collection(
        "groups",
        column("id", "bigInt", primary_key=True),
        column("name", "string"),
        column("rank", "integer"),
        column("aboveId", "bigInt"),
        related("above", "belongsTo", "groups", "aboveId", constraints=False),
        related("things", "hasMany", "things", "groupId", constraints=False),
    )
    things = collection(
        "things",
        column("id", "bigInt", primary_key=True),
        column("name", "string"),
        column("note", "text"),
        column("qty", "integer"),
        column("big", "bigInt"),
        column("score", "double"),
        column("price", "decimal", options={"precision": 15, "scale": 3}),
        column("done", "boolean"),
        column("at", "datetimeTz"),
        column("wall", "datetimeNoTz"),
        column("day", "dateOnly"),
        column("clock", "time"),
        column("token", "uuid"),
        column("labels", "array"),
        column("groupId", "bigInt"),
        related("group", "belongsTo", "groups", "groupId", constraints=False),
        related(
            "members",
            "belongsToMany",
            "groups",
            "thingId",
            through="links",
            other_key="groupId",
            constraints=False,
        ),
    )
    links = collection("links", column("thingId", "bigInt"), column("groupId", "bigInt"))
    return groups, things, links


@pytest.fixture
async def repository(database: Database) -> Repository:
    made = collections()
    await create_tables(database, made)
    return Repository(StaticCatalog(made), database)


async def replace_rows(repository: Repository, rows: dict[str, list[Row]]) -> None:
    database = repository.database
    for name, items in rows.items():
        table = repository.catalog.get(name).table
        await database.execute(database.compile(sa.delete(table)), {})
        if items:
            values = {key: sa.bindparam(key, type_=table.c[key].type) for key in items[0]}
            await database.execute_many(database.compile(sa.insert(table).values(values)), items)


# --- random values ---------------------------------------------------------------------------------------------------

TEXTS = st.text("aAbBäÄé%_\\ 1", max_size=4)
MOMENTS = st.datetimes(dt.datetime(2025, 12, 30), dt.datetime(2026, 1, 4)).map(
    lambda moment: moment.replace(microsecond=moment.microsecond // 1000 * 1000)
)
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "name": TEXTS,
    "note": TEXTS,
    "qty": st.integers(-3, 3) | st.integers(-(2**31), 2**31 - 1),
    "big": st.integers(-(2**63), 2**63 - 1),
    "score": st.sampled_from([0.0, 0.1, -2.5, 1e300]) | st.floats(-1e6, 1e6).map(lambda number: number + 0.0),
    "price": st.decimals(-1000, 1000, places=3) | st.decimals(-(10**11), 10**11, places=3),
    "done": st.booleans(),
    "at": MOMENTS.map(lambda moment: moment.replace(tzinfo=UTC)),
    "wall": MOMENTS,
    "day": st.dates(dt.date(2025, 12, 30), dt.date(2026, 1, 4)),
    "clock": st.times().map(lambda time: time.replace(microsecond=0)),
    "token": st.integers(0, 5).map(lambda number: f"00000000-0000-4000-8000-{number:012d}"),
    "labels": st.lists(st.sampled_from(["a", "b", "A", 1, True, "1"]), max_size=3),
    "rank": st.integers(-2, 2),
}
THING = [name for name in VALUES if name != "rank"]
ORDERED = ["name", "qty", "big", "score", "price", "at", "wall", "day", "clock", "token"]
TEXTUAL = ["name", "note"]
GROUP_IDS = st.none() | st.integers(1, 3)


@st.composite
def worlds(draw: st.DrawFn) -> dict[str, list[Row]]:
    groups = [
        {"id": number, "name": draw(st.none() | TEXTS), "rank": draw(st.none() | VALUES["rank"])}
        | {"aboveId": draw(GROUP_IDS)}
        for number in range(1, draw(st.integers(0, 3)) + 1)
    ]
    things = []
    for number in range(1, draw(st.integers(0, 8)) + 1):
        row = {name: draw(st.none() | VALUES[name]) for name in THING}
        things.append({"id": number} | row | {"groupId": draw(GROUP_IDS)})
    pairs = st.tuples(st.integers(1, 8), st.integers(1, 3))
    links = [{"thingId": thing, "groupId": group} for thing, group in draw(st.sets(pairs, max_size=6))]
    return {"groups": groups, "things": things, "links": links}


def plain(value: Any) -> Any:
    """A Python value as clients send it."""
    if isinstance(value, dt.datetime) and value.tzinfo:
        return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if isinstance(value, dt.datetime | dt.date | dt.time):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal) else value


@st.composite
def conditions(draw: st.DrawFn, names: list[str]) -> tuple[str, Any]:
    """A field with an operator that fits it, and a value: ``(name, {operator: value})``."""
    name = draw(st.sampled_from(names))
    values = VALUES[name].map(plain)
    choices: list[tuple[str, st.SearchStrategy[Any]]] = [
        ("$eq", st.none() | values),
        ("$ne", st.none() | values),
        ("$empty", st.booleans()),
        ("$notEmpty", st.booleans()),
        ("$exists", st.booleans()),
    ]
    if name == "labels":
        items = st.lists(st.sampled_from(["a", "b", 1, True]), max_size=3)
        choices += [(operator, items) for operator in ("$match", "$notMatch", "$anyOf", "$noneOf")]
    else:
        lists = st.lists(st.none() | values, max_size=3)
        choices += [("$in", lists), ("$notIn", lists)]
    if name in ORDERED or name == "rank":
        choices += [(operator, values) for operator in ("$gt", "$gte", "$lt", "$lte")]
        pairs = st.tuples(values, values).map(list)
        choices += [("$between", pairs), ("$notBetween", pairs)]
    if name in TEXTUAL:
        choices += [(operator, TEXTS) for operator in TEXT_TESTS]
    if name == "done":
        choices += [("$isTruly", st.booleans()), ("$isFalsy", st.booleans())]
    if name in ("at", "wall", "day"):
        days = st.dates(dt.date(2025, 12, 29), dt.date(2026, 1, 4)).map(str)
        dates = ("$dateOn", "$dateNotOn", "$dateBefore", "$dateNotBefore", "$dateAfter", "$dateNotAfter")
        choices += [(operator, days) for operator in dates]
    operator, operand = draw(st.sampled_from(choices))
    return name, {operator: draw(operand)}


def put_under(path: str, inner: Any) -> Any:
    return {path: inner}


def exists(yes: bool) -> Any:
    return {"$exists": yes}


def filters(names: list[str], related: bool = True) -> st.SearchStrategy[Any]:
    leaf = conditions(names).map(lambda pair: {pair[0]: pair[1]})
    if related:
        for paths, inside in (
            (["group", "members", "group.above"], ["name", "rank"]),
            (["group.things"], ["name", "qty"]),
        ):
            leaf |= st.builds(put_under, st.sampled_from(paths), filters(inside, related=False))
        leaf |= st.builds(put_under, st.sampled_from(["group", "members"]), st.booleans().map(exists))
    return st.recursive(
        leaf,
        lambda inner: st.one_of(
            st.lists(inner, min_size=1, max_size=3).map(lambda items: {"$and": items}),
            st.lists(inner, min_size=1, max_size=3).map(lambda items: {"$or": items}),
            inner.map(lambda item: {"$not": item}),
        ),
        max_leaves=4,
    )


# --- the oracle ------------------------------------------------------------------------------------------------------


def lower(text: str) -> str:
    return "".join(character.lower() for character in text)


TEXT_TESTS: dict[str, Callable[[str, str], bool]] = {
    "$includes": lambda text, part: lower(part) in lower(text),
    "$notIncludes": lambda text, part: lower(part) not in lower(text),
    "$startsWith": lambda text, part: lower(text).startswith(lower(part)),
    "$notStartsWith": lambda text, part: not lower(text).startswith(lower(part)),
    "$endsWith": lambda text, part: lower(text).endswith(lower(part)),
    "$notEndsWith": lambda text, part: not lower(text).endswith(lower(part)),
}


def typed(name: str, value: Any) -> Any:
    """What a client sent → the Python value."""
    if value is None or name == "labels":
        return value
    kinds: dict[str, Callable[[Any], Any]] = {
        "at": dt.datetime.fromisoformat,
        "wall": dt.datetime.fromisoformat,
        "day": dt.date.fromisoformat,
        "clock": dt.time.fromisoformat,
        "price": Decimal,
    }
    return kinds.get(name, lambda same: same)(value)


def member_keys(items: Iterable[Any]) -> set[tuple[bool, Any]]:
    """Members as JSON tells them apart: true is not 1."""
    return {(isinstance(item, bool), item) for item in items}


def check_condition(name: str, operator: str, operand: Any, value: Any) -> bool:
    """Whether one condition holds for a value."""
    negative = {"$ne": "$eq", "$notIn": "$in", "$notBetween": "$between", "$notEmpty": "$empty"}
    negative |= {"$isFalsy": "$isTruly", "$notMatch": "$match", "$noneOf": "$anyOf", "$dateNotOn": "$dateOn"}
    if operator in negative:
        return not check_condition(name, negative[operator], operand, value)
    if operator == "$empty":
        return (value is None or value in ("", [])) == operand
    if operator == "$exists":
        return (value is not None) == operand
    if operator == "$eq":
        return same(value, typed(name, operand))
    if operator == "$in":
        return any(same(value, typed(name, item)) for item in operand)
    if operator == "$isTruly":
        return (value is True) == operand
    if value is None:
        return operator in ("$notIncludes", "$notStartsWith", "$notEndsWith")
    if operator in TEXT_TESTS:
        return TEXT_TESTS[operator](value, operand)
    if operator == "$match":
        return member_keys(value) == member_keys(operand)
    if operator == "$anyOf":
        return bool(member_keys(value) & member_keys(operand))
    if operator.startswith("$date"):
        return check_date(operator, dt.date.fromisoformat(operand), value)
    if operator == "$between":
        return bool(typed(name, operand[0]) <= value <= typed(name, operand[1]))
    other = typed(name, operand)
    return bool(
        {"$gt": value > other, "$gte": value >= other, "$lt": value < other, "$lte": value <= other}[operator]
    )


def same(value: Any, other: Any) -> bool:
    if isinstance(value, list) and isinstance(other, list):
        return [(type(item), item) for item in value] == [(type(item), item) for item in other]
    return bool(value == other)


def check_date(operator: str, day: dt.date, value: Any) -> bool:
    own = value.date() if isinstance(value, dt.datetime) else value
    holds = {
        "$dateOn": own == day,
        "$dateBefore": own < day,
        "$dateNotBefore": own >= day,
        "$dateAfter": own > day,
        "$dateNotAfter": own <= day,
    }
    return bool(holds[operator])


class Oracle:
    """Filters in plain Python over one world."""

    def __init__(self, world: dict[str, list[Row]]) -> None:
        self.groups = {row["id"]: row for row in world["groups"]}
        self.world = world

    def related(self, name: str, row: Row) -> list[Row]:
        if name == "group":
            return [self.groups[row["groupId"]]] if row["groupId"] in self.groups else []
        if name == "above":
            return [self.groups[row["aboveId"]]] if row["aboveId"] in self.groups else []
        if name == "things":
            return [thing for thing in self.world["things"] if thing["groupId"] == row["id"]]
        ids = {link["groupId"] for link in self.world["links"] if link["thingId"] == row["id"]}
        return [self.groups[number] for number in ids if number in self.groups]

    def holds(self, raw: Any, row: Row | None) -> bool:
        """``row`` is ``None`` for the missing record behind a relation to one: all its values are missing."""
        ((key, value),) = raw.items()
        if key == "$and":
            return all(self.holds(item, row) for item in value)
        if key == "$or":
            return any(self.holds(item, row) for item in value)
        if key == "$not":
            return not self.holds(value, row)
        name, _, rest = key.partition(".")
        if name not in ("group", "above", "things", "members"):
            ((operator, operand),) = value.items()
            return check_condition(name, operator, operand, None if row is None else row[name])
        found = [] if row is None else self.related(name, row)
        if value.keys() == {"$exists"}:
            return bool(found) == value["$exists"]
        inner = {rest: value} if rest else value
        if name in ("group", "above"):
            return self.holds(inner, found[0] if found else None)
        return any(self.holds(inner, item) for item in found)


def sort_rows(rows: list[Row], sort: tuple[str, ...]) -> list[Row]:
    """No value is less than every value; then by id, in the direction of the last criterion."""
    ordered = sorted(rows, key=lambda row: row["id"], reverse=bool(sort) and sort[-1].startswith("-"))
    for criterion in reversed(sort):
        name = criterion.lstrip("-")
        full = [row for row in ordered if row[name] is not None]
        empty = [row for row in ordered if row[name] is None]
        # ``reverse`` keeps the order of equals
        full.sort(key=lambda row: row[name], reverse=criterion.startswith("-"))
        ordered = full + empty if criterion.startswith("-") else empty + full
    return ordered


# --- the comparisons -------------------------------------------------------------------------------------------------

RANDOM = settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[
        HealthCheck.function_scoped_fixture,
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
    ],
)
SORTS = st.lists(
    st.builds(
        lambda sign, name: sign + name,
        st.sampled_from(["", "-"]),
        st.sampled_from([*ORDERED, "done", "note"]),
    ),
    max_size=3,
    unique_by=lambda text: text.lstrip("-"),
).map(tuple)


@RANDOM
@given(world=worlds(), raws=st.lists(filters(THING), min_size=4, max_size=8))
async def test_filters(repository: Repository, world: dict[str, list[Row]], raws: list[Any]) -> None:
    await replace_rows(repository, world)
    oracle = Oracle(world)
    for raw in raws:
        expected = [row["id"] for row in world["things"] if oracle.holds(raw, row)]
        page = await repository.find("things", Query(filter=parse_filter(raw), fields=("id",)), scopes=ALL)
        assert [row["id"] for row in page.rows] == expected, raw
        assert await repository.count("things", parse_filter(raw), scopes=ALL) == len(expected)


@RANDOM
@given(world=worlds(), sort=SORTS, size=st.integers(1, 4), raw=filters(THING))
async def test_order_and_pages(
    repository: Repository, world: dict[str, list[Row]], sort: tuple[str, ...], size: int, raw: Any
) -> None:
    await replace_rows(repository, world)
    oracle = Oracle(world)
    expected = sort_rows([row for row in world["things"] if oracle.holds(raw, row)], sort)
    for number in range(1, len(expected) // size + 3):
        query = Query(filter=parse_filter(raw), sort=sort, page=number, page_size=size)
        page = await repository.find("things", query, scopes=ALL)
        assert page.rows == expected[(number - 1) * size : number * size]
        assert page.count == len(expected)


@RANDOM
@given(world=worlds(), by=st.sampled_from(["done", "name", "day", "groupId"]), distinct=st.booleans())
async def test_aggregates(
    repository: Repository, world: dict[str, list[Row]], by: str, distinct: bool
) -> None:
    await replace_rows(repository, world)
    measures = [Measure(("id",), "count", "n"), Measure(("qty",), "count", "some", distinct)]
    for name in ("qty", "price"):
        measures += [
            Measure((name,), kind, f"{name}.{kind}", distinct) for kind in ("sum", "min", "max", "avg")
        ]
    measures += [
        Measure((name,), kind, f"{name}.{kind}") for name in ("name", "at", "day") for kind in ("min", "max")
    ]
    rows = await repository.aggregate(
        "things", Aggregate(tuple(measures), (Dimension((by,), "by"),)), scopes=ALL
    )
    keys = {row[by] for row in world["things"]}
    assert [row["by"] for row in rows] == [None] * (None in keys) + sorted(keys - {None})
    for found in rows:
        inside = [row for row in world["things"] if row[by] == found["by"]]
        assert found["n"] == len(inside)
        some = [row["qty"] for row in inside if row["qty"] is not None]
        assert found["some"] == (len(set(some)) if distinct else len(some))
        for measure in measures[2:]:
            values = [row[measure.field[0]] for row in inside if row[measure.field[0]] is not None]
            values = list(set(values)) if measure.distinct else values
            compare(found[measure.alias], str(measure.aggregation), values)


def compare(found: Any, aggregation: str, values: list[Any]) -> None:
    if not values:
        assert found is None
    elif aggregation in ("min", "max"):
        assert found == (min(values) if aggregation == "min" else max(values))
    elif aggregation == "sum":
        assert found == sum(values)
        assert type(found) is type(values[0])
    elif isinstance(values[0], Decimal):
        assert found == (sum(values) / len(values)).quantize(Decimal("1e-9"))
    else:
        assert found == pytest.approx(sum(values) / len(values))


@RANDOM
@given(world=worlds())
async def test_appends(repository: Repository, world: dict[str, list[Row]]) -> None:
    await replace_rows(repository, world)
    oracle = Oracle(world)
    query = Query(fields=("id",), appends=("group.above", "members.things"))
    page = await repository.find("things", query, scopes=ALL)
    for found, row in zip(page.rows, world["things"], strict=True):
        group = next(iter(oracle.related("group", row)), None)
        if group is not None:
            group = group | {"above": next(iter(oracle.related("above", group)), None)}
        members = sorted(oracle.related("members", row), key=lambda member: member["id"])
        assert found == {
            "id": row["id"],
            "group": group,
            "members": [member | {"things": oracle.related("things", member)} for member in members],
        }
