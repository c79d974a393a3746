"""A plugin: a unit of features, the same code for all applications of a process.

A plugin object is built once per process and holds no state of any application; what belongs to one
application is in its database, or in what ``load`` registers with it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import msgspec

from insula import __version__
from insula.application.api.action import Action, Resource
from insula.data.collection import Collection

if TYPE_CHECKING:
    from insula.application.application import Application
    from insula.application.options import RootUser
    from insula.data.schema_sync import SchemaSync
    from insula.database.executor import Transaction


@dataclass(frozen=True, slots=True)
class Migration:
    """A numbered step from an older state of a plugin's data to a newer one.

    Built-in tables and columns that were added are made by ``schema_sync`` before migrations run; a
    migration moves data, renames and drops. Recorded per application, applied once, under one lock.
    """

    number: int
    """Counts up from 1 within the plugin, without gaps."""
    name: str
    apply: Callable[[Transaction, SchemaSync], Awaitable[None]]


class NoSettings(msgspec.Struct, frozen=True):
    """The settings of a plugin that has none."""


class Plugin:
    """Subclass it, and name the subclass under the entry point group ``insula.plugins``."""

    name: ClassVar[str]
    """As in ``pm:enable``: lower-case words joined by ``-``."""
    title: ClassVar[str]
    description: ClassVar[str]
    version: ClassVar[str] = __version__
    required: ClassVar[bool] = False
    """Always enabled; when it fails, the application is in error."""
    enabled_by_default: ClassVar[bool] = True
    requires: ClassVar[tuple[str, ...]] = ()
    """Plugins that are loaded before, and without which this one is off."""
    settings: ClassVar[type[msgspec.Struct]] = NoSettings
    """The plugin's settings per application, with defaults and types; secrets in them are encrypted at rest."""

    collections: Sequence[Collection] = ()
    resources: Sequence[Resource] = ()
    record_actions: Sequence[Action] = ()
    """Actions that every collection gets from this plugin (``export``, ``import`` …); gate ``records``."""
    snippets: Sequence[str] = ()
    """Configuration rights that no action states, since the plugin asks for them itself (``Access.holds``)."""
    migrations: Sequence[Migration] = ()

    async def install(
        self, application: Application, transaction: Transaction, root: RootUser | None
    ) -> None:
        """Put in the first data, inside the transaction that made the plugin's tables.

        Called once per application, when the plugin is first enabled; ``root`` is its first user, only when
        the application itself is being installed.
        """

    async def load(self, application: Application) -> None:
        """Make ready for one application. What it raises turns the plugin off for that application only."""

    async def unload(self, application: Application) -> None:
        """Undo ``load``. Called in reverse order, also when ``load`` raised half way."""
