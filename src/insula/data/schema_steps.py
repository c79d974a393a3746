"""The steps that change a table, as values; and the names that they give to indexes and constraints."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy.types import TypeEngine

from insula.data.collection import Collection, Field, Reference

_NAME_PART = 20
"""Characters of the table and of the column in the name of an index: with prefix and digest 56 of the 63."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column as DDL needs it."""

    name: str
    type: TypeEngine[Any]
    required: bool = False
    primary_key: bool = False
    auto_increment: bool = False
    reference: Reference | None = None


@dataclass(frozen=True, slots=True)
class CreateTable:
    """A table that is not there yet."""

    table: str
    columns: tuple[Column, ...]


@dataclass(frozen=True, slots=True)
class DropTable:
    """A table with all that is in it."""

    table: str


@dataclass(frozen=True, slots=True)
class RenameTable:
    """A table that gets another name and keeps its rows."""

    table: str
    name: str


@dataclass(frozen=True, slots=True)
class AddColumn:
    """Add a column that may be empty; ``Fill`` and ``SetRequired`` follow where it may not."""

    table: str
    column: Column


@dataclass(frozen=True, slots=True)
class DropColumn:
    """A column with its values."""

    table: str
    column: str
    was: Column | None = None
    """With its foreign key, which goes with it; ``None`` where it has none."""


@dataclass(frozen=True, slots=True)
class RenameColumn:
    """A column that gets another name and keeps its values."""

    table: str
    column: str
    name: str


@dataclass(frozen=True, slots=True)
class Fill:
    """Give records that have no value the field's default, else the one that its type makes for each."""

    table: str
    field: Field
    primary_key: Field | None


@dataclass(frozen=True, slots=True)
class Compute:
    """Work out the field for all records: its formula is new, or another one."""

    collection: Collection
    field: Field


@dataclass(frozen=True, slots=True)
class Convert:
    """Put the values of the field ``old`` into another column, as those of ``new``."""

    table: str
    old: Field
    new: Field
    column: str
    primary_key: Field
    source: str = ""
    """The column that holds the values, where it is not that of ``old`` any more."""


@dataclass(frozen=True, slots=True)
class SetType:
    """Only to a type in which every value stays what it is."""

    table: str
    column: Column
    was: Column


@dataclass(frozen=True, slots=True)
class SetRequired:
    """Null is refused from now on."""

    table: str
    column: Column
    new: bool
    """The column was added by this plan: its records never had a value."""
    link: str = ""
    """The relation over the column that is required, where it is one."""


@dataclass(frozen=True, slots=True)
class DropRequired:
    """Null is taken from now on."""

    table: str
    column: Column


@dataclass(frozen=True, slots=True)
class AddReference:
    """A foreign key for a column that is there."""

    table: str
    column: Column


@dataclass(frozen=True, slots=True)
class DropReference:
    """The foreign key of a column; the column stays."""

    table: str
    column: str
    was: Column


@dataclass(frozen=True, slots=True)
class CreateIndex:
    """An index over columns, in order."""

    table: str
    name: str
    columns: tuple[str, ...]
    unique: bool
    characters: tuple[int | None, ...] = ()
    """How long the texts of each column may be: 0 without limit, ``None`` for other columns."""


@dataclass(frozen=True, slots=True)
class DropIndex:
    """An index by its name."""

    table: str
    name: str
    was: CreateIndex


Step = (
    CreateTable
    | DropTable
    | RenameTable
    | AddColumn
    | DropColumn
    | RenameColumn
    | Fill
    | Compute
    | Convert
    | SetType
    | SetRequired
    | DropRequired
    | AddReference
    | DropReference
    | CreateIndex
    | DropIndex
)


def stable_name(prefix: str, table: str, names: Iterable[str]) -> str:
    """A name for an index or constraint: the same each time, unique in a schema, at most 63 bytes."""
    joined = "_".join(names)
    digest = hashlib.sha256(f"{table}\n{joined}".encode()).hexdigest()[:10]
    return f"{prefix}_{table[:_NAME_PART]}_{joined[:_NAME_PART]}_{digest}"
