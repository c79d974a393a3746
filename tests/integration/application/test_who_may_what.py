"""Every action of every resource, for every built-in role: a new action fails here until it has a row."""

from collections.abc import AsyncIterator

import pytest

from insula.application.access.errors import AccessError
from insula.application.access.principal import ANONYMOUS, Principal
from insula.application.application import Application
from insula.application.registry import Registry
from insula.testing.applications import MakeApplication

_EVERYONE = "root admin member anonymous"
_PEOPLE = "root admin member"
_MANAGERS = "root admin"

TABLE = {
    "app": {"getInfo getLang": _EVERYONE},
    "auth": {"signIn signUp": _EVERYONE, "check signOut changePassword": _PEOPLE},
    "pm": {"listEnabled": _EVERYONE, "list get enable disable update": _MANAGERS},
    "jobs": {"list get retry cancel undo": _PEOPLE},
    "roles": {"check": _EVERYONE, "create update destroy setDefaultRole": _MANAGERS},
    "roles.resources": {"list get create update destroy": _MANAGERS},
    "roles.users": {"list set add remove": _MANAGERS},
    "rolesResourcesScopes": {"list get create update destroy": _MANAGERS},
    "availableActions": {"list": _PEOPLE},
    "users": {"create update destroy": _MANAGERS, "updateProfile setDefaultRole": _PEOPLE},
    "users.roles": {"list set add remove": _MANAGERS},
    "apiKeys": {"create list destroy": _MANAGERS},
    "systemSettings": {"get": _EVERYONE, "update put": _MANAGERS},
    "collections": {"list listMeta get": _PEOPLE, "create update destroy move setFields": _MANAGERS},
    "collections.fields": {"list get": _PEOPLE, "create update destroy move": _MANAGERS},
    "fields": {"list get": _PEOPLE, "update destroy": _MANAGERS},
    "swagger": {"get": _MANAGERS},
    "imports": {"preview create": _MANAGERS},
}


@pytest.fixture
async def house(make: MakeApplication) -> AsyncIterator[Application]:
    made = make(*Registry.discover().plugins.values())
    await made.install()
    await made.start()
    yield made
    await made.stop()


def _principal(role: str) -> Principal:
    return ANONYMOUS if role == "anonymous" else Principal("user", 1, role, (role,))


async def test_every_action_has_a_row_and_keeps_to_it(house: Application) -> None:
    expected = {
        f"{resource}:{action}": set(roles.split())
        for resource, rows in TABLE.items()
        for actions, roles in rows.items()
        for action in actions.split()
    }
    found: dict[str, set[str]] = {}
    for (resource, name), action in house.plugin_manager.table.actions.items():
        allowed = found.setdefault(f"{resource}:{name}", set())
        for role in _EVERYONE.split():
            try:
                house.access.authorize(_principal(role), resource, action)
            except AccessError:
                continue
            allowed.add(role)
    assert " ".join(sorted(found.keys() ^ expected.keys())) == ""
    assert {name: roles for name, roles in found.items() if roles != expected[name]} == {}


async def test_records_of_built_in_collections_are_closed(house: Application) -> None:
    for collection in house.metadata:
        for name, action in house.plugin_manager.table.records.items():
            for role in ("member", "anonymous"):
                with pytest.raises(AccessError):
                    house.access.authorize(_principal(role), collection.name, action)
                assert name
