"""``set``: a list in which nothing occurs twice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from insula.data.fields.array import Array

if TYPE_CHECKING:
    from insula.data.collection import Field


class Set(Array):
    name = "set"
    widens_to = frozenset({"array"})

    def prepare(self, value: Any, field: Field) -> list[Any]:
        """The elements in their order, each the first time only."""
        elements = super().prepare(value, field)
        return list({orjson.dumps(e, option=orjson.OPT_SORT_KEYS): e for e in elements}.values())
