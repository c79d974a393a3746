"""Users as access needs them: with their roles, and with the hash that nobody else reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from insula.application.access.naming import normalised
from insula.core import ids
from insula.core.names import fold
from insula.data.fields.password import HashedPassword
from insula.data.filters.tree import Condition, Some
from insula.data.hidden import hidden_value
from insula.data.query import Query
from insula.data.scope import Scopes, Unrestricted

if TYPE_CHECKING:
    from insula.application.options import RootUser
    from insula.data.repository import Repository
    from insula.database.executor import Executor, Transaction

EVERYTHING: Final = Unrestricted()
"""The scopes of access itself."""


def where(field: str, value: Any) -> Query:
    """All records whose ``field`` is ``value``."""
    return Query(filter=Condition((field,), "$eq", value), page_size=None, counting="none")


async def user_by_account(
    repository: Repository, account: str, fields: Sequence[str], on: Executor | None = None
) -> dict[str, Any] | None:
    """The user who signs in with ``account``, kept in one of ``fields``; an e-mail address wins over a name."""
    folded = fold(account)
    # Also as it is written: names were not always kept in small letters.
    named = Some(tuple(Condition((name,), "$in", [folded, account]) for name in fields))
    query = Query(filter=named, page_size=None, counting="none")
    rows = (await repository.find("users", query, scopes=EVERYTHING, on=on)).rows
    return min(
        rows, key=lambda row: (row.get("email") != folded, row.get("username") != account), default=None
    )


async def roles_of(repository: Repository, user_id: int, on: Executor | None = None) -> tuple[str, ...]:
    """Names of the roles that a user holds, the default one first."""
    rows = (await repository.find("rolesUsers", where("userId", user_id), scopes=EVERYTHING, on=on)).rows
    rows.sort(key=lambda row: (not row.get("default"), row["roleName"]))
    return tuple(str(row["roleName"]) for row in rows)


async def password_hash(repository: Repository, user_id: int) -> str | None:
    """The hash of a user's password; ``None`` for users without one. Not readable as a record by anyone."""
    users = repository.catalog.get("users")
    hashed: str | None = await hidden_value(repository.database, users, "password", user_id)
    return hashed


async def keep_hash(repository: Repository, user_id: int, hashed: str) -> None:
    """Replace the hash by one under today's parameters."""
    values = {"password": HashedPassword(hashed)}
    await repository.update("users", values, keys=(user_id,), scopes=EVERYTHING)


async def add_user(
    repository: Repository,
    transaction: Transaction,
    values: Mapping[str, Any],
    roles: Sequence[str],
    scopes: Scopes = EVERYTHING,
) -> dict[str, Any]:
    """A new user in these roles, of which the first is in force where a request names none."""
    filled = {"sub": ids.subject(), **normalised(values)}
    user = await repository.create("users", filled, scopes=scopes, on=transaction)
    links = [{"userId": user["id"], "roleName": role, "default": role == roles[0]} for role in roles]
    if links:
        await repository.create_many("rolesUsers", links, scopes=EVERYTHING, on=transaction)
    return user


async def create_root(repository: Repository, transaction: Transaction, root: RootUser, role: str) -> int:
    """The first user of a new application, in ``role``; gives the number of the user."""
    values: dict[str, Any] = {
        "email": root.email,
        "username": root.username,
        "nickname": root.nickname or root.username or root.email,
    }
    if root.subject is not None:
        values["sub"] = root.subject
    if root.password_hash is not None:
        values["password"] = HashedPassword(root.password_hash)
    elif root.password is not None:
        values["password"] = root.password
    return int((await add_user(repository, transaction, values, (role,)))["id"])
