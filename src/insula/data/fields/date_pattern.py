"""Patterns of dates: ``YYYY MM DD HH mm ss Q`` are parts, text in ``[…]`` and signs stand for themselves."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping

MAX_CHARACTERS = 50

_TOKEN = re.compile(r"(YYYY|MM|DD|HH|hh|mm|ss|Q|\[[^\]\[]*\])|([A-Za-z]+)|([^A-Za-z\[\]]+)")

_PARTS: Mapping[str, Callable[[dt.datetime], str]] = {
    "YYYY": lambda moment: f"{moment.year:04}",
    "MM": lambda moment: f"{moment.month:02}",
    "DD": lambda moment: f"{moment.day:02}",
    "HH": lambda moment: f"{moment.hour:02}",
    "hh": lambda moment: f"{moment.hour:02}",
    "mm": lambda moment: f"{moment.minute:02}",
    "ss": lambda moment: f"{moment.second:02}",
    "Q": lambda moment: str((moment.month + 2) // 3),
}


def tokens(pattern: str) -> list[tuple[bool, str]]:
    """(is a part, text) in order. Raises ``ValueError`` with the reason."""
    if not pattern or len(pattern) > MAX_CHARACTERS or "\x00" in pattern:
        raise ValueError(f"must have 1 to {MAX_CHARACTERS} characters")
    found: list[tuple[bool, str]] = []
    at = 0
    while at < len(pattern):
        match = _TOKEN.match(pattern, at)
        if match is None or match[2]:
            raise ValueError(f"is not understood at {pattern[at:][:20]!r}")
        if match[1] and not match[1].startswith("["):
            found.append((True, match[1]))
        else:
            found.append((False, match[3] or match[1][1:-1]))
        at = match.end()
    return found


def written(moment: dt.datetime, pattern: str) -> str:
    """The moment in the pattern. Raises as ``tokens``."""
    return "".join(_PARTS[text](moment) if part else text for part, text in tokens(pattern))
