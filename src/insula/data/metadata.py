"""The catalog of one application: built-in collections, and those that its people make at run time.

A change reads the rows anew under a lock in the application's own database, writes what differs, and changes
the tables, all in one transaction: several processes may change metadata, and what fails leaves nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from contextlib import asynccontextmanager
from typing import Any, Final, TypeVar

from insula.core.detached import Detached
from insula.data.changes import Change, Log
from insula.data.collection import Collection, Field
from insula.data.errors import CollectionExists, MetadataInUse, UnknownCollection
from insula.data.metadata_build import build_collection, extend_collection
from insula.data.metadata_change import Companion, MetadataChange, renewed
from insula.data.metadata_collections import COLLECTIONS
from insula.data.metadata_rows import Rows, read_rows, write_rows
from insula.data.modelling import collections, fields
from insula.data.modelling.draft import Draft, shown
from insula.data.schema_checks import check_required_relations
from insula.data.schema_journal import changing, mend
from insula.data.schema_plan import merge, plan, plan_creation, plan_removal
from insula.data.schema_sync import SchemaSync
from insula.database.errors import ObjectExists
from insula.database.executor import Database, Transaction

LOCK: Final = "metadata"
CHANGE_TIMEOUT_S: Final = 600.0
"""One statement of a change: filling or indexing a large table takes longer than a query may."""

T = TypeVar("T")


class Metadata:
    """Implements ``Catalog``. Before ``load`` it knows the built-in collections only."""

    def __init__(
        self, database: Database, builtin: Iterable[Collection], reserved: Iterable[str] = ()
    ) -> None:
        """``reserved``: names that collections must not have, since resources of plugins have them."""
        self.version = 0
        self._database = database
        self._builtin = {collection.name: collection for collection in builtin}
        self._reserved = frozenset(reserved)
        self._rows = Rows()
        self._built: dict[str, Collection] = {}
        """Collections as they were asked for since the last change."""
        self._turn = asyncio.Lock()
        self._changing = False
        self._writers = 0
        self._no_writers = asyncio.Event()
        self._subscribers: list[Callable[[MetadataChange], None]] = []
        self.companions: list[Companion] = []
        """Called inside the transaction of every change that makes or removes a collection or field; append to it."""
        self._changes = Detached()
        """What is committed must be taken here too, whether or not the one who asked still waits."""
        self.log: Log | None = None
        """Other processes hear of changes by it; ``None`` while there are none."""
        self.catch_up: Callable[[], Awaitable[None]] | None = None
        """Takes over what other processes have changed up to now; ``None`` while there are none."""

    # --- reading

    async def load(self) -> None:
        """Read all metadata; also to learn of what another process changed. Collections are built when asked for."""
        async with self._turn:
            await mend(self._database)
            self._take(await read_rows(self._database))

    def find(self, name: str) -> Collection | None:
        found = self._built.get(name)
        if found is None:
            found = self._build(name)
            if found is not None:
                self._built[name] = found
        return found

    def get(self, name: str) -> Collection:
        """Raises ``UnknownCollection``."""
        found = self.find(name)
        if found is None:
            raise UnknownCollection(collection=shown(name))
        return found

    def __iter__(self) -> Iterator[Collection]:
        """Built-in collections first, then the others in their order."""
        for name in (*self._builtin, *self._rows.collections):
            yield self.get(name)

    async def settle(self, deadline_s: float) -> None:
        """Wait for changes under way, so that the database may be closed. What is late is cancelled and undone."""
        await self._changes.end(deadline_s)
        self._forget()

    async def settled_version(self) -> int:
        """``version``, once a change that is under way has ended, here or in another process."""
        if self.catch_up is not None:
            await self.catch_up()
        async with self._turn:
            return self.version

    @asynccontextmanager
    async def steady(self) -> AsyncIterator[None]:
        """Around writing records: what the values were made for stays as it is until they are written.

        A file has no types that would refuse values made for another one, and one writer anyway; where a change of
        tables commits by itself, what is written to a column while its values are converted would be lost. There
        writers wait for a change under way, and the next change for the writers. Else the database locks the tables
        that change, and nobody waits here. Must not be entered twice by one task.
        """
        if self._database.dialect.keeps_writers_off:
            yield
            return
        while self._changing:
            async with self._turn:
                pass
        self._writers += 1
        try:
            yield
        finally:
            self._writers -= 1
            if not self._writers:
                self._no_writers.set()

    def subscribe(self, observer: Callable[[MetadataChange], None]) -> Callable[[], None]:
        """Have ``observer`` called after each change; it must not raise. Gives what ends it."""
        self._subscribers.append(observer)
        return lambda: self._subscribers.remove(observer)

    def set_builtin(self, builtin: Iterable[Collection], reserved: Iterable[str] = ()) -> None:
        """Other plugins are enabled now."""
        self._forget()
        self._builtin = {collection.name: collection for collection in builtin}
        self._reserved = frozenset(reserved)

    # --- changing: each as the action of the protocol of this name

    async def create_collection(self, values: Any) -> Collection:
        """Raises ``InvalidMetadata``, ``CollectionExists``, ``FieldExists``."""
        return self.get(await self._change(lambda draft: collections.create_collection(draft, values)))

    async def update_collection(self, name: str, values: Any) -> Collection:
        """Raises ``InvalidMetadata``, ``MetadataInUse``, ``UnknownCollection``."""
        await self._change(lambda draft: collections.update_collection(draft, name, values))
        return self.get(name)

    async def destroy_collection(self, *names: str, cascade: bool = False) -> None:
        """All or none. Raises ``MetadataInUse``, ``UnknownCollection``."""
        await self._change(lambda draft: collections.destroy_collections(draft, names, cascade=cascade))

    async def move_collection(self, name: str, target: str) -> Collection:
        """``name`` takes the place of ``target`` in lists. Raises ``MetadataInUse``, ``UnknownCollection``."""
        await self._change(lambda draft: collections.move_collection(draft, name, target))
        return self.get(name)

    async def set_fields(self, collection: str, values: Any) -> Collection:
        """Raises ``InvalidMetadata``, ``MetadataInUse``, ``UnknownCollection``."""
        await self._change(lambda draft: fields.set_fields(draft, collection, values))
        return self.get(collection)

    async def create_field(self, collection: str, values: Any) -> Field:
        """Raises ``InvalidMetadata``, ``FieldExists``, ``UnknownCollection``."""
        name = await self._change(lambda draft: fields.create_field(draft, collection, values))
        return self.get(collection).fields[name]

    async def update_field(self, collection: str, name: str, values: Any) -> Field:
        """Raises ``InvalidMetadata``, ``MetadataInUse``, ``UnknownCollection``, ``UnknownField``."""
        await self._change(lambda draft: fields.update_field(draft, collection, name, values))
        return self.get(collection).fields[name]

    async def move_field(self, collection: str, name: str, target: str) -> Field:
        """``name`` takes the place of ``target``. Raises ``MetadataInUse``, ``UnknownCollection``, ``UnknownField``."""
        await self._change(lambda draft: fields.move_field(draft, collection, name, target))
        return self.get(collection).fields[name]

    async def destroy_field(self, collection: str, name: str) -> None:
        """Raises ``MetadataInUse``, ``UnknownCollection``, ``UnknownField``."""
        await self._change(lambda draft: fields.destroy_field(draft, collection, name))

    async def destroy_fields(self, addresses: Iterable[tuple[str, str]]) -> None:
        """All of them (collection, name) or none. Raises as ``destroy_field``."""
        wanted = list(addresses)
        await self._change(lambda draft: fields.destroy_fields(draft, wanted))

    async def _change(self, work: Callable[[Draft], T]) -> T:
        return await self._changes.run(self._commit(work))

    async def _commit(self, work: Callable[[Draft], T]) -> T:
        # one at a time in this process too, so that what was committed last is also taken last
        async with self._turn, self._alone():
            async with changing(self._database, statement_timeout_s=CHANGE_TIMEOUT_S) as transaction:
                await transaction.lock(LOCK)
                old = await read_rows(transaction)
                draft = self._draft(old.copy())
                result = work(draft)
                for name in old.changed(draft.rows):
                    collections.check_whole(draft, name)
                # tables first: what is written behind them is kept together with them on every dialect
                await self._change_tables(transaction, self._draft(old), draft)
                await write_rows(transaction, old, draft.rows)
                if names := renewed(old, draft.rows):
                    for companion in self.companions:
                        await companion(transaction, names)
                if self.log is not None:
                    change = Change(COLLECTIONS.name, "update", tuple(old.changed(draft.rows)))
                    await self.log.write((change,), transaction)
            self._take(draft.rows)
        return result

    @asynccontextmanager
    async def _alone(self) -> AsyncIterator[None]:
        """Once those who are writing have written; others wait, see ``steady``."""
        self._changing = True
        try:
            while self._writers:
                self._no_writers.clear()
                await self._no_writers.wait()
            yield
        finally:
            self._changing = False

    async def _change_tables(self, transaction: Transaction, old: Draft, new: Draft) -> None:
        names = old.rows.changed(new.rows)
        created = [
            name for name in names if name in new.rows.collections and name not in old.rows.collections
        ]
        removed = [
            name for name in names if name in old.rows.collections and name not in new.rows.collections
        ]
        changed = [name for name in names if name not in created and name not in removed]
        changes = merge(plan(old.find(name), new.find(name)) for name in changed)
        sync = SchemaSync(transaction.dialect, fenced=self.log is not None)
        try:
            await sync.apply(transaction, plan_creation(_found(new, created)))
            # what pointed to a table must be settled before it is dropped, or its rows would go with it
            await sync.apply(transaction, changes)
        except ObjectExists as error:
            if created:
                raise CollectionExists(collection=", ".join(created)) from error
            reason = "the table has a column or index of this name that metadata does not know of"
            raise MetadataInUse(what="The collection", name=", ".join(changed), reason=reason) from error
        await sync.apply(transaction, plan_removal(_found(old, removed)))
        for name in changed:
            await check_required_relations(transaction, old.find(name), new.get(name), new.get)

    def _draft(self, rows: Rows) -> Draft:
        return Draft(rows, self._builtin, self._reserved)

    def _take(self, rows: Rows) -> None:
        """Let the rows count from now on."""
        changed = self._rows.changed(rows)
        self._rows = rows
        # whatever was compiled may name fields of a collection that changed through relations: forget it all
        self._forget()
        change = MetadataChange(self.version, frozenset(changed))
        for observer in tuple(self._subscribers):
            observer(change)

    def _forget(self) -> None:
        """Build collections anew when they are asked for again.

        What was compiled for one refers back to it: where no other application shares the collection, it goes at
        once, and not when garbage is collected some time.
        """
        for name, collection in self._built.items():
            if collection is not self._builtin.get(name):
                collection.compiled.clear()
        self._built.clear()
        self.version += 1

    def _build(self, name: str) -> Collection | None:
        row = self._rows.collections.get(name)
        if row is not None:
            return build_collection(row, self._rows.of(name))
        stated = self._builtin.get(name)
        if stated is None or not self._is_private(stated):
            return stated
        return extend_collection(stated, self._rows.of(name))

    def _is_private(self, stated: Collection) -> bool:
        """Whether this application needs a built-in collection of its own, apart from what all share.

        One that people extended; then also all that have relations, by which they may lead to it.
        """
        if self._rows.of(stated.name):
            return True
        return bool(stated.relations) and any(name in self._builtin for name in self._rows.fields)


def _found(draft: Draft, names: Iterable[str]) -> list[Collection]:
    return [found for name in names if (found := draft.find(name)) is not None]
