"""A filter's tree bound to collections: its shape, and the values taken out of it.

The shape is made of tuples, has no value of the client in it, and is the key under which a compiled statement
is kept; from it ``compile.py`` builds the expression. The first item of each tuple says what it is:

=========================================================================  =====================================
``("test", field, operator, variant)``                                     a condition on a column
``("json", field, path, cast, operator, variant)``                         a condition on a part of a JSON column
``("and", shape, …)``, ``("or", shape, …)``, ``("not", shape)``            logic
``("through", relation, target, scope or None, shape or None, to one)``    some related record that fits
``("related", source, relation, scope or None)``                           is reached from a record of ``source``
=========================================================================  =====================================

Collections stand in it as weak references: equal only while it is the same living collection, so a plan for
metadata that has changed is never found again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from types import MappingProxyType
from typing import Any
from weakref import ref

from insula.data.catalog import Catalog
from insula.data.collection import Collection, Field, Relation
from insula.data.errors import InvalidFilter, InvalidQuery, UnknownField
from insula.data.fields import field_type
from insula.data.filters.base import Subject, flag
from insula.data.filters.operators import OPERATORS
from insula.data.filters.tree import All, Condition, Node, Not, RelatedTo, Some, Within
from insula.data.scope import Scope, Scopes, Unrestricted

Shape = tuple[Any, ...]
Inner = Callable[[Collection, Scope], "Shape"]

MAX_RELATIONS_IN_A_ROW = 6
"""Relations through which one condition of a filter reaches, those of scopes included."""
MAX_WEIGHT = 4_096
"""The sum of 2 to the depth over all relations in a filter: PostgreSQL plans an EXISTS under OR in two ways, and so
those in it in four; without a limit, a filter of a few hundred characters uses up the server's memory."""

_UNRESTRICTED = Unrestricted()
_EVERYTHING = Scope()

CASTS = MappingProxyType(
    {
        name: Field(name, field_type(kind))
        for name, kind in (("text", "text"), ("number", "double"), ("boolean", "boolean"))
    }
)
"""What a part of a JSON column can be compared as; ``any`` is only asked whether it is there."""


class Binder:
    """Takes apart the filters of one request, in order; ``values`` are those to bind as ``p0``, ``p1`` …"""

    __slots__ = ("_depth", "_weight", "catalog", "scopes", "values")

    def __init__(self, catalog: Catalog, scopes: Scopes) -> None:
        self.catalog = catalog
        self.scopes = scopes
        self.values: list[Any] = []
        self._depth = 0
        self._weight = 0

    def rows(self, collection: Collection, scope: Scope, node: Node | None) -> Shape | None:
        """The records of ``collection`` that are open and fit; ``None`` is all of them.

        Raises ``InvalidFilter`` and ``UnknownField``.
        """
        limits = None if scope.filter is None else self.unrestricted(collection, scope.filter)
        wanted = None if node is None else self.node(collection, scope, node)
        if limits is None or wanted is None:
            return wanted if limits is None else limits
        return ("and", limits, wanted)

    def path(self, collection: Collection, scope: Scope, path: tuple[str, ...], place: str) -> Shape:
        """A value of a record, or of the one record behind relations to one: ``("path", steps, field)``.

        A step is (relation, target, limits or None). Raises ``UnknownField`` and ``InvalidQuery``.
        """
        steps: list[Shape] = []
        for name in path[:-1]:
            field = visible_field(collection, scope, name, place)
            if field.relation is None:
                raise UnknownField(collection=collection.name, field=".".join(path), place=place)
            if field.relation.to_many:
                raise InvalidQuery(
                    parameter=place, reason=f'can not reach through "{name}", which is to many'
                )
            collection, scope, limits = self.target(field.relation)
            steps.append((name, ref(collection), limits))
        field = visible_field(collection, scope, path[-1], place)
        if field.relation is not None:
            raise InvalidQuery(
                parameter=place, reason=f'needs a field of "{field.name}", which is a relation'
            )
        return ("path", tuple(steps), field.name)

    def unrestricted(self, collection: Collection, node: Node) -> Shape:
        """The shape of a scope's own filter, which is not limited by scopes in its turn."""
        scopes, self.scopes = self.scopes, _UNRESTRICTED
        try:
            return self.node(collection, _EVERYTHING, node)
        finally:
            self.scopes = scopes

    def node(self, collection: Collection, scope: Scope, node: Node) -> Shape:
        if isinstance(node, Condition):
            return self.condition(collection, scope, node.path, node, node.path)
        if isinstance(node, All):
            return ("and", *[self.node(collection, scope, part) for part in node.nodes])
        if isinstance(node, Some):
            return ("or", *[self.node(collection, scope, part) for part in node.nodes])
        if isinstance(node, Not):
            return ("not", self.node(collection, scope, node.node))
        if isinstance(node, Within):
            return self.within(collection, scope, node)
        return self.related(collection, node)

    def condition(
        self,
        collection: Collection,
        scope: Scope,
        path: tuple[str, ...],
        condition: Condition,
        written: tuple[str, ...],
    ) -> Shape:
        """``path`` is what is left of the ``written`` one."""
        field = visible_field(collection, scope, path[0], "filter")
        if field.relation is not None:
            return self.through(collection, field, field.relation, path[1:], condition, written)
        if len(path) > 1:
            return self.inside(collection, field, path[1:], condition, written)
        operator = OPERATORS[condition.operator]
        if field.type.family not in operator.families or (
            field.type.name == "time" and operator.name.startswith("$date")
        ):
            raise misfit(operator.name, written, field)

        def visible(name: str) -> Field:
            return visible_field(collection, scope, name, "filter")

        subject = Subject(_any_value(collection, field), ".".join(written), condition.zone, visible)
        variant, values = operator.prepare(condition.value, subject)
        self.values.extend(values)
        return ("test", field.name, operator.name, variant)

    def through(
        self,
        collection: Collection,
        field: Field,
        relation: Relation,
        rest: tuple[str, ...],
        condition: Condition,
        written: tuple[str, ...],
    ) -> Shape:
        if rest:
            return self.behind(
                field, relation, lambda target, scope: self.condition(target, scope, rest, condition, written)
            )
        operator = OPERATORS[condition.operator]
        subject = Subject(field, ".".join(written), condition.zone)
        if condition.value is None and operator.name in ("$eq", "$is", "$ne", "$not"):
            wanted = operator.negates is not None
        elif "relation" in operator.families:
            said = flag(condition.value, subject)
            wanted = said != operator.holds_for_null("yes")
        else:
            raise misfit(operator.name, written, field)
        exists = self.behind(field, relation, None)
        return exists if wanted else ("not", exists)

    def behind(self, field: Field, relation: Relation, inner: Inner | None) -> Shape:
        """Some related record that is open and fits ``inner``. Raises ``InvalidFilter`` beyond the limits."""
        self._depth += 1
        self._weight += 2**self._depth
        if self._depth > MAX_RELATIONS_IN_A_ROW:
            raise InvalidFilter(
                reason=f"it reaches through more than {MAX_RELATIONS_IN_A_ROW} relations in a row"
            )
        if self._weight > MAX_WEIGHT:
            raise InvalidFilter(reason="it reaches through relations too often and too deep")
        target, scope, limits = self.target(relation)
        shape = None if inner is None else inner(target, scope)
        self._depth -= 1
        return ("through", field.name, ref(target), limits, shape, not relation.to_many)

    def target(self, relation: Relation) -> tuple[Collection, Scope, Shape | None]:
        """The collection behind a relation, what of it is open, and the shape of its limits."""
        target = self.catalog.get(relation.target)
        scope = self.scopes.scope(target.name, "view")
        limits = None if scope.filter is None else self.unrestricted(target, scope.filter)
        return target, scope, limits

    def within(self, collection: Collection, scope: Scope, node: Within) -> Shape:
        field = visible_field(collection, scope, node.name, "filter")
        if field.relation is None:
            return self.node(collection, scope, _prefixed(node.name, node.node))
        return self.behind(field, field.relation, lambda target, open_: self.node(target, open_, node.node))

    def related(self, collection: Collection, node: RelatedTo) -> Shape:
        """Records of ``collection`` that one record of another reaches, if that one is open itself."""
        source = self.catalog.get(node.collection)
        scope = self.scopes.scope(source.name, "view")
        field = visible_field(source, scope, node.relation, "path")
        if field.relation is None or field.relation.target != collection.name:
            raise UnknownField(collection=source.name, field=node.relation, place="path")
        limits = None if scope.filter is None else self.unrestricted(source, scope.filter)
        self.values.append(prepared_key(source, node.key))
        return ("related", ref(source), field.name, limits)

    def inside(
        self,
        collection: Collection,
        field: Field,
        path: tuple[str, ...],
        condition: Condition,
        written: tuple[str, ...],
    ) -> Shape:
        """A condition on a part of a JSON column."""
        if field.type.family != "json":
            raise UnknownField(collection=collection.name, field=".".join(written), place="filter")
        operator = OPERATORS[condition.operator]
        cast = operator.casts or _cast_of(condition.value)
        subject_field = CASTS["text" if cast == "any" else cast]
        if subject_field.type.family not in operator.families:
            raise misfit(operator.name, written, subject_field)
        if any('"' in part or "\x00" in part or not part.isprintable() for part in path):
            raise InvalidFilter(
                reason=f'"{".".join(written)}" has a character that is not supported in a path'
            )
        subject = Subject(subject_field, ".".join(written), condition.zone)
        variant, values = operator.prepare(condition.value, subject)
        self.values.extend(values)
        return ("json", field.name, path, cast, operator.name, variant)


def visible_field(collection: Collection, scope: Scope, name: str, place: str) -> Field:
    """The field, or ``UnknownField`` where it is missing, hidden, or closed to the one who asks."""
    field = collection.fields.get(name)
    if field is None or field.hidden or field.type.hidden or not (field.stored or field.relation):
        raise UnknownField(collection=collection.name, field=name, place=place)
    if scope.fields is not None and name not in scope.fields:
        raise UnknownField(collection=collection.name, field=name, place=place)
    return field


def prepared_key(collection: Collection, key: Any) -> Any:
    """A primary key from outside → the stored value. Raises ``InvalidQuery``, ``InvalidFilter``."""
    field = collection.primary_key
    if field is None:
        raise InvalidFilter(reason=f'"{collection.name}" has no primary key')
    try:
        return field.type.prepare(key, field)
    except ValueError as error:
        reason = f'names no record of "{collection.name}": its key "{field.name}" {error}'
        raise InvalidQuery(parameter="filterByTk", reason=reason) from None


def _any_value(collection: Collection, field: Field) -> Field:
    """The field as filters see it: values that are no option of a select (any more) may be looked for."""
    if "uiSchema" not in field.options:
        return field
    kept = collection.compiled
    if ("filtered", field.name) not in kept:
        options = {name: value for name, value in field.options.items() if name != "uiSchema"}
        kept["filtered", field.name] = replace(field, options=MappingProxyType(options))
    found: Field = kept["filtered", field.name]
    return found


def misfit(operator: str, path: tuple[str, ...], field: Field) -> InvalidFilter:
    """The error for an operator that the field's type does not have."""
    kind = field.relation.kind if field.relation else field.type.name
    return InvalidFilter(
        reason=f'the operator {operator} does not fit "{".".join(path)}", which is of type {kind}'
    )


def _prefixed(name: str, node: Node) -> Node:
    """Conditions within ``name`` → conditions on paths that begin with it."""
    if isinstance(node, Condition):
        return Condition((name, *node.path), node.operator, node.value, node.zone)
    if isinstance(node, All):
        return All(tuple(_prefixed(name, part) for part in node.nodes))
    if isinstance(node, Some):
        return Some(tuple(_prefixed(name, part) for part in node.nodes))
    if isinstance(node, Not):
        return Not(_prefixed(name, node.node))
    if isinstance(node, Within):
        return _prefixed(name, _prefixed(node.name, node.node))
    raise InvalidFilter(reason=f'"{name}" is no relation')


def _cast_of(value: Any) -> str:
    """The kind of JSON that a value compares with."""
    sample = (
        next((item for item in value if item is not None), None) if isinstance(value, list | tuple) else value
    )
    if sample is None:
        return "any"
    if isinstance(sample, bool):
        return "boolean"
    return "number" if isinstance(sample, int | float) else "text"
