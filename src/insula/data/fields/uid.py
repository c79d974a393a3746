"""``uid``: random text behind a prefix, made for each new record."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from insula.core.ids import random_id
from insula.data.fields.checks import plain_text
from insula.data.fields.string import String

if TYPE_CHECKING:
    from insula.data.collection import Field

RANDOM_LENGTH = 11
MAX_PREFIX_LENGTH = 50


class Uid(String):
    name = "uid"
    widens_to = frozenset({"string", "text"})

    def check_options(self, options: Mapping[str, Any]) -> dict[str, Any]:
        if len(plain_text(options.get("prefix", ""))) > MAX_PREFIX_LENGTH:
            raise ValueError(f"needs at most {MAX_PREFIX_LENGTH} characters for prefix")
        return super().check_options(options)

    def fill(self, field: Field) -> str:
        return f"{field.options.get('prefix', '')}{random_id(RANDOM_LENGTH)}"
