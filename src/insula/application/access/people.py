"""Users as access needs them: with their roles, and with the hash that nobody else reads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from insula.core import ids
from insula.data.fields.password import HashedPassword
from insula.data.filters.tree import Condition
from insula.data.query import Query
from insula.data.scope import Unrestricted
from insula.database.statement import Statement

if TYPE_CHECKING:
    from insula.application.options import RootUser
    from insula.data.repository import Repository
    from insula.database.executor import Transaction

EVERYTHING: Final = Unrestricted()
"""The scopes of access itself."""


def where(field: str, value: Any) -> Query:
    """All records whose ``field`` is ``value``."""
    return Query(filter=Condition((field,), "$eq", value), page_size=None, counting="none")


async def user_by(repository: Repository, field: str, value: Any) -> dict[str, Any] | None:
    """The user with this e-mail address, name or subject."""
    rows = (await repository.find("users", where(field, value), scopes=EVERYTHING)).rows
    return rows[0] if rows else None


async def roles_of(repository: Repository, user_id: int) -> tuple[str, ...]:
    """Names of the roles that a user holds, the default one first."""
    rows = (await repository.find("rolesUsers", where("userId", user_id), scopes=EVERYTHING)).rows
    rows.sort(key=lambda row: (not row.get("default"), row["roleName"]))
    return tuple(str(row["roleName"]) for row in rows)


def _hash_statement(placeholder: str) -> Statement:
    parts = ('SELECT "password" FROM ', f'"users" WHERE "id" = {placeholder}')
    return Statement(parts, ("id",), {}, {}, (), returns_rows=True, writes=False)


_HASH_ON: Final[Mapping[str, Statement]] = {
    "sqlite": _hash_statement("?"),
    "postgres": _hash_statement("$1"),
}


async def password_hash(repository: Repository, user_id: int) -> str | None:
    """The hash of a user's password; ``None`` for users without one. Not readable as a record by anyone."""
    database = repository.database
    rows = await database.fetch(_HASH_ON[database.dialect.name], {"id": user_id})
    return rows[0]["password"] if rows else None


async def keep_hash(repository: Repository, user_id: int, hashed: str) -> None:
    """Replace the hash by one under today's parameters."""
    values = {"password": HashedPassword(hashed)}
    await repository.update("users", values, keys=(user_id,), scopes=EVERYTHING)


async def create_root(repository: Repository, transaction: Transaction, root: RootUser, role: str) -> int:
    """The first user of a new application, in ``role``; gives the number of the user."""
    values: dict[str, Any] = {
        "email": None if root.email is None else root.email.lower(),
        "username": root.username,
        "nickname": root.nickname or root.username or root.email,
        "sub": root.subject or ids.subject(),
    }
    if root.password_hash is not None:
        values["password"] = HashedPassword(root.password_hash)
    elif root.password is not None:
        values["password"] = root.password
    user = await repository.create("users", values, scopes=EVERYTHING, on=transaction)
    await repository.create(
        "rolesUsers",
        {"userId": user["id"], "roleName": role, "default": True},
        scopes=EVERYTHING,
        on=transaction,
    )
    return int(user["id"])
