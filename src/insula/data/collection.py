"""Collections and their fields as immutable values, described by metadata that users edit at run time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Any, Literal

import sqlalchemy as sa

from insula.data.fields.base import FieldType
from insula.database.statement import SCHEMA_TOKEN

RelationKind = Literal["belongsTo", "hasOne", "hasMany", "belongsToMany"]
OnDelete = Literal["SET NULL", "CASCADE", "RESTRICT", "NO ACTION"]


@dataclass(frozen=True, slots=True)
class Relation:
    """How records of a collection find records of another. All keys are resolved, none is left to guess.

    =============  ==========================================================================
    belongsTo      source.foreign_key → target.target_key
    hasOne, hasMany  target.foreign_key → source.source_key
    belongsToMany  through.foreign_key → source.source_key, through.other_key → target.target_key
    =============  ==========================================================================
    """

    kind: RelationKind
    target: str
    foreign_key: str
    source_key: str = "id"
    target_key: str = "id"
    through: str | None = None
    other_key: str | None = None
    on_delete: OnDelete = "SET NULL"
    constraints: bool = True
    """Whether the database itself keeps the foreign key."""

    @property
    def to_many(self) -> bool:
        return self.kind in ("hasMany", "belongsToMany")


@dataclass(frozen=True, slots=True)
class Reference:
    """A foreign key that the database itself keeps: the column holds a ``field`` of ``collection``."""

    collection: str
    field: str = "id"
    on_delete: OnDelete = "SET NULL"


@dataclass(frozen=True, slots=True)
class Index:
    """An index over several columns. Those over one column are ``Field.index`` and ``Field.unique``."""

    fields: tuple[str, ...]
    unique: bool = False


@dataclass(frozen=True)
class Field:
    """One field: a column, or a relation."""

    name: str
    type: FieldType
    key: str = ""
    """Stable id of the field in metadata (schema changes are compared by it); its name for built-in ones."""
    interface: str | None = None
    """How pages show it (``input``, ``select``, ``m2o`` …); kept, not interpreted here."""
    required: bool = False
    unique: bool = False
    index: bool = False
    primary_key: bool = False
    auto_increment: bool = False
    default: Any = None
    hidden: bool = False
    """Never answered, filtered or sorted by."""
    relation: Relation | None = None
    options: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    """The rest of the settings as the client gave them: ``uiSchema``, ``length``, ``precision`` …"""
    builtin: bool = True
    """Stated by a plugin, not by the people of an application; may not be changed or dropped."""
    reference: Reference | None = None
    """For a column that is a foreign key: what it points to. A belongsTo relation over it says the same."""

    @cached_property
    def stored(self) -> bool:
        return self.relation is None and self.type.stored

    @cached_property
    def choice_texts(self) -> frozenset[str] | None:
        """``choices`` as text, to compare with."""
        return None if self.choices is None else frozenset(str(choice) for choice in self.choices)

    @cached_property
    def choices(self) -> tuple[Any, ...] | None:
        """Values that a select may hold (``uiSchema.enum``), ``None`` where anything may."""
        enum = (self.options.get("uiSchema") or {}).get("enum")
        if not enum or isinstance(enum, str):
            return None
        return tuple(item["value"] if isinstance(item, Mapping) else item for item in enum)


@dataclass(frozen=True, eq=False)
class Collection:
    """A table, described. Immutable and compared by identity: a change of metadata makes a new one, so that
    whatever was compiled for the old one is never used again."""

    name: str
    fields: Mapping[str, Field]
    title: str = ""
    options: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    """``autoGenId createdAt updatedAt createdBy updatedBy sortable template simplePaginate …``"""
    builtin: bool = True
    internal: bool = False
    """Not addressed by the HTTP API as a resource of records, and not listed."""

    @cached_property
    def table(self) -> sa.TableClause:
        """The table as SQLAlchemy Core sees it: names and types; DDL is made by ``schema_sync``."""
        columns = (sa.column(f.name, f.type.column_type(f)) for f in self.columns)
        return sa.table(self.name, *columns, schema=SCHEMA_TOKEN)

    @cached_property
    def columns(self) -> tuple[Field, ...]:
        """Fields that have a column, in order."""
        return tuple(f for f in self.fields.values() if f.stored)

    @cached_property
    def indexes(self) -> tuple[Index, ...]:
        """The indexes over several columns: ``options["indexes"]``, each ``{"fields": […], "unique": …}``."""
        return tuple(
            Index(tuple(index["fields"]), bool(index.get("unique")))
            for index in self.options.get("indexes") or ()
        )

    @cached_property
    def references(self) -> Mapping[str, Reference]:
        """Column → the foreign key that the database keeps for it."""
        found = {
            r.foreign_key: Reference(r.target, r.target_key, r.on_delete)
            for r in (f.relation for f in self.fields.values())
            if r is not None and r.kind == "belongsTo" and r.constraints and r.foreign_key in self.fields
        }
        return found | {f.name: f.reference for f in self.columns if f.reference is not None}

    @cached_property
    def needed(self) -> Mapping[str, str]:
        """Foreign key → the required belongsTo relation over it: its column takes no null."""
        return {
            f.relation.foreign_key: f.name
            for f in self.fields.values()
            if f.required and f.relation is not None and f.relation.kind == "belongsTo"
        }

    @cached_property
    def primary_key(self) -> Field | None:
        """The key that ``filterByTk`` means; ``None`` for a collection without one."""
        return next((f for f in self.fields.values() if f.primary_key), None)

    @cached_property
    def visible(self) -> tuple[Field, ...]:
        """Stored fields that may be answered, in order."""
        return tuple(f for f in self.fields.values() if f.stored and not (f.hidden or f.type.hidden))

    @cached_property
    def relations(self) -> Mapping[str, Field]:
        return {f.name: f for f in self.fields.values() if f.relation is not None}

    @cached_property
    def compiled(self) -> dict[Any, Any]:
        """What other modules made for this collection (plans, statements); it lives as long as the collection."""
        return {}
