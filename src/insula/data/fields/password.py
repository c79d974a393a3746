"""``password``: kept as an argon2id hash, never answered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.types import TypeEngine

from insula.data.fields.base import FieldType
from insula.data.fields.checks import plain_text

if TYPE_CHECKING:
    from insula.data.collection import Field

MEMORY_KIB = 19 * 1024
TIME_COST = 2
PARALLELISM = 1
"""The least that OWASP advises for argon2id (19 MiB, two passes): about 20 ms, so that few are hashed at once."""

MAX_PASSWORD_LENGTH = 255
HASH_LENGTH = 255


def hash_password(password: str) -> str:
    """The argon2id hash of ``password`` with a random salt, in the encoded form. Takes about 20 ms."""
    from argon2 import PasswordHasher

    return PasswordHasher(time_cost=TIME_COST, memory_cost=MEMORY_KIB, parallelism=PARALLELISM).hash(password)


class HashedPassword(str):
    """A hash that was made before (of a user copied from another application); no client can send one."""

    __slots__ = ()


class Password(FieldType):
    """A secret that is kept as its argon2 hash and never answered."""

    name = "password"
    family = "other"
    hidden = True
    slow = True

    def column_type(self, field: Field) -> TypeEngine[Any]:
        return sa.String(HASH_LENGTH)

    def prepare(self, value: Any, field: Field) -> str:
        if isinstance(value, HashedPassword):
            return str(value)
        text = plain_text(value)
        if not text:
            raise ValueError("must not be empty")
        if len(text) > MAX_PASSWORD_LENGTH:
            raise ValueError(f"must not be longer than {MAX_PASSWORD_LENGTH} characters")
        return hash_password(text)

    def openapi(self, field: Field) -> dict[str, Any]:
        return {"type": "string", "format": "password", "writeOnly": True, "maxLength": MAX_PASSWORD_LENGTH}
