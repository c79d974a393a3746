"""A compiled statement: what SQLAlchemy wrote, ready for the driver to run.

SQLAlchemy compiles an expression once per shape; the driver runs the text with new values each time.
Types convert on both ways by SQLAlchemy's own mechanism (``TypeDecorator``), so a field type states its
conversions once.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any, Protocol

from insula.database.errors import MissingValue, ValueOutOfRange

SCHEMA_TOKEN = "insula_schema"  # noqa: S105 - a name, no secret
"""The schema name with which every table is declared; replaced by the application's own when run."""

BAD_VALUE = (ValueError, TypeError, ArithmeticError, AttributeError)
"""What a type's conversion raises for a value that is not of the type."""


class Record(Protocol):
    """A row as the driver gives it: its values in the order of its keys."""

    def keys(self) -> Iterable[str]:
        """The labels."""
        ...

    def __iter__(self) -> Iterator[Any]: ...


@dataclass(frozen=True, slots=True, eq=False)
class Statement:
    """SQL text cut at the schema token, the order of its parameters, and the conversions.

    Compared and hashed by identity.
    """

    parts: tuple[str, ...]
    """The text, cut wherever a table is named; joined again with the schema prefix of an application."""
    names: tuple[str, ...]
    """Parameter names in the order in which the driver wants the values."""
    constants: Mapping[str, Any]
    """Values that the expression itself brought along (literals)."""
    encoders: Mapping[str, Callable[[Any], Any]]
    """Per parameter name: Python value → driver value; absent where none is needed."""
    decoders: tuple[tuple[str, Callable[[Any], Any]], ...]
    """(column label, driver value → Python value), only for columns that need it."""
    returns_rows: bool
    writes: bool = True
    """Whether it may change anything: such a statement is never run twice, and needs SQLite's one writer."""
    is_ddl: bool = False
    """Whether it changes the schema, so that what was prepared before may be outdated."""
    _plain: str = field(init=False, repr=False)
    _take: Callable[[Mapping[str, Any]], tuple[Any, ...]] = field(init=False, repr=False)
    _encode: tuple[tuple[int, Callable[[Any], Any]], ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        encode = tuple((i, self.encoders[name]) for i, name in enumerate(self.names) if name in self.encoders)
        object.__setattr__(self, "_plain", "".join(self.parts))
        object.__setattr__(self, "_take", _taker(self.names))
        object.__setattr__(self, "_encode", encode)

    def text(self, prefix: str) -> str:
        """The SQL for an application whose tables are prefixed with ``prefix`` (``"schema".`` or nothing)."""
        return prefix.join(self.parts) if prefix else self._plain

    def arguments(self, values: Mapping[str, Any]) -> Sequence[Any]:
        """Values by name → what the driver takes, in its order. Names that the text lacks are ignored.

        Raises MissingValue, and ValueOutOfRange for a value that its type can not convert.
        """
        try:
            taken = self._take({**self.constants, **values} if self.constants else values)
        except KeyError as error:
            raise MissingValue(name=error.args[0]) from None
        if not self._encode:
            return taken
        encoded = list(taken)
        for index, encode in self._encode:
            try:
                encoded[index] = encode(encoded[index])
            except BAD_VALUE as error:
                raise ValueOutOfRange(
                    reason=f'the value of "{self.names[index]}" is of a wrong type'
                ) from error
        return encoded

    def rows(self, records: Sequence[Record]) -> list[dict[str, Any]]:
        """The driver's records → fresh dicts of Python values."""
        if not records:
            return []
        labels = tuple(records[0].keys())
        # Half of what dict(record) takes, which looks up each label.
        return self.decode([dict(zip(labels, record, strict=False)) for record in records])

    def decode(self, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Convert driver values to Python values, in place."""
        for label, decode in self.decoders:
            for row in rows:
                row[label] = decode(row[label])
        return rows


def _taker(names: tuple[str, ...]) -> Callable[[Mapping[str, Any]], tuple[Any, ...]]:
    """The fastest way to take the values of ``names`` out of a mapping, as a tuple."""
    if not names:
        return lambda values: ()
    if len(names) == 1:
        name = names[0]
        return lambda values: (values[name],)
    return itemgetter(*names)


def plain(text: str) -> Statement:
    """A statement without values that changes something; several, separated by semicolons, are done as one."""
    return Statement((text,), (), {}, {}, (), returns_rows=False, is_ddl=True)
