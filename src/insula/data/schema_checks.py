"""Whether the records of a table allow a change of its schema."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from insula.data import schema_plan as steps
from insula.data.errors import InvalidMetadata, MetadataInUse
from insula.database.executor import Executor
from insula.database.statement import SCHEMA_TOKEN


async def check_filled(executor: Executor, step: steps.SetRequired) -> None:
    """Every record has a value. Raises ``InvalidMetadata``."""
    column: sa.ColumnClause[Any] = sa.column(step.column.name)
    if not await _any(
        executor, sa.select(sa.literal(1)).select_from(_table(step.table)).where(column.is_(None))
    ):
        return
    name = f"{step.table}.{step.column.name}"
    if step.new:
        reason = "is required, but the collection already has records: give it a defaultValue for them"
    else:
        reason = "can not be made required: some records have no value; fill them, or give it a defaultValue"
    raise InvalidMetadata(what="The field", name=name, reason=reason)


async def check_unique(executor: Executor, step: steps.CreateIndex) -> None:
    """No two records have the same values. Raises ``MetadataInUse``."""
    columns: list[sa.ColumnClause[Any]] = [sa.column(name) for name in step.columns]
    doubles = (
        sa.select(sa.literal(1))
        .select_from(_table(step.table))
        .where(*(column.is_not(None) for column in columns))
        .group_by(*columns)
        .having(sa.func.count() > 1)
    )
    if await _any(executor, doubles):
        name = f"{step.table}.{', '.join(step.columns)}"
        raise MetadataInUse(
            what="The field", name=name, reason="it can not be unique, for some records have the same value"
        )


async def check_references(executor: Executor, step: steps.AddReference) -> None:
    """Every record points to one that exists. Raises ``MetadataInUse``."""
    reference = step.column.reference
    if reference is None:
        return
    source = sa.table(step.table, sa.column(step.column.name), schema=SCHEMA_TOKEN).alias("source")
    target = sa.table(reference.collection, sa.column(reference.field), schema=SCHEMA_TOKEN).alias("target")
    key = source.c[step.column.name]
    found = sa.select(sa.literal(1)).select_from(target).where(target.c[reference.field] == key).exists()
    orphans = sa.select(sa.literal(1)).select_from(source).where(key.is_not(None), ~found)
    if await _any(executor, orphans):
        raise MetadataInUse(
            what="The field",
            name=f"{step.table}.{step.column.name}",
            reason=f'some of its values point to no record of "{reference.collection}"',
        )


async def _any(executor: Executor, query: sa.Select[Any]) -> bool:
    return bool(await executor.run(query.limit(1)))


def _table(name: str) -> sa.TableClause:
    return sa.table(name, schema=SCHEMA_TOKEN)
