"""What a resource inside another, such as ``roles/<name>/users``, belongs to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from insula.data.errors import RecordNotFound

if TYPE_CHECKING:
    from insula.application.api.action import Context


def parent_role(context: Context) -> str:
    """The role that a resource inside of ``roles`` is asked for. Raises ``RecordNotFound``."""
    name = context.parent[1] if context.parent is not None else ""
    if name not in context.application.access.book.roles:
        raise RecordNotFound(collection="roles", key=name[:60])
    return name
