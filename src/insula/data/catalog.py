"""The collections of one application: the shared built-in ones, and those its people made."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Protocol

from insula.data.collection import Collection


class Catalog(Protocol):
    """Finds collections by name. ``version`` rises with every change of metadata."""

    version: int

    def get(self, name: str) -> Collection:
        """Raises ``UnknownCollection``."""
        ...

    def find(self, name: str) -> Collection | None: ...

    def __iter__(self) -> Iterator[Collection]: ...


class StaticCatalog:
    """A catalog that never changes: the built-in collections alone, or those of a test."""

    def __init__(self, collections: Iterable[Collection]) -> None:
        self.version = 0
        self._collections: Mapping[str, Collection] = {c.name: c for c in collections}

    def get(self, name: str) -> Collection:
        from insula.data.errors import UnknownCollection

        try:
            return self._collections[name]
        except KeyError:
            raise UnknownCollection(collection=name) from None

    def find(self, name: str) -> Collection | None:
        return self._collections.get(name)

    def __iter__(self) -> Iterator[Collection]:
        return iter(self._collections.values())
