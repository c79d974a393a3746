"""Fields that a collection gets by a word in its description."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from insula.data.modelling.settings import STAMPS

ID: Final[Mapping[str, Any]] = {
    "name": "id",
    "type": "bigInt",
    "interface": "id",
    "autoIncrement": True,
    "primaryKey": True,
    "allowNull": False,
    "uiSchema": {
        "type": "number",
        "title": '{{t("ID")}}',
        "x-component": "InputNumber",
        "x-read-pretty": True,
    },
}

_TITLES: Final = {
    "createdAt": '{{t("Created at")}}',
    "updatedAt": '{{t("Last updated at")}}',
    "createdBy": '{{t("Created by")}}',
    "updatedBy": '{{t("Last updated by")}}',
}

DEFAULTS: Final[Mapping[str, bool]] = {
    "autoGenId": True,
    "createdAt": True,
    "updatedAt": True,
    "createdBy": False,
    "updatedBy": False,
    "sortable": False,
}
"""What a body that does not say otherwise means, as the protocol's documentation has it."""

TEMPLATES: Final = ("general", "tree")


def stamp(word: str) -> dict[str, Any]:
    """The field ``createdAt``, ``updatedAt``, ``createdBy`` or ``updatedBy``."""
    ui_schema = {
        "type": "datetime" if word.endswith("At") else "object",
        "title": _TITLES[word],
        "x-read-pretty": True,
    }
    return {"name": word, **STAMPS[word], "uiSchema": ui_schema}


def sorting(setting: Any) -> dict[str, Any]:
    """The field that keeps an order by hand: ``sortable`` is true, its name, or its name and scope."""
    body: dict[str, Any] = {"name": "sort", "type": "sort", "interface": "sort"}
    if isinstance(setting, str):
        body["name"] = setting
    elif isinstance(setting, Mapping):
        body |= {part: setting[part] for part in ("name", "scopeKey") if setting.get(part)}
    return body


def tree(collection: str) -> list[dict[str, Any]]:
    """The fields of a tree: each record has a parent and children of the same collection."""
    common = {"target": collection, "foreignKey": "parentId"}
    parent = {"name": "parent", "type": "belongsTo", "interface": "m2o", "treeParent": True}
    children = {"name": "children", "type": "hasMany", "interface": "o2m", "treeChildren": True}
    return [
        {**parent, **common, "uiSchema": {"title": '{{t("Parent")}}'}},
        {**children, **common, "uiSchema": {"title": '{{t("Children")}}'}},
    ]
