"""A field that becomes text, and one that was text: each type has one text form, the same on every dialect."""

from typing import Any

import pytest

from insula.data.metadata import Metadata
from insula.data.query import Query
from insula.data.repository import Repository
from insula.data.scope import Unrestricted
from insula.database.executor import Database
from insula.testing.modelled import modelled

ALL = Unrestricted()
FORMS: dict[str, tuple[dict[str, Any], list[tuple[Any, str]]]] = {
    # type: settings, (written, text)
    "integer": ({}, [(0, "0"), (-(2**31), "-2147483648"), (2**31 - 1, "2147483647")]),
    "bigInt": ({}, [(2**53 + 1, "9007199254740993"), (-(2**63), "-9223372036854775808")]),
    "double": (
        {},
        [
            (0.1, "0.1"),
            (2.0, "2"),
            (-1e6, "-1000000"),
            (1 / 3, "0.3333333333333333"),
            (1e-7, "0.0000001"),
            (1e22, "10000000000000000000000"),
            (123456789.123456789, "123456789.12345679"),
            (-0.0, "0"),
        ],
    ),
    "float": ({}, [(0.1, "0.1"), (16777217.0, "16777217"), (1e-7, "0.0000001"), (3.4e38, "34" + "0" * 37)]),
    "decimal": (
        {"precision": 18, "scale": 4},
        [("1.50", "1.5"), ("-0.0001", "-0.0001"), ("12345678901234", "12345678901234"), ("0", "0")],
    ),
    "boolean": ({}, [(True, "true"), (False, "false")]),
    "date": ({}, [("2026-01-02T03:04:05.678+01:00", "2026-01-02T02:04:05.678Z")]),
    "datetimeTz": (
        {},
        [
            ("2026-01-02T00:00:00Z", "2026-01-02T00:00:00.000Z"),
            ("0001-01-01T00:00:00.001Z", "0001-01-01T00:00:00.001Z"),
            ("9999-12-31T23:59:59.999Z", "9999-12-31T23:59:59.999Z"),
            ("1969-12-31T23:59:59.500Z", "1969-12-31T23:59:59.500Z"),
        ],
    ),
    "datetimeNoTz": (
        {},
        [("2026-01-02 03:04:05.678", "2026-01-02 03:04:05.678"), ("0001-01-01", "0001-01-01 00:00:00")],
    ),
    "dateOnly": (
        {},
        [("2026-01-02", "2026-01-02"), ("0001-01-01", "0001-01-01"), ("9999-12-31", "9999-12-31")],
    ),
    "time": ({}, [("03:04", "03:04:00"), ("23:59:59", "23:59:59")]),
    "uuid": ({}, [("0F6F3D4E-8A55-4C53-9A43-9D5C7C5D7E10", "0f6f3d4e-8a55-4c53-9a43-9d5c7c5d7e10")]),
}


@pytest.fixture
async def metadata(database: Database) -> Metadata:
    return await modelled(database)


async def values(repository: Repository) -> list[Any]:
    page = await repository.find("things", Query(sort=("id",), fields=("x",)), scopes=ALL)
    return [row["x"] for row in page.rows]


@pytest.mark.parametrize("text", ["string", "text"])
@pytest.mark.parametrize("kind", FORMS)
async def test_values_become_texts_and_come_back(
    metadata: Metadata, database: Database, kind: str, text: str
) -> None:
    settings, forms = FORMS[kind]
    field = {"name": "x", "type": kind, **settings}
    await metadata.create_collection({"name": "things", "fields": [field]})
    repository = Repository(metadata, database)
    for written, _ in forms:
        await repository.create("things", {"x": written}, scopes=ALL)
    before = await values(repository)
    await metadata.update_field("things", "x", {"type": text})
    assert await values(repository) == [form for _, form in forms]
    if kind in ("float", "double"):  # the text says no less than the number did
        assert [float(form) for _, form in forms] == before
    await metadata.update_field("things", "x", {"type": kind, **settings})
    assert await values(repository) == before
