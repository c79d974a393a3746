"""The roles that every application begins with."""

from __future__ import annotations

from typing import Any, Final

from insula.application.access.collections import ANONYMOUS_ROLE, ROOT_ROLE
from insula.application.access.rules import PERMISSIONS

BUILT_IN: Final[tuple[dict[str, Any], ...]] = (
    {
        "name": ROOT_ROLE,
        "title": "Root",
        "strategy": {"actions": list(PERMISSIONS)},
        "snippets": ["pm", "pm.*", "ui.*", "app"],
        "hidden": True,
        "allowConfigure": True,
    },
    {
        "name": "admin",
        "title": "Admin",
        "strategy": {"actions": list(PERMISSIONS)},
        "snippets": ["pm", "pm.*", "ui.*", "app"],
        "allowConfigure": True,
    },
    {
        "name": "member",
        "title": "Member",
        "strategy": {"actions": ["view", "create", "update:own", "destroy:own"]},
        "snippets": [],
        "default": True,
    },
    {"name": ANONYMOUS_ROLE, "title": "Anonymous", "strategy": {"actions": []}, "snippets": []},
)

NAMES: Final = frozenset(str(role["name"]) for role in BUILT_IN)
