"""Whose a database is: the stamp that it bears from its first moment, and what the application in it says of itself."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

import sqlalchemy as sa

from insula.core.clock import now
from insula.database.errors import ColumnMissing, PermissionDenied, TableMissing, TypeMismatch
from insula.database.statement import SCHEMA_TOKEN

if TYPE_CHECKING:
    from insula.database.budget import ConnectionBudget
    from insula.database.executor import Database, Executor, Transaction
    from insula.database.options import DatabaseOptions

BEAT_S: Final = 300.0
"""How often a running application says in its own database that it lives (``home``)."""
MISSED_BEATS: Final = 3.5
"""An application that has missed so many does not run any more, wherever it did."""
KEPT_TABLE: Final = "insula"
"""The application's own table of keys and values: ``owner``, ``home`` …"""
HOME: Final = "home"
"""Key of where it runs, followed by the name of the environment where it runs in several."""
STAMP_TABLE: Final = "insula_stamp"
"""The table of one row that bears the stamp where the database has no better place for it."""
_MARK: Final = "insula "
_MOMENT_LENGTH: Final = 40

KEPT: Final = sa.Table(
    KEPT_TABLE,
    sa.MetaData(),
    sa.Column("key", sa.String(100), primary_key=True),
    sa.Column("value", sa.JSON),
    schema=SCHEMA_TOKEN,
)
_IS_HOME: Final = sa.or_(KEPT.c.key == HOME, KEPT.c.key.like(f"{HOME} %"))


@dataclass(frozen=True, slots=True)
class Stamp:
    """Names the application that a database, schema or file was made for."""

    application: str
    id: str
    """A uuid, made when the application was recorded."""

    def text(self) -> str:
        """As it stands in a comment or a stamp's table."""
        return _MARK + json.dumps({"application": self.application, "id": self.id}, sort_keys=True)

    @property
    def hex(self) -> str:
        """The id as part of a name that nobody else gives: 32 characters of 0–9 and a–f. Raises ValueError."""
        return UUID(self.id).hex

    @classmethod
    def parse(cls, text: str | None) -> Stamp | None:
        """``None`` for what is no stamp of Insula's, and for what Insula has stamped but no application owns."""
        value = stamped(text)
        if value is None or "application" not in value:
            return None
        return cls(str(value["application"]), str(value.get("id", "")))


def stamped(text: str | None) -> Mapping[str, Any] | None:
    """What a comment of Insula's says; ``None`` for everybody else's."""
    if not text or not text.startswith(_MARK):
        return None
    try:
        value = json.loads(text[len(_MARK) :])
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def template_stamp(fingerprint: str, installation: str) -> str:
    """What marks a finished template: never an application's."""
    return _MARK + json.dumps({"installation": installation, "template": fingerprint})


@dataclass(frozen=True, slots=True)
class Home:
    """Where an application was last seen running."""

    installation: str
    seen_at: datetime

    @property
    def inhabited(self) -> bool:
        """Whether it runs there, or did until a moment ago."""
        return now() - self.seen_at < timedelta(seconds=BEAT_S * MISSED_BEATS)


@dataclass(frozen=True, slots=True)
class Kept:
    """What an installed application says of itself in its own tables."""

    owner: Stamp | None = None
    """``None``: the tables are there, but nobody has installed an application in them."""
    homes: tuple[Home, ...] = ()
    """Where it was not stopped: one for each environment in which it runs."""

    def elsewhere(self, installation: str) -> Home | None:
        """Where it runs in another installation, or did until a moment ago; the last of these to be seen."""
        others = [home for home in self.homes if home.inhabited and home.installation != installation]
        return max(others, key=lambda home: home.seen_at, default=None)


async def read_kept(transaction: Transaction) -> Kept | None:
    """``None`` where there is no application's table, or a table of the name that is somebody else's."""
    asked = sa.select(KEPT.c.key, KEPT.c.value).where(sa.or_(KEPT.c.key == "owner", _IS_HOME))
    try:
        async with transaction.savepoint():
            rows = await transaction.run(asked)
    except (TableMissing, ColumnMissing, TypeMismatch, PermissionDenied, ValueError):
        return None
    values = {row["key"]: row["value"] for row in rows if isinstance(row["value"], dict)}
    owner = values.pop("owner", {})
    stamp = Stamp(str(owner["application"]), str(owner.get("id", ""))) if owner.get("application") else None
    homes = (_home(value) for value in values.values())
    return Kept(stamp, tuple(home for home in homes if home is not None))


async def write_owner(executor: Executor, stamp: Stamp) -> None:
    """Say in the application's own table whose it is from now on."""
    value = {"application": stamp.application, "id": stamp.id}
    await executor.run(sa.update(KEPT).where(KEPT.c.key == "owner").values(value=value))
    await executor.run(sa.delete(KEPT).where(_IS_HOME))


async def read_stamp(options: DatabaseOptions, budget: ConnectionBudget) -> Stamp | None:
    """The stamp of the database, schema or file of ``options``; ``None`` where it bears none or is not there.

    Connects to another database of the server where the server can tell from there. Raises what ``Dialect.probe``
    raises, but for a database that is missing.
    """
    from insula.database.provision.by_dialect import provision

    return await provision(options.dialect).read_stamp(options, budget)


async def stamp_in(database: Database, options: DatabaseOptions) -> Stamp | None:
    """As ``read_stamp``, of a database that is open already. Raises what its statements raise."""
    from insula.database.provision.by_dialect import provision

    return await provision(options.dialect).stamp_in(database, options)


def _home(value: Mapping[str, Any]) -> Home | None:
    installation, seen_at = str(value.get("installation") or ""), _moment(value.get("at"))
    return Home(installation, seen_at) if installation and seen_at else None


def _moment(value: Any) -> datetime | None:
    if not isinstance(value, str) or not re.match(r"\d{4}-", value) or len(value) > _MOMENT_LENGTH:
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    return moment if moment.tzinfo else None
