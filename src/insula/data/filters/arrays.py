"""Operators on arrays (multi-selects): compared as sets."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import sqlalchemy as sa

from insula.data.filters.base import Operand, Prepared, Subject

_ONE: sa.ColumnClause[int] = sa.literal_column("1")


def prepare_members(value: Any, subject: Subject) -> Prepared:
    """A list of scalars; a single one is a list of one."""
    items = subject.items(value)
    if any(isinstance(item, dict | list | tuple) for item in items):
        raise subject.wrong("must be a list of texts, numbers or booleans")
    return "value", (subject.prepare(items),)


def build_match(operand: Operand, variant: str) -> sa.ColumnElement[bool]:
    """The same members, in whatever order."""
    return _MATCHES[operand.dialect](_members(operand), operand.bind())


def _postgres_match(members: sa.ColumnElement[Any], wanted: sa.ColumnElement[Any]) -> sa.ColumnElement[bool]:
    contains = members.op("@>", is_comparison=True)(wanted)
    return sa.and_(contains, members.op("<@", is_comparison=True)(wanted))


def _sqlite_match(members: sa.ColumnElement[Any], wanted: sa.ColumnElement[Any]) -> sa.ColumnElement[bool]:
    return sa.and_(
        members.is_not(None),
        sa.not_(_some_member(members, wanted, among=False)),
        sa.not_(_some_member(wanted, members, among=False)),
    )


def build_any_of(operand: Operand, variant: str) -> sa.ColumnElement[bool]:
    """At least one member in common."""
    return _ANY_OF[operand.dialect](_members(operand), operand.bind())


def _postgres_any_of(members: sa.ColumnElement[Any], wanted: sa.ColumnElement[Any]) -> sa.ColumnElement[bool]:
    member = sa.func.jsonb_array_elements(members).table_valued("value")
    found = wanted.op("@>", is_comparison=True)(member.c.value)
    return sa.exists(sa.select(_ONE).select_from(member).where(found))


def _members(operand: Operand) -> sa.ColumnElement[Any]:
    """The column, where it holds a list; JSON of another kind counts as missing."""
    if operand.family == "array":
        return operand.column
    kind = _KIND[operand.dialect](operand.column)
    return sa.case((kind == sa.literal_column("'array'"), operand.column))


def _some_member(
    members: sa.ColumnElement[Any], others: sa.ColumnElement[Any], *, among: bool
) -> sa.ColumnElement[bool]:
    """Some of ``members`` is (or is not) ``among`` the ``others``; both JSON arrays on SQLite."""
    member = sa.func.json_each(members).table_valued("value", "type")
    other = sa.func.json_each(others).table_valued("value", "type")
    same = sa.and_(
        member.c.value.is_not_distinct_from(other.c.value), _is_boolean(member) == _is_boolean(other)
    )
    there = sa.exists(sa.select(_ONE).select_from(other).where(same).correlate(member))
    return sa.exists(sa.select(_ONE).select_from(member).where(there if among else sa.not_(there)))


def _is_boolean(member: sa.TableValuedAlias) -> sa.ColumnElement[bool]:
    """SQLite gives JSON's true and 1 as the same value."""
    return member.c.type.in_((sa.literal_column("'true'"), sa.literal_column("'false'")))


def _sqlite_any_of(members: sa.ColumnElement[Any], wanted: sa.ColumnElement[Any]) -> sa.ColumnElement[bool]:
    return _some_member(members, wanted, among=True)


_MATCHES = {"sqlite": _sqlite_match, "postgres": _postgres_match}
_ANY_OF = {"sqlite": _sqlite_any_of, "postgres": _postgres_any_of}
_KIND: Mapping[str, Callable[[sa.ColumnElement[Any]], sa.ColumnElement[Any]]] = {
    "sqlite": sa.func.json_type,
    "postgres": sa.func.jsonb_typeof,
}
