"""The table of the menu's items, and what an item may be."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from insula.application.access.collections import ROLE_NAME_LENGTH
from insula.application.access.errors import InvalidAccess
from insula.core.text import in_one_line
from insula.data.builtin import builtin_collection, builtin_field
from insula.data.collection import Field, Reference
from insula.data.fields import field_type

ITEMS: Final = "menuItems"
GROUP, COLLECTION, LINK = KINDS = ("group", "collection", "link")
LONGEST_WORD: Final = 255
LONGEST_ADDRESS: Final = 2_000
MOST_ROLES: Final = 100
PARENT: Final = "parentId"
WRITTEN: Final = (PARENT, "kind", "title", "icon", "collection", "url", "roles")
"""What people say of an item; its place among the others is changed by moving it."""
FILLED: Final = frozenset(("id", "sort", "createdAt", "updatedAt"))
"""Answered, and passed over where clients send whole records back."""
_ADDRESS: Final = re.compile(r"(https?://[^\s/]|/(?![/\\]))[^\s\\]*", re.IGNORECASE)

MENU_ITEMS: Final = builtin_collection(
    ITEMS,
    "Menu",
    "Groups, collections and links of the menu.",
    builtin_field("id", "bigInt", "Number of the item.", primary_key=True, auto_increment=True),
    builtin_field(
        PARENT,
        "bigInt",
        "The group that it is in; empty: none.",
        index=True,
        reference=Reference(ITEMS, "id", "CASCADE"),
    ),
    Field(
        "sort",
        field_type("sort"),
        key="sort",
        options={"description": "Its place in its group.", "scopeKey": PARENT},
    ),
    builtin_field("kind", "string", "group, collection or link.", required=True, length=20),
    builtin_field(
        "title", "string", "What people see; of a collection its own title, if empty.", length=LONGEST_WORD
    ),
    builtin_field("icon", "string", "Name of its icon.", length=LONGEST_WORD),
    builtin_field("collection", "string", "The collection that it leads to.", length=LONGEST_WORD),
    builtin_field("url", "text", "The address that it leads to."),
    builtin_field("roles", "json", "Names of the roles that see it; empty: all."),
    builtin_field("createdAt", "date", "When the item was made."),
    builtin_field("updatedAt", "date", "When the item was last changed."),
)


def checked(
    given: Mapping[str, Any], before: Mapping[str, Any], collections: Any, roles: Any
) -> dict[str, Any]:
    """What is written of an item that was ``before`` (empty: a new one). Raises ``InvalidAccess``.

    ``collections`` and ``roles`` say by ``in`` whether there is one of that name.
    """
    for name in given:
        if name not in WRITTEN and name not in FILLED:
            raise _wrong(name[:60], f"is not one of {', '.join(WRITTEN)}")
    values: dict[str, Any] = {
        name: _text(name, given[name]) for name in ("title", "icon", "collection", "url") if name in given
    }
    if "roles" in given:
        values["roles"] = _roles(given["roles"], before.get("roles") or (), roles)
    if "kind" in given or not before:
        values["kind"] = given.get("kind")
    item = {**before, **values}
    _check_kind(item, {**values} if before else item, collections)
    return values


def _check_kind(item: Mapping[str, Any], said: Mapping[str, Any], collections: Any) -> None:
    """An item has what its kind needs."""
    kind = item.get("kind")
    if kind not in KINDS:
        raise _wrong("kind", f"must be one of {', '.join(KINDS)}")
    if kind != COLLECTION and not item.get("title"):
        raise _wrong("title", f"must say what people see of a {kind}")
    if (
        kind == COLLECTION
        and {"kind", "collection"} & said.keys()
        and item.get("collection") not in collections
    ):
        raise _wrong("collection", "must name a collection that is there")
    if kind == LINK and not _ADDRESS.fullmatch(item.get("url") or ""):
        raise _wrong("url", "must be an address such as https://example.com/page, or a path such as /page")


def _text(name: str, value: Any) -> str | None:
    if value is None or value == "":
        return None
    longest = LONGEST_ADDRESS if name == "url" else LONGEST_WORD
    if not isinstance(value, str) or not in_one_line(value) or len(value) > longest or not value.strip():
        raise _wrong(name, f"must be text in one line, of at most {longest} characters")
    return value.strip()


def _roles(value: Any, before: Any, known: Any) -> list[str] | None:
    """Names of roles, each once; those that the item has already may be gone by now."""
    if value is None:
        return None
    named = (
        isinstance(value, list) and len(value) <= MOST_ROLES and all(isinstance(item, str) for item in value)
    )
    if not named or any(len(item) > ROLE_NAME_LENGTH for item in value):
        raise _wrong("roles", 'must be a list of names such as ["member"], or null for all')
    for name in value:
        if name not in known and name not in before:
            raise _wrong("roles", f"names one that is not there ({name})")
    return list(dict.fromkeys(value))


def _wrong(what: str, reason: str) -> InvalidAccess:
    return InvalidAccess(field=what, reason=reason)
