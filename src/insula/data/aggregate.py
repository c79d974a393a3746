"""Grouped reads (the action ``query``): measures and dimensions, checked and bound."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any
from weakref import ref

import sqlalchemy as sa

from insula.data.aggregate_plan import Bound, Source, aggregate_plan, columns_of, counts_rows
from insula.data.catalog import Catalog
from insula.data.collection import Collection, Field
from insula.data.errors import InvalidFilter, InvalidQuery
from insula.data.fields import field_type
from insula.data.fields.columns import DecimalColumn
from insula.data.filters.base import Subject
from insula.data.filters.compile import parameter
from insula.data.filters.dates import timezone
from insula.data.filters.operators import OPERATORS
from insula.data.filters.shape import Binder, misfit
from insula.data.plan import PLANS, Plan
from insula.data.query import Aggregate, Dimension, Measure
from insula.data.scope import Scope, Scopes
from insula.database.dialects.base import Dialect

MAX_COLUMNS = 50
"""Measures and dimensions of one query, each."""
MAX_ROWS = 10_000
"""Rows of one answer; also the limit where none is asked for."""
_LABEL = "__c"
"""Before the number of a column: no alias and no field begins so."""
AGGREGATIONS = frozenset(("count", "sum", "avg", "min", "max"))


def bind_aggregate(
    catalog: Catalog, collection: Collection, aggregate: Aggregate, scopes: Scopes, dialect: Dialect
) -> tuple[Plan, Mapping[str, Any], Mapping[str, str]]:
    """Check and bind; the plan, the values for its statement, and which label of its rows is which alias.

    Aliases are the caller's to choose, and no part of the plan: they would make a statement of each.

    Raises ``InvalidQuery``, ``InvalidFilter``, ``UnknownField``.
    """
    scope = scopes.scope(collection.name, "view")
    binder = Binder(catalog, scopes)
    asked = _bind(binder, collection, scope, aggregate)
    labels = {item.alias: f"{_LABEL}{index}" for index, item in enumerate(columns_of(aggregate))}
    bound = _numbered(asked, labels)
    numbered = bound.aggregate
    key = (
        *(dialect.name, "aggregate", ref(collection), bound.where, bound.having),
        *(numbered.measures, numbered.dimensions, numbered.orders, numbered.timezone),
        tuple((path, source.shape) for path, source in bound.sources.items()),
    )
    values = {parameter(index): value for index, value in enumerate(binder.values)}
    values["limit"] = MAX_ROWS if aggregate.limit is None else aggregate.limit
    values["offset"] = aggregate.offset
    plan = PLANS.get(key, len(binder.values), lambda: aggregate_plan(dialect, bound))
    return plan, values, {label: alias for alias, label in labels.items()}


def _numbered(bound: Bound, labels: Mapping[str, str]) -> Bound:
    """The same with labels in the place of aliases."""
    aggregate = bound.aggregate
    renamed = replace(
        aggregate,
        measures=tuple(replace(item, alias=labels[item.alias]) for item in aggregate.measures),
        dimensions=tuple(replace(item, alias=labels[item.alias]) for item in aggregate.dimensions),
        orders=tuple(
            replace(order, field=(labels[order.field[0]],))
            if len(order.field) == 1 and order.field[0] in labels
            else order
            for order in aggregate.orders
        ),
    )
    having = tuple((labels[alias], name, variant) for alias, name, variant in bound.having)
    outputs = {labels[alias]: field for alias, field in bound.outputs.items()}
    return replace(bound, aggregate=renamed, having=having, outputs=outputs)


def _bind(binder: Binder, collection: Collection, scope: Scope, aggregate: Aggregate) -> Bound:
    _check(aggregate)
    bound = Bound(collection, aggregate, {}, binder.rows(collection, scope, aggregate.filter))
    for path, place in _paths(aggregate):
        if path not in bound.sources:
            shape = binder.path(collection, scope, path, place)
            owner = shape[1][-1][1]() if shape[1] else collection
            bound.sources[path] = Source(shape, owner.fields[shape[2]])
    for measure in aggregate.measures:
        bound.outputs[measure.alias] = _measured(measure, bound)
    for dimension in aggregate.dimensions:
        bound.outputs[dimension.alias] = _dimensioned(dimension, bound)
    if aggregate.having:
        bound.having = tuple(_bind_having(binder, bound, aggregate.having))
    return bound


def _check(aggregate: Aggregate) -> None:
    aliases = [item.alias for item in columns_of(aggregate)]
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
        if not counts_rows(measure):
            yield measure.field, "measures"
    for dimension in aggregate.dimensions:
        yield dimension.field, "dimensions"
    aliases = {item.alias for item in columns_of(aggregate)}
    named = {item.field for item in columns_of(aggregate)}
    for order in aggregate.orders:
        if not (len(order.field) == 1 and order.field[0] in aliases) and order.field not in named:
            raise InvalidQuery(
                parameter="orders",
                reason=f'needs "{".".join(order.field)[:60]}" among measures or dimensions',
            )


def _measured(measure: Measure, bound: Bound) -> Field:
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


def _dimensioned(dimension: Dimension, bound: Bound) -> Field:
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


def _bind_having(binder: Binder, bound: Bound, having: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
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
