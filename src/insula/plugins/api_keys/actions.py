"""The actions of the resource ``apiKeys``: everyone's own keys, and no others."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any, Final

from insula.application.access.collections import API_KEYS_SNIPPET, SESSION_ID_LENGTH
from insula.application.access.errors import InvalidAccess, NeedsSession, RoleNotHeld
from insula.application.access.opened import opened
from insula.application.access.people import EVERYTHING
from insula.application.access.policy import DAY_S
from insula.application.access.tokens import Claims
from insula.application.api.action import Action, Answer, Context, Resource, Stream
from insula.application.api.bodies import as_object, record
from insula.application.api.parameters import shown
from insula.application.api.queries import keys_of
from insula.application.api.records import list_records
from insula.core import ids
from insula.data.errors import FilterRequired
from insula.data.filters.tree import Condition
from insula.data.scope import Scope
from insula.plugins.api_keys.openapi import PARTS, SCHEMAS

_SHOWN: Final = frozenset({"id", "name", "userId", "roleName", "expiresAt", "createdAt"})
_DAYS: Final = re.compile(r"([1-9][0-9]{0,4})d")


async def create_key(context: Context) -> Answer:
    """A new key in one of the caller's roles. Its token is answered here and never again."""
    user = _person(context)
    _, values = record(context.params, context.body, plain=False)
    given = as_object(values)
    raw = given.get("role", given.get("roleName", context.principal.role))
    role = raw.get("name") if isinstance(raw, dict) else raw
    if role not in context.principal.roles:
        raise RoleNotHeld(role=shown(str(role)))
    access = context.application.access
    now = access.clock.now()
    expires = _expiry(given.get("expiresIn", "30d"), now)
    jti = ids.random_id(SESSION_ID_LENGTH)
    row = await context.application.repository.create(
        "apiKeys",
        {
            "name": given.get("name"),
            "userId": user,
            "roleName": role,
            "jti": jti,
            "expiresAt": None if expires is None else dt.datetime.fromtimestamp(expires, dt.UTC),
        },
        scopes=EVERYTHING,
    )
    subject = context.principal.user.get("sub")
    claims = Claims(
        user, jti, int(now), expires, role=role, subject=None if subject is None else str(subject)
    )
    token = access.tokens.mint(claims)
    return Answer({**{name: row[name] for name in _SHOWN}, "token": token})


async def list_keys(context: Context) -> Answer | Stream:
    """The caller's keys, without their tokens."""
    mine = Condition(("userId",), "$eq", _person(context))
    return await list_records(opened(context, "apiKeys", Scope(mine, _SHOWN)))


async def destroy_keys(context: Context) -> Answer:
    """The number of keys that are refused from now on."""
    keys = keys_of(context.key, context.params)
    if not keys:
        raise FilterRequired(action="destroy", collection="apiKeys")
    mine = Condition(("userId",), "$eq", _person(context))
    gone = await context.application.repository.destroy("apiKeys", keys=keys, filter=mine, scopes=EVERYTHING)
    return Answer(gone)


def _person(context: Context) -> int:
    """A key makes no keys: it would outlive its own end."""
    principal = context.principal
    if principal.kind != "user" or principal.user_id is None:
        raise NeedsSession(found="an API key" if principal.kind == "key" else "the local administrator")
    return principal.user_id


def _expiry(raw: Any, now: float) -> int | None:
    if raw == "never":
        return None
    days = _DAYS.fullmatch(raw) if isinstance(raw, str) else None
    if days is None:
        raise InvalidAccess(field="expiresIn", reason='must be days such as "30d", or "never"')
    return int(now) + int(days[1]) * DAY_S


def _action(name: str, handler: Any, summary: str, *, writes: bool = False) -> Action:
    return Action(name, handler, "snippet", summary, snippet=API_KEYS_SNIPPET, writes=writes)


API_KEYS_RESOURCE: Final = Resource(
    "apiKeys",
    (
        _action("create", create_key, "Create an API key.", writes=True),
        _action("list", list_keys, "List one's own API keys."),
        _action("destroy", destroy_keys, "End API keys.", writes=True),
    ),
    "API keys",
    PARTS,
    SCHEMAS,
)
