"""Taking over an application whose key nobody here has: its people and records stay, its secrets begin anew."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING

from insula.application.errors import NotInstalled, SealBroken
from insula.application.install import LOCK, check_owner
from insula.application.plugin_rows import PluginRow, read_rows, write_row
from insula.application.plugin_settings import secret_fields
from insula.application.registry import Registry
from insula.application.stored import read_stored, write_stored

if TYPE_CHECKING:
    from insula.application.application import Application

_logger = logging.getLogger(__name__)


async def adopt(application: Application) -> None:
    """Give it secrets of this installation: tokens that were given out are worth nothing, secret settings are empty.

    Does nothing where its secrets can be opened. The database bears the application's stamp already.
    Raises ``NotInstalled``, ``OwnedByAnother``.
    """
    repository = application.repository
    async with application.database.transaction() as transaction:
        await transaction.lock(LOCK)
        stored = await read_stored(repository, transaction)
        if stored is None or not stored.owner:
            raise NotInstalled(application=application.name)
        check_owner(application, stored)
        identifier = stored.owner["id"]
        try:
            application.keys.unwrap(identifier, stored.secrets)
        except (SealBroken, KeyError):
            _logger.info("%s is taken over; its secrets begin anew", application.name)
        else:
            return
        _, wrapped = application.keys.new_secrets(identifier)
        await write_stored(repository, {"secrets": wrapped}, transaction)
        for name, row in (await read_rows(repository, transaction)).items():
            kept = _without_secrets(application.registry, name, row)
            if kept != row:
                await write_row(repository, name, kept, transaction)


def _without_secrets(registry: Registry, name: str, row: PluginRow) -> PluginRow:
    """What nobody can open would keep the plugin from being loaded."""
    plugin = registry.plugins.get(name)
    secret = secret_fields(plugin) if plugin is not None else frozenset()
    return replace(row, settings={key: value for key, value in row.settings.items() if key not in secret})
