"""Foreign keys that a body writes as plain columns: links all the same.

A column is a foreign key where a relation says so, of its own collection or of another one: the key of a
``hasMany`` is a column of the target, those of a ``belongsToMany`` are columns of the collection between.
"""

from __future__ import annotations

from collections.abc import Container, Iterator
from weakref import WeakKeyDictionary

from insula.core.errors import InsulaError, Kind
from insula.data.catalog import Catalog
from insula.data.collection import Collection, Field, Relation
from insula.data.links import Side
from insula.data.scope import Scopes


class Pointing:
    """Knows the foreign keys of the collections of one application."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._known: WeakKeyDictionary[Collection, tuple[int, tuple[Side, ...]]] = WeakKeyDictionary()

    def sides(self, collection: Collection) -> tuple[Side, ...]:
        """The foreign keys of a collection, each as a belongsTo relation; its own before those of others."""
        version = self._catalog.version
        known = self._known.get(collection)
        if known is None or known[0] != version:
            found: dict[str, Side] = {}
            for side in (*self._own(collection), *self._of_others(collection)):
                found.setdefault(side.relation.foreign_key, side)
            known = self._known[collection] = (version, tuple(found.values()))
        return known[1]

    def limited(self, collection: Collection, given: Container[str], scopes: Scopes) -> Iterator[Side]:
        """Those of them that are ``given`` and point where the caller does not see every record."""
        for side in self.sides(collection):
            if side.relation.foreign_key in given and not _sees_all(side.target, scopes):
                yield side

    def _own(self, collection: Collection) -> Iterator[Side]:
        for item in collection.relations.values():
            if item.relation is not None and item.relation.kind == "belongsTo":
                yield from self._side(collection, item, item.relation)

    def _of_others(self, collection: Collection) -> Iterator[Side]:
        for other in self._catalog:
            for relation in (item.relation for item in other.relations.values()):
                if relation is None or relation.kind == "belongsTo":
                    continue
                if collection.name == (relation.through or relation.target):
                    points = [(relation.foreign_key, other.name, relation.source_key)]
                    if relation.other_key is not None:
                        points.append((relation.other_key, relation.target, relation.target_key))
                    for column, target, key in points:
                        if (item := collection.fields.get(column)) is not None:
                            over = Relation("belongsTo", target, column, target_key=key)
                            yield from self._side(collection, item, over)

    def _side(self, collection: Collection, item: Field, relation: Relation) -> Iterator[Side]:
        """None for a target that is not there any more."""
        target = self._catalog.find(relation.target)
        if target is not None and relation.target_key in target.fields:
            yield Side(collection, item, relation, target, relation.target_key)


def _sees_all(target: Collection, scopes: Scopes) -> bool:
    try:
        return scopes.scope(target.name, "view").filter is None
    except InsulaError as error:
        if error.kind is not Kind.DENIED:
            raise
        return False
