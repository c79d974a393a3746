"""Rows of one collection, written flat: insert, update, delete, find. Relations are left to others.

Everything here runs inside what it is given as ``on``, or else each statement commits by itself; changes are
noted for the observers either way.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from insula.data.catalog import Catalog
from insula.data.changes import Announcer, Change, ChangeAction
from insula.data.collection import Collection
from insula.data.computing import computing
from insula.data.errors import InvalidQuery, InvalidValue
from insula.data.scope import Scopes
from insula.data.selection import Selecting, Selection
from insula.data.trees import tree
from insula.data.units import UNKNOWN, Units
from insula.data.validate import Draft, form
from insula.data.violations import Violations
from insula.data.write_statements import (
    KEY,
    LIMIT,
    SKIPPED,
    Statements,
    follow_key,
    parameter,
    statements,
)
from insula.database.errors import DatabaseError
from insula.database.executor import Database, Executor, Row, Transaction
from insula.database.statement import Statement

NOTHING: Mapping[str, Any] = {}


class Rows:
    """Writes single collections of one application."""

    def __init__(self, catalog: Catalog, database: Database, announcer: Announcer) -> None:
        self.catalog = catalog
        self.database = database
        self.announcer = announcer
        self.units = Units(database, announcer)
        self.violations = Violations(catalog, database)
        self.selecting = Selecting(catalog, database.dialect)

    def statements(self, collection: Collection) -> Statements:
        return statements(collection, self.database.dialect)

    def keys(self, collection: Collection, raw: tuple[Any, ...]) -> tuple[Any, ...]:
        """Keys as a client wrote them → values. Raises ``InvalidValue``, ``InvalidQuery``."""
        key = collection.primary_key
        if key is None:
            raise InvalidQuery(
                parameter="filterByTk", reason=f'does not fit "{collection.name}": it has no key'
            )
        return tuple(form(collection).prepare(key, item) for item in raw)

    async def insert(
        self,
        collection: Collection,
        draft: Draft,
        scopes: Scopes,
        on: Transaction | None,
        preset: Mapping[str, Any] = NOTHING,
    ) -> Row:
        """Add one row; ``preset`` are columns that the body does not decide. Gives the row as stored."""
        keys = form(collection)
        up = tree(collection)
        led = up is not None and (up.led(draft.columns) or up.led(preset))
        counted = tuple(
            name for name in keys.sorts if draft.columns.get(name) is None and preset.get(name) is None
        )
        alone = counted and not self.database.dialect.is_file
        apart = "insert" not in self.database.dialect.returning
        logged = self.announcer.is_logged(collection.name, "create")
        if on is None and (led or alone or apart or logged or computing(collection).counts):
            async with self.units.transaction() as transaction:
                return await self.insert(collection, draft, scopes, transaction, preset)
        if alone and on is not None:
            # two records that are counted at once would get one number; a file has one writer anyway
            for name in counted:
                await on.lock(f"sort {collection.name} {name}")
        row = keys.complete({**draft.columns, **preset} if preset else draft.columns, scopes.stamps)
        if keys.computed:
            await computing(collection).complete((row,), on)
        shapes = self.statements(collection)
        statement = shapes.insert(
            tuple(name for name in keys.sorts if row[name] is None),
            automatic_key=keys.automatic_key is not None and row[keys.automatic_key] is None,
        )
        bound = {name: row[column] for column, name in shapes.parameters}
        rows = await self._fetch(statement, bound, collection, row, on, "create")
        stored = await self._found_again(collection, row, scopes, on) if apart else rows[0]
        if up is not None and led:
            up.check_new(stored)
        self._note(collection, "create", [stored], draft.columns, on)
        if keys.automatic_key is not None and row[keys.automatic_key] is not None:
            await self.follow_key(collection, row[keys.automatic_key], on)
        return stored

    async def _found_again(
        self, collection: Collection, row: Mapping[str, Any], scopes: Scopes, on: Transaction | None
    ) -> Row:
        """A row just inserted, as stored, where INSERT gives nothing back."""
        key = collection.primary_key
        if key is None:
            return {name: row[name] for name in self.statements(collection).returned}
        value = row[key.name]
        if value is None:
            last = sa.select(sa.func.last_insert_id().label("key"))
            value = (await (on or self.database).run(last))[0]["key"]
        return (await self.find(collection, Selection(keys=(value,)), scopes, on))[0]

    async def insert_unless_there(
        self,
        collection: Collection,
        drafts: Sequence[tuple[Draft, Mapping[str, Any]]],
        scopes: Scopes,
        on: Transaction,
    ) -> None:
        """Add rows (draft and preset of each), leaving out those that a key or unique column knows already."""
        keys = form(collection)
        shapes = self.statements(collection)
        groups: dict[Statement, list[dict[str, Any]]] = {}
        for draft, preset in drafts:
            row = keys.complete({**draft.columns, **preset}, scopes.stamps)
            if keys.computed:
                await computing(collection).complete((row,), on)
            statement = shapes.insert_unless_there(
                tuple(name for name in keys.sorts if row[name] is None),
                automatic_key=keys.automatic_key is not None and row[keys.automatic_key] is None,
            )
            groups.setdefault(statement, []).append(row)
        for statement, rows in groups.items():
            values = [{name: row[column] for column, name in shapes.parameters} for row in rows]
            try:
                await on.execute_many(statement, values)
            except DatabaseError as error:
                raise await self.violations.explain(error, collection, rows[0], on) from error
            self.announcer.note(Change(collection.name, "create", ()), on)

    async def update(
        self,
        collection: Collection,
        columns: Mapping[str, Any],
        selection: Selection,
        scopes: Scopes,
        on: Transaction | None,
    ) -> list[Row]:
        """Set ``columns`` of the selected rows, and their stamps. Gives the rows as stored."""
        stamped = form(collection).stamped(scopes.stamps)
        written = {**columns, **stamped} if stamped else columns
        shapes = self.statements(collection)
        names = tuple(name for name in shapes.columns if name in written)
        follows = bool(form(collection).computed) and computing(collection).touched(names)
        up = tree(collection)
        led = up is not None and up.led(columns)
        apart = bool(names) and "update" not in self.database.dialect.returning
        logged = self.announcer.is_logged(collection.name, "update")
        if (follows or led or apart or logged) and on is None:
            async with self.units.transaction() as transaction:
                return await self.update(collection, columns, selection, scopes, transaction)
        if up is not None and led and on is not None:
            await up.lock(on)
        given = {name: written[name] for name in names}
        if apart and on is not None:
            rows = await self._written_between(collection, given, selection, scopes, on)
        else:
            rows = await self._written(collection, given, selection, scopes, on)
        if up is not None and led and on is not None:
            await up.check(rows, written[up.relation.foreign_key], on)
        if follows and on is not None:
            await computing(collection).follow(rows, on)
        if rows and names:
            self._note(collection, "update", rows, names, on)
        return rows

    async def _written(
        self,
        collection: Collection,
        given: Mapping[str, Any],
        selection: Selection,
        scopes: Scopes,
        on: Transaction | None,
    ) -> list[Row]:
        """Set the columns ``given``, or none, of the selected rows. Gives them as stored."""
        shapes = self.statements(collection)
        names = tuple(given)
        statement, bound = await self.selecting.chosen(
            collection, ("update", *names), lambda where: shapes.update(names, where), selection, scopes
        )
        bound.update((parameter(name), value) for name, value in given.items())
        return await self._fetch(statement, bound, collection, given, on, "update")

    async def _written_between(
        self,
        collection: Collection,
        given: Mapping[str, Any],
        selection: Selection,
        scopes: Scopes,
        on: Transaction,
    ) -> list[Row]:
        """As ``_written`` where UPDATE gives nothing back: rows are held, written by their keys, and read again."""
        shapes, key = self.statements(collection), collection.primary_key
        held, bound = await self.selecting.chosen(
            collection, ("hold",), lambda where: shapes.find(where).with_for_update(), selection, scopes
        )
        before = await on.fetch(held, bound)
        if not before:
            return []
        chosen = selection if key is None else Selection(keys=tuple(row[key.name] for row in before))
        names = tuple(given)
        statement, bound = await self.selecting.chosen(
            collection, ("update", *names), lambda where: shapes.update(names, where), chosen, scopes
        )
        bound.update((parameter(name), value) for name, value in given.items())
        await self._fetch(statement, bound, collection, given, on, "update")
        if key is None:  # nothing finds them again, for what they were found by may be what was written
            return [{**row, **given} for row in before]
        return await self.find(collection, chosen, scopes, on)

    async def find(
        self,
        collection: Collection,
        selection: Selection,
        scopes: Scopes,
        on: Executor | None,
        *,
        first: bool = False,
    ) -> list[Row]:
        """The selected rows as ``update`` gives them; only the one with the lowest key with ``first``."""
        shapes = self.statements(collection)
        statement, bound = await self.selecting.chosen(
            collection, ("find", first), lambda where: shapes.find(where, first=first), selection, scopes
        )
        return await (on or self.database).fetch(statement, bound)

    async def some_keys(
        self,
        collection: Collection,
        selection: Selection,
        scopes: Scopes,
        on: Executor | None,
        *,
        limit: int,
        skipped: int = 0,
        locked: bool = False,
    ) -> list[Any]:
        """Keys of the selected rows in their order; ``locked``: nobody else writes these until ``on`` ends."""
        shapes = self.statements(collection)
        statement, bound = await self.selecting.chosen(
            *(collection, ("keys", locked), lambda where: shapes.keys(where, locked=locked)),
            *(selection, scopes),
        )
        rows = await (on or self.database).fetch(statement, {**bound, LIMIT: limit, SKIPPED: skipped})
        return [row[KEY] for row in rows]

    async def last(self, collection: Collection, name: str, on: Executor) -> int:
        """The highest number in a column (of a sort column: of all its lists), 0 where there is none."""
        column = collection.table.c[name]
        rows = await on.run(sa.select(sa.func.coalesce(sa.func.max(column), 0).label("last")))
        return int(rows[0]["last"])

    async def delete(
        self,
        collection: Collection,
        selection: Selection,
        scopes: Scopes,
        on: Transaction | None,
        *,
        told: bool = True,
    ) -> int:
        """Remove the selected rows. Gives their number; observers are ``told`` their keys."""
        if on is None and self.announcer.is_logged(collection.name, "destroy"):
            async with self.units.transaction() as transaction:
                return await self.delete(collection, selection, scopes, transaction, told=told)
        shapes = self.statements(collection)
        told = told and collection.primary_key is not None
        if told and "delete" not in self.database.dialect.returning:
            return await self._deleted_apart(collection, selection, scopes, on)
        statement, bound = await self.selecting.chosen(
            collection, ("delete", told), lambda where: shapes.delete(where, told=told), selection, scopes
        )
        if not told:
            count = await self._execute(statement, bound, collection, on)
            if count:
                self.announcer.note(Change(collection.name, "destroy", ()), on)
            return count
        rows = await self._fetch(statement, bound, collection, NOTHING, on, "destroy")
        if rows:
            self._note(collection, "destroy", rows, (), on)
        return len(rows)

    async def _deleted_apart(
        self, collection: Collection, selection: Selection, scopes: Scopes, on: Transaction | None
    ) -> int:
        """As ``delete`` where DELETE gives nothing back: rows are held, and removed by their keys."""
        if on is None:
            async with self.units.transaction() as transaction:
                return await self._deleted_apart(collection, selection, scopes, transaction)
        shapes = self.statements(collection)
        held, bound = await self.selecting.chosen(
            collection, ("hold",), lambda where: shapes.find(where).with_for_update(), selection, scopes
        )
        if rows := await on.fetch(held, bound):
            chosen = Selection(keys=tuple(row[shapes.key.name] for row in rows))
            statement, bound = await self.selecting.chosen(
                collection, ("delete", True), lambda where: shapes.delete(where, told=True), chosen, scopes
            )
            await self._execute(statement, bound, collection, on)
            self._note(collection, "destroy", rows, (), on)
        return len(rows)

    async def follow_key(self, collection: Collection, highest: int, on: Executor | None) -> None:
        """Let automatic keys go on behind one that was given, where the database does not do so by itself.

        Raises ``InvalidValue`` for one that leaves no room.
        """
        key = collection.primary_key
        if key is not None and (reason := form(collection).refuse_key(highest)):
            raise InvalidValue(collection=collection.name, field=key.name, reason=reason)
        if self.database.dialect.keys_follow or key is None:
            return
        statement = self.statements(collection).keep(("follow key",), lambda: follow_key(key.name))
        table = self.database.schema_prefix + self.database.dialect.quote(collection.name)
        await (on or self.database).fetch(statement, {"table": table, "highest": highest})

    async def _execute(
        self, statement: Statement, bound: Mapping[str, Any], collection: Collection, on: Transaction | None
    ) -> int:
        try:
            return await (on or self.database).execute(statement, bound)
        except UNKNOWN:
            self._note_unknown(collection, "destroy", NOTHING, on)
            raise
        except DatabaseError as error:
            raise await self.violations.explain(error, collection, NOTHING, on) from error

    async def _fetch(
        self,
        statement: Statement,
        bound: Mapping[str, Any],
        collection: Collection,
        written: Mapping[str, Any],
        on: Transaction | None,
        action: ChangeAction,
    ) -> list[Row]:
        try:
            return await (on or self.database).fetch(statement, bound)
        except UNKNOWN:
            self._note_unknown(collection, action, written, on)
            raise
        except DatabaseError as error:
            raise await self.violations.explain(error, collection, written, on) from error

    def _note_unknown(
        self, collection: Collection, action: ChangeAction, written: Iterable[str], on: Executor | None
    ) -> None:
        """Tell of a statement that commits by itself where nobody knows whether it was done."""
        if on is None:
            self.announcer.note(Change(collection.name, action, (), frozenset(written)), None)

    def _note(
        self,
        collection: Collection,
        action: ChangeAction,
        rows: list[Row],
        names: Iterable[str],
        on: Executor | None,
    ) -> None:
        key = collection.primary_key
        keys = tuple(row[key.name] for row in rows) if key is not None else ()
        self.announcer.note(Change(collection.name, action, keys, frozenset(names)), on)
