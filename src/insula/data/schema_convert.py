"""The records of a field whose type changes: each value is written anew, or none is."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from insula.data.errors import MetadataInUse
from insula.data.fields.conversion import converted
from insula.data.schema_checks import NAMED, named
from insula.data.schema_fill import BATCH_ROWS
from insula.data.schema_steps import Convert
from insula.database.executor import Row, Transaction
from insula.database.statement import SCHEMA_TOKEN


async def convert(transaction: Transaction, step: Convert) -> None:
    """Fill the new column, in the order of the keys.

    Raises ``MetadataInUse`` naming the first records whose values can not be converted.
    """
    key = sa.column(step.primary_key.name, step.primary_key.type.column_type(step.primary_key))
    source = sa.column(step.source or step.old.name, step.old.type.column_type(step.old))
    target = sa.column(step.column, step.new.type.column_type(step.new))
    table = sa.table(step.table, key, source, target, schema=SCHEMA_TOKEN)
    key, source, target = table.c[key.name], table.c[source.name], table.c[target.name]
    page = sa.select(key.label("key"), source.label("value")).where(source.is_not(None))
    page = page.order_by(key).limit(BATCH_ROWS)
    following = transaction.dialect.compile(page.where(key > sa.bindparam("v_last", type_=key.type)))
    update = transaction.dialect.compile(
        table.update()
        .values({target: sa.bindparam("v_value", type_=target.type)})
        .where(key == sa.bindparam("v_key", type_=key.type))
    )
    wrong: list[tuple[Any, str]] = []
    rows = await transaction.run(page)
    while rows and len(wrong) <= NAMED:
        await transaction.execute_many(update, _values(step, rows, wrong))
        rows = await transaction.fetch(following, {"v_last": rows[-1]["key"]})
    if wrong:
        keys, reason = [key for key, _ in wrong], wrong[0][1]
        raise MetadataInUse(
            what="The field",
            name=f"{step.table}.{step.old.name}",
            reason=f"{named(keys)} a value that does not fit the type {step.new.type.name}: it {reason}",
        )


def _values(step: Convert, rows: list[Row], wrong: list[tuple[Any, str]]) -> list[dict[str, Any]]:
    """What to write; what can not be converted is added to ``wrong``, with the reason."""
    values = []
    for row in rows:
        try:
            value = converted(row["value"], step.old, step.new)
        except ValueError as error:
            wrong.append((row["key"], str(error)))
        else:
            values.append({"v_key": row["key"], "v_value": value})
    return values
