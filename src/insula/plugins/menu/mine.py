"""``menu:mine``: the menu as the one who asks may see it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from insula.application.access.collections import ROOT_ROLE
from insula.application.api.action import Action, Answer, Context, Resource
from insula.plugins.menu import openapi
from insula.plugins.menu.collection import COLLECTION, GROUP, PARENT
from insula.plugins.menu.items import all_items

Row = Mapping[str, Any]


async def mine(context: Context) -> Answer:
    """The items that the role in force sees, as a tree."""
    inside: dict[int | None, list[Row]] = {}
    for row in await all_items(context):
        inside.setdefault(row[PARENT], []).append(row)
    return Answer(_shown(context, inside, None))


def _shown(
    context: Context, inside: Mapping[int | None, Sequence[Row]], group: int | None
) -> list[dict[str, Any]]:
    """What of a group is seen; groups with nothing in them are left out."""
    found = []
    for row in inside.get(group, ()):
        if not _is_for(context, row):
            continue
        item = {"id": row["id"], "kind": row["kind"], "title": row["title"], "icon": row["icon"]}
        if row["kind"] == GROUP:
            item["children"] = _shown(context, inside, row["id"])
            if not item["children"]:
                continue
        elif row["kind"] == COLLECTION:
            title = _title(context, row["collection"])
            if title is None:
                continue
            item |= {"title": row["title"] or title, "collection": row["collection"]}
        else:
            item["url"] = row["url"]
        found.append(item)
    return found


def _is_for(context: Context, row: Row) -> bool:
    roles, role = row["roles"], context.principal.role
    return roles is None or role == ROOT_ROLE or role in roles


def _title(context: Context, name: str) -> str | None:
    """What a collection is called; ``None`` for one that is not there, or may not be listed."""
    application, principal = context.application, context.principal
    collection = application.metadata.find(name)
    if collection is None or collection.internal:
        return None
    if principal.kind != "local":
        grant = application.access.book.grant(principal.role, name, "view")
        if grant is None or not grant.direct:
            return None
    return collection.title or name


MENU_RESOURCE: Final = Resource(
    "menu",
    (Action("mine", mine, "signed_in", "The menu as one may see it.", openapi=openapi.MINE),),
    "Menu",
)
