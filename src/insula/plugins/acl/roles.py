"""The actions of ``roles``. Reading them is that of all records, with the snippet."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

from insula.application.access.book import read_book
from insula.application.access.collections import ANONYMOUS_ROLE, ROLES_SNIPPET, ROOT_ROLE
from insula.application.access.errors import Fixed, InvalidAccess, NameTaken
from insula.application.access.escalation import is_low
from insula.application.access.opened import plain_values
from insula.application.access.people import EVERYTHING
from insula.application.access.rules import Rule, parse_strategy
from insula.application.access.snippets import check_snippets
from insula.application.api.action import Action, Answer, Context, Resource
from insula.application.api.bodies import as_object, record
from insula.application.api.queries import keys_of
from insula.core import ids
from insula.core.names import check_name, fold
from insula.data.errors import FilterRequired, RecordNotFound
from insula.data.filters.tree import Condition
from insula.data.query import Query
from insula.plugins.acl.built_in import NAMES
from insula.plugins.acl.openapi import PARTS, SCHEMAS
from insula.plugins.acl.prospect import check_role, check_rules_of

if TYPE_CHECKING:
    from insula.data.repository import Repository
    from insula.database.executor import Transaction

_FILLED: Final = frozenset({"createdAt", "updatedAt"})
"""Not written with a role, but passed over: clients send whole records back."""
_NAME_LENGTH: Final = 11


async def check(context: Context) -> Answer:
    """The role in force, and what it may do.

    Open to visitors, but a token that is of no use is told as such, and so is a role that one does not hold.
    """
    access, principal = context.application.access, context.principal
    if principal.kind == "anonymous":
        principal = await access.authenticate(context.request, writes=False)
    role = principal.role
    row = await context.application.repository.find_one("roles", role, scopes=EVERYTHING) or {}
    rules = access.book.rules(role)
    actions = {
        f"{name}:{permission}": _shown(rule)
        for name, setting in rules.resources.items()
        for permission, rule in setting.items()
    }
    return Answer(
        {
            "role": role,
            "strategy": row.get("strategy") or {"actions": []},
            "actions": actions,
            "resources": sorted(rules.resources),
            "snippets": list(rules.snippets.patterns),
            "allowAll": rules.root,
            "allowConfigure": bool(row.get("allowConfigure")) or rules.root,
        }
    )


async def create_role(context: Context) -> Answer:
    """A new role, with no more rights than the caller's. Without a name it gets one."""
    _, values = record(context.params, context.body, plain=False)
    given = _checked(context, as_object(values))
    given["name"] = _name(given.get("name"))
    default = _wants_default(given)
    repository = context.application.repository
    async with repository.transaction() as transaction:
        await _check_free(repository, given["name"], transaction)
        row = await repository.create("roles", given, scopes=EVERYTHING, on=transaction)
        await check_rules_of(context, (given["name"],), transaction)
        if default:
            await _make_default(context, given["name"], transaction)
            row["default"] = True
    return Answer(row)


async def update_roles(context: Context) -> Answer:
    """The changed roles."""
    params, values = record(context.params, context.body, plain=False)
    names = _addressed(context, params)
    given = _checked(context, as_object(values))
    if given.pop("name", names[0]) != names[0]:
        raise Fixed(what="The name of a role", verb="changed", reason="others refer to it")
    if ROOT_ROLE in names:
        raise Fixed(what="The role root", verb="changed", reason="it may do everything")
    default = _wants_default(given)
    if default is False and context.application.access.book.default in names:
        raise Fixed(what="The default role", verb="left", reason="new users get it; choose another instead")
    if default and len(names) != 1:
        raise InvalidAccess(field="default", reason="can be true for one role only")
    repository = context.application.repository
    async with repository.transaction() as transaction:
        rows = await repository.update("roles", given, keys=names, scopes=EVERYTHING, on=transaction)
        await check_rules_of(context, names, transaction)
        if default:
            await _make_default(context, names[0], transaction)
            rows[0]["default"] = True
    return Answer(rows)


async def destroy_roles(context: Context) -> Answer:
    """The number of roles that are gone; users lose them, and keys in them end."""
    names = _addressed(context, context.params)
    if NAMES & set(names):
        raise Fixed(what="A built-in role", verb="removed", reason="every application has it")
    if context.application.access.book.default in names:
        raise Fixed(what="The default role", verb="removed", reason="new users get it; choose another first")
    return Answer(await context.application.repository.destroy("roles", keys=names, scopes=EVERYTHING))


async def set_default_role(context: Context) -> Answer:
    """Let new users get this role."""
    params, values = record(context.params, context.body, plain=False)
    name = as_object(values).get("roleName")
    role = _addressed(context, params)[0] if name is None else str(name)
    if role not in context.application.access.book.roles:
        raise RecordNotFound(collection="roles", key=role)
    check_role(context, role)
    async with context.application.repository.transaction() as transaction:
        await _make_default(context, role, transaction)
    return Answer()


async def _make_default(context: Context, role: str, transaction: Transaction) -> None:
    """Raises ``InvalidAccess`` for a role that may, after what else the transaction changes, configure something."""
    repository = context.application.repository
    rules = (await read_book(repository, on=transaction)).rules(role)
    if role == ANONYMOUS_ROLE or not is_low(rules):
        raise InvalidAccess(what="The default role", reason="must be one that configures nothing")
    chosen, others = Condition(("name",), "$eq", role), Condition(("name",), "$ne", role)
    for values, rows in (({"default": False}, others), ({"default": True}, chosen)):
        await repository.update("roles", values, filter=rows, scopes=EVERYTHING, on=transaction)


def _wants_default(given: dict[str, Any]) -> bool | None:
    """Takes ``default`` out of the values: it is one role's at a time."""
    wanted = given.pop("default", None)
    if wanted is not None and not isinstance(wanted, bool):
        raise InvalidAccess(field="default", reason="must be true or false")
    return wanted


async def _check_free(repository: Repository, name: str, transaction: Transaction) -> None:
    """No two roles have names that differ in capital letters only. Two that are made at once wait for each other."""
    await transaction.lock("names of roles")
    every = Query(page_size=None, counting="none")
    for row in (await repository.find("roles", every, scopes=EVERYTHING, on=transaction)).rows:
        if fold(row["name"]) == fold(name):
            raise NameTaken(what="The name of a role", name=name, taken=row["name"])


def _shown(rule: Rule) -> dict[str, Any]:
    """A permission as pages read it: which fields, and whether all rows."""
    return {"fields": sorted(rule.fields or ()), "own": rule.rows == "own", "filtered": rule.rows is not None}


def _checked(context: Context, given: Mapping[str, Any]) -> dict[str, Any]:
    kept = {name: value for name, value in given.items() if name not in _FILLED}
    values = plain_values(context.application.metadata.get("roles"), kept)
    _understood("strategy", parse_strategy, values.get("strategy"))
    if values.get("snippets") is not None:
        known = context.application.registry.snippets
        values["snippets"] = list(
            _understood("snippets", lambda raw: check_snippets(raw, known), values["snippets"])
        )
    return values


def _understood(what: str, parse: Any, raw: Any) -> Any:
    try:
        return parse(raw)
    except ValueError as error:
        raise InvalidAccess(field=what, reason=str(error)) from None


def _name(raw: Any) -> str:
    if raw is None or raw == "":
        return f"r_{ids.random_id(_NAME_LENGTH)}"
    return str(_understood("The name of a role", check_name, raw))


def _addressed(context: Context, params: Mapping[str, Any]) -> list[str]:
    """The roles that are meant, none of them above the caller's."""
    keys = keys_of(context.key, params)
    if not keys:
        raise FilterRequired(action=context.action, collection="roles")
    names = [str(key) for key in keys]
    _all_exist(context, names)
    return names


def _all_exist(context: Context, names: Iterable[str]) -> None:
    for name in names:
        if name not in context.application.access.book.roles:
            raise RecordNotFound(collection="roles", key=name[:60])
        check_role(context, name)


def _manage(name: str, handler: Any, summary: str) -> Action:
    return Action(name, handler, "snippet", summary, snippet=ROLES_SNIPPET, writes=True)


ROLES_RESOURCE: Final = Resource(
    "roles",
    (
        Action("check", check, "public", "The role in force, and what it may do."),
        _manage("create", create_role, "Create a role."),
        _manage("update", update_roles, "Change roles."),
        _manage("destroy", destroy_roles, "Remove roles."),
        _manage("setDefaultRole", set_default_role, "Choose the role that new users get."),
    ),
    "Roles",
    PARTS,
    SCHEMAS,
)
