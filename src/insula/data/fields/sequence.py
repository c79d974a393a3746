"""``sequence``: text that numbers records, made for each new one of parts: ``INV-2026-00042``.

A part is ``{"type": …, "options": {…}}``:

===========  ========================================================================================
``string``   ``value``: the text
``date``     ``format``: as ``YYYYMMDD``
``integer``  ``start`` (1), ``digits`` (filled with zeros from the left; a longer number stays whole),
             ``cycle``: when it starts anew (``day week month year``, or the cron text of one), ``key``: its counter
===========  ========================================================================================

Dates and cycles are those of ``timezone`` (an IANA name; UTC where none is given).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal
from zoneinfo import ZoneInfo

from insula.core.ids import random_id
from insula.data.fields.checks import boolean_option, plain_text, whole_option
from insula.data.fields.date_pattern import tokens, written
from insula.data.fields.string import MAX_LENGTH, String

if TYPE_CHECKING:
    from insula.data.collection import Field

MAX_PARTS = 20
MAX_DIGITS = 18
MAX_START = 10**15
KEY_LENGTH = 8

_PERIODS: Final[Mapping[str, str]] = {"day": "%Y-%m-%d", "week": "%G-%V", "month": "%Y-%m", "year": "%Y"}
"""Cycle → how its periods are written, each as one text."""
_SETTINGS: Final = frozenset(("value", "format", "start", "digits", "cycle", "key"))
"""What the options of a part may say."""
_CRON: Final[Mapping[str, str]] = {
    "0 0 * * *": "day",
    "0 0 * * 1": "week",
    "0 0 1 * *": "month",
    "0 0 1 1 *": "year",
}


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a pattern, checked."""

    kind: Literal["string", "date", "integer"]
    text: str = ""
    """The text itself, or the pattern of the date."""
    key: str = ""
    """Of the counter of an integer."""
    digits: int = 1
    start: int = 1
    cycle: str = ""

    def period(self, moment: dt.datetime) -> str:
        """The period of its cycle that the moment lies in; empty for a number that never starts anew."""
        return f"{moment:{_PERIODS[self.cycle]}}" if self.cycle else ""


class SequenceNumber(String):
    """Numbered by ``insula.data.computing``, from counters that are taken in the transaction of the record."""

    name = "sequence"
    widens_to = frozenset({"string", "text"})
    computed = True

    def accepts(self, field: Field) -> bool:
        """Only with ``inputable`` may a client number a record."""
        return field.options.get("inputable") is True

    def parts(self, field: Field) -> tuple[Part, ...]:
        return tuple(_part(pattern) for pattern in field.options["patterns"])

    def local(self, moment: dt.datetime, field: Field) -> dt.datetime:
        """The moment on the clocks of the field's zone."""
        return moment.astimezone(ZoneInfo(field.options.get("timezone") or "UTC"))

    def compose(self, field: Field, moment: dt.datetime, numbers: Mapping[str, int]) -> str:
        """The text of a record made at a (local) moment; ``numbers`` are those of the parts' counters."""
        pieces = []
        for part in self.parts(field):
            if part.kind == "integer":
                pieces.append(f"{numbers[part.key]:0{part.digits}}")
            else:
                pieces.append(part.text if part.kind == "string" else written(moment, part.text))
        return "".join(pieces)

    def check_options(self, options: Mapping[str, Any]) -> dict[str, Any]:
        boolean_option(options, "inputable")
        _check_zone(options.get("timezone"))
        patterns = options.get("patterns")
        if not isinstance(patterns, Sequence) or isinstance(patterns, str) or not patterns:
            raise ValueError("needs a list of parts for patterns")
        if len(patterns) > MAX_PARTS:
            raise ValueError(f"needs at most {MAX_PARTS} parts in patterns")
        checked = [_checked(pattern) for pattern in patterns]
        keys = [part["options"]["key"] for part in checked if part["type"] == "integer"]
        if len(set(keys)) != len(keys):
            raise ValueError("needs different keys for the integers in patterns")
        return {**super().check_options(options), "patterns": checked}

    def refuse_change(self, old: Mapping[str, Any], new: Mapping[str, Any]) -> str | None:
        return super().refuse_change(old, new) if "patterns" in old else None

    def openapi(self, field: Field) -> dict[str, Any]:
        return {**super().openapi(field), "readOnly": not self.accepts(field)}


def _part(pattern: Mapping[str, Any]) -> Part:
    settings = pattern["options"]
    match pattern["type"]:
        case "string":
            return Part("string", settings["value"])
        case "date":
            return Part("date", settings["format"])
    return Part(
        "integer",
        key=settings["key"],
        digits=settings["digits"],
        start=settings["start"],
        cycle=settings["cycle"],
    )


def _checked(pattern: Any) -> dict[str, Any]:
    """A part with all its settings."""
    settings = pattern.get("options") or {} if isinstance(pattern, Mapping) else None
    if not isinstance(pattern, Mapping) or not isinstance(settings, Mapping):
        raise ValueError("needs objects with type and options in patterns")
    if outside := [name for name in pattern if name in _SETTINGS]:
        raise ValueError(f"needs {', '.join(outside)} inside the options of a part in patterns")
    kind = pattern.get("type")
    if kind == "string":
        if len(plain_text(settings.get("value", ""))) > MAX_LENGTH:
            raise ValueError(f"needs at most {MAX_LENGTH} characters for a text in patterns")
        return {"type": kind, "options": {"value": settings.get("value", "")}}
    if kind == "date":
        form = plain_text(settings.get("format") or "YYYYMMDD")
        try:
            tokens(form)
        except ValueError as error:
            raise ValueError(f"has a format in patterns that {error}") from None
        return {"type": kind, "options": {"format": form}}
    if kind != "integer":
        raise ValueError("needs one of string, date, integer for the type of a part in patterns")
    start = whole_option(settings, "start", (0, MAX_START))
    return {
        "type": kind,
        "options": {
            "key": _counter_key(settings.get("key")),
            "digits": whole_option(settings, "digits", (1, MAX_DIGITS)) or 1,
            "start": 1 if start is None else start,
            "cycle": _cycle(settings.get("cycle")),
        },
    }


def _counter_key(key: Any) -> str:
    if key is None:
        return random_id(KEY_LENGTH)
    if isinstance(key, bool) or not isinstance(key, str | int) or not 0 < len(str(key)) <= 50:
        raise ValueError("needs 1 to 50 characters for the key of an integer in patterns")
    return plain_text(str(key))


def _cycle(cycle: Any) -> str:
    if cycle in (None, "", False):
        return ""
    found = _CRON.get(cycle, cycle) if isinstance(cycle, str) else None
    if found not in _PERIODS:
        words = ", ".join([*_PERIODS, *(f'"{cron}"' for cron in _CRON)])
        raise ValueError(f"needs one of {words} for cycle in patterns")
    return str(found)


def _check_zone(zone: Any) -> None:
    if zone is None:
        return
    try:
        ZoneInfo(plain_text(zone))
    except (ValueError, OSError, KeyError):  # what is no name at all, a folder, what is not there
        raise ValueError("needs the name of a time zone, such as Europe/Berlin, for timezone") from None
