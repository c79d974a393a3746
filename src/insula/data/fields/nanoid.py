"""``nanoid``: short random text, made for each new record unless ``autoFill`` is false."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from insula.data.fields.checks import boolean_option, whole_option
from insula.data.fields.string import DEFAULT_LENGTH, String

if TYPE_CHECKING:
    from insula.data.collection import Field

DEFAULT_SIZE = 12
"""Characters; 62 bits with the default alphabet."""
DEFAULT_ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyz"


class Nanoid(String):
    name = "nanoid"
    widens_to = frozenset({"string", "text"})

    def check_options(self, options: Mapping[str, Any]) -> dict[str, Any]:
        boolean_option(options, "autoFill")
        whole_option(options, "size", (4, DEFAULT_LENGTH))
        alphabet = options.get("customAlphabet")
        if alphabet is not None and not (
            isinstance(alphabet, str)
            and alphabet.isascii()
            and alphabet.isprintable()
            and len(set(alphabet)) > 1
        ):
            raise ValueError("needs at least two different printable ASCII characters for customAlphabet")
        return super().check_options(options)

    def fill(self, field: Field) -> str | None:
        if field.options.get("autoFill") is False:
            return None
        alphabet = field.options.get("customAlphabet") or DEFAULT_ALPHABET
        return "".join(secrets.choice(alphabet) for _ in range(field.options.get("size") or DEFAULT_SIZE))
