"""Which of many new records the database would refuse, found by a few statements instead of one try for each."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from insula.data.catalog import Catalog
from insula.data.collection import Collection
from insula.data.errors import InvalidValue
from insula.data.lists import among
from insula.database.executor import Transaction

Key = tuple[Any, ...]
Columns = Mapping[str, Sequence[Any]]
"""Values of columns, of as many records each; ``None`` where a record has none."""

KEYS_AT_ONCE = 1_000
"""Looked for by one statement."""
COMBINED_KEYS_AT_ONCE = 100
"""Of several columns: rows with any combination of their values are read, so there are fewer."""
RECORDS_AT_ONCE = 500
"""Looked at in one go on the event loop."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with one record."""

    field: str | None
    reason: str


class Faults:
    """The rules of one collection that concern other records: what is unique, and what must exist."""

    def __init__(self, catalog: Catalog, collection: Collection, columns: Iterable[str]) -> None:
        """``columns``: those that the new records bring."""
        self._catalog = catalog
        self._collection = collection
        given = set(columns)
        alone = [(field.name,) for field in collection.columns if field.unique or field.primary_key]
        together = [index.fields for index in collection.indexes if index.unique]
        self._unique = [names for names in (*alone, *together) if given.issuperset(names)]
        self._references = {
            name: reference for name, reference in collection.references.items() if name in given
        }
        watched = [name for names in self._unique for name in names] + list(self._references)
        self.columns = tuple(dict.fromkeys(watched))
        """Whose values ``find`` wants to see."""

    async def find(self, columns: Columns, on: Transaction) -> dict[int, Fault]:
        """Position → what is wrong, for records that break a rule, be it together with an earlier one of them."""
        missing = [await self._missing(name, columns, on) for name in self._references]
        taken = [await self._taken(names, columns, on) for names in self._unique]
        count = len(columns[self.columns[0]]) if self.columns else 0
        faults: dict[int, Fault] = {}
        for start in range(0, count, RECORDS_AT_ONCE):
            for position in range(start, min(count, start + RECORDS_AT_ONCE)):
                broken = next((rule for rule in (*missing, *taken) if rule.is_broken(position)), None)
                if broken is not None:
                    faults[position] = broken.fault
                    continue
                for rule in taken:
                    rule.known.add(rule.keys[position])
            await asyncio.sleep(0)
        return faults

    async def _missing(self, name: str, columns: Columns, on: Transaction) -> _Rule:
        reference = self._references[name]
        keys = [(value,) for value in columns[name]]
        there = await present(self._catalog.get(reference.collection), (reference.field,), keys, on)
        if reference.collection == self._collection.name:  # they may refer to each other
            there.update((value,) for value in columns.get(reference.field, ()))
        reason = f'refers to a record of "{reference.collection}" that does not exist'
        message = InvalidValue(collection=self._collection.name, field=name, reason=reason).message
        return _Rule(keys, there, Fault(name, message), wants_known=True)

    async def _taken(self, names: Sequence[str], columns: Columns, on: Transaction) -> _Rule:
        keys = list(zip(*(columns[name] for name in names), strict=True))
        quoted = ", ".join(f'"{name}"' for name in names)
        message = f'The value of {quoted} in "{self._collection.name}" is already taken.'
        fault = Fault(names[0] if len(names) == 1 else None, message)
        return _Rule(keys, await present(self._collection, names, keys, on), fault, wants_known=False)


@dataclass(slots=True)
class _Rule:
    keys: list[Key]
    """Of each record."""
    known: set[Key]
    fault: Fault
    wants_known: bool
    """A key must be known, or must not be."""

    def is_broken(self, position: int) -> bool:
        key = self.keys[position]
        return None not in key and (key in self.known) is not self.wants_known


async def present(
    collection: Collection, names: Sequence[str], keys: Iterable[Key], on: Transaction
) -> set[Key]:
    """Those of the keys (values of the columns ``names``) that records of the collection have."""
    size = KEYS_AT_ONCE if len(names) == 1 else COMBINED_KEYS_AT_ONCE
    return {row async for row in _read(collection, names, names, keys, size, on)}


async def holders(
    collection: Collection, name: str, values: Iterable[Any], on: Transaction
) -> dict[Any, Any]:
    """Value of the unique column ``name`` → key of the record that has it, for those of the values that one has."""
    key = collection.primary_key
    wanted = (name, name if key is None else key.name)
    keys = [(value,) for value in values]
    return {row[0]: row[1] async for row in _read(collection, (name,), wanted, keys, KEYS_AT_ONCE, on)}


async def _read(
    collection: Collection,
    names: Sequence[str],
    wanted: Sequence[str],
    keys: Iterable[Key],
    size: int,
    on: Transaction,
) -> AsyncIterator[Key]:
    """The columns ``wanted`` of records whose columns ``names`` hold some of the keys."""
    some = [key for key in dict.fromkeys(keys) if None not in key]
    table = collection.table
    lists = [f"k_{number}" for number in range(len(names))]
    held = (among(on.dialect.name, table.c[name], bound) for name, bound in zip(names, lists, strict=True))
    columns = (table.c[name].label(f"c_{number}") for number, name in enumerate(wanted))
    statement = sa.select(*columns).where(*held)
    for start in range(0, len(some), size):
        values = {
            bound: [key[number] for key in some[start : start + size]] for number, bound in enumerate(lists)
        }
        for row in await on.run(statement, values):
            yield tuple(row.values())
