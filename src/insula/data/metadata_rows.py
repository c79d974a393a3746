"""The rows of metadata, as they stand in the database, and how they are read and written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, Final, TypeVar

import sqlalchemy as sa

from insula.data.collection import Collection
from insula.data.lists import among
from insula.data.metadata_collections import COLLECTIONS, FIELDS, SEQUENCES
from insula.database.executor import Executor

NO_FIELDS: Final[Mapping[str, FieldRow]] = {}


@dataclass(frozen=True, slots=True)
class CollectionRow:
    """A collection that people made."""

    name: str
    title: str
    sort: int
    options: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class FieldRow:
    """A field that people made, in a collection of theirs or a built-in one."""

    key: str
    collection: str
    name: str
    type: str
    interface: str | None
    sort: int
    options: Mapping[str, Any]

    def with_options(self, **options: Any) -> FieldRow:
        """The same with some settings changed."""
        return replace(self, options={**self.options, **options})


@dataclass(slots=True)
class Rows:
    """All metadata of an application. The rows never change; the maps do, while a change is prepared."""

    collections: dict[str, CollectionRow] = field(default_factory=dict)
    fields: dict[str, dict[str, FieldRow]] = field(default_factory=dict)
    """Collection → name → field, in their order."""

    def copy(self) -> Rows:
        return Rows(dict(self.collections), {name: dict(rows) for name, rows in self.fields.items()})

    def of(self, collection: str) -> Mapping[str, FieldRow]:
        return self.fields.get(collection, NO_FIELDS)

    def put(self, row: FieldRow) -> None:
        """Add a field, or replace the one of this name."""
        self.fields.setdefault(row.collection, {})[row.name] = row

    def remove(self, row: FieldRow) -> None:
        del self.fields[row.collection][row.name]
        if not self.fields[row.collection]:
            del self.fields[row.collection]

    def changed(self, other: Rows) -> list[str]:
        """Names of the collections in which the two differ."""
        names = {**self.collections, **self.fields, **other.collections, **other.fields}
        return [
            name
            for name in names
            if self.collections.get(name) != other.collections.get(name) or self.of(name) != other.of(name)
        ]


async def read_rows(executor: Executor) -> Rows:
    """Two queries, whatever the number of collections."""
    rows = Rows()
    table = COLLECTIONS.table
    for row in await executor.run(sa.select(table).order_by(table.c.sort, table.c.name)):
        rows.collections[row["name"]] = CollectionRow(
            row["name"], row["title"] or "", row["sort"], row["options"]
        )
    table = FIELDS.table
    for row in await executor.run(
        sa.select(table).order_by(table.c.collectionName, table.c.sort, table.c.key)
    ):
        rows.put(FieldRow(collection=row.pop("collectionName"), **row))
    return rows


async def write_rows(executor: Executor, old: Rows, new: Rows) -> None:
    """Store what differs."""
    await _write(executor, COLLECTIONS, "name", old.collections, new.collections)
    before, after = _by_key(old), _by_key(new)
    await _write(executor, FIELDS, "key", before, after)
    if gone := [key for key, row in before.items() if key not in after and row.type == "sequence"]:
        counters = SEQUENCES.table
        dropped = counters.delete().where(among(executor.dialect.name, counters.c.fieldKey, "gone"))
        await executor.run(dropped, {"gone": gone})


def _by_key(rows: Rows) -> dict[str, FieldRow]:
    return {row.key: row for fields_ in rows.fields.values() for row in fields_.values()}


_RowT = TypeVar("_RowT", CollectionRow, FieldRow)


async def _write(
    executor: Executor, collection: Collection, key: str, old: Mapping[str, _RowT], new: Mapping[str, _RowT]
) -> None:
    table = collection.table
    given = {column: sa.bindparam(f"v_{column.name}", type_=column.type) for column in table.c}
    same_key = table.c[key] == sa.bindparam(f"v_{key}", type_=table.c[key].type)
    dropped = [{f"v_{key}": name} for name in old if name not in new]
    added = [row for name, row in new.items() if name not in old]
    changed = [row for name, row in new.items() if name in old and old[name] != row]
    compiled = executor.dialect.compile
    if dropped:
        await executor.execute_many(compiled(table.delete().where(same_key)), dropped)
    if added:
        await executor.execute_many(compiled(table.insert().values(given)), _values(added))
    if changed:
        await executor.execute_many(compiled(table.update().values(given).where(same_key)), _values(changed))


def _values(rows: Iterable[CollectionRow | FieldRow]) -> list[dict[str, Any]]:
    return [
        {f"v_{_COLUMN.get(item.name, item.name)}": getattr(row, item.name) for item in fields(row)}
        for row in rows
    ]


_COLUMN: Final = {"collection": "collectionName"}
"""Attributes of rows that are named otherwise in the table."""
