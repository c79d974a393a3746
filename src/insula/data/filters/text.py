"""Operators on text: parts, LIKE, regular expressions. What they are in SQL is in ``insula.data.dialects``."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine.interfaces import Dialect as SqlAlchemyDialect
from sqlalchemy.types import TypeDecorator

from insula.data.filters.base import Operand, Prepared, Subject
from insula.data.filters.patterns import checked_pattern
from insula.data.words import words
from insula.database.dialects.base import own

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
    """Another variant for one pattern of ASCII, which SQLite matches fastest: see ``insula.data.dialects.sqlite``."""
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
        return partial(words(own(dialect).name).like_pattern, folded=self.folded)


def like(*, folded: bool) -> Build:
    """Builds LIKE, ``folded``: without regard to case."""

    def build(operand: Operand, variant: str) -> sa.ColumnElement[bool]:
        return words(operand.dialect).like(operand, variant, folded=folded)

    return build


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
        return words(own(dialect).name).regexp_pattern


def regexp(*, folded: bool) -> Build:
    """Builds a search by regular expression."""

    def build(operand: Operand, variant: str) -> sa.ColumnElement[bool]:
        return words(operand.dialect).regexp(operand.column, operand.bind(PatternText()), folded=folded)

    return build
