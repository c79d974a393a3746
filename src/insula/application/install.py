"""Making an application in an empty database: tables, secrets, stamp, first data, all or nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from uuid import uuid4

from insula.application.errors import AlreadyInstalled, OwnedByAnother, UnknownPlugin
from insula.application.migrations import STATEMENT_TIMEOUT_S, built_in, record
from insula.application.plugin import Plugin
from insula.application.plugin_manager import PluginRow, write_row
from insula.application.snapshot import describe
from insula.application.stored import Stored, read_stored, write_stored
from insula.application.versions import fingerprint
from insula.data.schema_sync import SchemaSync

if TYPE_CHECKING:
    from insula.application.application import Application
    from insula.application.options import RootUser
    from insula.database.executor import Transaction

LOCK: Final = "install"


def first_plugins(application: Application) -> list[Plugin]:
    """The plugins of a new application. Raises ``UnknownPlugin`` for one that the options name in vain."""
    registry = application.registry
    for name in application.options.extra_plugins:
        if name not in registry.plugins:
            raise UnknownPlugin(plugin=name[:100])
    names = {name for name, plugin in registry.plugins.items() if plugin.enabled_by_default}
    return registry.in_order(registry.with_required({*names, *application.options.extra_plugins}))


async def install(application: Application, root: RootUser | None) -> None:
    """Raises ``AlreadyInstalled`` and ``OwnedByAnother`` when the database is not empty of applications."""
    plugins = first_plugins(application)
    async with application.database.transaction(statement_timeout_s=STATEMENT_TIMEOUT_S) as transaction:
        await transaction.lock(LOCK)
        await _refuse_installed(application, transaction)
        collections = built_in(application, plugins)
        await SchemaSync(transaction.dialect).create_all(transaction, collections)
        identifier = str(uuid4())
        application.secrets, wrapped = application.master_key.new_secrets(identifier)
        values = {
            "owner": {"application": application.name, "id": identifier},
            "secrets": wrapped,
            "fingerprint": fingerprint(plugins),
            "tables": describe(collections),
        }
        await write_stored(application.repository, values, transaction)
        for plugin in plugins:
            row = PluginRow(enabled=True, installed=True, version=plugin.version)
            await write_row(application.repository, plugin.name, row, transaction)
            for migration in plugin.migrations:
                await record(application, transaction, plugin, migration.number)
        for plugin in plugins:
            await plugin.install(application, transaction, root)


async def _refuse_installed(application: Application, transaction: Transaction) -> None:
    stored = await read_stored(application.repository, transaction)
    if stored is not None and stored.owner:
        check_owner(application, stored)
        raise AlreadyInstalled(application=application.name)


def check_owner(application: Application, stored: Stored) -> None:
    """Raises ``OwnedByAnother``: a database stamped for another is never adopted."""
    owner = stored.owner
    wanted = application.options.owner_id
    if owner.get("application") != application.name or (wanted and owner.get("id") != wanted):
        raise OwnedByAnother(
            application=application.name, owner=owner.get("application"), stamp=owner.get("id")
        )
