"""Whether the filter of a scope can be used on the records of a collection."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from insula.application.access.templates import has_variable
from insula.data.errors import DataError
from insula.data.filters.shape import Binder
from insula.data.filters.tree import All, Condition, Node, Not, Some, Within
from insula.data.scope import Unrestricted

if TYPE_CHECKING:
    from insula.application.access.rules import Rows
    from insula.data.catalog import Catalog
    from insula.data.collection import Collection


def why_unfit(catalog: Catalog, collection: Collection, rows: Rows) -> str | None:
    """Why the filter can not be used, as the end of a sentence; ``None`` when it can.

    Values that stand in the filter are checked too; those of variables are only known when someone asks.
    """
    if rows is None or isinstance(rows, str):
        return None
    try:
        Binder(catalog, Unrestricted()).unrestricted(collection, _without_variables(rows.node))
    except DataError as error:
        return error.message.rstrip(".")
    return None


def _without_variables(node: Node) -> Node:
    """The same filter with conditions in place of those on variables that every field allows."""
    if isinstance(node, Condition):
        return replace(node, operator="$eq", value=None) if has_variable(node.value) else node
    if isinstance(node, All):
        return All(tuple(_without_variables(part) for part in node.nodes))
    if isinstance(node, Some):
        return Some(tuple(_without_variables(part) for part in node.nodes))
    if isinstance(node, Not):
        return Not(_without_variables(node.node))
    if isinstance(node, Within):
        return Within(node.name, _without_variables(node.node))
    return node
