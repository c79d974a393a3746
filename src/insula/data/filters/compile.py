"""Shapes → SQLAlchemy expressions. Runs once per shape; what it makes is compiled and kept."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import count
from typing import Any

import sqlalchemy as sa

from insula.data.collection import Collection, Relation
from insula.data.fields.columns import UuidColumn
from insula.data.filters.base import Operand, not_true
from insula.data.filters.operators import OPERATORS
from insula.data.filters.shape import CASTS, Shape
from insula.data.words import words
from insula.database.dialects.base import Dialect

Condition = sa.ColumnElement[bool]
Join = tuple[sa.FromClause, Condition]
"""A table to join outside, and on what."""

_ONE: sa.ColumnClause[int] = sa.literal_column("1")


def parameter(index: int) -> str:
    """The name of the value that the binder took out as number ``index``."""
    return f"p{index}"


class Builder:
    """Builds the conditions of one statement; takes the values' names in the order of the binder."""

    def __init__(self, dialect: Dialect, first: int = 0) -> None:
        self.dialect = dialect
        self.names: Iterator[str] = map(parameter, count(first))
        self._aliases = count(1)

    def alias(self, collection: Collection) -> sa.FromClause:
        """The table of a collection under a name that nothing else in the statement has."""
        return collection.table.alias(f"t{next(self._aliases)}")

    def where(self, shape: Shape, collection: Collection, table: sa.FromClause) -> Condition:
        """The condition on rows of ``table``, which is ``collection``'s or an alias of it."""
        kind = shape[0]
        if kind == "test":
            return self._test(shape, collection, table)
        if kind == "and":
            return sa.and_(sa.true(), *[self.where(part, collection, table) for part in shape[1:]])
        if kind == "or":
            return sa.or_(sa.false(), *[self.where(part, collection, table) for part in shape[1:]])
        if kind == "not":
            if shape[1][0] == "not":
                return self.where(shape[1][1], collection, table)
            return not_true(self.where(shape[1], collection, table))
        if kind == "through":
            return self._through(shape, collection, table)
        if kind == "json":
            return self._json(shape, collection, table)
        return self._related(shape, collection, table)

    def value(
        self, shape: Shape, collection: Collection, table: sa.FromClause, joins: list[Join]
    ) -> sa.ColumnElement[Any]:
        """The value of a path shape: a column, through relations that lead to one row at most by ``joins``
        that are added, through others by a scalar subquery."""
        _, steps, name = shape
        if not steps:
            return table.c[str(name)]
        tables: list[sa.FromClause] = []
        conditions: list[Condition] = []
        source, unique = table, True
        for relation_name, reference, limits in steps:
            relation = relation_of(collection, relation_name)
            collection = reference()
            target = self.alias(collection)
            condition = self.joined(relation, source, target, None)
            if limits is not None:
                condition = sa.and_(condition, self.where(limits, collection, target))
            conditions.append(condition)
            tables.append(target)
            source = target
            key = collection.fields[relation.target_key]
            unique = unique and relation.kind == "belongsTo" and (key.primary_key or key.unique)
        if unique:
            joins += zip(tables, conditions, strict=True)
            return source.c[name]
        found = sa.select(source.c[name]).select_from(*tables).where(*conditions).limit(_ONE)
        return found.correlate(table).scalar_subquery()

    def joined(
        self, relation: Relation, source: sa.FromClause, target: sa.FromClause, through: sa.FromClause | None
    ) -> Condition:
        """That a row of ``target`` is one that a row of ``source`` reaches; ``through`` is between the two."""
        if relation.kind == "belongsTo":
            return target.c[relation.target_key] == source.c[relation.foreign_key]
        if through is None:
            return target.c[relation.foreign_key] == source.c[relation.source_key]
        return sa.and_(
            through.c[relation.foreign_key] == source.c[relation.source_key],
            target.c[relation.target_key] == through.c[str(relation.other_key)],
        )

    def between(self, relation: Relation, collection: Collection, target: Collection) -> sa.FromClause | None:
        """The table between two collections of a many-to-many relation, ``None`` for other kinds."""
        if relation.through is None:
            return None
        return through_table(relation, collection, target).alias(f"t{next(self._aliases)}")

    def _test(self, shape: Shape, collection: Collection, table: sa.FromClause) -> Condition:
        _, name, operator, variant = shape
        column: sa.ColumnElement[Any] = table.c[name]
        family = collection.fields[name].type.family
        if isinstance(column.type, UuidColumn):
            family = "other"
            if self.dialect.has_uuids and OPERATORS[operator].casts == "text":
                column = sa.cast(column, sa.Text())
        operand = Operand(column, family, self.dialect.name, self.names, table)
        return OPERATORS[operator].expression(operand, variant)

    def _json(self, shape: Shape, collection: Collection, table: sa.FromClause) -> Condition:
        _, name, path, cast, operator, variant = shape
        column = words(self.dialect.name).json_part(table.c[name], path, cast)
        family = "json" if cast == "any" else CASTS[cast].type.family
        return OPERATORS[operator].expression(Operand(column, family, self.dialect.name, self.names), variant)

    def _through(self, shape: Shape, collection: Collection, table: sa.FromClause) -> Condition:
        """Some related record fits. To one, a missing record counts as one without values."""
        _, name, reference, limits, inner, to_one = shape
        target: Collection = reference()
        relation = relation_of(collection, name)
        related = self.alias(target)
        through = self.between(relation, collection, target)
        conditions = [self.joined(relation, table, related, through)]
        tables = [related] if through is None else [related, through]
        if limits is not None:
            conditions.append(self.where(limits, target, related))
        if inner is None:
            return _exists(tables, table, conditions)
        wanted = self.where(inner, target, related)
        if to_one and holds_for_nothing(inner):
            return sa.not_(_exists(tables, table, [*conditions, not_true(wanted)]))
        return _exists(tables, table, [*conditions, wanted])

    def _related(self, shape: Shape, collection: Collection, table: sa.FromClause) -> Condition:
        """Rows of ``table`` are reached from one record of another collection."""
        _, reference, name, limits = shape
        source: Collection = reference()
        relation = relation_of(source, name)
        key = source.primary_key
        if key is None:
            raise AssertionError("records without a key are not addressed")
        owner = self.alias(source)
        through = self.between(relation, source, collection)
        conditions = [self.joined(relation, owner, table, through)]
        if limits is not None:
            conditions.append(self.where(limits, source, owner))
        column = owner.c[key.name]
        conditions.append(column == sa.bindparam(next(self.names), type_=column.type))
        return _exists([owner] if through is None else [owner, through], table, conditions)


def with_joins(table: sa.FromClause, joins: Sequence[Join]) -> sa.FromClause:
    """The table with others joined to it that add no row."""
    for other, condition in joins:
        table = table.outerjoin(other, condition)
    return table


def holds_for_nothing(shape: Shape) -> bool:
    """Whether a record of which every value is missing fits."""
    kind = shape[0]
    if kind == "test":
        return OPERATORS[shape[2]].holds_for_null(shape[3])
    if kind == "json":
        return OPERATORS[shape[4]].holds_for_null(shape[5])
    if kind == "and":
        return all(holds_for_nothing(part) for part in shape[1:])
    if kind == "or":
        return any(holds_for_nothing(part) for part in shape[1:])
    if kind == "not":
        return not holds_for_nothing(shape[1])
    # Through a further relation there is nothing either, which counts as empty only to one.
    return kind == "through" and shape[4] is not None and shape[5] and holds_for_nothing(shape[4])


def relation_of(collection: Collection, name: str) -> Relation:
    """The relation behind a field that was bound as one."""
    relation = collection.fields[name].relation
    if relation is None:
        raise AssertionError(f"{collection.name}.{name} was bound as a relation")
    return relation


def through_table(relation: Relation, source: Collection, target: Collection) -> sa.TableClause:
    """The table between: its two keys have the types of what they point to."""
    columns = (
        sa.column(relation.foreign_key, source.table.c[relation.source_key].type),
        sa.column(str(relation.other_key), target.table.c[relation.target_key].type),
    )
    return sa.table(str(relation.through), *columns, schema=source.table.schema)


def _exists(
    tables: Sequence[sa.FromClause], outer: sa.FromClause, conditions: Sequence[Condition]
) -> sa.ColumnElement[bool]:
    return sa.exists(sa.select(_ONE).select_from(*tables).where(*conditions).correlate(outer))
