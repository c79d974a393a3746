"""Grouped reads (the action ``query``): measures and dimensions → one statement.

The rows that fit are chosen and the values that are needed are taken from them in an inner SELECT (also through
relations to one); the outer one groups and computes. Sums are exact: whole numbers stay whole, decimals decimal.
An average of decimals is their exact sum divided by their number, with ``AVERAGE_DIGITS`` more digits.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from weakref import ref

import sqlalchemy as sa

from insula.data.catalog import Catalog
from insula.data.collection import Collection, Field
from insula.data.date_format import date_text
from insula.data.errors import InvalidFilter, InvalidQuery
from insula.data.fields import field_type
from insula.data.fields.columns import Column, DecimalColumn
from insula.data.filters.base import Operand, Subject
from insula.data.filters.compile import Builder, parameter
from insula.data.filters.dates import timezone
from insula.data.filters.operators import OPERATORS
from insula.data.filters.shape import Binder, Shape, misfit
from insula.data.plan import PLANS, Plan
from insula.data.query import Aggregate, Dimension, Measure
from insula.data.scope import Scope, Scopes
from insula.database.dialects.base import Dialect
from insula.database.executor import Row

MAX_COLUMNS = 50
"""Measures and dimensions of one query, each."""
MAX_ROWS = 10_000
"""Rows of one answer; also the limit where none is asked for."""
AVERAGE_DIGITS = 6
"""Digits that an average of decimals has beyond those of its field."""

AGGREGATIONS = frozenset(("count", "sum", "avg", "min", "max"))
_EVERY_ROW = ("*",)
_COUNT = "__count."
_SUM = "__sum."


class WholeNumber(Column):
    """A sum of whole numbers, which PostgreSQL gives as a decimal."""

    impl = sa.Numeric

    def storage(self, dialect: str) -> Any:
        return sa.BigInteger() if dialect == "sqlite" else sa.Numeric()

    def encoder(self, dialect: str) -> Any:
        return None if dialect == "sqlite" else Decimal

    def decoder(self, dialect: str) -> Any:
        return int


@dataclass(frozen=True, slots=True)
class _Source:
    """A value that the inner SELECT takes from each row."""

    shape: Shape
    field: Field


@dataclass(slots=True)
class _Bound:
    """An aggregate that is checked and bound."""

    collection: Collection
    aggregate: Aggregate
    sources: dict[tuple[str, ...], _Source]
    where: Shape | None
    having: tuple[tuple[str, str, str], ...] = ()
    """(alias, operator, variant) in the order in which values were taken."""
    outputs: dict[str, Field] = field(default_factory=dict)
    """Alias → a field that stands for its values."""


def bind_aggregate(
    catalog: Catalog, collection: Collection, aggregate: Aggregate, scopes: Scopes, dialect: Dialect
) -> tuple[Plan, Mapping[str, Any]]:
    """Check and bind; the plan with the values for its statement.

    Raises ``InvalidQuery``, ``InvalidFilter``, ``UnknownField``.
    """
    scope = scopes.scope(collection.name, "view")
    binder = Binder(catalog, scopes)
    bound = _bind(binder, collection, scope, aggregate)
    key = (
        *(dialect.name, "aggregate", ref(collection), bound.where, bound.having),
        *(aggregate.measures, aggregate.dimensions, aggregate.orders, aggregate.timezone),
        tuple((path, source.shape) for path, source in bound.sources.items()),
    )
    values = {parameter(index): value for index, value in enumerate(binder.values)}
    values["limit"] = MAX_ROWS if aggregate.limit is None else aggregate.limit
    values["offset"] = aggregate.offset
    return PLANS.get(key, len(binder.values), lambda: _plan(dialect, bound)), values


def computed(plan: Plan, rows: list[Row]) -> list[Row]:
    """The rows as they are answered: averages of decimals divided."""
    for alias, unit in plan.details:
        for row in rows:
            number, total = row.pop(_COUNT + alias), row.pop(_SUM + alias)
            row[alias] = None if not number else (total / number).quantize(unit)
    return rows


def _bind(binder: Binder, collection: Collection, scope: Scope, aggregate: Aggregate) -> _Bound:
    _check(aggregate)
    bound = _Bound(collection, aggregate, {}, binder.rows(collection, scope, aggregate.filter))
    for path, place in _paths(aggregate):
        if path not in bound.sources:
            shape = binder.path(collection, scope, path, place)
            owner = shape[1][-1][1]() if shape[1] else collection
            bound.sources[path] = _Source(shape, owner.fields[shape[2]])
    for measure in aggregate.measures:
        bound.outputs[measure.alias] = _measured(measure, bound)
    for dimension in aggregate.dimensions:
        bound.outputs[dimension.alias] = _dimensioned(dimension, bound)
    if aggregate.having:
        bound.having = tuple(_bind_having(binder, bound, aggregate.having))
    return bound


def _columns(aggregate: Aggregate) -> list[Measure | Dimension]:
    return [*aggregate.measures, *aggregate.dimensions]


def _check(aggregate: Aggregate) -> None:
    aliases = [item.alias for item in _columns(aggregate)]
    if not aliases:
        raise InvalidQuery(parameter="measures", reason="and dimensions are both empty")
    if len(aliases) > MAX_COLUMNS:
        raise InvalidQuery(parameter="measures", reason=f"and dimensions are more than {MAX_COLUMNS}")
    for alias in aliases:
        if (
            not alias
            or len(alias) > 100
            or "\x00" in alias
            or alias.startswith("__")
            or aliases.count(alias) > 1
        ):
            raise InvalidQuery(
                parameter="alias", reason=f"can not be {alias[:60]!r}: it is empty, too long or taken"
            )
    for measure in aggregate.measures:
        if measure.aggregation is not None and measure.aggregation not in AGGREGATIONS:
            raise InvalidQuery(
                parameter="measures", reason=f"has the unknown aggregation {measure.aggregation[:60]!r}"
            )
    if aggregate.limit is not None and not 0 <= aggregate.limit <= MAX_ROWS:
        raise InvalidQuery(parameter="limit", reason=f"must be a whole number from 0 to {MAX_ROWS}")
    if not 0 <= aggregate.offset < 2**62:
        raise InvalidQuery(parameter="offset", reason="must be a whole number that is not negative")
    try:
        timezone(aggregate.timezone)
    except ValueError as error:
        raise InvalidQuery(parameter="timezone", reason=f"is not understood: {error}") from None


def _paths(aggregate: Aggregate) -> Iterator[tuple[tuple[str, ...], str]]:
    """The paths whose values are needed, and the parameters that name them."""
    for measure in aggregate.measures:
        if not _counts_rows(measure):
            yield measure.field, "measures"
    for dimension in aggregate.dimensions:
        yield dimension.field, "dimensions"
    aliases = {item.alias for item in _columns(aggregate)}
    named = {item.field for item in _columns(aggregate)}
    for order in aggregate.orders:
        if not (len(order.field) == 1 and order.field[0] in aliases) and order.field not in named:
            raise InvalidQuery(
                parameter="orders",
                reason=f'needs "{".".join(order.field)[:60]}" among measures or dimensions',
            )


def _counts_rows(measure: Measure) -> bool:
    return measure.aggregation == "count" and measure.field in ((), _EVERY_ROW)


def _measured(measure: Measure, bound: _Bound) -> Field:
    """A field that stands for the values of a measure. Raises ``InvalidQuery`` where it does not fit."""
    if measure.aggregation == "count":
        return Field(measure.alias, field_type("bigInt"))
    source = bound.sources[measure.field].field
    family = source.type.family
    if measure.aggregation in ("sum", "avg") and family != "number":
        raise InvalidQuery(
            parameter="measures",
            reason=f'can not take the {measure.aggregation} of "{".".join(measure.field)}"',
        )
    if measure.aggregation in ("min", "max") and family in ("json", "array", "boolean"):
        raise InvalidQuery(
            parameter="measures",
            reason=f'can not take the {measure.aggregation} of "{".".join(measure.field)}"',
        )
    if measure.aggregation == "avg" and not isinstance(source.type.column_type(source), DecimalColumn):
        return Field(measure.alias, field_type("double"))
    if measure.aggregation in ("sum", "avg") and _is_whole(source):
        return Field(measure.alias, field_type("double"))
    return source


def _dimensioned(dimension: Dimension, bound: _Bound) -> Field:
    source = bound.sources[dimension.field].field
    if source.type.family in ("json", "array"):
        raise InvalidQuery(parameter="dimensions", reason=f'can not group by "{".".join(dimension.field)}"')
    if dimension.format is None:
        return source
    if source.type.family != "date" or source.type.name == "time":
        raise InvalidQuery(
            parameter="dimensions", reason=f'can not format "{".".join(dimension.field)}", which is no date'
        )
    return Field(dimension.alias, field_type("text"))


def _bind_having(binder: Binder, bound: _Bound, having: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Conditions on aliases; several keys all have to hold."""
    for alias, conditions in having.items():
        stands_for = bound.outputs.get(alias)
        if stands_for is None:
            raise InvalidQuery(parameter="having", reason=f'names "{str(alias)[:60]}", which is no alias')
        for name, value in (conditions if isinstance(conditions, Mapping) else {"$eq": conditions}).items():
            operator = OPERATORS.get(name)
            if operator is None:
                raise InvalidFilter(reason=f"there is no operator {str(name)[:60]!r}")
            if stands_for.type.family not in operator.families:
                raise misfit(operator.name, (alias,), stands_for)
            variant, values = operator.prepare(value, Subject(stands_for, alias, bound.aggregate.timezone))
            binder.values.extend(values)
            yield alias, name, variant


def _is_whole(source: Field) -> bool:
    type_ = source.type.column_type(source)
    return isinstance(type_, sa.Integer)


def _plan(dialect: Dialect, bound: _Bound) -> Plan:
    """Build and compile."""
    aggregate, table = bound.aggregate, bound.collection.table
    builder = Builder(dialect.name)
    where = None if bound.where is None else builder.where(bound.where, bound.collection, table)
    inner: list[sa.ColumnElement[Any]] = [sa.literal_column("1").label("one")]
    labels = {path: f"v{index}" for index, path in enumerate(bound.sources)}
    for path, source in bound.sources.items():
        inner.append(builder.value(source.shape, bound.collection, table).label(labels[path]))
    chosen = sa.select(*inner).select_from(table)
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
        outputs[measure.alias] = _measure(measure, values)
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
        operand = Operand(_comparable(dialect.name, outputs[alias]), family, dialect.name, builder.names)
        statement = statement.having(OPERATORS[name].expression(operand, variant))
    statement = statement.order_by(*_orders(aggregate, outputs, groups))
    statement = statement.limit(sa.bindparam("limit", type_=sa.BigInteger()))
    statement = statement.offset(sa.bindparam("offset", type_=sa.BigInteger()))
    return Plan(dialect.compile(statement), details=tuple(divided))


def _comparable(dialect: str, column: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    return column


def _dimension(
    dialect: str, dimension: Dimension, values: Mapping[tuple[str, ...], Any], bound: _Bound
) -> sa.ColumnElement[Any]:
    column: sa.ColumnElement[Any] = values[dimension.field]
    if dimension.format is None:
        return column
    kind = bound.sources[dimension.field].field.type.name
    return date_text(dialect, column, kind, dimension.format, bound.aggregate.timezone)


def _measure(measure: Measure, values: Mapping[tuple[str, ...], Any]) -> sa.ColumnElement[Any]:
    """The aggregate as SQL, with the type of its values."""
    if _counts_rows(measure):
        return sa.func.count()
    column: sa.ColumnElement[Any] = values[measure.field]
    operand = column.distinct() if measure.distinct else column
    if measure.aggregation == "count":
        return sa.func.count(operand)
    if measure.aggregation in ("min", "max"):
        function = sa.func.min if measure.aggregation == "min" else sa.func.max
        return sa.type_coerce(function(column), column.type)
    if measure.aggregation == "sum":
        type_ = WholeNumber() if isinstance(column.type, sa.Integer) else column.type
        return sa.type_coerce(sa.func.sum(operand), type_)
    if isinstance(column.type, DecimalColumn):
        return sa.type_coerce(sa.func.avg(operand), column.type)
    return sa.cast(sa.func.avg(operand), sa.Double())


def _parts_of_average(measure: Measure, values: Mapping[tuple[str, ...], Any]) -> list[sa.ColumnElement[Any]]:
    column: sa.ColumnElement[Any] = values[measure.field]
    operand = column.distinct() if measure.distinct else column
    return [
        sa.func.count(operand).label(_COUNT + measure.alias),
        sa.type_coerce(sa.func.sum(operand), column.type).label(_SUM + measure.alias),
    ]


def _orders(
    aggregate: Aggregate, outputs: Mapping[str, sa.ColumnElement[Any]], groups: list[sa.ColumnElement[Any]]
) -> Iterator[sa.ColumnElement[Any]]:
    """As asked for, then by the dimensions, so that the same question gets the same order."""
    by_path = {item.field: item.alias for item in _columns(aggregate)}
    for order in aggregate.orders:
        alias = (
            order.field[0] if len(order.field) == 1 and order.field[0] in outputs else by_path[order.field]
        )
        column = outputs[alias]
        directed = column.desc() if order.descending else column.asc()
        yield directed.nulls_first() if order.nulls == "first" else directed.nulls_last()
    for group in groups:
        yield group.asc().nulls_last()
