"""A filter as the client wrote it (JSON text, or decoded objects) → the tree.

Keys that begin with ``$`` are operators or logic, also behind the name of a field and a dot (``qty.$gt``); others are fields,
relations, or parts of JSON, with dots or nested objects between them::

    {"qty": 5, "author": {"name": {"$includes": "x"}}, "$or": [{"a.b": 1}, {"c": {"$empty": true}}]}

Several keys in one object all have to hold; an empty object or list is no condition. Keys that share a relation in one object speak of one and the
same related record.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import orjson

from insula.data.errors import InvalidFilter
from insula.data.filters.operators import OPERATORS
from insula.data.filters.tree import All, Condition, Node, Not, Some, Within

MAX_DEPTH = 50
"""Objects and lists inside one another."""
MAX_CONDITIONS = 500
"""Conditions in one filter: SQLite refuses expressions deeper than 1,000, and ``$in`` takes long lists."""
MAX_TEXT_CHARACTERS = 1_000_000
"""A filter as JSON text."""
MAX_PATH_PARTS = 20
"""Parts of one dotted path."""
_EXCERPT_CHARACTERS = 20
_SHOWN_CHARACTERS = 60


def parse_filter(raw: object, *, zone: str = "UTC") -> Node | None:
    """``None``, ``""``, ``{}`` and ``[]`` are no filter. ``zone`` is where dates without a zone are.

    Raises ``InvalidFilter``, for broken JSON with line and column.
    """
    if raw is None:
        return None
    if isinstance(raw, str | bytes):
        raw = _decode(raw)
    nodes = tuple(_Parser(zone).all_of(raw, None, 0))
    if not nodes:
        return None
    return nodes[0] if len(nodes) == 1 else All(nodes)


def _decode(text: str | bytes) -> object:
    if not text.strip():
        return None
    if len(text) > MAX_TEXT_CHARACTERS:
        raise InvalidFilter(reason=f"it is longer than {MAX_TEXT_CHARACTERS} characters")
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        near = error.doc[max(0, error.pos - 1) : error.pos + _EXCERPT_CHARACTERS]
        raise InvalidFilter(
            reason=f"broken JSON at line {error.lineno}, column {error.colno} "
            f"(position {error.pos}): {error.msg.split(':')[0]}, near {near!r}"
        ) from None


class _Parser:
    """One filter being parsed: counts conditions.

    Nodes under a field are made relative to it (an empty path is the field itself), then lifted one level.
    """

    def __init__(self, zone: str) -> None:
        self.zone = zone
        self.conditions = 0

    def all_of(self, raw: object, name: str | None, depth: int) -> Iterator[Node]:
        """The nodes that all have to hold: of an object's keys, or of a list's items.

        ``name`` is the field that operators among the keys speak of.
        """
        if depth > MAX_DEPTH:
            raise InvalidFilter(reason=f"it is nested more than {MAX_DEPTH} levels deep")
        if isinstance(raw, Mapping):
            yield from self.of_object(raw, name, depth)
        elif isinstance(raw, list | tuple):
            for item in raw:
                yield from self.all_of(item, name, depth + 1)
        elif raw is not None:
            raise InvalidFilter(reason=f"an object was expected in place of {shown(raw)}")

    def of_object(self, raw: Mapping[Any, object], name: str | None, depth: int) -> Iterator[Node]:
        groups: dict[str, list[Node]] = {}
        for key, value in raw.items():
            if not isinstance(key, str):
                raise InvalidFilter(reason=f"a name was expected in place of {shown(key)}")
            if not key.startswith("$"):
                first, *rest = _path(key)
                groups.setdefault(first, []).extend(self.field(rest, first, value, depth + 1))
            elif key in _LOGIC and (name is None or key != "$not" or _is_filter(value)):
                yield from self.logic(key, value, name, depth + 1)
            else:
                yield self.operator(key, value, name)
        for first, nodes in groups.items():
            yield from _lift(first, nodes)

    def field(self, path: list[str], name: str, value: object, depth: int) -> Iterator[Node]:
        """The nodes under the key ``name`` and the rest of its dotted ``path``, relative to ``name``."""
        if path and path[0].startswith("$"):
            yield from self.all_of({".".join(path): value}, name, depth)
        elif path:
            yield from _lift(path[0], list(self.field(path[1:], path[0], value, depth + 1)))
        elif isinstance(value, Mapping):
            yield from self.all_of(value, name, depth)
        else:
            yield self.condition("$eq", value)

    def logic(self, key: str, value: object, name: str | None, depth: int) -> Iterator[Node]:
        """At most one node. What is empty is no condition, also among the branches of ``$or``."""
        if key == "$not":
            nodes = tuple(self.all_of(value, name, depth))
            yield from (Not(_all(nodes)),) if nodes else ()
            return
        if isinstance(value, Mapping):
            value = [{part: item} for part, item in value.items()]
        if not isinstance(value, list | tuple):
            raise InvalidFilter(reason=f"{key} takes a list of filters, not {shown(value)}")
        found = (tuple(self.all_of(item, name, depth)) for item in value)
        branches = tuple(_all(nodes) for nodes in found if nodes)
        if branches:
            yield All(branches) if key == "$and" else Some(branches)

    def operator(self, operator: str, value: object, name: str | None) -> Condition:
        if operator not in OPERATORS:
            raise InvalidFilter(reason=f"there is no operator {shown(operator)}")
        if name is None:
            raise InvalidFilter(reason=f"the operator {operator} stands where a field was expected")
        return self.condition(operator, value)

    def condition(self, operator: str, value: object) -> Condition:
        self.conditions += 1
        if self.conditions > MAX_CONDITIONS:
            raise InvalidFilter(
                reason=f"it has more than {MAX_CONDITIONS} conditions; $in takes a long list of values"
            )
        return Condition((), operator, value, self.zone)


_LOGIC = frozenset(("$and", "$or", "$not"))


def _all(nodes: tuple[Node, ...]) -> Node:
    return nodes[0] if len(nodes) == 1 else All(nodes)


def _path(key: str) -> list[str]:
    parts = key.split(".")
    if "" in parts:
        raise InvalidFilter(reason=f"the name {shown(key)} has an empty part")
    if len(parts) > MAX_PATH_PARTS:
        raise InvalidFilter(reason=f"the path {shown(key)} has more than {MAX_PATH_PARTS} parts")
    return parts


def _is_filter(value: object) -> bool:
    """``$not`` under a field negates a filter when it holds one; else it is the operator IS NOT."""
    if isinstance(value, list | tuple):
        return bool(value) and all(isinstance(item, Mapping) for item in value)
    return isinstance(value, Mapping)


def _speaks_of_itself(node: Node) -> bool:
    """Whether some condition is on the field itself and not on what lies behind it."""
    if isinstance(node, Condition):
        return not node.path
    if isinstance(node, All | Some):
        return any(_speaks_of_itself(part) for part in node.nodes)
    return isinstance(node, Not) and _speaks_of_itself(node.node)


def _lift(name: str, nodes: Sequence[Node]) -> Iterator[Node]:
    """Nodes relative to the field ``name`` → relative to what has it.

    What lies behind the field is gathered, so that it is asked of one and the same related record.
    """
    behind: list[Node] = []
    for node in nodes:
        if not _speaks_of_itself(node):
            behind.append(node)
        elif isinstance(node, Condition):
            yield replace(node, path=(name,))
        elif isinstance(node, All):
            yield All(tuple(_lift(name, node.nodes)))
        elif isinstance(node, Some):
            yield Some(tuple(_all(tuple(_lift(name, (part,)))) for part in node.nodes))
        elif isinstance(node, Not):
            yield Not(_all(tuple(_lift(name, (node.node,)))))
    if len(behind) == 1 and isinstance(behind[0], Condition):
        yield replace(behind[0], path=(name, *behind[0].path))
    elif behind:
        yield Within(name, _all(tuple(behind)))


def shown(value: object) -> str:
    """A value as it appears in a message: short."""
    text = repr(value)
    return text if len(text) <= _SHOWN_CHARACTERS else text[:_SHOWN_CHARACTERS] + "…"
