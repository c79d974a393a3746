"""Bringing an application's database to the version of the code: tables, migrations, first data of new plugins.

All of it is one transaction under one lock in the application's own database: several processes that start
at once do it one after the other, and what fails leaves the old state.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from insula.application.collections import CORE_COLLECTIONS
from insula.application.errors import MigrationFailed, PluginFailed
from insula.application.others import UPGRADED
from insula.application.plugin import Migration, Plugin
from insula.application.plugin_failures import needs, reason_of
from insula.application.plugin_rows import PluginRow, read_rows, write_row
from insula.application.snapshot import describe, restore
from insula.application.stored import read_stored, write_stored
from insula.application.turns import turn
from insula.application.versions import (
    achieved,
    fingerprint,
    outdated,
    provided_too,
    refuse_newer,
)
from insula.core.clock import now
from insula.core.failpoints import reach
from insula.data.changes import Change
from insula.data.collection import Collection
from insula.data.query import Query
from insula.data.schema_journal import changing_part
from insula.data.schema_sync import SchemaSync
from insula.data.scope import Unrestricted

if TYPE_CHECKING:
    from insula.application.application import Application
    from insula.application.registry import Registry
    from insula.database.executor import Transaction

_logger = logging.getLogger(__name__)

LOCK: Final = "migrations"
Lacking = Sequence[tuple[Plugin, Migration]]
"""Migrations of plugins that are installed which are not applied yet, in the order in which they are."""


async def upgrade(application: Application) -> dict[str, str]:
    """Bring tables and data up to date. Gives the optional plugins that failed, and why; they are off.

    What a required plugin raises (``MigrationFailed``, or what its tables or ``install`` raise) is passed on, and
    nothing is changed. Raises ``NewerDatabase``.
    """
    async with turn(application, LOCK) as transaction:
        stored = await read_stored(application.repository, transaction)
        rows = await read_rows(application.repository, transaction)
        plugins = wanted(application, rows)
        target = fingerprint(plugins)
        if stored is None or not outdated(stored.fingerprint, target):
            return {}  # another process has done it while this one waited
        refuse_newer(application.name, stored.fingerprint, target)
        work = _Upgrade(application, transaction, rows, dict(stored.tables))
        if not application.options.main:
            await reach("upgrade.begun")
        await work.do(plugins)
        kept = {
            "fingerprint": achieved(stored.fingerprint, target, work.failed),
            "tables": work.tables,
        }
        await write_stored(application.repository, kept, transaction)
        if not application.options.main:
            await reach("upgrade.migrated")
        if application.others is not None:
            await application.others.tell((Change(UPGRADED, "update", ()),), transaction)
    return work.failed


@dataclass(slots=True)
class _Upgrade:
    """One upgrade: the core and required plugins stand or fall together, each optional plugin for itself."""

    application: Application
    transaction: Transaction
    rows: Mapping[str, PluginRow]
    tables: dict[str, Any]
    """What the built-in tables are made from by now."""
    failed: dict[str, str] = field(default_factory=dict)

    async def do(self, plugins: list[Plugin]) -> None:
        self.application.tell("tables")
        needed = [*CORE_COLLECTIONS, *_collections(plugin for plugin in plugins if plugin.required)]
        self.tables = await _sync(self.application, self.transaction, self.tables, needed)
        lacking = await _lacking(self.application, self.transaction, plugins, self.rows)
        for plugin in plugins:
            try:
                await self._one(plugin, lacking)
            except Exception as error:  # whatever a plugin raises: it alone is off
                if plugin.required:
                    raise
                _logger.exception("the plugin %s can not be brought up to date", plugin.name)
                self.failed[plugin.name] = reason_of(error)

    async def _one(self, plugin: Plugin, lacking: Lacking) -> None:
        missing = [name for name in plugin.requires if name in self.failed]
        if missing:
            raise PluginFailed(plugin=plugin.name, reason=needs(missing))
        async with changing_part(self.transaction):
            tables = await _sync(self.application, self.transaction, self.tables, plugin.collections)
            row = self.rows.get(plugin.name) or PluginRow(enabled=True)
            await _provide(self.application, self.transaction, plugin, row, lacking)
        self.tables = tables


async def provide(application: Application, new: Iterable[Plugin]) -> None:
    """Make tables and first data of plugins that are being enabled, and bring older ones up to date.

    Raises ``PluginFailed`` when a migration fails, and what their tables or ``install`` raise; nothing is changed then.
    """
    plugins = list(new)
    async with turn(application, LOCK) as transaction:
        stored = await read_stored(application.repository, transaction)
        if stored is None:
            return
        rows = await read_rows(application.repository, transaction)
        tables = await _sync(application, transaction, stored.tables, _collections(plugins))
        lacking = await _lacking(application, transaction, plugins, rows)
        provided = {}
        for plugin in plugins:
            row = rows.get(plugin.name) or PluginRow(enabled=False)
            try:
                provided[plugin.name] = await _provide(application, transaction, plugin, row, lacking)
            except MigrationFailed as error:  # those who asked for the plugin are told why it stays off
                _logger.exception("the plugin %s can not be brought up to date", plugin.name)
                reason = error.message.removesuffix(".")
                raise PluginFailed(plugin=plugin.name, reason=reason) from error
        kept = {"fingerprint": provided_too(stored.fingerprint, plugins), "tables": tables}
        await write_stored(application.repository, kept, transaction)
    application.plugin_manager.rows.update(provided)


def wanted(application: Application, rows: Mapping[str, PluginRow]) -> list[Plugin]:
    """The plugins of an application, in order: enabled ones, required ones, and defaults that it never saw."""
    registry = application.registry
    names = {name for name, row in rows.items() if row.enabled} | registry.required
    names |= {
        name for name, plugin in registry.plugins.items() if plugin.enabled_by_default and name not in rows
    }
    return registry.in_order(names)


async def record(application: Application, transaction: Transaction, plugin: Plugin, number: int) -> None:
    """Take note that a migration was applied."""
    names = {migration.number: migration.name for migration in plugin.migrations}
    values = {"plugin": plugin.name, "number": number, "name": names[number], "appliedAt": now()}
    await application.repository.create("migrations", values, scopes=Unrestricted(), on=transaction)


async def _sync(
    application: Application,
    transaction: Transaction,
    tables: Mapping[str, Any],
    collections: Iterable[Collection],
) -> dict[str, Any]:
    """Add tables, columns and indexes that the code has and the database lacks. Gives what there is then.

    What the code no longer has stays: migrations drop it when they have moved its data.
    """
    sync = SchemaSync(transaction.dialect)
    new: list[Collection] = []
    described = dict(tables)
    for collection in collections:
        target = application.metadata.find(collection.name) or collection
        if collection.name not in tables:
            new.append(collection)
        elif tables[collection.name] != describe((collection,))[collection.name]:
            before, after = _before_and_after(target, tables[collection.name])
            await sync.change(transaction, before, after)
        described |= describe((collection,))
    if new:
        await sync.create_all(transaction, new)
    return described


def _before_and_after(collection: Collection, described: Mapping[str, Any]) -> tuple[Collection, Collection]:
    """Both states of a table, each with all of its columns: also those that people made, and dropped ones."""
    old = restore(collection.name, described)
    made = {name: item for name, item in collection.fields.items() if item.stored and not item.builtin}
    dropped = {name: item for name, item in old.fields.items() if name not in collection.fields}
    return (
        Collection(old.name, {**old.fields, **made}, options=old.options),
        Collection(old.name, {**collection.fields, **dropped}, options=collection.options),
    )


def built_in(registry: Registry, plugins: Iterable[Plugin]) -> list[Collection]:
    """All built-in collections of these plugins, in the order in which they can be made."""
    names = frozenset(plugin.name for plugin in plugins)
    return [*CORE_COLLECTIONS, *registry.collections(names)]


def _collections(plugins: Iterable[Plugin]) -> list[Collection]:
    return [collection for plugin in plugins for collection in plugin.collections]


async def _provide(
    application: Application, transaction: Transaction, plugin: Plugin, row: PluginRow, lacking: Lacking
) -> PluginRow:
    """First data for a plugin that is new here, else the migrations that it lacks. Gives the row as it is then."""
    if not row.installed:
        application.tell(f"first data: {plugin.name}")
        await plugin.install(application, transaction, None)
        for migration in plugin.migrations:
            await record(application, transaction, plugin, migration.number)
    else:
        for at, (owner, migration) in enumerate(lacking):
            if owner is plugin:
                application.tell(f"migration {at + 1} of {len(lacking)}: {plugin.name}", at / len(lacking))
                await _migrate(application, transaction, plugin, migration)
    row = replace(row, installed=True, version=plugin.version)
    await write_row(application.repository, plugin.name, row, transaction)
    return row


async def _migrate(
    application: Application, transaction: Transaction, plugin: Plugin, migration: Migration
) -> None:
    try:
        await migration.apply(transaction, SchemaSync(transaction.dialect))
    except Exception as error:  # whatever it raises, which migration it was is said
        raise MigrationFailed(
            plugin=plugin.name, number=migration.number, name=migration.name, cause=reason_of(error)
        ) from error
    await record(application, transaction, plugin, migration.number)


async def _lacking(
    application: Application,
    transaction: Transaction,
    plugins: Iterable[Plugin],
    rows: Mapping[str, PluginRow],
) -> Lacking:
    query = Query(fields=("plugin", "number"), page_size=None, counting="none")
    page = await application.repository.find("migrations", query, scopes=Unrestricted(), on=transaction)
    applied = {(row["plugin"], row["number"]) for row in page.rows}
    return [
        (plugin, migration)
        for plugin in plugins
        if plugin.name in rows and rows[plugin.name].installed
        for migration in sorted(plugin.migrations, key=lambda migration: migration.number)
        if (plugin.name, migration.number) not in applied
    ]
