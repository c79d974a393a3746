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
from insula.database.errors import (
    DatabaseError,
    DatabaseMissing,
    DatabaseUnavailable,
    InvalidPassword,
    TooManyConnections,
)


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


def test_another_language_changes_the_sentence_alone() -> None:
    error = UnknownResource(resource="x")
    english, french = (error_answer(error, "id", language=language) for language in ("en", "fr"))
    assert french[:2] == english[:2]
    said = [orjson.loads(answer[2])["errors"][0] for answer in (english, french)]
    assert said[0]["message"] == error.message and said[1]["message"] == error.message_in("fr")
    assert said[0]["message"] != said[1]["message"] and said[0]["code"] == said[1]["code"]


def test_what_callers_are_told_instead_is_translated_too() -> None:
    error = DatabaseUnavailable(where="db.internal", reason="refused")
    _, _, body = error_answer(error, "id", language="fr")
    (entry,) = orjson.loads(body)["errors"]
    assert entry["message"] == error.told_in("fr") != error.told


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


AWAY = DatabaseUnavailable(where='"prod" on db.internal:5432', reason="connection refused")
REFUSED = InvalidPassword(where='"prod" on db.internal:5432', user="insula_prod", reason="no such role")
MISSING = DatabaseMissing(database="prod", statement='CREATE DATABASE "prod" OWNER "insula_prod"')
FULL = TooManyConnections(where='"prod" on db.internal:5432', seconds=5)


@pytest.mark.parametrize("error", [AWAY, REFUSED, MISSING, FULL], ids=lambda error: type(error).__name__)
def test_hosts_and_users_are_for_operators_and_the_log(
    error: InsulaError, caplog: pytest.LogCaptureFixture
) -> None:
    status, _, body = error_answer(error, "request-1")
    assert status == 503
    assert b"prod" not in body
    assert b"internal" not in body
    assert orjson.loads(body)["errors"][0]["code"] == error.code
    told = orjson.loads(error_answer(error, "request-2", operator=True)[2])["errors"][0]["message"]
    assert told == error.message


def test_what_does_not_answer_is_logged_once_with_the_request(caplog: pytest.LogCaptureFixture) -> None:
    error = DatabaseUnavailable(where="the server of this test", reason="connection refused")
    for number in range(1000):
        error_answer(error, f"request-{number}")
    (line,) = [record.getMessage() for record in caplog.records]
    assert line == f"the request request-0 was answered 503 DATABASE_UNAVAILABLE: {error.message}"


def test_no_error_of_the_database_tells_where_it_is() -> None:
    """Whatever class is added: a 503 or 504 of the database has a sentence of its own, or a message without names."""
    left = [DatabaseError]
    while left:
        kind = left.pop()
        left += kind.__subclasses__()
        if kind.kind in (Kind.UNAVAILABLE, Kind.TIMEOUT) and not kind.told:
            assert "{" not in (kind.__doc__ or "").splitlines()[0], kind
