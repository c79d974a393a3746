"""Values for records that were there before their field."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import sqlalchemy as sa

from insula.data.collection import Field
from insula.data.computing import numbered
from insula.data.errors import InvalidMetadata
from insula.data.fields.base import FieldType
from insula.data.fields.formula import Formula, read_by
from insula.data.schema_steps import Compute, Fill
from insula.data.slow import run_slow
from insula.database.executor import Row, Transaction
from insula.database.statement import SCHEMA_TOKEN

BATCH_ROWS: Final = 1000
"""Records that are given values of their own at one go."""


async def fill(transaction: Transaction, step: Fill) -> None:
    """Give each record without a value the default, else its place (``sort``), else a value made for it."""
    field, key = step.field, step.primary_key
    if field.default is not None:
        await _fill_with(transaction, step.table, field, await _default(field))
    elif key is None:
        return
    elif field.type.name == "sort":
        await _fill_places(transaction, step.table, field, key)
    elif type(field.type).fill is not FieldType.fill:
        await _fill_each(transaction, step.table, field, key)


async def compute(transaction: Transaction, step: Compute) -> None:
    """Work out a field for each record, in the order of their keys. Raises ``InvalidMetadata``."""
    collection, field, key = step.collection, step.field, step.collection.primary_key
    if key is None:
        return
    table, key_column = collection.table, collection.table.c[key.name]
    page = sa.select(*(table.c[name] for name in sorted({key.name, *read_by(field)})))
    page = page.order_by(key_column).limit(BATCH_ROWS)
    last = sa.bindparam("v_last", type_=key_column.type)
    following = transaction.dialect.compile(page.where(key_column > last))
    update = transaction.dialect.compile(
        table.update()
        .values({field.name: sa.bindparam("v_value", type_=table.c[field.name].type)})
        .where(key_column == sa.bindparam("v_key", type_=key_column.type))
    )
    rows = await transaction.run(page)
    while rows:
        try:
            values = await _computed(transaction, field, rows)
        except ValueError as error:
            name = f"{collection.name}.{field.name}"
            raise InvalidMetadata(what="The field", name=name, reason=str(error)) from None
        pairs = zip(rows, values, strict=True)
        await transaction.execute_many(update, [{"v_key": row[key.name], "v_value": v} for row, v in pairs])
        rows = await transaction.fetch(following, {"v_last": rows[-1][key.name]})


async def _computed(transaction: Transaction, field: Field, rows: Sequence[Row]) -> Sequence[Any]:
    if isinstance(field.type, Formula):
        return [field.type.compute(row, field) for row in rows]
    return await numbered(field, len(rows), transaction)


async def _default(field: Field) -> Any:
    if field.type.slow:
        return await run_slow(field.type.prepare, field.default, field)
    return field.type.prepare(field.default, field)


def _table(name: str, *fields: Field) -> sa.TableClause:
    return sa.table(name, *(sa.column(f.name, f.type.column_type(f)) for f in fields), schema=SCHEMA_TOKEN)


async def _fill_with(transaction: Transaction, table: str, field: Field, value: Any) -> None:
    target = _table(table, field)
    column = target.c[field.name]
    given = sa.bindparam("v_value", type_=column.type)
    await transaction.run(target.update().values({column: given}).where(column.is_(None)), {"v_value": value})


async def _fill_places(transaction: Transaction, table: str, field: Field, key: Field) -> None:
    """Number the records in the order of their keys."""
    target = _table(table, field, key)
    rows = _table(table, key).alias("rows")
    place = sa.func.row_number().over(order_by=rows.c[key.name]).label("place")
    numbered = sa.select(rows.c[key.name].label("key"), place).subquery("numbered")
    await transaction.run(
        target.update()
        .values({target.c[field.name]: numbered.c.place})
        .where(target.c[key.name] == numbered.c.key, target.c[field.name].is_(None))
    )


async def _fill_each(transaction: Transaction, table: str, field: Field, key: Field) -> None:
    if field.type.fill(field) is None:  # switched off by a setting of the field
        return
    target = _table(table, field, key)
    column, key_column = target.c[field.name], target.c[key.name]
    empty = sa.select(key_column).where(column.is_(None)).order_by(key_column).limit(BATCH_ROWS)
    batch = transaction.dialect.compile(empty)
    update = transaction.dialect.compile(
        target.update()
        .values({column: sa.bindparam("v_value", type_=column.type)})
        .where(key_column == sa.bindparam("v_key", type_=key_column.type))
    )
    while rows := await transaction.fetch(batch, {}):
        values = ({"v_key": row[key.name], "v_value": field.type.fill(field)} for row in rows)
        await transaction.execute_many(update, values)
