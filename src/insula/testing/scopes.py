"""Scopes for tests, said one by one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from insula.application.access.errors import Denied
from insula.data.scope import Scope


@dataclass(frozen=True)
class Limited:
    """Scopes by ``collection action``; everything else is denied."""

    scopes: Mapping[str, Scope]
    stamps: Mapping[str, Any] = field(default_factory=dict)

    def scope(self, collection: str, action: str) -> Scope:
        """Raises ``Denied``."""
        try:
            return self.scopes[f"{collection} {action}"]
        except KeyError:
            raise Denied(role="limited", action=action, resource=collection) from None
