"""Checks that several field types share. All raise ``ValueError`` with a reason that follows a field's name."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from insula.data.collection import Field

MAX_JSON_DEPTH = 64
"""Levels of lists and objects in one value: far from what any encoder or database stumbles over."""

INT32 = (-(2**31), 2**31 - 1)
INT64 = (-(2**63), 2**63 - 1)
COUNTED = {"integer": 2**30, "bigInt": 2**62}
"""Type → the highest number that may be given where the database counts on from it (keys, places in an order):
half of what the column holds, so that counting does not come to its end."""
EXACT_FLOAT = 2**53
"""Up to here a float is the whole number that was written; beyond, JSON readers have rounded it."""

_WHOLE = re.compile(r"[+-]?[0-9]{1,19}")
_NUMBER = re.compile(r"[+-]?([0-9]{1,400}(\.[0-9]{0,400})?|\.[0-9]{1,400})([eE][+-]?[0-9]{1,4})?")


def plain_text(value: Any) -> str:
    """Text that every database can store: no NUL character, no half of a surrogate pair."""
    if not isinstance(value, str):
        raise ValueError("must be text")
    if "\x00" in value:
        raise ValueError("must not contain NUL characters")
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            raise ValueError("must not contain lone surrogates (it is no valid Unicode text)") from None
    return value


def whole_number(value: Any, limits: tuple[int, int]) -> int:
    """An int, a float without fraction, or numeric text, within ``limits`` (both included)."""
    if isinstance(value, int) and not isinstance(value, bool):
        number = value
    elif isinstance(value, float) and value.is_integer():
        if abs(value) > EXACT_FLOAT and limits[0] <= value <= limits[1]:
            raise ValueError("must be written as text where it is a whole number of so many digits")
        number = int(value)
    elif isinstance(value, str) and _WHOLE.fullmatch(value):
        number = int(value)
    else:
        raise ValueError("must be a whole number")
    if not limits[0] <= number <= limits[1]:
        raise ValueError(f"must be a whole number between {limits[0]} and {limits[1]}")
    return number


def number_text(value: Any) -> str | int | float:
    """A number, or text that is one; ``NaN`` and infinity are none."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError("must be a number")
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError("must be a finite number")
    if isinstance(value, str) and not _NUMBER.fullmatch(value):
        raise ValueError("must be a number")
    return value


def finite_float(value: Any) -> float:
    """A number in the range of a double."""
    try:
        number = float(number_text(value))
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise ValueError("must be a number between -1.8e308 and 1.8e308")
    return number


def json_value(value: Any) -> Any:
    """Any JSON that can be stored and given back unchanged; walks without recursion, so depth can not hurt."""
    level = [value]
    depth = 0
    while level:
        if depth > MAX_JSON_DEPTH:
            raise ValueError(f"must not be nested more than {MAX_JSON_DEPTH} levels deep")
        level = [child for item in level for child in _json_children(item)]
        depth += 1
    return value


def _json_children(item: Any) -> list[Any]:
    """The parts of a list or object; scalars are checked and have none."""
    if item is None or isinstance(item, bool):
        return []
    if isinstance(item, str):
        plain_text(item)
        return []
    if isinstance(item, int):
        if not INT64[0] <= item <= 2**64 - 1:
            raise ValueError("must not contain whole numbers of more than 64 bits")
        return []
    if isinstance(item, float):
        if not math.isfinite(item):
            raise ValueError("must not contain NaN or infinity")
        return []
    if isinstance(item, list | tuple):
        return list(item)
    if isinstance(item, Mapping):
        for key in item:
            plain_text(key)
        return list(item.values())
    raise ValueError("must be JSON")


def allowed_choice(value: Any, field: Field) -> Any:
    """``value`` when the field's select options (if any) include it."""
    allowed = field.choice_texts
    if allowed is not None and str(value) not in allowed:
        raise ValueError("must be one of its options")
    return value


def check_choices(options: Mapping[str, Any]) -> None:
    """``uiSchema.enum`` is a list of scalars, or of objects with a scalar ``value``."""
    schema = options.get("uiSchema")
    if schema is None:
        return
    if not isinstance(schema, Mapping):
        raise ValueError("needs an object for uiSchema")
    enum = schema.get("enum")
    if enum is None or (isinstance(enum, str) and enum.startswith("{{")):
        return  # the protocol's pages may name a variable of theirs here; it has no meaning on a server
    if not isinstance(enum, list):
        raise ValueError("needs a list for uiSchema.enum")
    for item in enum:
        value = item.get("value") if isinstance(item, Mapping) else item
        if not isinstance(value, str | int | float | bool):
            raise ValueError("needs text, numbers or booleans as values in uiSchema.enum")


class WrongSetting(ValueError):
    """What is wrong with one setting of a field or collection."""

    def __init__(self, reason: str, path: str) -> None:
        """``path``: the setting, as the body calls it."""
        super().__init__(reason)
        self.path = path


def path_of(error: ValueError) -> str:
    """The setting that is wrong; empty where it is not known."""
    return error.path if isinstance(error, WrongSetting) else ""


def whole_option(options: Mapping[str, Any], name: str, limits: tuple[int, int]) -> int | None:
    """A setting that is a whole number within ``limits``, ``None`` when it is not given."""
    value = options.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not limits[0] <= value <= limits[1]:
        raise WrongSetting(f"needs a whole number from {limits[0]} to {limits[1]} for {name}", name)
    return value


def boolean_option(options: Mapping[str, Any], name: str) -> bool | None:
    """A setting that is true or false, ``None`` when it is not given."""
    value = options.get(name)
    if value is not None and not isinstance(value, bool):
        raise WrongSetting(f"needs true or false for {name}", name)
    return value


def choices_schema(field: Field, schema: dict[str, Any]) -> dict[str, Any]:
    """``schema`` with the select options of the field, where it has some."""
    return schema if field.choices is None else {**schema, "enum": list(field.choices)}
