"""Method and path → what is to be done, from one table.

``/<resource>:<action>[/<key>]`` and ``/<collection>/<key>/<relation>:<action>[/<key>]``; where no action is
said, the method says it (REST).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from insula.application.api.action import Action, Resource
from insula.application.api.associations import ASSOCIATION_ACTIONS, LINK_ACTIONS
from insula.application.api.parameters import shown
from insula.application.api.records import RECORD_ACTIONS
from insula.application.errors import (
    MethodNotAllowed,
    Misstated,
    NotAnAddress,
    PluginOff,
    UnknownAction,
    UnknownResource,
)
from insula.data.catalog import Catalog

if TYPE_CHECKING:
    from insula.application.plugin import Plugin

READ_METHODS: Final = frozenset(("GET", "HEAD", "POST"))
WRITE_METHODS: Final = frozenset(("POST", "PUT", "PATCH", "DELETE"))

_REST: Final = {"POST": "create", "PUT": "update", "PATCH": "update", "DELETE": "destroy"}
_REST_TO_MANY: Final = {"POST": "add", "PUT": "set", "PATCH": "set", "DELETE": "remove"}


@dataclass(slots=True)
class Route:
    """What a request addresses."""

    action: Action
    resource: str
    """The resource, or the collection whose records it is about (through a relation, its target)."""
    subject: str
    """The resource or collection that the right to do it is asked of."""
    key: str | None = None
    parent: tuple[str, str] | None = None
    relation: str | None = None


class ActionTable:
    """All actions that a set of plugins offers. Immutable, shared by applications with the same set."""

    def __init__(self, resources: Iterable[Resource], plugins: Iterable[Plugin]) -> None:
        self.resources: dict[str, Resource] = {}
        self.actions: dict[tuple[str, str], Action] = {}
        self.records: dict[str, Action] = {action.name: action for action in RECORD_ACTIONS}
        self.related: dict[str, Action] = {action.name: action for action in ASSOCIATION_ACTIONS}
        self.links: dict[str, Action] = {action.name: action for action in LINK_ACTIONS}
        stated: dict[str, str] = {}
        for resource in resources:
            self._add(stated, resource, "application")
        for plugin in plugins:
            for resource in plugin.resources:
                self._add(stated, resource, plugin.name)
            for action in plugin.record_actions:
                _once(stated, "The action of records", f":{action.name}", plugin.name)
                self.records[action.name] = action

    def _add(self, stated: dict[str, str], resource: Resource, plugin: str) -> None:
        _once(stated, "The resource", resource.name, plugin)
        self.resources[resource.name] = resource
        for action in resource.actions:
            self.actions[resource.name, action.name] = action

    def route(self, method: str, path: str, catalog: Catalog, failed: Mapping[str, str]) -> Route:
        """Raises ``NotAnAddress``, ``UnknownResource``, ``UnknownAction``, ``MethodNotAllowed``, ``PluginOff``.

        ``failed``: resources and collections of plugins that are off, with the plugin.
        """
        head, _, rest = path[1:].rstrip("/").partition("/")
        resource, colon, name = head.partition(":")
        if not resource:
            raise NotAnAddress(path=shown(path))
        if failed and resource in failed:
            raise PluginOff(plugin=failed[resource])
        if not colon:
            return self._rest(method, path, resource, rest, catalog)
        action = self.actions.get((resource, name)) or self._record_action(resource, name, catalog)
        _check_method(action, method, resource)
        return Route(action, resource, resource, rest or None)

    def _record_action(self, resource: str, name: str, catalog: Catalog) -> Action:
        collection = catalog.find(resource)
        if collection is None or collection.internal:
            if resource in self.resources:
                raise UnknownAction(resource=resource, action=shown(name))
            raise UnknownResource(resource=shown(resource))
        try:
            return self.records[name]
        except KeyError:
            raise UnknownAction(resource=resource, action=shown(name)) from None

    def _rest(self, method: str, path: str, resource: str, rest: str, catalog: Catalog) -> Route:
        """A path whose first part names no action: bare REST, or through a relation."""
        parts = rest.split("/") if rest else []
        if len(parts) < 2:
            key = parts[0] if parts else None
            name = _REST.get(method) or ("list" if key is None else "get")
            action = self.actions.get((resource, name)) or self._record_action(resource, name, catalog)
            _check_method(action, method, resource)
            return Route(action, resource, resource, key)
        relation, colon, name = parts[1].partition(":")
        key = "/".join(parts[2:]) or None
        nested = f"{resource}.{relation}"
        if nested in self.resources:
            name = name if colon else _REST.get(method) or ("list" if key is None else "get")
            found = self.actions.get((nested, name))
            if found is None:
                raise UnknownAction(resource=nested, action=shown(name))
            _check_method(found, method, nested)
            return Route(found, nested, nested, key, (resource, parts[0]), relation)
        through = _Through(resource, parts[0], relation, name if colon else None, key)
        return self._through(method, through, catalog)

    def _through(self, method: str, through: _Through, catalog: Catalog) -> Route:
        collection = catalog.find(through.collection)
        if collection is None or collection.internal:
            raise UnknownResource(resource=shown(through.collection))
        field = collection.relations.get(through.relation)
        nested = f"{through.collection}.{shown(through.relation)}"
        if field is None or field.relation is None:
            raise UnknownResource(resource=nested)
        target = catalog.find(field.relation.target)
        if target is None or target.internal:
            raise UnknownResource(resource=nested)
        name = through.action or _rest_action(method, through.key, field.relation.to_many)
        parent = (through.collection, through.parent)
        link = self.links.get(name)
        action = link or self.related.get(name)
        if action is None:
            raise UnknownAction(resource=nested, action=shown(name))
        _check_method(action, method, nested)
        subject = through.collection if link is not None else target.name
        return Route(action, target.name, subject, through.key, parent, through.relation)


@dataclass(slots=True)
class _Through:
    """``/<collection>/<parent>/<relation>[:<action>][/<key>]``."""

    collection: str
    parent: str
    relation: str
    action: str | None
    key: str | None


def _rest_action(method: str, key: str | None, to_many: bool) -> str:
    if method in ("GET", "HEAD"):
        return "list" if to_many and key is None else "get"
    if to_many and (key is None or method in ("POST", "DELETE")):
        return _REST_TO_MANY.get(method, "list")
    return _REST.get(method, "get")


def _check_method(action: Action, method: str, resource: str) -> None:
    allowed = WRITE_METHODS if action.writes else READ_METHODS
    if method not in allowed:
        raise MethodNotAllowed(
            resource=resource,
            action=action.name,
            method=shown(method),
            allowed="POST" if action.writes else "GET, HEAD, POST",
        )


def _once(stated: dict[str, str], what: str, name: str, plugin: str) -> None:
    """Raises ``Misstated`` when another plugin has stated the same."""
    first = stated.setdefault(name, plugin)
    if first != plugin:
        raise Misstated(what=what, name=name, first=first, second=plugin)
