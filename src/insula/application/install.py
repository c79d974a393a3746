"""Making an application in an empty database: tables, secrets, stamp, first data, all or nothing."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final
from uuid import uuid4

from insula import __version__
from insula.application.errors import AlreadyInstalled, OwnedByAnother
from insula.application.migrations import built_in, record
from insula.application.plugin import Plugin
from insula.application.plugin_rows import PluginRow, write_new_rows
from insula.application.snapshot import describe
from insula.application.stored import Stored, read_stored, write_first
from insula.application.turns import turn
from insula.application.versions import fingerprint
from insula.data.schema_ddl import Ddl
from insula.data.schema_plan import plan_creation
from insula.data.schema_sync import SchemaSync
from insula.database.provision.template import Template

if TYPE_CHECKING:
    from insula.application.application import Application
    from insula.application.options import RootUser
    from insula.application.registry import Registry
    from insula.database.dialects.base import Dialect
    from insula.database.executor import Transaction

LOCK: Final = "install"
_DIGEST_CHARACTERS: Final = 16


def first_plugins(registry: Registry, extra: Iterable[str]) -> list[Plugin]:
    """The plugins of a new application. Raises ``UnknownPlugin`` for one that ``extra`` names in vain."""
    extra = tuple(extra)
    for name in extra:
        registry.get(name)
    names = {name for name, plugin in registry.plugins.items() if plugin.enabled_by_default}
    return registry.in_order(registry.with_required({*names, *extra}))


def template(registry: Registry, extra: Iterable[str], dialect: Dialect) -> Template:
    """The empty tables of a new application, to make databases from. ``install`` finds them and fills them."""
    collections = built_in(registry, first_plugins(registry, extra))
    described = json.dumps(describe(collections), sort_keys=True)
    digest = hashlib.sha256(f"{__version__} {described}".encode()).hexdigest()[:_DIGEST_CHARACTERS]
    steps = plan_creation(collections).steps
    return Template(f"{__version__}-{digest}", [dialect.compile(Ddl(step)) for step in steps])


async def install(application: Application, root: RootUser | None) -> None:
    """Raises ``AlreadyInstalled`` and ``OwnedByAnother`` when the database is not empty of applications."""
    plugins = first_plugins(application.registry, application.options.extra_plugins)
    async with turn(application, LOCK) as transaction:
        collections = built_in(application.registry, plugins)
        if not await _from_template(application, transaction):
            application.tell("tables")
            await SchemaSync(transaction.dialect).create_all(transaction, collections)
        application.tell("first data")
        identifier = application.options.owner_id or str(uuid4())
        application.identifier = identifier
        application.secrets, wrapped = application.keys.new_secrets(identifier)
        values = {
            "owner": {"application": application.name, "id": identifier},
            "secrets": wrapped,
            "fingerprint": fingerprint(plugins),
            "tables": describe(collections),
        }
        await write_first(application.repository, values, transaction)
        rows = {each.name: PluginRow(enabled=True, installed=True, version=each.version) for each in plugins}
        await write_new_rows(application.repository, rows, transaction)
        for plugin in plugins:
            for migration in plugin.migrations:
                await record(application, transaction, plugin, migration.number)
        for done, plugin in enumerate(plugins):
            application.tell(f"first data {done + 1} of {len(plugins)}: {plugin.name}", done / len(plugins))
            await plugin.install(application, transaction, root)


async def _from_template(application: Application, transaction: Transaction) -> bool:
    """Whether the tables are there already, and empty. Raises when they hold an application."""
    stored = await read_stored(application.repository, transaction)
    if stored is not None and stored.owner:
        check_owner(application, stored)
        raise AlreadyInstalled(application=application.name)
    return stored is not None


def check_owner(application: Application, stored: Stored) -> None:
    """Raises ``OwnedByAnother``: a database stamped for another is never adopted."""
    owner = stored.owner
    wanted = application.options.owner_id
    if owner.get("application") != application.name or (wanted and owner.get("id") != wanted):
        raise OwnedByAnother(
            application=application.name, owner=owner.get("application"), stamp=owner.get("id")
        )
