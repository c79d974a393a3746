"""JSON as text: what is the same is written the same (keys in order, 1.0 as 1).

So databases that compare JSON as text find it equal, as PostgreSQL does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import orjson

MAX_EXACT = 2**53
"""The greatest whole number up to which a double holds all."""

parsed_json: Final[Callable[[Any], Any]] = orjson.loads


def json_text(value: Any) -> str:
    """The text of anything JSON."""
    text = orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    if b".0" in text:
        text = orjson.dumps(_whole(value), option=orjson.OPT_SORT_KEYS)
    return text.decode()


def _whole(value: Any) -> Any:
    """The same with floats that are whole as whole numbers, where JavaScript's numbers are exact."""
    if isinstance(value, float):
        return int(value) if value.is_integer() and abs(value) <= MAX_EXACT else value
    if isinstance(value, Mapping):
        return {key: _whole(item) for key, item in value.items()}
    return [_whole(item) for item in value] if isinstance(value, list | tuple) else value
