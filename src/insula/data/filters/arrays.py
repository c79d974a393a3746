"""Operators on arrays (multi-selects): compared as sets."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from insula.data.filters.base import Operand, Prepared, Subject
from insula.data.words import words


def prepare_members(value: Any, subject: Subject) -> Prepared:
    """A list of scalars; a single one is a list of one."""
    items = subject.items(value)
    if any(isinstance(item, dict | list | tuple) for item in items):
        raise subject.wrong("must be a list of texts, numbers or booleans")
    return "value", (subject.prepare(items),)


def build_match(operand: Operand, variant: str) -> sa.ColumnElement[bool]:
    """The same members, in whatever order."""
    return words(operand.dialect).same_members(_members(operand), operand.bind())


def build_any_of(operand: Operand, variant: str) -> sa.ColumnElement[bool]:
    """At least one member in common."""
    return words(operand.dialect).common_member(_members(operand), operand.bind())


def _members(operand: Operand) -> sa.ColumnElement[Any]:
    """The column, where it holds a list; JSON of another kind counts as missing."""
    if operand.family == "array":
        return operand.column
    kind = words(operand.dialect).json_kind(operand.column)
    return sa.case((kind == sa.literal_column("'array'"), operand.column))
