"""The query string → nested parameters.

``a=1`` is text, ``a=1&a=2`` and ``a[]=1`` are lists, ``a[b][$gt]=1`` are objects, ``a[0][b]=1`` is a list of
objects. Leaves stay text: what a value has to be is known to whoever reads it.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Final
from urllib.parse import unquote_to_bytes

from insula.application.errors import InvalidParameter

MAX_PARAMETERS: Final = 5_000
MAX_NESTING: Final = 50
MAX_SHOWN_CHARACTERS: Final = 60
MAX_INDEX_DIGITS: Final = 9
_MEMO_ENTRIES: Final = 2048
_MEMO_LONGEST_BYTES: Final = 512
"""Clients ask the same things again and again: short query strings that were understood are remembered.
What is remembered depends on the text alone, so applications of a process may share it."""

_NONE: Mapping[str, Any] = MappingProxyType({})


def parse_query(raw: bytes) -> Mapping[str, Any]:
    """The parameters. Not to be changed by the receiver. Raises ``InvalidParameter``."""
    if not raw:
        return _NONE
    if len(raw) <= _MEMO_LONGEST_BYTES:
        return _remembered(raw)
    return _parse(raw)


@lru_cache(maxsize=_MEMO_ENTRIES)
def _remembered(raw: bytes) -> Mapping[str, Any]:
    return _parse(raw)


def _parse(raw: bytes) -> Mapping[str, Any]:
    pairs = raw.split(b"&")
    if len(pairs) > MAX_PARAMETERS:
        raise InvalidParameter(
            parameter="…", reason=f"is one of {len(pairs)}; at most {MAX_PARAMETERS} are read"
        )
    tree: dict[str, Any] = {}
    for pair in pairs:
        if pair:
            name, _, value = pair.partition(b"=")
            key = _decoded(name, shown(name.decode("latin-1")))
            _put(tree, key, _decoded(value, key))
    return MappingProxyType({name: _with_lists(value, name) for name, value in tree.items()})


def _decoded(raw: bytes, parameter: str) -> str:
    try:
        text = unquote_to_bytes(raw.replace(b"+", b" ")).decode()
    except UnicodeDecodeError:
        raise InvalidParameter(parameter=shown(parameter), reason="is not UTF-8") from None
    if "\0" in text:
        raise InvalidParameter(parameter=shown(parameter), reason="contains a NUL character") from None
    return text


def _path(key: str) -> list[str]:
    """``a[b][]`` → ``["a", "b", ""]``."""
    name, bracket, rest = key.partition("[")
    if not bracket:
        return [name]
    if not name or not rest.endswith("]"):
        raise InvalidParameter(parameter=shown(key), reason="has brackets that do not match")
    path = [name, *rest[:-1].split("][")]
    if len(path) > MAX_NESTING:
        raise InvalidParameter(parameter=shown(key), reason=f"is nested more than {MAX_NESTING} levels deep")
    if any("[" in part or "]" in part for part in path):
        raise InvalidParameter(parameter=shown(key), reason="has brackets that do not match")
    return path


def _put(tree: dict[str, Any], key: str, value: str) -> None:
    """Put a leaf at its place. Lists are gathered as objects whose keys are numbers."""
    path = _path(key)
    node = tree
    for part in path[:-1]:
        inner = node.setdefault(part or str(len(node)), {})
        if not isinstance(inner, dict):
            raise _contradiction(key)
        node = inner
    last = path[-1] or (str(len(node)) if len(path) > 1 else "")
    if last not in node:
        node[last] = value
    elif isinstance(node[last], list):
        node[last].append(value)
    elif isinstance(node[last], str):
        node[last] = [node[last], value]
    else:
        raise _contradiction(key)


def _contradiction(key: str) -> InvalidParameter:
    return InvalidParameter(parameter=shown(key), reason="is given both as a value and as an object")


def _with_lists(node: Any, name: str) -> Any:
    """Objects whose keys are all numbers → lists in that order."""
    if not isinstance(node, dict):
        return node
    items = {key: _with_lists(value, name) for key, value in node.items()}
    if all(key.isascii() and key.isdigit() for key in items):
        if any(len(key) > MAX_INDEX_DIGITS for key in items):
            raise InvalidParameter(
                parameter=shown(name), reason=f"has an index of more than {MAX_INDEX_DIGITS} digits"
            )
        return [items[key] for key in sorted(items, key=int)]
    return items


def shown(text: str) -> str:
    """Text of a client as it may stand in a message: short, and printable."""
    safe = "".join(character if character.isprintable() else "\ufffd" for character in text)
    return safe if len(safe) <= MAX_SHOWN_CHARACTERS else safe[:MAX_SHOWN_CHARACTERS] + "…"
