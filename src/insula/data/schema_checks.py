"""Whether the records of a table allow a change of its schema; what stands in the way is named by its keys."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import sqlalchemy as sa

from insula.data import schema_steps as steps
from insula.data.collection import Collection, Field, Relation
from insula.data.errors import InvalidMetadata, MetadataInUse
from insula.database.executor import Executor
from insula.database.statement import SCHEMA_TOKEN

NAMED: Final = 3
"""Records that a message names."""

Key = steps.Column | None
"""The primary key of the table, for messages."""


async def check_filled(executor: Executor, step: steps.SetRequired, key: Key) -> None:
    """Every record has a value. Raises ``InvalidMetadata``."""
    column: sa.ColumnClause[Any] = sa.column(step.column.name)
    empty = await _first(executor, sa.table(step.table, schema=SCHEMA_TOKEN), column.is_(None), key)
    if empty is None:
        return
    if step.link:
        raise unlinked(step.table, step.link, empty)
    name = f"{step.table}.{step.column.name}"
    if step.new:
        reason = "is required, but the collection already has records: give it a defaultValue for them"
    else:
        reason = f"can not be made required: {empty} no value; fill them, or give it a defaultValue"
    raise InvalidMetadata(what="The field", name=name, reason=reason)


async def check_required_relations(
    executor: Executor, old: Collection | None, new: Collection, find: Callable[[str], Collection]
) -> None:
    """Every record is linked by the relations that are required from now on, and whose keys lie elsewhere.

    ``find`` gives the collection of a name. Raises ``InvalidMetadata``.
    """
    before = {} if old is None else old.relations
    for name, field in new.relations.items():
        relation = field.relation
        if relation is None or relation.kind == "belongsTo" or not field.required:
            continue
        if name not in before or not before[name].required:
            await _check_linked(executor, new, field, relation, find(relation.through or relation.target))


async def _check_linked(
    executor: Executor, collection: Collection, field: Field, relation: Relation, through: Collection
) -> None:
    key = collection.primary_key
    own = collection.table.alias("own")
    pointer = through.table.alias("other").c[relation.foreign_key]
    linked = sa.exists(sa.select(sa.literal(1)).where(pointer == own.c[relation.source_key]))
    named_by = None if key is None else steps.Column(key.name, key.type.column_type(key))
    if (alone := await _first(executor, own, ~linked, named_by)) is not None:
        raise unlinked(collection.name, field.name, alone)


def unlinked(collection: str, relation: str, empty: str) -> InvalidMetadata:
    """The error for a relation that is to be required; ``empty`` are the records without one, in words."""
    reason = f"can not be required: {empty} no link; relate them first, and make it required then"
    return InvalidMetadata(what="The relation", name=f"{collection}.{relation}", reason=reason)


async def check_unique(executor: Executor, step: steps.CreateIndex, key: Key) -> None:
    """No two records have the same values. Raises ``MetadataInUse``."""
    table = sa.table(step.table, *map(_column, step.columns), schema=SCHEMA_TOKEN)
    columns = [table.c[name] for name in step.columns]
    full = sa.and_(*(column.is_not(None) for column in columns))
    doubles = sa.select(*columns).where(full).group_by(*columns).having(sa.func.count() > 1).limit(1)
    if not await executor.run(doubles):
        return
    one = doubles.subquery("doubles")
    like_it = sa.and_(*(column == one.c[column.name] for column in columns))
    found = await _first(
        executor, table, sa.exists(sa.select(sa.literal(1)).select_from(one).where(like_it)), key
    )
    name = f"{step.table}.{', '.join(step.columns)}"
    raise MetadataInUse(
        what="The field", name=name, reason=f"it can not be unique, for {found} the same value"
    )


async def check_references(executor: Executor, step: steps.AddReference, key: Key) -> None:
    """Every record points to one that exists. Raises ``MetadataInUse``."""
    reference = step.column.reference
    if reference is None:
        return
    source = sa.table(step.table, _column(step.column.name), schema=SCHEMA_TOKEN).alias("source")
    target = sa.table(reference.collection, _column(reference.field), schema=SCHEMA_TOKEN).alias("target")
    pointer = source.c[step.column.name]
    there = sa.exists(
        sa.select(sa.literal(1)).select_from(target).where(target.c[reference.field] == pointer)
    )
    orphans = await _first(executor, source, sa.and_(pointer.is_not(None), ~there), key)
    if orphans is not None:
        raise MetadataInUse(
            what="The field",
            name=f"{step.table}.{step.column.name}",
            reason=f'{orphans} a value that points to no record of "{reference.collection}"',
        )


def named(keys: Sequence[Any], count: int | None = None) -> str:
    """«the record 5 has», «the records 1, 2, 3 and 17 others have»; ``keys`` are the first ``NAMED`` and one more.

    Without ``count``, the number of all, there are just others.
    """
    if len(keys) == 1:
        return f"the record {keys[0]} has"
    more = f" and {_others(count)}" if len(keys) > NAMED else ""
    return f"the records {', '.join(map(str, keys[:NAMED]))}{more} have"


def _others(count: int | None) -> str:
    if count is None:
        return "others"
    return "1 other" if count == NAMED + 1 else f"{count - NAMED} others"


async def _first(
    executor: Executor, table: sa.FromClause, where: sa.ColumnElement[bool], key: Key
) -> str | None:
    """The first records that fit, in words; ``None`` where there is none."""
    query = sa.select(sa.literal(1).label("there")).select_from(table).where(where)
    if key is not None:
        column: sa.ColumnElement[Any] = table.c.get(key.name, sa.column(key.name, key.type))
        query = sa.select(column.label("there")).select_from(table).where(where).order_by(column)
    rows = await executor.run(query.limit(NAMED + 1))
    if not rows:
        return None
    counted = await executor.run(sa.select(sa.func.count().label("count")).select_from(table).where(where))
    count = int(counted[0]["count"])
    if key is None:
        return "1 record has" if count == 1 else f"{count} records have"
    return named([row["there"] for row in rows], count)


def _column(name: str) -> sa.ColumnClause[Any]:
    return sa.column(name)
