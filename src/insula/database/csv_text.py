"""Cells of the CSV text that ``Transaction.copy_csv`` takes: what is not quoted and empty is NULL."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

_SPECIAL = (",", '"', "\n", "\r", "\\.")
"""What has to be in quotes; a lone ``\\.`` would be taken for the end of the data."""

_ENDS_OF_TIME: dict[object, str] = {
    dt.date.min: "-infinity",
    dt.date.max: "infinity",
    dt.datetime(1, 1, 1): "-infinity",  # noqa: DTZ001 - a column without zone
    dt.datetime(1, 1, 1, tzinfo=dt.UTC): "-infinity",
}
"""As the driver sends these: what is written one way is looked for the other way."""


def quoted(text: str) -> str:
    """Text as a cell in quotes, which is never NULL."""
    return '"' + text.replace('"', '""') + '"'


def cell(value: Any) -> str:
    """A driver's value as a cell that the database reads back to it; nothing for ``None``."""
    if value is None:
        return ""
    if isinstance(value, dt.date | dt.time):
        return _ENDS_OF_TIME.get(value) or value.isoformat()
    return quoted(value) if isinstance(value, str) else str(value)


def cells(texts: Sequence[str]) -> Sequence[str]:
    """A column of texts as cells; empty texts are NULL. A column without special characters stays as it is."""
    joined = "".join(texts)
    if not any(map(joined.__contains__, _SPECIAL)):
        return texts
    if '"' in joined:
        texts = [text.replace('"', '""') for text in texts]
    return [text and f'"{text}"' for text in texts]
