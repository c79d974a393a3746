"""Operators for every kind of value: equality, lists, order, emptiness, other columns."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from insula.data.filters.base import Operand, Prepared, Subject, flag
from insula.data.lists import among
from insula.data.words import words


def prepare_equal(value: Any, subject: Subject) -> Prepared:
    """``null`` and lists (for fields that hold none) are understood as people mean them."""
    if value is None:
        return "null", ()
    if isinstance(value, list | tuple) and subject.family not in ("array", "json"):
        return prepare_list(value, subject)
    return "value", (subject.prepare(value),)


def prepare_list(value: Any, subject: Subject) -> Prepared:
    """Values one of which must be there; null among them is a variant of its own."""
    items = subject.items(value)
    prepared = [subject.prepare(item) for item in items if item is not None]
    return ("list" if len(prepared) == len(items) else "list or null"), (prepared,)


def build_equal(operand: Operand, variant: str) -> sa.ColumnElement[bool]:
    """Equal to the value, one of the list, or null."""
    if variant == "null":
        return operand.column.is_(None)
    if variant == "value":
        return operand.column == operand.bind()
    found = among(operand.dialect, operand.column, next(operand.names))
    return found if variant == "list" else sa.or_(found, operand.column.is_(None))


def prepare_value(value: Any, subject: Subject) -> Prepared:
    """One value, not null. Raises ``InvalidFilter``."""
    if value is None:
        raise subject.wrong("must not be null")
    return "value", (subject.prepare(value),)


def build_greater(operand: Operand, variant: str) -> sa.ColumnElement[bool]:
    """``$gt``."""
    return operand.column > operand.bind()


def build_greater_or_equal(operand: Operand, variant: str) -> sa.ColumnElement[bool]:
    """``$gte``."""
    return operand.column >= operand.bind()


def build_less(operand: Operand, variant: str) -> sa.ColumnElement[bool]:
    """``$lt``."""
    return operand.column < operand.bind()


def build_less_or_equal(operand: Operand, variant: str) -> sa.ColumnElement[bool]:
    """``$lte``."""
    return operand.column <= operand.bind()


def prepare_between(value: Any, subject: Subject) -> Prepared:
    """From and to, either of which may be null. Raises ``InvalidFilter``."""
    if not isinstance(value, list | tuple) or len(value) != 2:
        raise subject.wrong("must be a list of two values: from and to")
    low, high = value
    bounds = tuple(subject.prepare(bound) for bound in (low, high) if bound is not None)
    if not bounds:
        raise subject.wrong("must have at least one of from and to")
    return ("both" if len(bounds) == 2 else "from" if high is None else "to"), bounds


def build_between(operand: Operand, variant: str) -> sa.ColumnElement[bool]:
    """Both ends belong to it; ``variant`` says which there are."""
    if variant == "from":
        return operand.column >= operand.bind()
    if variant == "to":
        return operand.column <= operand.bind()
    return sa.and_(operand.column >= operand.bind(), operand.column <= operand.bind())


def prepare_flag(value: Any, subject: Subject) -> Prepared:
    """An operator that takes yes or no."""
    return ("yes" if flag(value, subject) else "no"), ()


def build_empty(operand: Operand, variant: str) -> sa.ColumnElement[bool]:
    """Null, or without content as its type has it."""
    empty = _empty(operand)
    return empty if variant == "yes" else sa.not_(empty)


def _empty(operand: Operand) -> sa.ColumnElement[bool]:
    """Never NULL: ``x IS NULL OR x = ''`` is true for NULL."""
    column = operand.column
    nothing = column.is_(None)
    if operand.family == "text":
        return sa.or_(nothing, sa.and_(column.is_not(None), column == sa.literal_column("''")))
    if operand.family in ("array", "json"):
        kinds = ("[]",) if operand.family == "array" else ("[]", "{}", '""')
        literal = words(operand.dialect).json_literal
        return sa.or_(nothing, *(column == literal(kind) for kind in kinds))
    return nothing


def build_truly(operand: Operand, variant: str) -> sa.ColumnElement[bool]:
    """True, and not null."""
    truly = sa.and_(operand.column.is_not(None), operand.column == sa.true())
    return truly if variant == "yes" else sa.not_(truly)


def build_present(operand: Operand, variant: str) -> sa.ColumnElement[bool]:
    """Not null."""
    return operand.column.is_not(None) if variant == "yes" else operand.column.is_(None)


def prepare_other_column(value: Any, subject: Subject) -> Prepared:
    """The variant is the other field's name: another field is another statement."""
    if subject.visible is None:
        raise subject.wrong("can not be another field here")
    if not isinstance(value, str):
        raise subject.wrong("must be the name of a field")
    other = subject.visible(value)
    if not other.stored or other.type.family != subject.family:
        raise subject.wrong(f'must be a field that can be compared with it; "{value}" can not')
    return value, ()


def build_other_column(operand: Operand, variant: str) -> sa.ColumnElement[bool]:
    """Equal to another column of the same record."""
    if operand.table is None:
        raise AssertionError("$col was prepared where there is no table")
    return operand.column == operand.table.c[variant]
