"""Operators on text: parts, LIKE, regular expressions.

On PostgreSQL they are its own ``LIKE``, ``ILIKE``, ``~`` and ``~*``. On SQLite parts and LIKE are its own ``GLOB``
(``globs.py``); regular expressions are a function that every connection has
(``insula.database.dialects.sqlite_functions``), since SQLite has none.
"""

from __future__ import annotations

from collections.abc import Callable
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
        return _patterns(value, subject, lambda text: f"{before}{escaped(text)}{after}")

    return prepare


def prepare_like(value: Any, subject: Subject) -> Prepared:
    """A pattern with ``%`` or ``_`` is for the whole value; text without them may stand anywhere in it."""
    return _patterns(value, subject, _like_pattern)


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
        one = LikeText(folded)
        pattern: Any = operand.bind(one if variant == "one" else ListOf(one))
        if operand.dialect == "postgres":
            if variant == "any":
                pattern = sa.any_(pattern)
            return operand.column.op("ILIKE" if folded else "LIKE", is_comparison=True)(pattern)
        if variant == "one":
            return _glob(operand.column, pattern)
        each = sa.func.json_each(pattern).table_valued("value")
        found = _glob(operand.column, each.c.value)
        return sa.exists(sa.select(sa.literal_column("1")).select_from(each).where(found))

    return build


def _glob(column: sa.ColumnElement[Any], pattern: sa.ColumnElement[Any]) -> sa.ColumnElement[bool]:
    return column.op("GLOB", is_comparison=True)(pattern)


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
        pattern = operand.bind(PatternText())
        if operand.dialect == "postgres":
            return operand.column.op("~*" if folded else "~", is_comparison=True)(pattern)
        function = sa.func.insula_regexp(operand.column, pattern, sa.literal_column("1" if folded else "0"))
        found: sa.ColumnElement[bool] = function == sa.literal_column("1")
        return found

    return build
