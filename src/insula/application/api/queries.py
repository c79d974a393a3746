"""Parameters → what the repository is asked: ``Query``, keys, lists of names."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from itertools import takewhile
from typing import Any, Final
from zoneinfo import ZoneInfo

import orjson

from insula.application.api.parameters import parse_query, shown
from insula.application.errors import InvalidParameter
from insula.data.filters.parse import parse_filter
from insula.data.filters.tree import All, Node
from insula.data.query import DEFAULT_PAGE_SIZE, MAX_PAGE, MAX_PAGE_SIZE, Counting, Query

MAX_KEYS: Final = 10_000
"""Records that one request may name by key."""
MAX_DIGITS: Final = 18
"""Of a number in an address: 64 bits hold all of them."""

READ_PARAMETERS: Final = frozenset(
    ["filterByTk", "filter", "fields", "appends", "except", "sort", "page", "pageSize", "paginate", "tree"]
)
WRITE_PARAMETERS: Final = frozenset(
    ["filterByTk", "filter", "whitelist", "blacklist", "updateAssociationValues", "filterKeys", "values"]
)

_LONGEST_SLIP: Final = 40
"""Characters; nobody misspells a name of at most half of them into more."""
_MEMO_ENTRIES: Final = 2048
_MEMO_LONGEST_BYTES: Final = 512
_OFFSET = re.compile(r"[+-](0\d|1[0-4]):[0-5]\d")
_NUMBER = re.compile(r"[0-9]{1,19}")
_WORDS: Final = {"true": True, "1": True, "false": False, "0": False}
_ALL: Final[Mapping[Counting, Query]] = {
    "exact": Query(rendered=True),
    "simple": Query(counting="simple", rendered=True),
    "none": Query(counting="none", rendered=True),
}


def read_query(raw: bytes, params: Mapping[str, Any], zone: str, counting: Counting) -> Query:
    """The query of a read that is answered. ``params`` is ``raw`` parsed, unless a body added to it (then ``raw`` is empty).

    ``counting`` is how the collection's pages are counted. Raises ``InvalidParameter`` and ``InvalidFilter``.
    """
    if not params:
        return _ALL[counting]
    if raw and len(raw) <= _MEMO_LONGEST_BYTES:
        return _remembered(raw, zone, counting)
    return _query(params, zone, counting)


@lru_cache(maxsize=_MEMO_ENTRIES)
def _remembered(raw: bytes, zone: str, counting: Counting) -> Query:
    # Depends on the text alone, and is immutable: applications of a process may share it.
    return _query(parse_query(raw), zone, counting)


def _query(params: Mapping[str, Any], zone: str, counting: Counting) -> Query:
    check_names(params, READ_PARAMETERS)
    size: int | None = None
    if flag(params, "paginate", default=True):
        size = _whole(params, "pageSize", DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE)
    fields = names(params, "fields")
    return Query(
        filter=parse_filter(params.get("filter"), zone=zone),
        fields=fields or None,
        appends=names(params, "appends"),
        excepts=names(params, "except"),
        sort=names(params, "sort"),
        page=_whole(params, "page", 1, MAX_PAGE),
        page_size=size,
        counting=counting,
        tree=flag(params, "tree", default=False),
        rendered=True,
    )


def narrowed(query: Query, node: Node) -> Query:
    """The same query, for those records alone that also fit ``node``."""
    return replace(query, filter=node if query.filter is None else All((node, query.filter)))


def check_names(params: Mapping[str, Any], known: frozenset[str]) -> None:
    """Raises ``InvalidParameter`` for a name that is one of the ``known`` but for a slip of the pen.

    Any other is passed over: clients of the protocol send parameters of features that are not here, and against
    caches. One that is meant and misspelt would change which records are meant.
    """
    for name in params:
        if name not in known and (meant := _meant(name, known)) is not None:
            raise InvalidParameter(parameter=shown(name), reason=f"is not known here, but {meant} is")


@lru_cache(maxsize=_MEMO_ENTRIES)
def _meant(name: str, known: frozenset[str]) -> str | None:
    """The known name that differs from ``name`` in capitals, joints, or one letter; the first in the alphabet."""
    if len(name) > _LONGEST_SLIP:
        return None
    return next((other for other in sorted(known) if _alike(_plain(name), _plain(other))), None)


def _plain(name: str) -> str:
    return name.lower().replace("_", "").replace("-", "")


def _alike(one: str, other: str) -> bool:
    """Whether one letter more, less, other or exchanged with its neighbour makes one word of the other."""
    start = _shared(one, other)
    one, other = one[start:], other[start:]
    end = _shared(one[::-1], other[::-1])
    one, other = one[: len(one) - end], other[: len(other) - end]
    return max(len(one), len(other)) <= 1 or (len(one) == 2 and one == other[::-1])


def _shared(one: str, other: str) -> int:
    """Letters that both begin with."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))


def names(params: Mapping[str, Any], name: str) -> tuple[str, ...]:
    """``a,b``, ``["a","b"]`` as JSON text, or a list. Raises ``InvalidParameter``."""
    given = params.get(name)
    if given is None or given == "":
        return ()
    if isinstance(given, str):
        items = _json(name, given) if given.startswith("[") else given.split(",")
    else:
        items = given
    if not isinstance(items, list) or not all(isinstance(item, str) for item in items):
        raise InvalidParameter(parameter=name, reason="must be a list of names, such as a,b")
    return tuple(part.strip() for item in items for part in item.split(",") if part.strip())


def flag(params: Mapping[str, Any], name: str, *, default: bool) -> bool:
    """``true`` or ``false``. Raises ``InvalidParameter``."""
    given = params.get(name)
    if given is None:
        return default
    if isinstance(given, bool):
        return given
    value = _WORDS.get(given.lower()) if isinstance(given, str) else None
    if value is None:
        raise InvalidParameter(parameter=name, reason="must be true or false")
    return value


def _whole(params: Mapping[str, Any], name: str, default: int, largest: int) -> int:
    given = params.get(name)
    if given is None or given == "":
        return default
    number = -1
    if isinstance(given, int) and not isinstance(given, bool):
        number = given
    elif isinstance(given, str) and _NUMBER.fullmatch(given):
        number = int(given)
    if not 1 <= number <= largest:
        more = "; paginate=false gives all" if name == "pageSize" else ""
        raise InvalidParameter(parameter=name, reason=f"must be a whole number from 1 to {largest}{more}")
    return number


def keys_of(key: str | None, params: Mapping[str, Any]) -> list[Any] | None:
    """The records that are addressed by key: in the path, else by ``filterByTk``; ``None`` when none is said.

    Several as JSON text, a list, or numbers with commas; composite ones as objects.
    """
    given = key if key is not None else params.get("filterByTk")
    if given is None or given == "":
        return None
    if isinstance(given, str):
        given = _key(given)
    items = given if isinstance(given, list) else [given]
    if len(items) > MAX_KEYS:
        raise InvalidParameter(parameter="filterByTk", reason=f"has more than {MAX_KEYS} keys")
    return [_one_key(item) for item in items]


def one_key(key: str | None, params: Mapping[str, Any]) -> Any:
    """The one record that is addressed, ``None`` when none is said. Raises ``InvalidParameter`` for several."""
    if key is not None and key.isalnum():
        return key
    keys = keys_of(key, params)
    if keys is None:
        return None
    if len(keys) != 1:
        raise InvalidParameter(parameter="filterByTk", reason="must name one record")
    return keys[0]


def number_of(key: Any) -> int | None:
    """A key that is a whole number, as it stands in an address; ``None`` for what can be the number of nothing."""
    text = str(key) if isinstance(key, str | int) else ""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= MAX_DIGITS else None


def _key(text: str) -> Any:
    if text[0] in "[{":
        return _json("filterByTk", text)
    if "," in text and all(part.isascii() and part.isdigit() for part in text.split(",")):
        return text.split(",")
    return text


def _one_key(item: Any) -> Any:
    if isinstance(item, bool) or not isinstance(item, str | int | float | dict):
        raise InvalidParameter(parameter="filterByTk", reason="must hold keys, or objects of fields")
    return item


def _json(name: str, text: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise InvalidParameter(
            parameter=name, reason=f"is broken JSON at position {error.pos}: {error.msg.split(':')[0]}"
        ) from None


def timezone(header: str | None, default: str) -> str:
    """The zone of ``X-Timezone`` (IANA name or ``+08:00``). Raises ``InvalidParameter``."""
    if not header:
        return default
    if not _is_zone(header):
        raise InvalidParameter(
            parameter="X-Timezone", reason="must be a zone such as Europe/Berlin or +01:00"
        )
    return header


@lru_cache(maxsize=_MEMO_ENTRIES)
def _is_zone(name: str) -> bool:
    if _OFFSET.fullmatch(name):
        return True
    try:
        ZoneInfo(name)
    except (ValueError, OSError, KeyError):  # what is no name at all, a folder, what is not there
        return False
    return True
