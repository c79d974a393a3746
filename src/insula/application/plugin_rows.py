"""The table ``plugins``: which plugins an application has, and how they are set."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from insula.data.query import Query
from insula.data.scope import Unrestricted

if TYPE_CHECKING:
    from insula.data.repository import Repository
    from insula.database.executor import Executor, Transaction

_EVERYTHING = Query(page_size=None, counting="none")


@dataclass(frozen=True, slots=True)
class PluginRow:
    """What an application keeps of a plugin: a value, so that memory never runs ahead of the table."""

    enabled: bool = False
    installed: bool = False
    version: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)


async def read_rows(repository: Repository, on: Executor | None = None) -> dict[str, PluginRow]:
    """The table ``plugins``."""
    page = await repository.find("plugins", _EVERYTHING, scopes=Unrestricted(), on=on)
    return {
        row["name"]: PluginRow(
            bool(row["enabled"]), bool(row["installed"]), row["version"] or "", row["settings"] or {}
        )
        for row in page.rows
    }


async def write_row(repository: Repository, name: str, row: PluginRow, on: Transaction) -> None:
    """Keep a plugin's row."""
    await repository.update_or_create("plugins", ("name",), _record(name, row), scopes=Unrestricted(), on=on)


async def write_new_rows(repository: Repository, rows: Mapping[str, PluginRow], on: Transaction) -> None:
    """Keep the rows of plugins that have none, by their names."""
    columns = ("name", "enabled", "installed", "version", "settings")
    values = [tuple(map(_record(name, row).get, columns)) for name, row in rows.items()]
    await repository.bulk_insert("plugins", values, columns, scopes=Unrestricted(), on=on)


def _record(name: str, row: PluginRow) -> dict[str, Any]:
    return {
        "name": name,
        "enabled": row.enabled,
        "installed": row.installed,
        "version": row.version,
        "settings": row.settings,
    }
