"""What roles may do on a collection or field goes with it: another one of the same name inherits nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from insula.application.access.people import EVERYTHING
from insula.application.access.rules import scopes_named
from insula.data.filters.tree import Condition
from insula.data.query import Query

if TYPE_CHECKING:
    from insula.data.metadata_change import Renewed
    from insula.data.repository import Repository
    from insula.database.executor import Transaction


class Leavings:
    """A companion of the metadata: takes part in the transaction of every change of collections and fields.

    It looks at names that were made too, not only at those that were removed: what was granted on them before
    (in between, or by an earlier version) was not meant for what has the name now.
    """

    def __init__(self, repository: Repository) -> None:
        self._repository = repository

    async def __call__(self, transaction: Transaction, renewed: Renewed) -> None:
        """Remove settings and scopes of collections, and fields out of the lists of permissions."""
        if self._repository.catalog.find("rolesResources") is None:
            return
        if renewed.collections:
            await self._forget_collections(transaction, renewed.collections)
        if renewed.fields:
            await self._forget_fields(transaction, renewed.fields)

    async def _forget_collections(self, transaction: Transaction, names: Iterable[str]) -> None:
        wanted = sorted(names)
        mine = Condition(("name",), "$in", wanted)
        await self._repository.destroy("rolesResources", filter=mine, scopes=EVERYTHING, on=transaction)
        used: set[Any] = set()
        for row in await self._rows("rolesResources", transaction):
            used |= scopes_named(row.get("actions"))
        mine = Condition(("resourceName",), "$in", wanted)
        unused = [
            row["id"]
            for row in await self._rows("rolesResourcesScopes", transaction, mine)
            # Those of one collection that another one's permission names stay: without them it would say less.
            if not used & {row["id"], row["key"]}
        ]
        if unused:
            await self._repository.destroy(
                "rolesResourcesScopes", keys=unused, scopes=EVERYTHING, on=transaction
            )

    async def _forget_fields(self, transaction: Transaction, fields: Mapping[str, frozenset[str]]) -> None:
        mine = Condition(("name",), "$in", sorted(fields))
        for row in await self._rows("rolesResources", transaction, mine):
            actions = _without(row.get("actions"), fields[row["name"]])
            if actions != row.get("actions"):
                values = {"actions": actions}
                await self._repository.update(
                    "rolesResources", values, keys=(row["id"],), scopes=EVERYTHING, on=transaction
                )

    async def _rows(
        self, collection: str, transaction: Transaction, chosen: Condition | None = None
    ) -> list[dict[str, Any]]:
        query = Query(filter=chosen, page_size=None, counting="none")
        return (await self._repository.find(collection, query, scopes=EVERYTHING, on=transaction)).rows


def _without(actions: Any, gone: frozenset[str]) -> Any:
    """A setting's permissions without these fields. One that had no others goes: an empty list means all fields."""
    if not isinstance(actions, list):
        return actions
    kept = []
    for action in actions:
        fields = action.get("fields") if isinstance(action, Mapping) else None
        if not isinstance(fields, list) or gone.isdisjoint(item for item in fields if isinstance(item, str)):
            kept.append(action)
        elif left := [name for name in fields if name not in gone]:
            kept.append({**action, "fields": left})
    return kept
