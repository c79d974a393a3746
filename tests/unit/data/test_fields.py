"""What each field type takes, refuses, and gives back, on the storage of either dialect."""

import datetime as dt
import math
import uuid
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.engine.interfaces import Dialect as SqlAlchemyDialect

from insula.data.collection import Field
from insula.data.fields import TYPES, field_type
from insula.data.fields.checks import MAX_JSON_DEPTH
from insula.data.fields.expressions import FUNCTIONS
from insula.data.fields.formula import RESULTS
from insula.database.dialects import dialect

UTC = dt.UTC
DIALECTS = [dialect(name).sqlalchemy for name in ("sqlite", "postgres")]


NEEDED: dict[str, dict[str, Any]] = {
    "sequence": {"patterns": [{"type": "integer"}]},
    "formula": {"expression": "1"},
}
"""Settings without which a type makes no field."""


def field(type_: str, **options: Any) -> Field:
    known = field_type(type_).resolved(options)
    return Field("f", known, options=known.check_options(NEEDED.get(type_, {}) | options))


def prepare(type_: str, value: Any, **options: Any) -> Any:
    made = field(type_, **options)
    return made.type.prepare(value, made)


def stored(type_: str, value: Any, on: SqlAlchemyDialect, **options: Any) -> Any:
    """What the driver is given."""
    made = field(type_, **options)
    encode = made.type.column_type(made).dialect_impl(on).bind_processor(on)
    return encode(value) if encode else value


def loaded(type_: str, value: Any, on: SqlAlchemyDialect, **options: Any) -> Any:
    """What comes of a driver's value."""
    made = field(type_, **options)
    decode = made.type.column_type(made).dialect_impl(on).result_processor(on, None)
    return decode(value) if decode else value


@pytest.mark.parametrize(
    ("type_", "value", "expected"),
    [
        ("string", "a", "a"),
        ("string", "é\U0001f600", "é\U0001f600"),
        ("text", "x" * 100_000, "x" * 100_000),
        ("integer", 12, 12),
        ("integer", 12.0, 12),
        ("integer", "12", 12),
        ("integer", "-0012", -12),
        ("integer", 2**31 - 1, 2**31 - 1),
        ("bigInt", "-9223372036854775808", -(2**63)),
        ("sort", 5, 5),
        ("double", "1e3", 1000.0),
        ("double", ".5", 0.5),
        ("float", 1, 1.0),
        ("decimal", 0.1, Decimal("0.100000")),
        ("decimal", "12.3456789", Decimal("12.345679")),
        ("decimal", "-0", Decimal("0.000000")),
        ("decimal", "1e-300", Decimal("0.000000")),
        ("boolean", "True", True),
        ("boolean", 0, False),
        ("date", "2026-01-02T03:04:05.678Z", dt.datetime(2026, 1, 2, 3, 4, 5, 678000, UTC)),
        ("date", "2026-01-02T03:04:05.678999+02:00", dt.datetime(2026, 1, 2, 1, 4, 5, 678000, UTC)),
        ("datetimeTz", "2026-01-02 03:04", dt.datetime(2026, 1, 2, 3, 4, tzinfo=UTC)),
        ("datetimeTz", "2026-01-02", dt.datetime(2026, 1, 2, tzinfo=UTC)),
        ("datetimeTz", 1000, dt.datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC)),
        ("datetimeNoTz", "2026-01-02 03:04:05", dt.datetime(2026, 1, 2, 3, 4, 5)),
        ("datetimeNoTz", "2026-01-02T03:04:05+09:00", dt.datetime(2026, 1, 2, 3, 4, 5)),
        ("dateOnly", "2026-01-02T23:00:00.000Z", dt.date(2026, 1, 2)),
        ("time", "03:04", dt.time(3, 4)),
        ("time", "23:59:59.999", dt.time(23, 59, 59)),
        ("unixTimestamp", 60, dt.datetime(1970, 1, 1, 0, 1, tzinfo=UTC)),
        ("unixTimestamp", "1970-01-01T00:01:00.9Z", dt.datetime(1970, 1, 1, 0, 1, tzinfo=UTC)),
        ("json", {"a": [1, None, {"b": "c"}]}, {"a": [1, None, {"b": "c"}]}),
        ("json", "text", "text"),
        ("array", ["a", 1], ["a", 1]),
        ("set", ["b", "a", "b"], ["b", "a"]),
        ("uuid", "{12345678-1234-5678-1234-567812345678}".upper(), "12345678-1234-5678-1234-567812345678"),
    ],
)
def test_values_that_are_taken(type_: str, value: Any, expected: Any) -> None:
    made = prepare(type_, value)
    assert made == expected
    assert type(made) is type(expected)
    assert str(made) == str(expected)


NESTED: list[Any] = []
for _ in range(10_000):
    NESTED = [NESTED]

BAD_TEXT = ["a\0b", "\ud800", 5, True, ["a"], {}]
BAD_NUMBER = [True, "12abc", "", " 1", "１２", "0x10", "1_000", "NaN", "inf", [], {}, math.nan, math.inf]
BAD_DATE = [
    *("0000-01-01", "2026-02-30", "2026-13-01", "2026-1-2", "20260102", "2026-W01-1", "yesterday", ""),
    *("2026-01-02T25:00:00Z", "2026-01-02T03:04:05+99:00", "10000-01-01", "٢٠٢٦-01-02", True, [], 1e300),
]


@pytest.mark.parametrize(
    ("type_", "values"),
    [
        ("string", [*BAD_TEXT, "x" * 256]),
        ("text", BAD_TEXT),
        ("integer", [*BAD_NUMBER, 1.5, 2**31, "2147483648", "9" * 5000]),
        ("bigInt", [*BAD_NUMBER, 2**63, 1e300]),
        ("double", [*BAD_NUMBER, 10**400, "1e400", "1e99999"]),
        ("decimal", [*BAD_NUMBER, 10**12, "999999999999.9999999", "1e999999999", 10**5000]),
        ("boolean", ["yes", 2, 1.0, [], ""]),
        ("date", [*BAD_DATE, "0001-01-01T00:00:00+14:00", math.nan]),
        ("datetimeNoTz", BAD_DATE),
        ("dateOnly", BAD_DATE),
        ("unixTimestamp", [*BAD_DATE, 1e15]),
        ("time", ["24:00", "3:04", "03:60", "", 5, True]),
        ("json", [NESTED, {"a": "\0"}, {"\ud800": 1}, [math.nan], 2**70, {1: 2}, {"a": object()}]),
        ("array", ["a", {"a": 1}, 5, NESTED, ["\0"], list(range(10_001))]),
        ("uuid", ["x", "", 5, "1" * 100, "１2345678-1234-5678-1234-567812345678"]),
        ("password", ["", "x" * 300, 5, "\0"]),
        ("virtual", ["x"]),
        ("belongsTo", [1]),
    ],
)
def test_values_that_are_refused(type_: str, values: list[Any]) -> None:
    for value in values:
        with pytest.raises(ValueError, match="must|relation|no value"):
            prepare(type_, value)


def test_depth_of_json() -> None:
    value: Any = 1
    for _ in range(MAX_JSON_DEPTH):
        value = [value]
    assert prepare("json", value) == value
    with pytest.raises(ValueError, match="levels deep"):
        prepare("json", [value])


@pytest.mark.parametrize("enum", [["a", "b"], [{"value": "a", "label": "A"}, {"value": "b"}]])
def test_choices(enum: list[Any]) -> None:
    schema = {"enum": enum}
    for type_ in ("string", "text"):
        assert prepare(type_, "a", uiSchema=schema) == "a"
        with pytest.raises(ValueError, match="one of its options"):
            prepare(type_, "c", uiSchema=schema)
    assert prepare("array", ["b", "a"], uiSchema=schema) == ["b", "a"]
    with pytest.raises(ValueError, match="one of its options"):
        prepare("array", ["a", "c"], uiSchema=schema)
    assert prepare("integer", 1, uiSchema={"enum": [{"value": "1"}, {"value": 2}]}) == 1
    assert prepare("string", "free", uiSchema={"enum": []}) == "free"
    assert field("string", uiSchema=schema).type.openapi(field("string", uiSchema=schema))["enum"] == [
        "a",
        "b",
    ]


@pytest.mark.parametrize(
    ("type_", "options"),
    [
        ("string", {"length": 0}),
        ("string", {"length": True}),
        ("string", {"length": 10**9}),
        ("string", {"uiSchema": []}),
        ("string", {"uiSchema": {"enum": "a"}}),
        ("string", {"uiSchema": {"enum": [{"label": "A"}]}}),
        ("decimal", {"precision": 19}),
        ("decimal", {"scale": -1}),
        ("decimal", {"precision": 2, "scale": 3}),
        ("unixTimestamp", {"accuracy": "hour"}),
        ("unixTimestamp", {"accuracy": {"a": 1}}),
        ("uuid", {"autoFill": "no"}),
        ("nanoid", {"size": 1}),
        ("nanoid", {"customAlphabet": "aa"}),
        ("nanoid", {"customAlphabet": "aé"}),
        ("uid", {"prefix": "x" * 51}),
        ("uid", {"prefix": 5}),
        ("sort", {"scopeKey": 5}),
    ],
)
def test_settings_that_are_refused(type_: str, options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="needs|must"):
        field(type_, **options)


def test_an_unknown_type_is_answered_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match="string, text, integer"):
        field_type("nonsense")


def test_every_type_describes_itself() -> None:
    for name, type_ in TYPES.items():
        made = field(name)
        assert type_.name == name
        assert isinstance(type_.openapi(made), dict)
        assert type_.widens_to <= TYPES.keys()


def test_types_that_fill_themselves() -> None:
    assert uuid.UUID(field("uuid").type.fill(field("uuid"))).version == 4
    assert field("uuid").type.fill(field("uuid", autoFill=False)) is None
    assert len(field("nanoid").type.fill(field("nanoid", size=20))) == 20
    assert set(field("nanoid").type.fill(field("nanoid", customAlphabet="ab"))) <= {"a", "b"}
    assert field("uid").type.fill(field("uid", prefix="p_")).startswith("p_")
    numbers = [field("snowflakeId").type.fill(field("snowflakeId")) for _ in range(3)]
    assert all(0 < number < 2**53 for number in numbers)


def test_a_password_is_hashed() -> None:
    first, second = prepare("password", "secret"), prepare("password", "secret")
    assert first.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert first != second


@pytest.mark.parametrize(
    ("type_", "value", "sqlite"),
    [
        ("date", dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), "2026-01-02T03:04:05.000Z"),
        ("datetimeTz", dt.datetime(1, 1, 2, tzinfo=UTC), "0001-01-02T00:00:00.000Z"),
        ("datetimeNoTz", dt.datetime(2026, 1, 2, 3, 4, 5, 6000), "2026-01-02 03:04:05.006"),
        ("dateOnly", dt.date(5, 1, 2), "0005-01-02"),
        ("time", dt.time(3, 4), "03:04:00"),
        ("decimal", Decimal("12.345600"), 12345600),
        ("boolean", True, 1),
        ("json", {"a": [1]}, '{"a":[1]}'),
        ("array", ["a"], '["a"]'),
        ("unixTimestamp", dt.datetime(1969, 12, 31, 23, 59, 59, tzinfo=UTC), -1),
        ("uuid", "12345678-1234-5678-1234-567812345678", "12345678-1234-5678-1234-567812345678"),
    ],
)
def test_storage_on_sqlite(type_: str, value: Any, sqlite: Any) -> None:
    on = DIALECTS[0]
    assert stored(type_, value, on) == sqlite
    assert loaded(type_, sqlite, on) == value
    assert type(loaded(type_, sqlite, on)) is type(value)


@given(moment=st.datetimes(timezones=st.just(UTC)))
def test_moments_come_back_and_sort_as_text(moment: dt.datetime) -> None:
    value = prepare("datetimeTz", moment)
    text = stored("datetimeTz", value, DIALECTS[0])
    assert len(text) == 24
    assert loaded("datetimeTz", text, DIALECTS[0]) == value
    assert prepare("datetimeTz", text) == value
    wall = prepare("datetimeNoTz", moment)
    assert loaded("datetimeNoTz", stored("datetimeNoTz", wall, DIALECTS[0]), DIALECTS[0]) == wall
    exact = prepare("unixTimestamp", moment, accuracy="millisecond")
    number = stored("unixTimestamp", exact, DIALECTS[0], accuracy="millisecond")
    assert loaded("unixTimestamp", number, DIALECTS[0], accuracy="millisecond") == exact
    for schema in (5, {"x-component-props": [1]}):
        assert prepare("unixTimestamp", moment, uiSchema=schema).microsecond == 0


@given(number=st.decimals(min_value=-(10**11), max_value=10**11, allow_nan=False))
def test_decimals_come_back(number: Decimal) -> None:
    value = prepare("decimal", number)
    assert abs(value - number) <= Decimal("0.0000005")
    assert loaded("decimal", stored("decimal", value, DIALECTS[0]), DIALECTS[0]) == value


ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(codec=None, exclude_categories=())),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@given(value=ANYTHING, type_=st.sampled_from(sorted(TYPES.keys() - {"password"})))
def test_whatever_comes_is_taken_or_refused_with_a_reason(value: Any, type_: str) -> None:
    """What is taken also fits the driver of either dialect, and is taken again unchanged."""
    if value is None:
        return
    try:
        taken = prepare(type_, value)
    except ValueError as error:
        assert str(error)
        return
    for on in DIALECTS:
        stored(type_, taken, on)
    assert prepare(type_, taken) == taken


def test_the_page_names_what_formulas_can_say() -> None:
    page = (Path(__file__).parents[3] / "docs" / "reference" / "fields.md").read_text()
    assert f"the functions `{' '.join(sorted(FUNCTIONS))}`" in page
    for kind in (f"`{name}`" for name in RESULTS):
        assert kind in page
