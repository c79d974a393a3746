"""A compiled statement: what SQLAlchemy wrote, ready for the driver to run.

SQLAlchemy compiles an expression once per shape; the driver runs the text with new values each time.
Types convert on both ways by SQLAlchemy's own mechanism (``TypeDecorator``), so a field type states its
conversions once.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

SCHEMA_TOKEN = "insula_schema"
"""The schema name with which every table is declared; replaced by the application's own when run."""


@dataclass(frozen=True, slots=True)
class Statement:
    """SQL text cut at the schema token, the order of its parameters, and the conversions."""

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

    def text(self, prefix: str) -> str:
        """The SQL for an application whose tables are prefixed with ``prefix`` (``"schema".`` or nothing)."""
        return prefix.join(self.parts)
