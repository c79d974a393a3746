"""Builders of built-in collections and fields: stated by code, the same in every application, and no people's to change."""

from __future__ import annotations

from typing import Any

from insula.data.collection import Collection, Field
from insula.data.fields import field_type


def builtin_field(
    name: str, kind: str, description: str, *, length: int | None = None, **settings: Any
) -> Field:
    """A field of the type ``kind``, known by its name for good. ``length`` in characters; ``settings`` are ``Field``'s."""
    options: dict[str, Any] = {"description": description}
    if length is not None:
        options["length"] = length
    return Field(name, field_type(kind), key=name, options=options, **settings)


def builtin_collection(
    name: str, title: str, description: str, *fields: Field, internal: bool = True, **options: Any
) -> Collection:
    """A collection that only actions of its own write, and that nobody reads as records unless a ``snippet`` is given."""
    return Collection(
        name,
        {item.name: item for item in fields},
        title=title,
        options={"description": description, "guarded": True, "snippet": "", **options},
        internal=internal,
    )
