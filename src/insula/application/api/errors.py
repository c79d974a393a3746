"""Errors → answers: the one place that turns a kind of failure into an HTTP status."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any, Final

import orjson

from insula.application.api.parameters import shown
from insula.core.errors import InsulaError, Kind
from insula.core.sparse import Sparse
from insula.core.translation import ENGLISH, filled, sentence

_logger = logging.getLogger(__name__)
_sparse = Sparse(_logger)

Headers = tuple[tuple[bytes, bytes], ...]

STATUS: Final[Mapping[Kind, int]] = {
    Kind.INVALID: 400,
    Kind.UNAUTHENTICATED: 401,
    Kind.DENIED: 403,
    Kind.MISSING: 404,
    Kind.METHOD: 405,
    Kind.CONFLICT: 409,
    Kind.TOO_LARGE: 413,
    Kind.THROTTLED: 429,
    Kind.INTERNAL: 500,
    Kind.UNAVAILABLE: 503,
    Kind.TIMEOUT: 504,
}
_REFUSING: Final = frozenset((Kind.INVALID, Kind.CONFLICT))
"""Kinds whose reason is told apart, too, for forms that show it at the item that it is about."""
STATUS_BY_CODE: Final[Mapping[str, int]] = {"UNSUPPORTED_MEDIA_TYPE": 415}
"""Where the kind is not fine enough."""

_OURS: Final = frozenset((Kind.UNAVAILABLE, Kind.TIMEOUT))
"""Failures that no caller can mend, and whose messages may name what only operators may know."""

RETRY_AFTER_S: Final = 2
"""What ``Retry-After`` says where the error knows no better."""

DEFECT: Final = "Something went wrong here; the log has {request_id}."

_SHOWN_DETAILS: Final = ("collection", "field", "fields", "path", "parameter", "plugin", "line")
"""Details that are answered beside message and code, so that a program need not read the sentence."""


def error_answer(
    error: BaseException, request_id: str, *, operator: bool = False, language: str = ENGLISH
) -> tuple[int, Headers, bytes]:
    """Status, headers and body for what a handler raised; its sentences in ``language``.

    Whatever is ours (5xx) is logged; defects each, with their traceback, and what does not answer once a minute.
    Only the operator of the machine is told hosts, paths and users.
    """
    if not isinstance(error, InsulaError) or error.kind is Kind.INTERNAL:
        return 500, (), _body([defect(error, request_id, language)])
    status = STATUS_BY_CODE.get(error.code) or STATUS[error.kind]
    if error.kind in _OURS:
        _sparse.warning(error.message, f"the request {request_id} was answered {status} {error.code}")
    entries = [_entry(one, operator=operator, language=language) for one in error.entries]
    return status, _headers(error), _body(entries)


def defect(error: BaseException, request_id: str, language: str) -> dict[str, Any]:
    """What is answered of a failure that is nobody's fault but ours: where the log, which gets it here, has more."""
    _logger.error("the request %s failed", request_id, exc_info=error)
    message = filled(DEFECT, {"request_id": request_id}, language)
    return {"message": message, "code": "INTERNAL_ERROR"}


def _entry(error: InsulaError, *, operator: bool, language: str) -> dict[str, Any]:
    neutral = error.told_in(language) if error.kind in _OURS and not operator else ""
    entry: dict[str, Any] = {"message": neutral or error.message_in(language), "code": error.code}
    if error.kind in _REFUSING and isinstance(reason := error.details.get("reason"), str):
        entry["reason"] = sentence(reason, language)
    return entry | {name: _plain(error.details[name]) for name in _SHOWN_DETAILS if name in error.details}


def _headers(error: InsulaError) -> Headers:
    if error.kind in (Kind.THROTTLED, Kind.UNAVAILABLE):
        seconds = error.details.get("retry_after", RETRY_AFTER_S)
        return ((b"retry-after", str(max(1, round(float(seconds)))).encode()),)
    if error.kind is Kind.METHOD:
        return ((b"allow", str(error.details["allowed"]).encode()),)
    return ()


def _plain(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [str(item) for item in value]
    return value if isinstance(value, int) else shown(str(value))


def _body(entries: Sequence[Mapping[str, Any]]) -> bytes:
    try:
        return orjson.dumps({"errors": entries})
    except TypeError:
        # A lone surrogate of the client's in a message: no UTF-8 can carry it.
        return orjson.dumps({"errors": [_carried(entry) for entry in entries]})


def _carried(entry: Mapping[str, Any]) -> dict[str, str]:
    return {
        key: value.encode("utf-8", "replace").decode() if isinstance(value, str) else str(value)
        for key, value in entry.items()
    }
