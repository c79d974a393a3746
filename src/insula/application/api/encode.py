"""Python values → JSON bytes, as the HTTP protocol wants them.

Moments are ``2026-01-02T03:04:05.000Z``, decimals are text, whole numbers beyond what JavaScript holds exactly
are text. orjson does the work; only what it refuses comes back here.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any, Final

import msgspec
import orjson

LARGEST_SAFE_INTEGER: Final = 2**53 - 1
"""The largest whole number that JavaScript holds exactly."""
BATCH_ROWS: Final = 250
"""Rows encoded at one go: about a millisecond, in which nobody else is answered."""

_OPTIONS: Final = orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_STRICT_INTEGER
_LENIENT: Final = orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_NON_STR_KEYS


def encode(value: Any) -> bytes:
    """Any value that a handler may answer with."""
    try:
        return orjson.dumps(value, _plain, _OPTIONS)
    except TypeError:
        # An integer beyond 53 bits, a lone surrogate, a key that is no text: rare, so converted by hand.
        return orjson.dumps(_safe(value), _plain, _LENIENT)


async def encode_list(rows: Sequence[Any], meta: Mapping[str, Any] | None) -> AsyncIterator[bytes]:
    """A list that is too long to encode at one go, in pieces."""
    opening = b'{"data":['
    for part in _parts(rows):
        yield opening + encode(part)[1:-1]
        opening = b","
        await asyncio.sleep(0)
    if not rows:
        yield opening
    yield b"]}" if meta is None else b'],"meta":' + encode(meta) + b"}"


def are_many(rows: Sequence[Any]) -> bool:
    """Whether the rows, with the records inside them, are too many to encode at one go."""
    if len(rows) > BATCH_ROWS:
        return True
    size = 0
    for row in rows:
        size += _size(row)
        if size > BATCH_ROWS:
            return True
    return False


def _parts(rows: Sequence[Any]) -> Iterator[Sequence[Any]]:
    """The rows in parts of about ``BATCH_ROWS``, the records inside them counted; at least one row in each."""
    start = size = 0
    for index, row in enumerate(rows):
        size += (own := _size(row))
        if size > BATCH_ROWS and index > start:
            yield rows[start:index]
            start, size = index, own
    if rows:
        yield rows[start:]


def _size(record: Any) -> int:
    """About how many records a record is, with those inside it: of a list all are taken to be like the first."""
    if type(record) is not dict:
        return 1
    size = 1
    for value in record.values():
        if type(value) is list and value:
            size += len(value) * _size(value[0])
        elif type(value) is dict:
            size += _size(value)
    return size


async def encode_batches(batches: AsyncIterator[list[dict[str, Any]]]) -> AsyncIterator[bytes]:
    """``{"data": […]}`` from rows that come in batches, in pieces."""
    opening = b'{"data":['
    async for batch in batches:
        for part in _parts(batch):
            yield opening + encode(part)[1:-1]
            opening = b","
            # Rows that the driver has already read would else come without a turn for anyone else.
            await asyncio.sleep(0)
    yield b'{"data":[]}' if opening != b"," else b"]}"


def _plain(value: Any) -> Any:
    """What orjson does not know, or knows otherwise than the protocol."""
    if value.__class__ is datetime and value.tzinfo is UTC:
        # Most values that come here: twice as fast as by isoformat.
        text = orjson.dumps(value)
        return orjson.Fragment((text[:24] if value.microsecond else text[:20] + b".000") + b'Z"')
    if isinstance(value, datetime):
        return moment(value)
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, set | frozenset):
        return sorted(value)
    if isinstance(value, msgspec.Struct):
        return msgspec.to_builtins(value)
    raise TypeError(f"no JSON for {type(value).__name__}")


def moment(value: datetime) -> str:
    """``2026-01-02T03:04:05.000Z``; without a zone ``2026-01-02 03:04:05``."""
    if value.tzinfo is UTC:
        return value.isoformat(timespec="milliseconds")[:-6] + "Z"
    if value.tzinfo is None:
        return value.isoformat(" ", "milliseconds" if value.microsecond else "seconds")
    return moment(value.astimezone(UTC))


def _safe(value: Any) -> Any:
    if isinstance(value, bool):
        return value
    if isinstance(value, int):
        return value if -LARGEST_SAFE_INTEGER <= value <= LARGEST_SAFE_INTEGER else str(value)
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, Mapping):
        return {_safe(key): _safe(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_safe(item) for item in value]
    return value
