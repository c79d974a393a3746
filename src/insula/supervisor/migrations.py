"""The migrations of the supervisor's tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from insula.application.plugin import Migration
from insula.supervisor.collections import APPLICATIONS
from insula.supervisor.entry import NOTHING

if TYPE_CHECKING:
    from insula.data.schema_sync import SchemaSync
    from insula.database.executor import Transaction

Shorten = Callable[[str, Mapping[str, Any]], Mapping[str, Any]]
"""Application and ``options.database`` as it was kept → as it is kept today."""


def migrations(shorten: Shorten) -> tuple[Migration, ...]:
    """All of them, in order."""

    async def short_addresses(transaction: Transaction, sync: SchemaSync) -> None:
        """Earlier versions kept whole paths, and copies of what is main's own: user and password among them.

        Environments elsewhere know other folders: what runs there is left as it is.
        """
        table = APPLICATIONS.table
        for row in await transaction.run(table.select()):
            options = row["options"] or NOTHING
            before = options.get("database") or NOTHING
            after = dict(shorten(row["name"], before))
            if row["environments"] or after == before:
                continue
            changes: dict[str, Any] = {"options": {**options, "database": after}}
            if "username" in before and "username" not in after:
                changes["credentials"] = ""  # holds nothing but the password of that user
            await transaction.run(table.update().where(table.c.name == row["name"]).values(**changes))

    return (
        Migration(1, "addresses are kept short", short_addresses),
        Migration(2, "environments are kept", _nothing),
        Migration(3, "roles enter applications", _nothing),
    )


async def _nothing(transaction: Transaction, sync: SchemaSync) -> None:
    """The table was made before; the number says that there is one."""
