"""Small conversions that executors of all dialects share."""

import hashlib
import itertools
from collections.abc import Sequence
from typing import Any

from sqlalchemy.types import TypeEngine

from insula.database.dialects.base import Dialect
from insula.database.errors import ValueOutOfRange
from insula.database.statement import BAD_VALUE

_generations = itertools.count(1)


def schema_mark() -> str:
    """A comment that no statement carried before: appended to each after a change of schema, so that the
    driver prepares it anew instead of using what it prepared for the old schema."""
    return f" /*{next(_generations)}*/"


def lock_key(schema: str | None, name: str) -> int:
    """The 64-bit key (signed) of an advisory lock, the same in every process."""
    digest = hashlib.blake2b(f"{schema or ''}\0{name}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)


def encode_rows(
    dialect: Dialect, columns: Sequence[str], types: Sequence[TypeEngine[Any]], rows: Sequence[Sequence[Any]]
) -> Sequence[Sequence[Any]]:
    """Python values → driver values, by column. Raises ValueOutOfRange naming the column."""
    found = [type_._cached_bind_processor(dialect.sqlalchemy) for type_ in types]
    encoders = [(index, encode) for index, encode in enumerate(found) if encode is not None]
    if not encoders:
        return rows
    encoded = [list(row) for row in rows]
    for index, encode in encoders:
        try:
            for row in encoded:
                row[index] = encode(row[index])
        except BAD_VALUE as error:
            raise ValueOutOfRange(reason=f'a value of "{columns[index]}" is of a wrong type') from error
    return encoded
