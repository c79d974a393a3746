"""Filters with variables: checked when a scope is saved, bound for each request.

Variables stand alone in a value: ``{{ $user.id }}``, ``{{ $user.<field> }}``, ``{{ $nRole }}``,
``{{ $nDate.now }}``, ``{{ $nDate.today }}`` … A filter whose variable has no value lets nothing through: with a
null in its place, ``ownerId = {{ $user.id }}`` would show a visitor the records that nobody owns.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from insula.application.access.principal import Principal
from insula.core import clock
from insula.data.filters.parse import parse_filter
from insula.data.filters.tree import All, Condition, Node, Not, Some, Within

_VARIABLE = re.compile(r"\s*\{\{\s*([$A-Za-z_][\w$.-]*)\s*\}\}\s*")
_USER_PREFIXES: Final = ("$user.", "ctx.state.currentUser.", "currentUser.")
_ROLE_NAMES: Final = frozenset({"$nRole", "ctx.state.currentRole", "currentRole"})
_DATE_PREFIXES: Final = ("$nDate.", "$date.")

NOTHING: Final = Some(())
"""The filter that no record passes."""


def _day(shift: int) -> Callable[[dt.datetime], str]:
    return lambda now: (now + dt.timedelta(days=shift)).strftime("%Y-%m-%d")


_DATES: Final[Mapping[str, Callable[[dt.datetime], Any]]] = {
    "now": lambda now: now.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
    "today": _day(0),
    "yesterday": _day(-1),
    "tomorrow": _day(1),
    "thisMonth": lambda now: now.strftime("%Y-%m"),
    "thisYear": lambda now: now.strftime("%Y"),
}
"""Moments and periods in UTC, as the date operators read them (``$dateOn``, ``$dateBefore`` …)."""


@dataclass(frozen=True, slots=True)
class Template:
    """A filter, parsed once, and whether it has variables at all."""

    node: Node
    variable: bool

    def bind(self, principal: Principal) -> Node:
        """The filter for one who asks."""
        if not self.variable:
            return self.node
        try:
            return _bound(self.node, principal)
        except _NoValueError:
            return NOTHING


def parse_template(raw: object, user_fields: Container[str] | None = None) -> Template | None:
    """A stored filter; ``None`` when it is empty. Raises ``InvalidFilter``, ``ValueError`` for unknown variables.

    ``user_fields`` are those of users that a variable may name; ``None`` leaves them to the time of use.
    """
    node = parse_filter(raw)
    if node is None:
        return None
    names = _variables(node)
    for name in names:
        _check(name, user_fields)
    return Template(node, bool(names))


class _NoValueError(Exception):
    """A variable has no value for the one who asks."""


def variable(value: object) -> str | None:
    """The name of the variable that ``value`` is, ``None`` when it is plain."""
    found = _VARIABLE.fullmatch(value) if isinstance(value, str) else None
    return found[1] if found else None


def has_variable(value: object) -> bool:
    """Whether the value of a condition is, or holds, a variable."""
    return bool(_variables_of(value))


def _variables(node: Node) -> set[str]:
    """Raises ``ValueError`` for a variable that does not stand alone."""
    if isinstance(node, Condition):
        return _variables_of(node.value)
    if isinstance(node, All | Some):
        return set().union(*(_variables(part) for part in node.nodes))
    return _variables(node.node) if isinstance(node, Not | Within) else set()


def _variables_of(value: object) -> set[str]:
    if isinstance(value, list | tuple):
        return set().union(*(_variables_of(item) for item in value))
    if isinstance(value, Mapping):
        return set().union(*(_variables_of(item) for item in value.values()))
    name = variable(value)
    if name is not None:
        return {name}
    if isinstance(value, str) and "{{" in value and "}}" in value:
        raise ValueError("has a variable inside other text; it must stand alone")
    return set()


def _check(name: str, user_fields: Container[str] | None) -> None:
    """Raises ``ValueError`` for a variable that there is not."""
    if name in _ROLE_NAMES or any(name == prefix + date for prefix in _DATE_PREFIXES for date in _DATES):
        return
    for prefix in _USER_PREFIXES:
        last = name.removeprefix(prefix)
        if last != name and "." not in last and (user_fields is None or last in user_fields):
            return
    raise ValueError(f"has the unknown variable {name[:60]}")


def _bound(node: Node, principal: Principal) -> Node:
    if isinstance(node, Condition):
        return replace(node, value=_value(node.value, principal))
    if isinstance(node, All):
        return All(tuple(_bound(part, principal) for part in node.nodes))
    if isinstance(node, Some):
        return Some(tuple(_bound(part, principal) for part in node.nodes))
    if isinstance(node, Not):
        return Not(_bound(node.node, principal))
    if isinstance(node, Within):
        return Within(node.name, _bound(node.node, principal))
    return node


def _value(value: Any, principal: Principal) -> Any:
    if isinstance(value, list | tuple):
        return [_value(item, principal) for item in value]
    if isinstance(value, Mapping):
        return {key: _value(item, principal) for key, item in value.items()}
    name = variable(value)
    if name is None:
        return value
    if name in _ROLE_NAMES:
        return principal.role
    prefix, _, last = name.rpartition(".")
    if prefix + "." in _DATE_PREFIXES:
        return _DATES[last](clock.now())
    found = principal.user.get(last)
    if found is None:
        raise _NoValueError
    return found
