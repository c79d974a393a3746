"""What an operator is: a row of the table in ``operators.py``.

An operator takes a value apart in two steps, so that a statement is compiled once per shape: ``prepare``
checks the value and says which *variant* of SQL fits it (``$eq`` with ``null`` is another one than ``$eq``
with 5) and which values to bind; ``build`` makes the expression of a variant.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.types import TypeEngine

from insula.data.collection import Field
from insula.data.errors import InvalidFilter

MAX_LIST_VALUES = 10_000
"""Values in one list (``$in`` …)."""

Prepared = tuple[str, tuple[Any, ...]]
"""The variant, and the values to bind in the order in which ``build`` takes them."""


@dataclass(slots=True)
class Subject:
    """The left side of a condition, as a value for it is prepared."""

    field: Field
    path: str
    """As the client wrote it, for messages."""
    zone: str
    visible: Callable[[str], Field] | None = None
    """Finds another field of the record for ``$col``, raises ``UnknownField`` for one that is closed; ``None``
    where there is no other: inside JSON and for computed columns."""

    @property
    def family(self) -> str:
        return self.field.type.family

    def prepare(self, value: Any) -> Any:
        """The Python value that the field would store. Raises ``InvalidFilter`` naming the field."""
        if isinstance(value, dict | list | tuple) and self.family not in ("json", "array"):
            raise self.wrong("must be one value, not a list or an object")
        try:
            return self.field.type.prepare(value, self.field)
        except ValueError as error:
            raise self.wrong(str(error)) from None

    def text(self, value: Any, limit: int) -> str:
        """A piece of text of at most ``limit`` characters that every database takes."""
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise self.wrong("must be text")
        text = str(value)
        if len(text) > limit:
            raise self.wrong(f"must not be longer than {limit} characters")
        if "\x00" in text:
            raise self.wrong("must not contain NUL characters")
        try:
            text.encode()
        except UnicodeEncodeError:
            raise self.wrong("must be valid Unicode text") from None
        return text

    def items(self, value: Any) -> list[Any]:
        """The values of a list; a single value is a list of one."""
        items = list(value) if isinstance(value, list | tuple) else [value]
        if len(items) > MAX_LIST_VALUES:
            raise self.wrong(f"must not be a list of more than {MAX_LIST_VALUES} values")
        return items

    def wrong(self, reason: str) -> InvalidFilter:
        return InvalidFilter(reason=f'the value for "{self.path}" {reason}')


@dataclass(slots=True)
class Operand:
    """The left side of a condition as SQL, and where bound values come from."""

    column: sa.ColumnElement[Any]
    family: str
    dialect: str
    """As in ``DB_DIALECT``."""
    names: Iterator[str]
    """The names of the bound values, each taken once."""
    table: sa.FromClause | None = None
    """The table that ``$col`` takes the other column from."""

    def bind(self, type_: TypeEngine[Any] | None = None) -> sa.BindParameter[Any]:
        """The next value; of the column's own type unless another is given."""
        return sa.bindparam(next(self.names), type_=self.column.type if type_ is None else type_)


@dataclass(frozen=True, slots=True)
class Operator:
    """One operator of the protocol."""

    name: str
    families: frozenset[str]
    """Families of field types that it fits."""
    prepare: Callable[[Any, Subject], Prepared]
    build: Callable[[Operand, str], sa.ColumnElement[bool]]
    meaning: str
    """What holds, for the reference: continues «the record's value …»."""
    takes: str
    """What the value may be, for the reference."""
    of_null: frozenset[str] = frozenset()
    """Variants that hold for a field without a value."""
    negates: str | None = None
    """The operator whose exact opposite this is, NULL included: ``build`` and the rest are that one's."""
    casts: str | None = None
    """Inside JSON: the kind that the value must have, where the operator itself says so."""

    def holds_for_null(self, variant: str) -> bool:
        """Whether a record without a value (or without the related record) fits."""
        return (variant in self.of_null) != (self.negates is not None)

    def expression(self, operand: Operand, variant: str) -> sa.ColumnElement[bool]:
        """The condition. May be NULL where ``holds_for_null`` is false, and never where it is true."""
        built = self.build(operand, variant)
        return built if self.negates is None else not_true(built)


def not_true(condition: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    """False or NULL: the logic of filters knows two values, as people do."""
    return sa.not_(sa.func.coalesce(condition, sa.false()))


def flag(value: Any, subject: Subject) -> bool:
    """The value of operators that take none: true unless it says false."""
    if value in (True, None, "true", "1", ""):
        return True
    if value in (False, "false", "0"):
        return False
    raise subject.wrong("must be true or false")
