"""The first and the last moments that there are: read back as they were written, found and grouped, or refused."""

from typing import Any

import pytest

from insula.application.api.encode import encode
from insula.data.errors import DataError, InvalidFilter, InvalidValue
from insula.data.filters.parse import parse_filter
from insula.data.query import Aggregate, Dimension, Measure, Query
from insula.data.repository import Repository
from insula.data.scope import Unrestricted
from insula.database.executor import Database
from insula.testing.modelled import modelled

ALL = Unrestricted()
TYPES = {
    "date": {},
    "datetimeTz": {},
    "datetimeNoTz": {},
    "dateOnly": {},
    "seconds": {"type": "unixTimestamp"},
    "milliseconds": {"type": "unixTimestamp", "accuracy": "millisecond"},
}
ZONES = ("UTC", "+14:00", "-12:00", "America/New_York", "Asia/Kolkata")
MOMENTS = {
    # written: as a moment in UTC, None where it is refused; as a clock without a zone
    "0001-01-01T00:00:00Z": (None, "0001-01-01 00:00:00"),
    "0001-01-01T00:00:00.001Z": ("0001-01-01T00:00:00.001Z", "0001-01-01 00:00:00.001"),
    "0001-01-01T00:00:00.999-05:00": ("0001-01-01T05:00:00.999Z", "0001-01-01 00:00:00.999"),
    "0001-01-01T00:00:00+05:30": (None, "0001-01-01 00:00:00"),
    "0001-01-01T05:30:00+05:30": (None, "0001-01-01 05:30:00"),
    "0001-01-01T05:30:01+05:30": ("0001-01-01T00:00:01.000Z", "0001-01-01 05:30:01"),
    "0001-01-01T13:59:59.999+14:00": (None, "0001-01-01 13:59:59.999"),
    "9999-12-31T23:59:59.999Z": ("9999-12-31T23:59:59.999Z", "9999-12-31 23:59:59.999"),
    "9999-12-31T23:59:59+01:00": ("9999-12-31T22:59:59.000Z", "9999-12-31 23:59:59"),
    "9999-12-31T23:59:59-01:00": (None, "9999-12-31 23:59:59"),
}


@pytest.fixture
async def repository(database: Database) -> Repository:
    metadata = await modelled(database)
    fields = [{"name": name, "type": name, **settings} for name, settings in TYPES.items()]
    await metadata.create_collection({"name": "events", "fields": fields})
    return Repository(metadata, database)


def expected(kind: str, written: str) -> str | None:
    moment, clock = MOMENTS[written]
    if kind == "datetimeNoTz":
        return clock
    if kind == "dateOnly":
        return clock[:10]
    if kind == "seconds" and moment is not None:
        seconds = f"{moment[:-5]}.000Z"
        return None if seconds == "0001-01-01T00:00:00.000Z" else seconds
    return moment


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("written", MOMENTS)
async def test_it_comes_back_or_is_refused(repository: Repository, kind: str, written: str) -> None:
    wanted = expected(kind, written)
    if wanted is None:
        with pytest.raises(InvalidValue):
            await repository.create("events", {kind: written}, scopes=ALL)
        with pytest.raises(InvalidFilter):
            parse_and_bind = Query(parse_filter({kind: written}))
            await repository.find("events", parse_and_bind, scopes=ALL)
        return
    await repository.create("events", {kind: written}, scopes=ALL)
    for rendered in (False, True):
        for asked in (None, {kind: wanted}, {kind: {"$dateOn": wanted[:10]}}, {kind: {"$notEmpty": True}}):
            query = Query(parse_filter(asked), fields=(kind,), rendered=rendered, sort=(kind,))
            page = await repository.find("events", query, scopes=ALL)
            assert encode(page.rows) == encode([{kind: wanted}]), (rendered, asked)


@pytest.mark.parametrize("kind", TYPES)
async def test_it_is_grouped_by_its_day(repository: Repository, kind: str) -> None:
    for written in ("0001-01-01T00:00:01Z", "9999-12-31T23:59:59Z", None):
        await repository.create("events", {kind: written}, scopes=ALL)
    if kind == "datetimeNoTz":
        await repository.update("events", {kind: "0001-01-01"}, keys=[1], scopes=ALL)
    by_day = Aggregate((Measure((), "count", "n"),), (Dimension((kind,), "d", "YYYY-MM-DD"),))
    rows = await repository.aggregate("events", by_day, scopes=ALL)
    assert {row["d"]: row["n"] for row in rows} == {"0001-01-01": 1, "9999-12-31": 1, None: 1}


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("operator", ["$dateOn", "$dateNotOn", "$dateBefore", "$dateAfter", "$dateNotBefore"])
async def test_days_at_the_ends_are_looked_for_in_any_zone(
    repository: Repository, kind: str, operator: str
) -> None:
    await repository.create("events", {kind: "2026-01-02T03:04:05Z"}, scopes=ALL)
    found: list[Any] = []
    for zone in ZONES:
        for day in ("0001", "0001-01", "0001-01-01", "9999", "9999-12", "9999-12-31"):
            try:
                filter = parse_filter({kind: {operator: day}}, zone=zone)
                found.append(await repository.count("events", filter, scopes=ALL))
            except DataError as error:
                found.append(error.code)
    assert set(found) <= {0, 1, "INVALID_FILTER"}
    assert found[:6] == EXPECTED[operator]


EXPECTED = {
    "$dateOn": [0] * 6,
    "$dateNotOn": [1] * 6,
    "$dateBefore": [0, 0, 0, 1, 1, 1],
    "$dateAfter": [1, 1, 1, 0, 0, 0],
    "$dateNotBefore": [1, 1, 1, 0, 0, 0],
}
