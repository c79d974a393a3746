"""Trees: collections whose records have a parent among themselves, and never one that stands below them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from insula.data.collection import Collection, Field, Relation
from insula.data.errors import InvalidValue
from insula.database.executor import Row, Transaction

_START = "t_start"


def parent_field(collection: Collection) -> Field | None:
    """The relation of a tree from a record to its parent; ``None`` for a collection that is no tree."""
    own = [
        item
        for item in collection.relations.values()
        if item.relation and item.relation.kind == "belongsTo" and item.relation.target == collection.name
    ]
    marked = [item for item in own if item.options.get("treeParent") or item.name == "parent"]
    if own and (marked or collection.options.get("template") == "tree"):
        return (marked or own)[0]
    return None


@dataclass(frozen=True, slots=True)
class Tree:
    """What keeps one collection a tree."""

    collection: Collection
    relation: Relation

    def led(self, columns: Mapping[str, Any]) -> bool:
        """Whether a write of these columns gives records a parent."""
        return columns.get(self.relation.foreign_key) is not None

    async def lock(self, on: Transaction) -> None:
        """Let changes of parents follow one another: two together may make a circle that neither makes alone."""
        await on.lock(f"tree {self.collection.name}")

    def check_new(self, row: Row) -> None:
        """A new record, which nobody can have as parent but itself. Raises ``InvalidValue``."""
        if row[self.relation.foreign_key] == row[self.relation.target_key]:
            raise self._refuse()

    async def check(self, rows: Iterable[Row], parent: Any, on: Transaction) -> None:
        """Records that were given this parent. Raises ``InvalidValue`` for one that is the parent or above it."""
        above = {row["key"] for row in await on.run(self._above(), {_START: parent})}
        if any(row[self.relation.target_key] in above for row in rows):
            raise self._refuse()

    def check_together(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """New records that come with their keys, and may have one another as parents. Raises ``InvalidValue``."""
        up, key = self.relation.foreign_key, self.relation.target_key
        parents = {row[key]: row[up] for row in rows if row[key] is not None and row[up] is not None}
        ended: set[Any] = set()
        for start in parents:
            way: dict[Any, None] = {}
            at = start
            while at in parents and at not in ended:
                if at in way:
                    raise self._refuse()
                way[at] = None
                at = parents[at]
            ended.update(way)

    def _above(self) -> sa.Select[Any]:
        """The record whose key is bound, and all above it. Ends also where there is a circle already."""
        table = self.collection.table
        up, key = table.c[self.relation.foreign_key], table.c[self.relation.target_key]
        start = sa.cast(sa.bindparam(_START, type_=key.type), key.type)
        above = sa.select(start.label("key")).cte("above", recursive=True)
        above = above.union(sa.select(up).where(key == above.c.key, up.is_not(None)))
        return sa.select(above.c.key)

    def _refuse(self) -> InvalidValue:
        return InvalidValue(
            collection=self.collection.name,
            field=self.relation.foreign_key,
            reason="would make a record its own parent, or put it below itself",
        )


def tree(collection: Collection) -> Tree | None:
    """The tree that a collection is, if it is one; looked up once."""
    try:
        found: Tree | None = collection.compiled[tree]
    except KeyError:
        item = parent_field(collection)
        found = None if item is None or item.relation is None else Tree(collection, item.relation)
        collection.compiled[tree] = found
    return found
