"""The ledger of a worker, in a small database of its own: two tables, whose contents are sealed."""

from __future__ import annotations

import base64
import logging
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final, TypeVar

from insula.core.clock import now
from insula.data.collection import Collection, Field
from insula.data.fields import field_type
from insula.data.filters.tree import Condition
from insula.data.metadata import Metadata
from insula.data.query import Query
from insula.data.repository import Repository
from insula.data.schema_journal import changing
from insula.data.schema_sync import SchemaSync
from insula.data.scope import Unrestricted
from insula.database.budget import ConnectionBudget
from insula.database.engine import open_database
from insula.database.errors import TableMissing
from insula.database.options import DatabaseOptions
from insula.fleet.command import UNKEPT, Command, Outcome
from insula.fleet.errors import KeyMismatch
from insula.fleet.ledger.base import KEPT_S, Kept, Ledger, Shelf, after
from insula.fleet.seal import Seal
from insula.fleet.wire import from_json, to_json
from insula.server.errors import LedgerSealed

_log = logging.getLogger(__name__)

LOCK: Final = "ledger"
PRUNE_EVERY: Final = 1_000
"""Commands, after which those are forgotten that are too old."""
_EVERYTHING: Final = Unrestricted()
_ALL: Final = Query(page_size=None, counting="none")

T = TypeVar("T", Outcome, Kept)


def _field(name: str, kind: str, **settings: Any) -> Field:
    options = {"length": settings.pop("length")} if "length" in settings else {}
    return Field(name, field_type(kind), key=name, options=options, **settings)


def _table(name: str, *fields: Field) -> Collection:
    return Collection(name, {item.name: item for item in fields}, internal=True)


COMMANDS: Final = _table(
    "workerCommands",
    _field("requestId", "string", primary_key=True, length=100),
    _field("outcome", "text", required=True),
    _field("at", "datetimeTz", required=True, index=True),
)
"""What came of each command."""
APPLICATIONS: Final = _table(
    "workerApplications",
    _field("name", "string", primary_key=True, length=100),
    _field("kept", "text", required=True),
)
"""What was told last of each application."""


class DatabaseLedger(Ledger):
    """Opened once the database is there, and claimed: nobody else writes it."""

    def __init__(self, options: DatabaseOptions, budget: ConnectionBudget, seal: Seal) -> None:
        """``seal``: with the key of this installation, which no other process has."""
        self._database = open_database(options, budget)
        self._repository = Repository(Metadata(self._database, (COMMANDS, APPLICATIONS)), self._database)
        self._seal = seal
        self._applications = Shelf()
        self._until_pruned = 0

    async def open(self) -> None:
        """Make the tables where they are missing, and read what is kept.

        Raises ``DatabaseUnavailable``, and ``LedgerSealed`` where the key is another than before.
        """
        try:
            await self._read()
        except TableMissing:
            async with changing(self._database) as transaction:
                await transaction.lock(LOCK)
                await SchemaSync(transaction.dialect).create_all(transaction, (COMMANDS, APPLICATIONS))
            await self._read()

    async def outcome(self, request_id: str) -> Outcome | None:
        row = await self._repository.find_one(COMMANDS.name, request_id, scopes=_EVERYTHING)
        return None if row is None else self._opened(Outcome, request_id, row["outcome"])

    async def keep(self, command: Command, outcome: Outcome) -> None:
        if command.verb in UNKEPT:
            return
        name, repository = command.application, self._repository
        before = self._applications.get(name)
        found = after(command, outcome, before)
        async with repository.transaction() as transaction:
            values = {
                "requestId": command.request_id,
                "outcome": self._sealed(command.request_id, outcome),
                "at": now(),
            }
            await repository.update_or_create(
                COMMANDS.name, ("requestId",), values, scopes=_EVERYTHING, on=transaction
            )
            if found is None and before is not None:
                await repository.destroy(APPLICATIONS.name, keys=[name], scopes=_EVERYTHING, on=transaction)
            elif found is not None and found != before:
                kept = {"name": name, "kept": self._sealed(name, found)}
                await repository.update_or_create(
                    APPLICATIONS.name, ("name",), kept, scopes=_EVERYTHING, on=transaction
                )
            await self._prune(transaction)
        if found != before:
            self._applications.put(name, found)

    async def applications(self) -> Sequence[Kept]:
        return list(self._applications.values())

    def kept(self, application: str) -> Kept | None:
        return self._applications.get(application)

    def application_of(self, domain: str) -> str | None:
        return self._applications.application_of(domain)

    async def close(self) -> None:
        await self._database.close()

    async def _read(self) -> None:
        page = await self._repository.find(APPLICATIONS.name, _ALL, scopes=_EVERYTHING)
        self._applications = Shelf(self._opened(Kept, row["name"], row["kept"]) for row in page.rows)

    async def _prune(self, transaction: Any) -> None:
        self._until_pruned -= 1
        if self._until_pruned > 0:
            return
        self._until_pruned = PRUNE_EVERY
        old = Condition(("at",), "$dateBefore", (now() - timedelta(seconds=KEPT_S)).isoformat())
        gone = await self._repository.destroy(COMMANDS.name, filter=old, scopes=_EVERYTHING, on=transaction)
        if gone:
            _log.info("%d commands are too old to come again, and forgotten", gone)

    def _sealed(self, name: str, value: Outcome | Kept) -> str:
        return base64.b64encode(self._seal.close(f"ledger {name}", to_json(value))).decode()

    def _opened(self, kind: type[T], name: str, text: str) -> T:
        try:
            plain = self._seal.open(f"ledger {name}", base64.b64decode(text))
        except KeyMismatch:
            raise LedgerSealed(what=name) from None
        return from_json(kind, plain)
