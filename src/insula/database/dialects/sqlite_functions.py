"""Functions that SQLite lacks and PostgreSQL has; every connection to a SQLite file is given them.

Patterns are RE2's (linear time, and the interpreter's lock is not held while matching).
"""

from __future__ import annotations

import datetime as dt
import sqlite3
import threading
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from insula.database.errors import InvalidPattern

MAX_PROGRAM_BYTES = 1 << 20
"""Memory of one compiled pattern."""
_KEPT_PATTERNS = 512
_KEPT_ZONES = 64
NAMES = frozenset({"insula_regexp", "insula_local", "regexp", "lower", "upper"})
"""``regexp`` is what the operator ``REGEXP`` calls; ``lower`` and ``upper`` replace those that know only ASCII."""


_last = threading.local()
"""Why a function failed in this thread: SQLite itself passes on only that one did."""


def take_failure() -> InvalidPattern | None:
    """Why a function failed last in this thread, told once."""
    failure: InvalidPattern | None = getattr(_last, "failure", None)
    _last.failure = None
    return failure


def register(connection: sqlite3.Connection) -> None:
    """Give a connection the functions named in ``NAMES``."""
    connection.create_function("insula_regexp", 3, regexp, deterministic=True)
    connection.create_function("insula_local", 2, local, deterministic=True)
    connection.create_function(
        "regexp", 2, lambda pattern, text: regexp(text, pattern, 0), deterministic=True
    )
    connection.create_function("lower", 1, _lower, deterministic=True)
    connection.create_function("upper", 1, _upper, deterministic=True)


def regexp(text: Any, pattern: str | None, folded: int) -> int | None:
    """Whether ``pattern`` is found anywhere in ``text``."""
    if text is None or pattern is None:
        return None
    text = text if isinstance(text, str) else str(text)
    return int(_compiled(pattern, bool(folded)).search(text) is not None)


def local(moment: str | None, zone: str) -> str | None:
    """UTC text ``2026-01-02T03:04:05.000Z`` → ``2026-01-02 03:04:05`` on the clocks of a zone.

    ``zone`` is an IANA name or an offset (``+08:00``).
    """
    if moment is None:
        return None
    try:
        return f"{dt.datetime.fromisoformat(moment).astimezone(_zone(zone)):%Y-%m-%d %H:%M:%S}".rjust(19, "0")
    except OverflowError:
        return moment[:19].replace("T", " ")


def lower(text: str) -> str:
    """Each character lowered by itself, as PostgreSQL does it."""
    return text.lower() if text.isascii() else "".join(map(str.lower, text))


def _lower(value: Any) -> Any:
    return lower(value) if isinstance(value, str) else value


def _upper(value: Any) -> Any:
    return "".join(map(str.upper, value)) if isinstance(value, str) else value


@lru_cache(maxsize=_KEPT_ZONES)
def _zone(name: str) -> dt.tzinfo:
    if name[:1] in ("+", "-"):
        return dt.datetime.fromisoformat(f"2000-01-01T00:00:00{name}").tzinfo or dt.UTC
    return ZoneInfo(name)


@lru_cache(maxsize=_KEPT_PATTERNS)
def _compiled(pattern: str, folded: bool) -> Any:
    import re2  # type: ignore[import-untyped]

    options = re2.Options()
    options.log_errors = False
    options.max_mem = MAX_PROGRAM_BYTES
    options.dot_nl = True
    options.case_sensitive = not folded
    try:
        return re2.compile(pattern, options=options)
    except re2.error as error:
        _last.failure = InvalidPattern(reason=_pattern_reason(error))
        raise _last.failure from error


def _pattern_reason(error: Exception) -> str:
    reason = error.args[0] if error.args else "it is no pattern"
    return reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)
