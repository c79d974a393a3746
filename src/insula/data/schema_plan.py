"""The difference between two states of a collection, as steps that change its table. Pure: no database here.

Fields are matched by their key in metadata, so that a renamed field keeps its data. After pocketbase
(``core/collection_record_table_sync.go``).

A column has no default in the database: the repository fills records completely, and where a field is
added to records that exist, a step of the plan fills them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.types import TypeEngine

from insula.data.collection import Collection, Field, Reference
from insula.data.fields.base import FieldType
from insula.data.fields.formula import read_by
from insula.data.schema_steps import (
    AddColumn,
    AddReference,
    Column,
    Compute,
    Convert,
    CreateIndex,
    CreateTable,
    DropColumn,
    DropIndex,
    DropReference,
    DropRequired,
    DropTable,
    Fill,
    RenameColumn,
    SetRequired,
    SetType,
    Step,
    stable_name,
)


@dataclass(frozen=True, slots=True)
class Plan:
    """Steps in their order, and the columns that each table has at the end."""

    steps: tuple[Step, ...]
    columns: Mapping[str, tuple[Column, ...]]


def columns(collection: Collection) -> tuple[Column, ...]:
    """The columns of a collection's table."""
    return tuple(
        Column(
            name=f.name,
            type=f.type.column_type(f),
            required=(f.required or f.name in collection.needed) and not f.primary_key,
            primary_key=f.primary_key,
            auto_increment=f.auto_increment,
            reference=collection.references.get(f.name),
        )
        for f in collection.columns
    )


def indexes(collection: Collection) -> dict[str, CreateIndex]:
    """Name → index, for all that the collection asks for (the primary key has its own)."""
    wanted: list[tuple[tuple[str, ...], bool]] = []
    wanted += [((f.name,), f.unique) for f in collection.columns if _has_index(f)]
    wanted += [(index.fields, index.unique) for index in collection.indexes]
    characters = {column.name: _characters(column.type) for column in columns(collection)}
    made = (
        CreateIndex(
            *(collection.name, stable_name("uq" if unique else "ix", collection.name, names), names, unique),
            characters=tuple(characters.get(name) for name in names),
        )
        for names, unique in wanted
    )
    return {index.name: index for index in made}


def _characters(type_: TypeEngine[Any]) -> int | None:
    return (type_.length or 0) if isinstance(type_, sa.String) else None


def _has_index(field: Field) -> bool:
    """The primary key has one of its own, which is no part of this."""
    return (field.unique or field.index) and not field.primary_key


def plan(old: Collection | None, new: Collection | None) -> Plan:
    """What changes the table of ``old`` into that of ``new``; ``None`` where there is no table."""
    if new is None:
        return Plan((DropTable(old.name),) if old else (), {})
    if old is None:
        return plan_creation([new])
    return Plan(tuple(_changes(old, new)), {new.name: columns(new)})


def plan_creation(collections: Iterable[Collection]) -> Plan:
    """Make the tables of all ``collections``. References to what is not there yet are added at the end."""
    made = list(collections)
    later = {c.name for c in made}
    steps: list[Step] = []
    postponed: list[Step] = []
    for collection in made:
        later.discard(collection.name)
        known = []
        for column in columns(collection):
            if column.reference is not None and _comes_later(column.reference, collection, later):
                postponed.append(AddReference(collection.name, column))
                known.append(replace(column, reference=None))
            else:
                known.append(column)
        steps.append(CreateTable(collection.name, tuple(known)))
        steps.extend(indexes(collection).values())
    return Plan((*steps, *postponed), {c.name: columns(c) for c in made})


def _comes_later(reference: Reference, collection: Collection, later: set[str]) -> bool:
    """A key that is not the primary one is unique only once its index is made, also in the same table."""
    if reference.collection != collection.name:
        return reference.collection in later
    return collection.primary_key is None or reference.field != collection.primary_key.name


def plan_removal(collections: Iterable[Collection]) -> Plan:
    """Drop the tables of all ``collections``: those that point to others before these."""
    left = {c.name: c for c in collections}
    steps: list[Step] = []
    while left:
        pointed = {
            name: {r.collection for r in c.references.values()} & (left.keys() - {name})
            for name, c in left.items()
        }
        free = [name for name in left if not any(name in targets for targets in pointed.values())]
        if not free:  # a circle: cut it at its first table
            name = next(iter(left))
            cut = left.pop(name)
            referring = {column.name: column for column in columns(cut)}
            steps += [DropReference(name, column, referring[column]) for column in cut.references]
            left[name] = Collection(name, {})
            continue
        steps += [DropTable(name) for name in free]
        for name in free:
            del left[name]
    return Plan(tuple(steps), {})


def merge(plans: Iterable[Plan]) -> Plan:
    """One plan after the other."""
    all_plans = list(plans)
    merged: dict[str, tuple[Column, ...]] = {}
    for one in all_plans:
        merged.update(one.columns)
    return Plan(tuple(step for one in all_plans for step in one.steps), merged)


def _key(field: Field) -> str:
    return field.key or field.name


def _changes(old: Collection, new: Collection) -> Iterable[Step]:
    """The order matters: indexes and references go before their columns and come after them."""
    table = new.name
    before = {_key(f): f for f in old.columns}
    after = {_key(f): f for f in new.columns}
    old_columns = {c.name: c for c in columns(old)}
    new_columns = {c.name: c for c in columns(new)}
    new_indexes = indexes(new)
    anew = {
        before[key].name for key, field in after.items() if key in before and converts(before[key], field)
    }
    # indexes over a column that is converted go with it, and are made again over the new one
    dropped = {name: index for name, index in indexes(old).items() if not anew.isdisjoint(index.columns)}
    old_indexes = {name: index for name, index in indexes(old).items() if name not in dropped}

    yield from (DropIndex(table, name, index) for name, index in dropped.items())
    yield from (DropIndex(table, name, i) for name, i in old_indexes.items() if name not in new_indexes)
    for key, field in before.items():
        column = old_columns[field.name]
        kept = new_columns[after[key].name] if key in after else None
        if kept is not None and column.reference is not None and _reference(kept) != _reference(column):
            yield DropReference(table, field.name, column)
    gone = (old_columns[f.name] for key, f in before.items() if key not in after)
    yield from (DropColumn(table, column.name, column) for column in gone)
    for key, field in after.items():
        if key in before and before[key].name != field.name:
            yield RenameColumn(table, before[key].name, field.name)
    for key, field in after.items():
        column = new_columns[field.name]
        if key in before and before[key].name in anew:
            yield from _conversion(new, before[key], field, column)
        elif key in before:
            yield from _column_changes(new, field, old_columns[before[key].name], column)
            if field.type.computed and _formula(field) != _formula(before[key]):
                yield Compute(new, field)
        else:
            yield from _column_addition(new, field, column)
    yield from (Compute(new, field) for field in after.values() if anew & read_by(field))
    yield from (index for name, index in new_indexes.items() if name not in old_indexes)


def converts(old: Field, new: Field) -> bool:
    """Whether values have to be written anew for the type of ``new``."""
    same = type_text(old.type.column_type(old)) == type_text(new.type.column_type(new))
    return old.type.name != new.type.name and new.type.name not in old.type.widens_to and not same


def _conversion(collection: Collection, old: Field, new: Field, column: Column) -> Iterable[Step]:
    table, key = collection.name, collection.primary_key
    if key is None:
        raise ValueError(f"{table} has no primary key by which its records could be converted")
    fresh = stable_name("new", table, [column.name])
    yield AddColumn(table, replace(column, name=fresh, required=False))
    yield Convert(table, old, new, fresh, key)
    yield DropColumn(table, column.name)
    yield RenameColumn(table, fresh, column.name)
    if column.required:
        if fills(new):
            yield Fill(table, new, key)
        yield SetRequired(table, column, new=False)


def _formula(field: Field) -> Any:
    return field.options.get("expression")


def _column_addition(new: Collection, field: Field, column: Column) -> Iterable[Step]:
    table = new.name
    yield AddColumn(table, replace(column, required=False))
    if field.type.computed:
        yield Compute(new, field)
    elif fills(field):
        yield Fill(table, field, new.primary_key)
    if column.required:
        yield SetRequired(table, column, new=True, link=new.needed.get(field.name, ""))


def _column_changes(collection: Collection, field: Field, old: Column, new: Column) -> Iterable[Step]:
    table = collection.name
    kept = new.reference if _reference(new) == _reference(old) else None
    if type_text(old.type) != type_text(new.type):
        yield SetType(table, replace(new, required=old.required), replace(old, name=new.name))
    if new.required and not old.required:
        if fills(field):
            yield Fill(table, field, collection.primary_key)
        link = collection.needed.get(field.name, "")
        yield SetRequired(table, replace(new, reference=kept), new=False, link=link)
    elif old.required and not new.required:
        yield DropRequired(table, replace(new, reference=kept))
    if new.reference is not None and kept is None:
        yield AddReference(table, new)


def _reference(column: Column) -> tuple[str, Reference | None]:
    """A reference and the column that its constraint is named after."""
    return column.name, column.reference


def fills(field: Field) -> bool:
    """Whether records without a value can be given one."""
    has_default = field.default is not None
    return has_default or field.type.name == "sort" or type(field.type).fill is not FieldType.fill


def type_text(type_: TypeEngine[Any]) -> str:
    """What tells two column types apart, on any dialect."""
    return repr(type_)
