"""The body of the action ``query`` → ``Aggregate``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal

import orjson

from insula.application.api.parameters import shown
from insula.application.api.queries import check_names
from insula.application.errors import InvalidParameter
from insula.data.filters.parse import parse_filter
from insula.data.query import Aggregate, Dimension, Measure, Order

MAX_PARTS: Final = 50
"""Measures, dimensions or orders of one query."""
MAX_OFFSET: Final = 2**40

PARAMETERS: Final = frozenset(
    ["measures", "dimensions", "orders", "filter", "having", "limit", "offset", "timezone"]
)


def read_aggregate(params: Mapping[str, Any], zone: str) -> Aggregate:
    """Raises ``InvalidParameter`` and ``InvalidFilter``."""
    check_names(params, PARAMETERS)
    given = params.get("timezone") or zone
    if not isinstance(given, str):
        raise InvalidParameter(parameter="timezone", reason="must be a zone such as Europe/Berlin")
    having = _decoded(params, "having")
    if having is not None and not isinstance(having, dict):
        raise InvalidParameter(parameter="having", reason="must be an object: alias → condition")
    return Aggregate(
        measures=tuple(_measure(item) for item in _parts(params, "measures")),
        dimensions=tuple(_dimension(item) for item in _parts(params, "dimensions")),
        orders=tuple(_order(item) for item in _parts(params, "orders")),
        filter=parse_filter(params.get("filter"), zone=given),
        having=having or None,
        limit=_number(params, "limit", 1),
        offset=_number(params, "offset", 0) or 0,
        timezone=given,
    )


def _measure(item: Mapping[str, Any]) -> Measure:
    field = _field(item, "measures")
    aggregation = item.get("aggregation")
    if aggregation is not None and not isinstance(aggregation, str):
        raise InvalidParameter(parameter="measures", reason="has an aggregation that is no name")
    return Measure(
        field, aggregation or None, _alias(item, field, "measures"), item.get("distinct") in (True, "true")
    )


def _dimension(item: Mapping[str, Any]) -> Dimension:
    field = _field(item, "dimensions")
    written = item.get("format")
    if written is not None and not isinstance(written, str):
        raise InvalidParameter(parameter="dimensions", reason="has a format that is no text")
    return Dimension(field, _alias(item, field, "dimensions"), written or None)


def _order(item: Mapping[str, Any]) -> Order:
    alias = item.get("alias")
    field = (alias,) if isinstance(alias, str) and alias else _field(item, "orders")
    direction = str(item.get("order", "asc")).lower()
    nulls: Literal["default", "first", "last"] = "default"
    match item.get("nulls"):
        case "first":
            nulls = "first"
        case "last":
            nulls = "last"
        case None | "" | "default":
            pass
        case _:
            raise InvalidParameter(parameter="orders", reason="has nulls that are not first or last")
    if direction not in ("asc", "desc"):
        raise InvalidParameter(parameter="orders", reason="has an order that is not asc or desc")
    return Order(field, direction == "desc", nulls)


def _field(item: Mapping[str, Any], parameter: str) -> tuple[str, ...]:
    field = item.get("field")
    path = field.split(".") if isinstance(field, str) else field
    if not isinstance(path, list) or not path or not all(isinstance(part, str) and part for part in path):
        raise InvalidParameter(parameter=parameter, reason="has a part without a field")
    return tuple(path)


def _alias(item: Mapping[str, Any], field: tuple[str, ...], parameter: str) -> str:
    alias = item.get("alias")
    if alias is None or alias == "":
        return ".".join(field)
    if not isinstance(alias, str) or len(alias) > 100:
        raise InvalidParameter(parameter=parameter, reason="has an alias that is no name")
    return alias


def _decoded(params: Mapping[str, Any], name: str) -> Any:
    given = params.get(name)
    if isinstance(given, str):
        if not given.strip():
            return None
        try:
            return orjson.loads(given)
        except orjson.JSONDecodeError as error:
            raise InvalidParameter(
                parameter=name, reason=f"is broken JSON at position {error.pos}: {shown(error.msg)}"
            ) from None
    return given


def _parts(params: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    given = _decoded(params, name)
    if given is None:
        return []
    if not isinstance(given, list) or not all(isinstance(item, dict) for item in given):
        raise InvalidParameter(parameter=name, reason="must be a list of objects")
    if len(given) > MAX_PARTS:
        raise InvalidParameter(parameter=name, reason=f"has more than {MAX_PARTS} parts")
    return given


def _number(params: Mapping[str, Any], name: str, least: int) -> int | None:
    given = params.get(name)
    if given is None or given == "":
        return None
    if isinstance(given, str) and given.isascii() and given.isdigit() and len(given) < 15:
        given = int(given)
    if not isinstance(given, int) or isinstance(given, bool) or not least <= given <= MAX_OFFSET:
        raise InvalidParameter(parameter=name, reason=f"must be a whole number of at least {least}")
    return given
