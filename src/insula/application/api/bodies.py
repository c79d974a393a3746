"""The body of a request: JSON, and what of it is the record and what are parameters."""

from __future__ import annotations

from codecs import BOM_UTF8
from collections.abc import Mapping
from typing import Any, Final

import orjson

from insula.application.api.queries import WRITE_PARAMETERS
from insula.application.api.request import Request
from insula.application.errors import EncodedBody, InvalidBody, InvalidJson, UnsupportedMediaType

_EXCERPT_CHARACTERS: Final = 20


async def read_json(request: Request) -> Any:
    """The decoded body, ``None`` without one.

    A byte order mark before it, which some programs write, is passed over.
    Raises ``UnsupportedMediaType``, ``EncodedBody``, ``InvalidJson``, ``PayloadTooLarge``, ``ClientGone``.
    """
    raw = await request.body()
    if not raw:
        return None
    kind = request.header(b"content-type")
    if kind is not None and not _is_json(kind):
        raise UnsupportedMediaType(found=kind.partition(";")[0].strip()[:80] or "of no type")
    encoding = request.header(b"content-encoding")
    if encoding is not None and encoding.strip().lower() not in ("", "identity"):
        raise EncodedBody(found=encoding.strip()[:40])
    try:
        return orjson.loads(raw.removeprefix(BOM_UTF8))
    except orjson.JSONDecodeError as error:
        near = error.doc[max(0, error.pos - 1) : error.pos + _EXCERPT_CHARACTERS]
        raise InvalidJson(
            reason=f"at line {error.lineno}, column {error.colno} (position {error.pos}): "
            f"{error.msg.split(':')[0]}, near {near!r}"
        ) from None


def _is_json(content_type: str) -> bool:
    kind = content_type.partition(";")[0].strip().lower()
    return kind == "application/json" or (kind.startswith("application/") and kind.endswith("+json"))


def with_body(params: Mapping[str, Any], body: Any) -> Mapping[str, Any]:
    """The parameters of a read by POST: those of the query string, and over them those of the body."""
    if body is None:
        return params
    if not isinstance(body, dict):
        raise InvalidBody(reason="must be an object of parameters")
    return {**params, **body}


def record(params: Mapping[str, Any], body: Any, *, plain: bool) -> tuple[Mapping[str, Any], Any]:
    """Parameters and values of a writing request.

    The body is the record itself, or has it under ``values`` with parameters beside it. ``plain``: the
    collection has a field named ``values``, so that the body is always the record.
    """
    if (
        isinstance(body, dict)
        and not plain
        and isinstance(body.get("values"), dict | list)
        and WRITE_PARAMETERS.issuperset(body)
    ):
        rest = {name: value for name, value in body.items() if name != "values"}
        return ({**params, **rest} if rest else params), body["values"]
    if body is None and isinstance(params.get("values"), dict):
        return params, params["values"]
    return params, body


def as_object(values: Any) -> Mapping[str, Any]:
    """Values that must be one record; an absent body is an empty one. Raises ``InvalidBody``."""
    if values is None:
        return {}
    if not isinstance(values, dict):
        raise InvalidBody(reason="must be an object: the record's fields and their values")
    return values
