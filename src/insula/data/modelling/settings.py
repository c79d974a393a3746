"""What the body of a new or changed field may say, and how it becomes a row."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import orjson

from insula.data.collection import Field
from insula.data.errors import InvalidMetadata
from insula.data.fields import field_type
from insula.data.fields.base import FieldType
from insula.data.fields.checks import WrongSetting, boolean_option, json_value, path_of, plain_text
from insula.data.metadata_rows import FieldRow
from insula.data.modelling.draft import shown

MAX_OPTIONS_BYTES: Final = 256 * 1024
"""Of all settings of one field or collection, as JSON."""
MAX_TEXT: Final = 255

KEY_TYPES: Final = frozenset({"integer", "bigInt", "string", "uid", "uuid", "nanoid", "snowflakeId"})
COUNTED_TYPES: Final = frozenset({"integer", "bigInt"})
UNINDEXED_TYPES: Final = frozenset({"json", "jsonb", "array", "set", "password"})

MOMENT_TYPES: Final = frozenset({"date", "datetimeTz", "unixTimestamp"})
STAMPS: Final[Mapping[str, Mapping[str, Any]]] = {
    "createdAt": {"type": "date", "interface": "createdAt"},
    "updatedAt": {"type": "date", "interface": "updatedAt"},
    "createdBy": {
        "type": "belongsTo",
        "interface": "createdBy",
        "target": "users",
        "foreignKey": "createdById",
    },
    "updatedBy": {
        "type": "belongsTo",
        "interface": "updatedBy",
        "target": "users",
        "foreignKey": "updatedById",
    },
}
"""Types that are only words for another type that fills itself."""

NO_SETTINGS: Final = frozenset(
    {
        *("key", "name", "type", "interface", "collectionName", "reverseField", "sort"),
        *("autoCreate", "reference", "madeUnique"),
    }
)
"""Parts of a body that are kept elsewhere, or that only Insula itself may state."""

_FLAGS: Final = ("allowNull", "required", "unique", "index", "primaryKey", "autoIncrement", "hidden")


def expand(values: Mapping[str, Any]) -> dict[str, Any]:
    """A body whose type is one of ``STAMPS`` in its full form."""
    word = values.get("type")
    stamp = STAMPS.get(word) if isinstance(word, str) else None
    return {**stamp, **values, "type": stamp["type"], "interface": word} if stamp else dict(values)


def field_row(collection: str, name: str, values: Mapping[str, Any], *, key: str, sort: int) -> FieldRow:
    """A checked row out of an expanded body, relations not resolved yet. Raises ``InvalidMetadata``."""
    where = f"{collection}.{name}"
    try:
        type_ = field_type(values.get("type", "")).resolved(values)
        interface = short_text(values.get("interface"), "interface")
        given = {name: value for name, value in values.items() if name not in NO_SETTINGS}
        options = _checked(type_, checked_options(given))
        row = FieldRow(key, collection, name, type_.name, interface, sort, options)
        _check_stamp(row)
    except ValueError as error:
        raise InvalidMetadata(what="The field", name=where, reason=str(error), path=path_of(error)) from None
    return row


def checked_options(given: Mapping[str, Any]) -> dict[str, Any]:
    """Any JSON of a sensible size, without what is null. Raises ``ValueError``."""
    json_value(given)
    if len(orjson.dumps(given)) > MAX_OPTIONS_BYTES:
        raise ValueError(f"has settings of more than {MAX_OPTIONS_BYTES} bytes")
    return {name: value for name, value in given.items() if value is not None}


def short_text(value: Any, name: str) -> str | None:
    """Text of one line, or nothing. Raises ``ValueError``."""
    if value is None:
        return None
    if not isinstance(value, str) or len(value) > MAX_TEXT:
        raise WrongSetting(f"needs text of at most {MAX_TEXT} characters for {name}", name)
    return plain_text(value)


def _checked(type_: FieldType, options: dict[str, Any]) -> dict[str, Any]:
    for flag in _FLAGS:
        boolean_option(options, flag)
    checked = type_.check_options(options)
    if checked.get("primaryKey") and type_.name not in KEY_TYPES:
        raise ValueError(
            f"can not be the primary key: its type must be one of {', '.join(sorted(KEY_TYPES))}"
        )
    if checked.get("autoIncrement") and not (checked.get("primaryKey") and type_.name in COUNTED_TYPES):
        raise ValueError("can count up by itself only as a primary key of type integer or bigInt")
    indexed = checked.get("unique") or checked.get("index")
    if indexed and (not type_.stored or type_.name in UNINDEXED_TYPES):
        raise ValueError(f"can have no index, for it is of type {type_.name}")
    if (default := checked.get("defaultValue")) is not None:
        _check_default(type_, checked, default)
    return checked


def _check_default(type_: FieldType, options: Mapping[str, Any], default: Any) -> None:
    if type_.slow or type_.computed or options.get("autoIncrement"):
        raise WrongSetting("can have no defaultValue", "defaultValue")
    try:
        type_.prepare(default, Field("default", type_, options=options))
    except ValueError as error:
        raise WrongSetting(f"has a defaultValue that {error}", "defaultValue") from None


def _check_stamp(row: FieldRow) -> None:
    """An interface that makes a field fill itself fits only the types that can hold what fills it."""
    if row.interface in ("createdAt", "updatedAt") and row.type not in MOMENT_TYPES:
        raise WrongSetting(
            f"has the interface {row.interface}, which needs a type of {', '.join(sorted(MOMENT_TYPES))}",
            "interface",
        )
    leads_to_users = row.type == "belongsTo" and row.options.get("target") == "users"
    if row.interface in ("createdBy", "updatedBy") and not leads_to_users:
        reason = f"has the interface {row.interface}, which needs a belongsTo relation to users"
        raise WrongSetting(reason, "interface")


def mapping(what: str, name: Any, values: Any) -> Mapping[str, Any]:
    """A body, or a part of one, that must be an object. Raises ``InvalidMetadata``."""
    if not isinstance(values, Mapping):
        raise InvalidMetadata(what=what, name=shown(name), reason="must be described by an object")
    return values
