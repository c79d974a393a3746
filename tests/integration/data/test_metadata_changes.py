"""Random changes of metadata on tables with records: data stays, and tables always are what metadata says."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from insula.core.errors import InsulaError, Kind
from insula.data.collection import Collection, Field
from insula.data.metadata import Metadata
from insula.database.executor import Database
from insula.database.options import DatabaseOptions
from insula.testing.modelled import check_tables, modelled

COLLECTIONS = ("alpha", "beta", "gamma")
FIELDS = ("one", "two", "three")
SAMPLES: dict[str, list[Any]] = {
    "string": ["a", "é\U0001f600", ""],
    "text": ["a" * 300, "b"],
    "integer": [0, -5, 2**31 - 1],
    "bigInt": [2**60, 1],
    "double": [0.1, -1e300],
    "decimal": ["0.1", "99999.999999"],
    "boolean": [True, False],
    "date": ["2026-01-02T03:04:05.678Z", "0001-01-02"],
    "dateOnly": ["9999-12-31"],
    "json": [{"a": [1]}, "x", 5],
    "array": [["a"], []],
    "uuid": ["12345678-1234-5678-1234-567812345678"],
}

collection = st.sampled_from(COLLECTIONS)
name = st.sampled_from(FIELDS)
rule = st.sampled_from(["SET NULL", "CASCADE", "RESTRICT"])
index = st.integers(0, 2)


@st.composite
def column(draw: st.DrawFn) -> dict[str, Any]:
    type_ = draw(st.sampled_from(sorted(SAMPLES)))
    body: dict[str, Any] = {"name": draw(name), "type": type_}
    for flag in ("unique", "index", "required"):
        if draw(st.integers(0, 3)) == 0:
            body[flag] = True
    if draw(st.booleans()):
        body["defaultValue"] = draw(st.sampled_from(SAMPLES[type_]))
    return body


@st.composite
def relation(draw: st.DrawFn) -> dict[str, Any]:
    kind = draw(st.sampled_from(["belongsTo", "hasOne", "hasMany", "belongsToMany"]))
    body = {"name": draw(name), "type": kind, "target": draw(st.sampled_from((*COLLECTIONS, "users")))}
    if draw(st.booleans()):
        body["onDelete"] = draw(rule)
    if draw(st.integers(0, 3)) == 0:
        body["required"] = True
    if draw(st.booleans()):
        body["reverseField"] = {"name": f"{draw(name)}Back"}
    return body


change = st.one_of(
    st.tuples(
        st.just("create_collection"),
        collection,
        st.lists(column(), max_size=2),
        st.sampled_from(["general", "tree"]),
    ),
    st.tuples(st.just("destroy_collection"), collection, st.booleans()),
    st.tuples(
        st.just("create_field"), st.sampled_from((*COLLECTIONS, "users")), st.one_of(column(), relation())
    ),
    st.tuples(st.just("destroy_field"), collection, index),
    st.tuples(
        st.just("flag"), collection, index, st.sampled_from(["unique", "index", "required"]), st.booleans()
    ),
    st.tuples(st.just("widen"), collection, index, st.sampled_from(["text", "bigInt", "jsonb"])),
    st.tuples(st.just("rule"), collection, index, rule),
    st.tuples(st.just("add"), collection, st.integers(0, 2)),
    st.tuples(st.just("add"), collection, st.integers(0, 2)),
)


class World:
    """A database, its metadata, and the changes that one can ask for."""

    def __init__(self, metadata: Metadata, database: Database) -> None:
        self.metadata = metadata
        self.database = database

    def own(self, name: str, at: int) -> Field:
        """One of the fields that people made in a collection."""
        fields = [f for f in self.metadata.get(name).fields.values() if not f.builtin]
        return fields[at % len(fields)]

    async def create_collection(self, name: str, fields: list[dict[str, Any]], template: str) -> None:
        await self.metadata.create_collection({"name": name, "fields": fields, "template": template})

    async def destroy_collection(self, name: str, cascade: bool) -> None:
        await self.metadata.destroy_collection(name, cascade=cascade)

    async def create_field(self, name: str, body: dict[str, Any]) -> None:
        await self.metadata.create_field(name, body)

    async def destroy_field(self, name: str, at: int) -> None:
        await self.metadata.destroy_field(name, self.own(name, at).name)

    async def flag(self, name: str, at: int, flag: str, on: bool) -> None:
        await self.metadata.update_field(name, self.own(name, at).name, {flag: on})

    async def widen(self, name: str, at: int, type_: str) -> None:
        await self.metadata.update_field(name, self.own(name, at).name, {"type": type_})

    async def rule(self, name: str, at: int, rule: str) -> None:
        await self.metadata.update_field(name, self.own(name, at).name, {"onDelete": rule})

    async def add(self, name: str, at: int) -> None:
        """A record with a value in every column that is no key."""
        made = self.metadata.get(name)
        values: dict[str, Any] = {}
        for field in made.columns:
            if samples := SAMPLES.get(field.type.name):
                values[field.name] = field.type.prepare(samples[at % len(samples)], field)
            if field.primary_key or field.options.get("isForeignKey"):
                values.pop(field.name, None)
        await self.database.run(made.table.insert().values(values))

    async def contents(self) -> dict[str, dict[int, dict[str, Any]]]:
        """Collection → id → key of the field → value, of all records."""
        return {c.name: await self._records(c) for c in self.metadata if c.primary_key and not c.internal}

    async def _records(self, collection: Collection) -> dict[int, dict[str, Any]]:
        keys = {field.name: field.key for field in collection.columns}
        rows = await self.database.run(collection.table.select())
        return {row["id"]: {keys[name]: value for name, value in row.items()} for row in rows}

    async def clear(self) -> None:
        mine = [c.name for c in self.metadata if not c.builtin]
        await self.metadata.destroy_collection(*mine, cascade=True)
        added = [field for field in self.metadata.get("users").fields.values() if not field.builtin]
        for field in sorted(added, key=lambda field: field.relation is None):  # keys go with their relations
            if field.name in self.metadata.get("users").fields:
                await self.metadata.destroy_field("users", field.name)


@pytest.fixture
async def world(database: Database, database_options: DatabaseOptions) -> SimpleNamespace:
    """Each example starts with what is built in."""
    metadata = await modelled(database)
    return SimpleNamespace(world=World(metadata, database), options=database_options)


@settings(
    max_examples=20,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(changes=st.lists(change, min_size=8, max_size=20))
async def test_data_stays_and_tables_agree(world: SimpleNamespace, changes: list[tuple[Any, ...]]) -> None:
    made: World = world.world
    await made.clear()
    for name in ("alpha", "beta"):
        await made.create_collection(name, [{"name": "one", "type": "string"}], "general")
        await made.add(name, 0)
    for what, *arguments in changes:
        event(what)
        before = await made.contents()
        try:
            await getattr(made, what)(*arguments)
        except InsulaError as error:
            event(f"{what}: {type(error).__name__}")
            assert error.kind in (Kind.INVALID, Kind.CONFLICT, Kind.MISSING), error
        await check_tables(made.metadata, made.database, world.options)
        after = await made.contents()
        for name, records in before.items():
            if name not in after:
                assert what in ("destroy_collection", "destroy_field")
                continue
            for key, record in records.items():
                for field, value in record.items():
                    # what was empty may have been filled; what was dropped is gone
                    assert value is None or after[name][key].get(field, value) == value
