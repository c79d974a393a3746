"""What part of a collection someone may touch. The layer above decides it; this layer applies it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from insula.data.filters.tree import Node


@dataclass(frozen=True, slots=True)
class Scope:
    """The rows and the fields that are open, and what fills the fields that fill themselves."""

    filter: Node | None = None
    """Rows outside it do not exist for the one who asks; ``None`` is all rows."""
    fields: frozenset[str] | None = None
    """Fields outside it do not exist for the one who asks; ``None`` is all that are not hidden."""


class Scopes(Protocol):
    """The scopes of one caller, asked for each collection that a request reaches, also through relations."""

    def scope(self, collection: str, action: str) -> Scope:
        """The scope for ``action`` (``view``, ``create``, ``update``, ``destroy``) on ``collection``.

        Raises an error of kind DENIED when the caller may not do this at all.
        """
        ...

    @property
    def stamps(self) -> Mapping[str, Any]:
        """Field type name → value for fields that fill themselves: ``createdBy``, ``updatedBy`` (a user id)."""
        ...


@dataclass(frozen=True, slots=True)
class Unrestricted:
    """Everything is open: for Insula's own work and for ``root``."""

    stamps: Mapping[str, Any] = field(default_factory=dict)

    def scope(self, collection: str, action: str) -> Scope:
        return _ALL


_ALL = Scope()
