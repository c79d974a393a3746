"""What an action that guards a collection itself hands to the repository."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from insula.application.access.errors import InvalidAccess
from insula.data.scope import Scope

if TYPE_CHECKING:
    from insula.application.api.action import Context
    from insula.data.collection import Collection, Field
    from insula.data.scope import Scopes


class Opened:
    """The caller's scopes; beside them, these collections within these bounds, for every permission."""

    __slots__ = ("_caller", "_opened")

    def __init__(self, caller: Scopes, opened: Mapping[str, Scope]) -> None:
        self._caller = caller
        self._opened = opened

    def scope(self, collection: str, action: str) -> Scope:
        """See ``Scopes``."""
        found = self._opened.get(collection)
        return self._caller.scope(collection, action) if found is None else found

    @property
    def stamps(self) -> Mapping[str, Any]:
        """Those of the caller."""
        return self._caller.stamps


def opened(context: Context, resource: str, scope: Scope | None = None) -> Context:
    """The same request about the records of ``resource``, open within ``scope``: for the actions of records."""
    return replace(context, resource=resource, scopes=Opened(context.scopes, {resource: scope or Scope()}))


def plain_values(collection: Collection, values: Mapping[str, Any]) -> dict[str, Any]:
    """Values of a guarded record, with nothing in them that would write other records along.

    A belongsTo relation may name a record by its key. Raises ``InvalidAccess`` for other relations, unless they
    are empty (clients send whole records back): then they are passed over.
    """
    plain: dict[str, Any] = {}
    for name, value in values.items():
        item = collection.fields.get(name)
        if item is None or item.relation is None:
            plain[name] = value
        elif value is not None:
            plain[name] = _key(item, value)
        elif item.relation.kind == "belongsTo":
            plain[name] = None
    return plain


def _key(item: Field, value: Any) -> Any:
    relation = item.relation
    if relation is None or relation.kind != "belongsTo":
        raise InvalidAccess(
            field=item.name, reason="can only be changed through the records that it leads to"
        )
    key = value.get(relation.target_key) if isinstance(value, Mapping) else value
    if key is None or not isinstance(key, str | int):
        raise InvalidAccess(field=item.name, reason="must name a record by its key")
    return key
