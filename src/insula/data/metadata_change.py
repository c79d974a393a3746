"""What those who depend on metadata are told of a change, and when."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from insula.data.metadata_rows import Rows
from insula.database.executor import Transaction


@dataclass(frozen=True, slots=True)
class MetadataChange:
    """What subscribers are told once it is committed."""

    version: int
    collections: frozenset[str]
    """Names of those that were made, changed or removed."""


@dataclass(frozen=True, slots=True)
class Renewed:
    """Names that stand for something else after a change than before, or for nothing."""

    collections: frozenset[str]
    """Made or removed."""
    fields: Mapping[str, frozenset[str]]
    """Collection that was there and stays → its fields that were made or removed."""

    def __bool__(self) -> bool:
        return bool(self.collections or self.fields)


Companion = Callable[[Transaction, Renewed], Awaitable[None]]
"""Changes what else refers to collections and fields by name; what it raises undoes the whole change."""


def renewed(old: Rows, new: Rows) -> Renewed:
    """The names that were made or removed between two states."""
    fields = {
        name: frozenset(old.of(name).keys() ^ new.of(name).keys())
        for name in old.changed(new)
        if (name in old.collections) == (name in new.collections)
    }
    return Renewed(
        frozenset(old.collections.keys() ^ new.collections.keys()),
        {name: names for name, names in fields.items() if names},
    )
