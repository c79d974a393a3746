"""What one role may do, as it is stored, made ready to decide by."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final, get_args

from insula.application.access.collections import ROOT_ROLE
from insula.application.access.snippets import Snippets
from insula.application.access.templates import Template, parse_template
from insula.application.api.action import Permission
from insula.data.errors import DataError

PERMISSIONS: Final[tuple[str, ...]] = get_args(Permission)

_ALIASES: Final = {"importXlsx": "import", "list": "view", "get": "view"}
"""Names that clients of the protocol use for the same permission."""

OWN: Final = "own"
ALL: Final = "all"
_MAX_FIELDS: Final = 1000

Rows = Template | str | None
"""Which rows: ``None`` all, ``OWN`` those that the user created, or a filter."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One permission: on which rows, with which fields."""

    rows: Rows = None
    fields: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class RoleRules:
    """A role, read from the database. Immutable: a change makes new ones."""

    name: str
    strategy: Mapping[str, Rule] = field(default_factory=dict)
    """Permission → rule, for collections without a setting of their own."""
    resources: Mapping[str, Mapping[str, Rule]] = field(default_factory=dict)
    """Collection → permission → rule: overrides the strategy as a whole."""
    snippets: Snippets = field(default_factory=lambda: Snippets(()))

    @property
    def root(self) -> bool:
        """Everything is allowed."""
        return self.name == ROOT_ROLE


def permission_name(raw: object) -> str:
    """The permission that a client means. Raises ``ValueError`` listing all."""
    name = _ALIASES.get(raw, raw) if isinstance(raw, str) else None
    if name not in PERMISSIONS:
        raise ValueError(f"needs permissions out of {', '.join(PERMISSIONS)}")
    return str(name)


def parse_strategy(raw: object) -> dict[str, Rule]:
    """``{"actions": ["view", "update:own"]}`` → permission → rule. Raises ``ValueError``."""
    if raw is None:
        return {}
    actions = raw.get("actions") if isinstance(raw, Mapping) else None
    if isinstance(raw, Mapping) and actions is None:
        return {}
    if not isinstance(actions, list):
        raise ValueError('must be an object such as {"actions": ["view", "update:own"]}')
    rules: dict[str, Rule] = {}
    for item in actions:
        name, _, rows = item.partition(":") if isinstance(item, str) else ("", "", "")
        if rows not in ("", ALL, OWN):
            raise ValueError('needs actions such as "view" or "update:own"')
        rule = Rule(OWN if rows == OWN else None)
        known = permission_name(name)
        # Stated twice, the wider one counts.
        if known not in rules or rule.rows is None:
            rules[known] = rule
    return rules


def parse_actions(raw: object, scopes: Mapping[Any, Rows]) -> dict[str, Rule]:
    """The setting of one collection: ``[{"name", "fields", "scope"}]``. Raises ``ValueError``.

    ``scopes`` has the stored scopes by number and by key.
    """
    if raw is None:
        return {}
    if not isinstance(raw, list):
        raise ValueError('must be a list such as [{"name": "view", "fields": ["title"]}]')
    rules: dict[str, Rule] = {}
    for item in raw:
        if not isinstance(item, Mapping):
            raise ValueError("must hold objects with name, fields and scope")
        name = permission_name(item.get("name"))
        if name in rules:
            raise ValueError(f"states {name} twice")
        rules[name] = Rule(_rows(item, scopes), _fields(item.get("fields")))
    return rules


def _fields(raw: object) -> frozenset[str] | None:
    """No list, and an empty one, mean all fields, as in the protocol."""
    if not raw:
        return None
    if not isinstance(raw, list) or len(raw) > _MAX_FIELDS or not all(isinstance(item, str) for item in raw):
        raise ValueError("needs fields as a list of names")
    return frozenset(raw)


def _rows(item: Mapping[str, Any], scopes: Mapping[Any, Rows]) -> Rows:
    """A scope is given by key or number, or as an object that has one, under ``scope`` or ``scopeId``."""
    raw = item.get("scope", item.get("scopeId"))
    if raw is None:
        raw = item.get("scopeId")
    if isinstance(raw, Mapping):
        raw = raw.get("id", raw.get("key"))
        if raw is None:
            raise ValueError("needs a scope with its id or key")
    if raw is None or raw == ALL:
        return None
    if raw == OWN:
        return OWN
    if isinstance(raw, bool) or not isinstance(raw, int | str) or raw not in scopes:
        raise ValueError("needs a scope that exists")
    return scopes[raw]


def scopes_named(raw: object) -> set[Any]:
    """Keys and numbers of the scopes that the setting of one collection is limited to."""
    used = _Used()
    with suppress(ValueError):
        parse_actions(raw, used)
    return used.names


class _Used(dict[Any, Rows]):
    """Takes every scope for existing, and remembers which were asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[Any] = set()

    def __contains__(self, key: object) -> bool:
        self.names.add(key)
        return True

    def __missing__(self, key: Any) -> None:
        return None


def parse_scope(row: Mapping[str, Any], user_fields: Container[str] | None = None) -> Rows:
    """A stored scope. Raises ``ValueError`` for one that can not be understood.

    ``user_fields``: see ``parse_template``.
    """
    if row.get("key") in (ALL, OWN):
        return OWN if row["key"] == OWN else None
    try:
        return parse_template(row.get("scope"), user_fields)
    except DataError as error:
        raise ValueError(f"can not be used: {error.message.rstrip('.')}") from None


def role_rules(
    row: Mapping[str, Any], resources: Iterable[Mapping[str, Any]], scopes: Mapping[Any, Rows]
) -> tuple[RoleRules, list[str]]:
    """The rules of a stored role, and what of it was not understood (and therefore grants nothing)."""
    wrong: list[str] = []
    strategy: dict[str, Rule] = {}
    own: dict[str, Mapping[str, Rule]] = {}
    try:
        strategy = parse_strategy(row.get("strategy"))
    except ValueError as error:
        wrong.append(f"strategy {error}")
    for resource in resources:
        if not resource.get("usingActionsConfig"):
            continue
        name = str(resource["name"])
        try:
            own[name] = parse_actions(resource.get("actions"), scopes)
        except ValueError as error:
            own[name] = {}
            wrong.append(f"the setting of {name} {error}")
    patterns = row.get("snippets")
    snippets = (
        Snippets(item for item in patterns if isinstance(item, str))
        if isinstance(patterns, list)
        else Snippets(())
    )
    return RoleRules(str(row["name"]), strategy, own, snippets), wrong
