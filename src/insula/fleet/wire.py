"""What the roles tell one another, as JSON: for what leaves the process."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any, TypeVar

import msgspec

from insula.fleet.errors import Unintelligible

T = TypeVar("T")


def _plain(value: Any) -> Any:
    if isinstance(value, MappingProxyType):
        return dict(value)
    raise TypeError(f"{type(value).__name__} can not be told to another process")


_encoder = msgspec.json.Encoder(enc_hook=_plain)


def to_json(value: Any) -> bytes:
    """A dataclass of the fleet, or plain values. Raises ``TypeError`` for what JSON has no word for."""
    return _encoder.encode(value)


def from_json(kind: type[T], text: bytes) -> T:
    """The same again. Raises ``Unintelligible`` for what is not such a one: another version may have written it."""
    try:
        return msgspec.json.decode(text, type=kind)
    except (msgspec.DecodeError, ValueError) as error:
        raise Unintelligible(what=kind.__name__, reason=str(error)) from None
