"""Errors → answers."""

import logging
from typing import Any

import orjson
import pytest

from insula.application.api.errors import STATUS, error_answer
from insula.application.errors import (
    InvalidParameter,
    MethodNotAllowed,
    Overloaded,
    UnknownResource,
    UnsupportedMediaType,
)
from insula.core.errors import InsulaError, Kind
from insula.data.errors import UnknownField


@pytest.mark.parametrize(
    ("error", "status", "wanted"),
    [
        (
            UnknownField(collection="posts", field="x", place="sort"),
            400,
            {"code": "UNKNOWN_FIELD", "collection": "posts", "field": "x"},
        ),
        (InvalidParameter(parameter="page", reason="is odd"), 400, {"code": "INVALID_PARAMETER"}),
        (UnknownResource(resource="x"), 404, {"code": "NOT_FOUND"}),
        (UnsupportedMediaType(found="x"), 415, {"code": "UNSUPPORTED_MEDIA_TYPE"}),
        (Overloaded(limit=5), 503, {"code": "OVERLOADED"}),
    ],
)
def test_status_and_code(error: InsulaError, status: int, wanted: dict[str, Any]) -> None:
    answered, _, body = error_answer(error, "id")
    assert answered == status
    (entry,) = orjson.loads(body)["errors"]
    assert entry["message"] == error.message
    assert wanted.items() <= entry.items()


def test_every_kind_has_a_status() -> None:
    assert set(STATUS) == set(Kind)


def test_headers() -> None:
    wrong = MethodNotAllowed(resource="a", action="b", method="GET", allowed="POST")
    assert error_answer(wrong, "")[1] == ((b"allow", b"POST"),)
    assert error_answer(Overloaded(limit=1), "")[1][0][0] == b"retry-after"


@pytest.mark.parametrize("error", [RuntimeError("select secret"), InsulaError(), TimeoutError()])
def test_defects_are_logged_and_not_told(error: Exception, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        status, _, body = error_answer(error, "abc")
    assert status == 500
    assert orjson.loads(body)["errors"][0]["code"] == "INTERNAL_ERROR"
    assert b"secret" not in body
    assert b"abc" in body
    assert "abc" in caplog.text


def test_a_message_that_no_utf8_can_carry() -> None:
    _, _, body = error_answer(UnknownResource(resource="\ud800"), "id")
    assert orjson.loads(body)["errors"][0]["code"] == "NOT_FOUND"
