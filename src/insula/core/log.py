"""The log: standard logging, text for people or one JSON object a line, never with a secret in it.

Each line carries the request id and the application of the request it was written for; both travel in
context variables, so that a module logs with nothing but ``logging.getLogger(__name__)``.
"""

import json
import logging
import re
import sys
import time
from collections.abc import Iterable
from contextvars import ContextVar
from typing import Any, Literal, TextIO

Style = Literal["text", "json"]

request_id: ContextVar[str] = ContextVar("request_id", default="")
"""The id of the request that is being answered, as in ``X-Request-Id``."""
application: ContextVar[str] = ContextVar("application", default="")
"""The application that the request is for."""

HIDDEN = "***"
SHORTEST_SECRET = 6
"""Secrets shorter than this are not searched for as text: they would blot out ordinary words."""

_QUIET = ("httpx", "httpcore", "asyncio")
"""Loggers of libraries that speak below WARNING of what is none of the operator's business."""

_SILENT = ("uvicorn.error", "uvicorn.access")
"""Loggers of what strangers send that is no HTTP, and of failures that we have logged ourselves."""

_PATTERNS: tuple[tuple[re.Pattern[str], str], ...] = (
    # scheme://user:password@host, in database and Redis addresses
    (re.compile(r"([a-z][a-z0-9+.-]*://[^\s:/@]*):[^\s/]+@", re.IGNORECASE), rf"\1:{HIDDEN}@"),
    (re.compile(r"\b(bearer|basic)\s+[a-z0-9._~+/=-]{6,}", re.IGNORECASE), rf"\1 {HIDDEN}"),
    # a JSON Web Token, wherever it stands
    (re.compile(r"\beyJ[\w-]{5,}\.[\w-]{5,}\.[\w-]*"), HIDDEN),
    # password=…, "token": "…", X-New-Token: …, and names that end so (DB_PASSWORD)
    (
        re.compile(
            r"""((?:password|passwd|secret|token|api_?key|app_key|authorization|cookie)["']?\s*[:=]\s*)"""
            r"""("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[^\s,;&"'}\])]+)""",
            re.IGNORECASE,
        ),
        rf"\1{HIDDEN}",
    ),
)


class Redactor:
    """Takes secrets out of text: those it was told of, and what looks like one."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        known = sorted({s for s in secrets if len(s) >= SHORTEST_SECRET}, key=len, reverse=True)
        self._known = re.compile("|".join(re.escape(secret) for secret in known)) if known else None

    def __call__(self, text: str) -> str:
        """The same text with ``***`` where secrets stood."""
        if self._known is not None:
            text = self._known.sub(HIDDEN, text)
        for pattern, replacement in _PATTERNS:
            text = pattern.sub(replacement, text)
        return text


def printable(text: str) -> str:
    """The text with an escape for each character that would do something to a terminal, or to the line itself."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else json.dumps(c)[1:-1] for c in text)


class _Formatter(logging.Formatter):
    """Common to both styles: time in UTC with milliseconds, and the redactor over everything."""

    def __init__(self, redact: Redactor) -> None:
        super().__init__()
        self.converter = time.gmtime
        self._redact = redact

    def moment(self, record: logging.LogRecord) -> str:
        return f"{self.formatTime(record, '%Y-%m-%dT%H:%M:%S')}.{int(record.msecs):03d}Z"

    def cause(self, record: logging.LogRecord) -> str:
        """The traceback, redacted, or nothing; of its control characters only line ends stay."""
        if not record.exc_info:
            return ""
        return "\n".join(map(printable, self._redact(self.formatException(record.exc_info)).split("\n")))


class TextFormatter(_Formatter):
    """``2026-01-02T03:04:05.678Z INFO  insula.server [main 3f2a…] message``."""

    def format(self, record: logging.LogRecord) -> str:
        about = " ".join(part for part in (application.get(), request_id.get()) if part)
        where = f"{record.name} [{about}]" if about else record.name
        # One line per entry, so that a line break in a value can not pass for an entry of its own.
        message = printable(self._redact(record.getMessage()))
        line = f"{self.moment(record)} {record.levelname:<7} {where} {message}"
        cause = self.cause(record)
        return f"{line}\n{cause}" if cause else line


class JsonFormatter(_Formatter):
    """One JSON object a line: ``time level logger message``, and where known ``application requestId error``."""

    def format(self, record: logging.LogRecord) -> str:
        entry: dict[str, Any] = {
            "time": self.moment(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": self._redact(record.getMessage()),
        }
        if name := application.get():
            entry["application"] = name
        if identifier := request_id.get():
            entry["requestId"] = identifier
        if cause := self.cause(record):
            entry["error"] = cause
        return printable(json.dumps(entry, ensure_ascii=False))


def configure(
    level: str, style: Style, secrets: Iterable[str] = (), stream: TextIO | None = None
) -> logging.Handler:
    """Send all logging of the process to one stream (standard error unless told).

    ``level`` is a name of the standard library in any case; ``secrets`` are values that must never appear.
    """
    handler = logging.StreamHandler(stream or sys.stderr)
    redact = Redactor(secrets)
    handler.setFormatter(JsonFormatter(redact) if style == "json" else TextFormatter(redact))
    root = logging.getLogger()
    for old in list(root.handlers):
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(level.upper())
    for name in _QUIET:
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))
    for name in _SILENT:
        logging.getLogger(name).setLevel(logging.CRITICAL)
    return handler
