"""Grouped reads as SQL: a bound aggregate → one compiled statement.

The rows that fit are chosen and the values that are needed are taken from them in an inner SELECT (also through
relations to one); the outer one groups and computes. Sums are exact: whole numbers stay whole, decimals decimal.
An average of decimals is their exact sum divided by their number, with ``AVERAGE_DIGITS`` more digits.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from insula.data.collection import Collection, Field
from insula.data.date_format import date_text
from insula.data.fields.columns import DecimalColumn, SumColumn
from insula.data.filters.base import Operand
from insula.data.filters.compile import Builder, Join, with_joins
from insula.data.filters.operators import OPERATORS
from insula.data.filters.shape import Shape
from insula.data.plan import Plan
from insula.data.query import Aggregate, Dimension, Measure
from insula.data.sorting import directed
from insula.data.words import words
from insula.database.dialects.base import Dialect
from insula.database.executor import Row

AVERAGE_DIGITS = 6
"""Digits that an average of decimals has beyond those of its field."""

_ONE: sa.ColumnClause[int] = sa.literal_column("1")
_TWO: sa.ColumnClause[int] = sa.literal_column("2")
_EVERY_ROW = ("*",)
_COUNT = "__count."
_SUM = "__sum."


@dataclass(frozen=True, slots=True)
class Source:
    """A value that the inner SELECT takes from each row."""

    shape: Shape
    field: Field


@dataclass(slots=True)
class Bound:
    """An aggregate that is checked and bound."""

    collection: Collection
    aggregate: Aggregate
    sources: dict[tuple[str, ...], Source]
    where: Shape | None
    having: tuple[tuple[str, str, str], ...] = ()
    """(alias, operator, variant) in the order in which values were taken."""
    outputs: dict[str, Field] = field(default_factory=dict)
    """Alias → a field that stands for its values."""


def columns_of(aggregate: Aggregate) -> list[Measure | Dimension]:
    """What each row of the answer has, in order."""
    return [*aggregate.measures, *aggregate.dimensions]


def counts_rows(measure: Measure) -> bool:
    """Whether the measure counts records, rather than values of a field."""
    return measure.aggregation == "count" and measure.field in ((), _EVERY_ROW)


def aggregate_plan(dialect: Dialect, bound: Bound) -> Plan:
    """Build and compile."""
    aggregate, table = bound.aggregate, bound.collection.table
    builder = Builder(dialect)
    where = None if bound.where is None else builder.where(bound.where, bound.collection, table)
    inner: list[sa.ColumnElement[Any]] = [sa.literal_column("1").label("one")]
    joins: list[Join] = []
    labels = {path: f"v{index}" for index, path in enumerate(bound.sources)}
    for path, source in bound.sources.items():
        inner.append(builder.value(source.shape, bound.collection, table, joins).label(labels[path]))
    chosen = sa.select(*inner).select_from(with_joins(table, joins))
    rows = (chosen if where is None else chosen.where(where)).subquery("chosen")
    values = {path: rows.c[label] for path, label in labels.items()}

    outputs = {d.alias: _dimension(dialect.name, d, values, bound) for d in aggregate.dimensions}
    groups = list(outputs.values())
    raw = [m for m in aggregate.measures if m.aggregation is None]
    outputs |= {m.alias: values[m.field] for m in raw}
    groups += [values[m.field] for m in raw]
    divided: list[tuple[str, Decimal]] = []
    columns: list[sa.ColumnElement[Any]] = [column.label(alias) for alias, column in outputs.items()]
    for measure in aggregate.measures:
        if measure.aggregation is None:
            continue
        outputs[measure.alias] = _measure(dialect.name, measure, values)
        type_ = values[measure.field].type if measure.field in values else None
        if measure.aggregation == "avg" and isinstance(type_, DecimalColumn):
            divided.append((measure.alias, Decimal(1).scaleb(-type_.scale - AVERAGE_DIGITS)))
            columns += _parts_of_average(measure, values)
        else:
            columns.append(outputs[measure.alias].label(measure.alias))

    statement = sa.select(*columns).select_from(rows)
    if groups:
        statement = statement.group_by(*groups)
    for alias, name, variant in bound.having:
        family = bound.outputs[alias].type.family
        operand = Operand(outputs[alias], family, dialect.name, builder.names)
        statement = statement.having(OPERATORS[name].expression(operand, variant))
    statement = statement.order_by(*_orders(dialect, aggregate, outputs, groups))
    statement = statement.limit(sa.bindparam("limit", type_=sa.BigInteger()))
    statement = statement.offset(sa.bindparam("offset", type_=sa.BigInteger()))
    return Plan(dialect.compile(statement), details=tuple(divided))


def _dimension(
    dialect: str, dimension: Dimension, values: Mapping[tuple[str, ...], Any], bound: Bound
) -> sa.ColumnElement[Any]:
    column: sa.ColumnElement[Any] = values[dimension.field]
    if dimension.format is None:
        return column
    kind = bound.sources[dimension.field].field.type.name
    return date_text(dialect, column, kind, dimension.format, bound.aggregate.timezone)


def _measure(dialect: str, measure: Measure, values: Mapping[tuple[str, ...], Any]) -> sa.ColumnElement[Any]:
    """The aggregate as SQL, with the type of its values."""
    if counts_rows(measure):
        return sa.func.count()
    column: sa.ColumnElement[Any] = values[measure.field]
    operand = column.distinct() if measure.distinct else column
    if measure.aggregation == "count":
        return sa.func.count(operand)
    if measure.aggregation in ("min", "max"):
        function = sa.func.min if measure.aggregation == "min" else sa.func.max
        return sa.type_coerce(function(column), column.type)
    if measure.aggregation == "sum":
        type_ = SumColumn() if isinstance(column.type, sa.Integer) else column.type
        return sa.type_coerce(sa.func.sum(operand), type_)
    if isinstance(column.type, DecimalColumn):
        return sa.type_coerce(sa.func.avg(operand), column.type)
    return words(dialect).average(column, distinct=measure.distinct)


def _parts_of_average(measure: Measure, values: Mapping[tuple[str, ...], Any]) -> list[sa.ColumnElement[Any]]:
    column: sa.ColumnElement[Any] = values[measure.field]
    operand = column.distinct() if measure.distinct else column
    return [
        sa.func.count(operand).label(_COUNT + measure.alias),
        sa.type_coerce(sa.func.sum(operand), column.type).label(_SUM + measure.alias),
    ]


def _orders(
    dialect: Dialect,
    aggregate: Aggregate,
    outputs: Mapping[str, sa.ColumnElement[Any]],
    groups: list[sa.ColumnElement[Any]],
) -> Iterator[sa.ColumnElement[Any]]:
    """As asked for, then by the dimensions, so that the same question gets the same order."""
    by_path = {item.field: item.alias for item in columns_of(aggregate)}
    for order in aggregate.orders:
        alias = (
            order.field[0] if len(order.field) == 1 and order.field[0] in outputs else by_path[order.field]
        )
        column = outputs[alias]
        if order.nulls == "default":
            yield directed(dialect, column, descending=order.descending)
            continue
        empty = sa.case((column.is_(None), _ONE), else_=_TWO)
        yield empty.asc() if order.nulls == "first" else empty.desc()
        yield column.desc() if order.descending else column.asc()
    for group in groups:
        yield directed(dialect, group, descending=False)


def computed(plan: Plan, rows: list[Row], aliases: Mapping[str, str]) -> list[Row]:
    """The rows as they are answered: averages of decimals divided, columns under their aliases."""
    for label, unit in plan.details:
        for row in rows:
            number, total = row.pop(_COUNT + label), row.pop(_SUM + label)
            row[label] = None if not number else (total / number).quantize(unit)
    named = tuple(aliases.items())
    return [{alias: row[label] for label, alias in named} for row in rows]
