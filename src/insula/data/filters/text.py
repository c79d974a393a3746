"""Operators on text: parts, LIKE, regular expressions.

On PostgreSQL they are its own ``LIKE``, ``ILIKE``, ``~`` and ``~*``. On SQLite parts and LIKE are its own ``GLOB``
(``globs.py``), or its ``LIKE`` where that is right and faster; regular expressions are a function that every connection has
(``insula.database.dialects.sqlite_functions``), since SQLite has none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine.interfaces import Dialect as SqlAlchemyDialect
from sqlalchemy.types import TypeDecorator

from insula.data.filters.base import Operand, Prepared, Subject
from insula.data.filters.globs import glob
from insula.data.filters.patterns import checked_pattern, for_postgres
from insula.data.lists import ListOf

MAX_TEXT_CHARACTERS = 4_000
"""One value of a text operator: SQLite takes patterns of 50,000 bytes, and a letter may need ten of them."""

Build = Callable[[Operand, str], sa.ColumnElement[bool]]
Prepare = Callable[[Any, Subject], Prepared]


def escaped(text: str) -> str:
    """Text as a LIKE pattern that matches just it."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def part(before: str, after: str) -> Prepare:
    """Prepares text that is looked for as it is, with anything ``before`` and ``after`` (``%`` or nothing)."""

    def prepare(value: Any, subject: Subject) -> Prepared:
        return _folded(_patterns(value, subject, lambda text: f"{before}{escaped(text)}{after}"))

    return prepare


def prepare_like(value: Any, subject: Subject) -> Prepared:
    """A pattern with ``%`` or ``_`` is for the whole value; text without them may stand anywhere in it."""
    return _patterns(value, subject, _like_pattern)


def prepare_folded_like(value: Any, subject: Subject) -> Prepared:
    """As ``prepare_like``, without regard to case."""
    return _folded(prepare_like(value, subject))


def _folded(prepared: Prepared) -> Prepared:
    """Another variant for one pattern of ASCII, which SQLite matches fastest: see ``_sqlite_like``."""
    variant, values = prepared
    if variant != "one" or not values[0].isascii():
        return prepared
    return ("ascii", values) if _ALIEN.isdisjoint(values[0]) else ("ascii and others", (*values, *values))


_ALIEN = frozenset("kKiI")
"""ASCII letters that other letters equal too without regard to case: the sign of kelvin, and I with a dot."""


def _like_pattern(text: str) -> str:
    backslashes = len(text) - len(text.rstrip("\\"))
    if backslashes % 2:
        text += "\\"
    bare = text.replace("\\\\", "").replace("\\%", "").replace("\\_", "")
    return text if "%" in bare or "_" in bare else f"%{text}%"


def _patterns(value: Any, subject: Subject, make: Callable[[str], str]) -> Prepared:
    """One pattern, or a list of which any may match."""
    if isinstance(value, list | tuple):
        return "any", ([make(subject.text(item, MAX_TEXT_CHARACTERS)) for item in subject.items(value)],)
    return "one", (make(subject.text(value, MAX_TEXT_CHARACTERS)),)


class LikeText(TypeDecorator[str]):
    """A pattern of LIKE, bound as the dialect matches it."""

    impl = sa.Text
    cache_ok = True

    def __init__(self, folded: bool) -> None:
        super().__init__()
        self.folded = folded

    def bind_processor(self, dialect: SqlAlchemyDialect) -> Callable[[Any], Any] | None:
        folded = self.folded
        return (lambda pattern: glob(pattern, folded)) if dialect.name == "sqlite" else None


def like(*, folded: bool) -> Build:
    """Builds LIKE, ``folded``: without regard to case."""

    def build(operand: Operand, variant: str) -> sa.ColumnElement[bool]:
        return _LIKES[operand.dialect](operand, variant, LikeText(folded))

    return build


def _postgres_like(operand: Operand, variant: str, one: LikeText) -> sa.ColumnElement[bool]:
    pattern: Any = operand.bind(ListOf(one) if variant == "any" else one)
    if variant == "ascii and others":
        next(operand.names)  # the second one is SQLite's
    if variant == "any":
        pattern = sa.any_(pattern)
    return operand.column.op("ILIKE" if one.folded else "LIKE", is_comparison=True)(pattern)


def _sqlite_like(operand: Operand, variant: str, one: LikeText) -> sa.ColumnElement[bool]:
    """Its LIKE, eight times as fast as GLOB with classes, disregards case in ASCII: enough for a pattern of ASCII,
    but for the few other letters that equal one of ASCII. For everything else GLOB."""
    column = operand.column
    if variant == "any":
        each = sa.func.json_each(operand.bind(ListOf(one))).table_valued("value")
        found = column.op("GLOB", is_comparison=True)(each.c.value)
        return sa.exists(sa.select(sa.literal_column("1")).select_from(each).where(found))
    if variant == "one":
        return column.op("GLOB", is_comparison=True)(operand.bind(one))
    ascii_ = sa.type_coerce(column, sa.Text()).like(operand.bind(sa.Text()), escape="\\")
    if variant == "ascii":
        return ascii_
    others = [
        sa.func.instr(column, sa.literal_column(f"'{letter}'")) > sa.literal_column("0")
        for letter in "\u212a\u0130"
    ]
    return sa.or_(ascii_, sa.and_(sa.or_(*others), column.op("GLOB", is_comparison=True)(operand.bind(one))))


_LIKES: Mapping[str, Callable[[Operand, str, LikeText], sa.ColumnElement[bool]]] = {
    "sqlite": _sqlite_like,
    "postgres": _postgres_like,
}


def prepare_pattern(value: Any, subject: Subject) -> Prepared:
    """A regular expression that RE2 takes. Raises ``InvalidFilter``."""
    try:
        return "one", (checked_pattern(subject.text(value, MAX_TEXT_CHARACTERS)),)
    except ValueError as error:
        raise subject.wrong(str(error)) from None


class PatternText(TypeDecorator[str]):
    """A regular expression, bound as the dialect writes it."""

    impl = sa.Text
    cache_ok = True

    def bind_processor(self, dialect: SqlAlchemyDialect) -> Callable[[Any], Any] | None:
        return None if dialect.name == "sqlite" else for_postgres


def regexp(*, folded: bool) -> Build:
    """Builds a search by regular expression."""

    def build(operand: Operand, variant: str) -> sa.ColumnElement[bool]:
        return _REGEXPS[operand.dialect](operand.column, operand.bind(PatternText()), folded)

    return build


def _postgres_regexp(
    column: sa.ColumnElement[Any], pattern: sa.ColumnElement[Any], folded: bool
) -> sa.ColumnElement[bool]:
    return column.op("~*" if folded else "~", is_comparison=True)(pattern)


def _sqlite_regexp(
    column: sa.ColumnElement[Any], pattern: sa.ColumnElement[Any], folded: bool
) -> sa.ColumnElement[bool]:
    function = sa.func.insula_regexp(column, pattern, sa.literal_column("1" if folded else "0"))
    found: sa.ColumnElement[bool] = function == sa.literal_column("1")
    return found


_REGEXPS = {"sqlite": _sqlite_regexp, "postgres": _postgres_regexp}
