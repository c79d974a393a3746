"""The log: its two styles, and that no secret gets through."""

import io
import json
import logging
from collections.abc import Iterator

import pytest

from insula.core import log

SECRET = "s3cr3t-Of-The-House"


@pytest.fixture(autouse=True)
def the_log_as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.mark.parametrize(
    "text",
    [
        f"postgresql://insula:{SECRET}@db:5432/insula",
        f"redis://:{SECRET}@localhost/0",
        f"Authorization: Bearer {SECRET}",
        f"authorization: Basic {SECRET}",
        f"DB_PASSWORD={SECRET}",
        f'{{"password": "{SECRET}", "x": 1}}',
        f"{{'password': '{SECRET}'}}",
        f"X-New-Token: {SECRET}",
        f"GET /setup?token={SECRET}&a=1",
        f"APP_KEY={SECRET}",
        f"Cookie: nb_auth_token_main={SECRET}",
        f"apiKey={SECRET}",
    ],
)
@pytest.mark.parametrize("style", ["text", "json"])
def test_what_looks_like_a_secret_is_hidden(text: str, style: log.Style) -> None:
    stream = io.StringIO()
    log.configure("info", style, stream=stream)
    logging.getLogger("x").info("%s", text)
    assert SECRET not in stream.getvalue()
    assert "***" in stream.getvalue()


def test_a_token_is_hidden_wherever_it_stands() -> None:
    token = "eyJhbGciOiJFZERTQSJ9.eyJ1c2VySWQiOjF9.c2lnbmF0dXJl"
    assert token not in log.Redactor()(f"saw {token} twice")


def test_known_secrets_are_hidden_everywhere_tracebacks_included() -> None:
    stream = io.StringIO()
    log.configure("info", "text", [SECRET, "short"], stream)
    try:
        raise RuntimeError(f"the server said {SECRET}")
    except RuntimeError:
        logging.getLogger("x").exception("it failed with %s", SECRET)
    assert SECRET not in stream.getvalue()
    assert "RuntimeError: the server said ***" in stream.getvalue()


def test_ordinary_text_stays() -> None:
    text = "created collection tokens with 3 fields; secretary: yes; https://example.com/a@b"
    assert log.Redactor()(text) == text


def test_text_lines_carry_request_and_application_and_stay_one_line() -> None:
    stream = io.StringIO()
    log.configure("info", "text", stream=stream)
    request, application = log.request_id.set("r1"), log.application.set("main")
    logging.getLogger("insula.x").warning("a\nb\r")
    log.request_id.reset(request)
    log.application.reset(application)
    line = stream.getvalue()
    assert line.endswith(" WARNING insula.x [main r1] a\\nb\\r\n")
    assert line.count("\n") == 1
    assert line[23] == "Z"


def test_json_lines() -> None:
    stream = io.StringIO()
    log.configure("info", "json", stream=stream)
    logging.getLogger("x").info("ä\n%d", 1)
    entry = json.loads(stream.getvalue())
    assert (entry["level"], entry["logger"], entry["message"]) == ("info", "x", "ä\n1")
    assert "requestId" not in entry


def test_the_level_counts_and_libraries_are_quiet() -> None:
    stream = io.StringIO()
    log.configure("warning", "text", stream=stream)
    logging.getLogger("x").info("no")
    log.configure("debug", "text", stream=stream)
    logging.getLogger("x").debug("yes")
    logging.getLogger("uvicorn.error").info("no")
    assert "no" not in stream.getvalue()
    assert "yes" in stream.getvalue()


HARMFUL = "\x1b[2J\x07\x7f\x9b31m\u202e\u2028\udc80\U000e0001"


@pytest.mark.parametrize("style", ["text", "json"])
def test_no_control_character_reaches_the_terminal(style: log.Style) -> None:
    stream = io.StringIO()
    log.configure("info", style, stream=stream)
    try:
        raise RuntimeError(HARMFUL)
    except RuntimeError:
        logging.getLogger("x").exception("ä %s", HARMFUL)
    written = stream.getvalue()
    assert [c for c in written if not c.isprintable() and c != "\n"] == []
    assert "ä \\u001b[2J" in written
    if style == "json":
        assert json.loads(written)["message"] == f"ä {HARMFUL}"
