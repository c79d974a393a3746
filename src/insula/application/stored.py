"""What an application knows of itself, in the table ``insula``: owner, secrets, fingerprint, tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from insula.data.query import Query
from insula.data.scope import Unrestricted
from insula.database.errors import TableMissing

if TYPE_CHECKING:
    from insula.data.repository import Repository
    from insula.database.executor import Executor, Transaction

_EVERYTHING = Query(page_size=None, counting="none")


@dataclass(slots=True)
class Stored:
    """The rows of ``insula``. All empty: the database holds no application."""

    owner: dict[str, str] = field(default_factory=dict)
    """``application`` (its name) and ``id`` (made at install, never changed)."""
    secrets: dict[str, str] = field(default_factory=dict)
    """``dataKey`` (wrapped with APP_KEY) and ``signingKey`` (sealed with the data key)."""
    fingerprint: dict[str, Any] = field(default_factory=dict)
    """Versions of core and plugins that made the tables."""
    tables: dict[str, Any] = field(default_factory=dict)
    """What the built-in tables were made from."""


async def read_stored(repository: Repository, on: Transaction | None = None) -> Stored | None:
    """``None`` where there is no such table."""
    try:
        if on is None:
            return await _read(repository, None)
        async with on.savepoint():
            return await _read(repository, on)
    except TableMissing:
        return None


async def _read(repository: Repository, on: Executor | None) -> Stored:
    page = await repository.find("insula", _EVERYTHING, scopes=Unrestricted(), on=on)
    values = {row["key"]: row["value"] for row in page.rows}
    return Stored(**{name: values.get(name) or {} for name in Stored.__slots__})


async def write_stored(repository: Repository, values: Mapping[str, Any], on: Transaction) -> None:
    """Keep these keys."""
    for key, value in values.items():
        await repository.update_or_create(
            "insula", ("key",), {"key": key, "value": value}, scopes=Unrestricted(), on=on
        )


async def write_first(repository: Repository, values: Mapping[str, Any], on: Transaction) -> None:
    """Keep these keys, where nothing was kept yet."""
    rows = list(values.items())
    await repository.bulk_insert("insula", rows, ("key", "value"), scopes=Unrestricted(), on=on)
