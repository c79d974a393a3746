"""The metadata of an application while a change is prepared."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from insula.core.names import check_name, fold
from insula.data.collection import Collection, Field, Relation
from insula.data.errors import CollectionExists, FieldExists, InvalidMetadata, UnknownCollection, UnknownField
from insula.data.metadata_build import build_collection, extend_collection, relation_of
from insula.data.metadata_rows import CollectionRow, FieldRow, Rows

MAX_FIELDS: Final = 1000
"""Fields of one collection; databases take no more than 1,600 columns."""

SHOWN_LENGTH: Final = 60
"""Characters of a wrong name that are repeated in a message."""


@dataclass(frozen=True, slots=True)
class Use:
    """A relation, seen from what it leads to."""

    collection: str
    field: str
    relation: Relation

    def __str__(self) -> str:
        return f"{self.collection}.{self.field}"

    @property
    def holders(self) -> tuple[tuple[str, str], ...]:
        """(collection, field) of the foreign keys."""
        relation = self.relation
        if relation.kind == "belongsTo":
            return ((self.collection, relation.foreign_key),)
        if relation.through is None:
            return ((relation.target, relation.foreign_key),)
        return ((relation.through, relation.foreign_key), (relation.through, relation.other_key or ""))

    @property
    def keys(self) -> tuple[tuple[str, str], ...]:
        """(collection, field) of what the foreign keys point to."""
        source, target = (
            (self.collection, self.relation.source_key),
            (self.relation.target, self.relation.target_key),
        )
        if self.relation.kind == "belongsTo":
            return (target,)
        return (source,) if self.relation.through is None else (source, target)


class Draft:
    """A copy of all rows, to be changed; collections are built from it as they would be."""

    def __init__(self, rows: Rows, builtin: Mapping[str, Collection], reserved: frozenset[str]) -> None:
        self.rows = rows
        self.builtin = builtin
        self.reserved = frozenset(fold(name) for name in reserved)
        """Names that are no collections, but addressed like some: resources of plugins."""

    def find(self, name: str) -> Collection | None:
        row = self.rows.collections.get(name)
        if row is not None:
            return build_collection(row, self.rows.of(name))
        stated = self.builtin.get(name)
        return (
            stated
            if stated is None or not self.rows.of(name)
            else extend_collection(stated, self.rows.of(name))
        )

    def check_open(self, name: str) -> None:
        """Raises ``UnknownCollection`` for a collection that people may not know of, or that does not exist."""
        stated = self.builtin.get(name)
        if name not in self.rows.collections and (stated is None or stated.internal):
            raise UnknownCollection(collection=shown(name))

    def get(self, name: str) -> Collection:
        """A collection that people may know of. Raises ``UnknownCollection``."""
        found = self.find(name)
        if found is None or found.internal:
            raise UnknownCollection(collection=shown(name))
        return found

    def field(self, collection: str, name: str) -> Field:
        """Raises ``UnknownCollection``, ``UnknownField``."""
        try:
            return self.get(collection).fields[name]
        except KeyError:
            raise UnknownField(collection=collection, field=shown(name), place="metadata") from None

    def row(self, collection: str, name: str) -> FieldRow | None:
        """The row of a field; ``None`` for fields that plugins state."""
        return self.rows.of(collection).get(name)

    def uses(self) -> Iterator[Use]:
        """All relations of all collections."""
        for stated in self.builtin.values():
            for name, field in stated.relations.items():
                if field.relation is not None:
                    yield Use(stated.name, name, field.relation)
        for rows in self.rows.fields.values():
            for row in rows.values():
                if (relation := relation_of(row)) is not None:
                    yield Use(row.collection, row.name, relation)

    def check_new_collection(self, name: Any) -> str:
        """Raises ``InvalidMetadata`` for what can be no name, ``CollectionExists`` for one that is taken."""
        checked = valid_name("The collection", name)
        folded = fold(checked)
        if folded in self.reserved:
            raise CollectionExists(collection=checked)
        for taken in (*self.builtin, *self.rows.collections):
            if fold(taken) == folded:
                raise CollectionExists(collection=taken)
        return checked

    def check_new_field(self, collection: str, name: Any) -> str:
        """Raises ``InvalidMetadata`` and ``FieldExists`` likewise."""
        checked = valid_name("The field", name)
        stated = self.builtin.get(collection)
        names = (*(stated.fields if stated else ()), *self.rows.of(collection))
        folded = fold(checked)
        for taken in names:
            if fold(taken) == folded:
                raise FieldExists(collection=collection, field=taken)
        if len(names) >= MAX_FIELDS:
            reason = f"can not have more than {MAX_FIELDS} fields"
            raise InvalidMetadata(what="The collection", name=collection, reason=reason)
        return checked

    def add_collection(self, name: str, title: str, options: Mapping[str, Any]) -> None:
        sort = max((row.sort for row in self.rows.collections.values()), default=0) + 1
        self.rows.collections[name] = CollectionRow(name, title, sort, options)

    def next_sort(self, collection: str) -> int:
        """The place behind the last field."""
        return max((row.sort for row in self.rows.of(collection).values()), default=0) + 1


def valid_name(what: str, name: Any) -> str:
    """Raises ``InvalidMetadata`` with the rule that the name breaks."""
    try:
        return check_name(name)
    except ValueError as error:
        raise InvalidMetadata(what=what, name=shown(name), reason=str(error), path="name") from None


def shown(name: Any) -> str:
    """A name from outside, as it may stand in a message."""
    text = name if isinstance(name, str) else type(name).__name__
    cut = text[:SHOWN_LENGTH] + ("…" if len(text) > SHOWN_LENGTH else "")
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in cut)


def moved_to(names: list[str], name: str, target: str) -> list[str]:
    """``name`` at the place that ``target`` has; those between the two make room."""
    place = names.index(target)
    others = [other for other in names if other != name]
    return [*others[:place], name, *others[place:]]
