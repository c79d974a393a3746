"""Values of records as they are written on a command line."""

from collections.abc import Sequence
from typing import Any

import click
import orjson


def parse_values(words: Sequence[str]) -> dict[str, Any]:
    """``name=text`` and ``name:=JSON`` → the values of a record. Raises ``click.UsageError``."""
    values: dict[str, Any] = {}
    for word in words:
        name, equals, text = word.partition("=")
        if not equals or not name.removesuffix(":"):
            raise click.UsageError(f"{word!r} is no value; write name=text, or name:=JSON.")
        if name.endswith(":"):
            values[name[:-1]] = _json(name[:-1], text)
        else:
            values[name] = text
    return values


def _json(name: str, text: str) -> Any:
    try:
        return orjson.loads(text)  # as the server reads it: no NaN, no number without end, no lone surrogate
    except ValueError as error:
        raise click.UsageError(f"The value of {name} is no JSON: {error}.") from None
