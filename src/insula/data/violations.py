"""What the database refused → what was wrong with the record, in the words of collections and fields."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import sqlalchemy as sa

from insula.data.catalog import Catalog
from insula.data.collection import Collection, Reference
from insula.data.errors import Conflict, DataError, InUse, InvalidQuery, InvalidValue
from insula.data.write_statements import KEY
from insula.database.errors import (
    CheckViolation,
    DatabaseError,
    ForeignKeyViolation,
    NotNullViolation,
    UniqueViolation,
    ValueOutOfRange,
)
from insula.database.executor import Database, Transaction


class Violations:
    """Explains the errors of statements that write."""

    def __init__(self, catalog: Catalog, database: Database) -> None:
        self._catalog = catalog
        self._database = database

    async def explain(
        self,
        error: DatabaseError,
        collection: Collection,
        written: Mapping[str, Any],
        on: Transaction | None,
    ) -> Exception:
        """The error to raise instead; ``error`` itself where it says nothing of the record.

        ``written`` are the columns that the statement set, with their values; none when it removed rows. ``on``
        is the transaction that it ran in.
        """
        if isinstance(error, UniqueViolation):
            return Conflict(collection=collection.name, fields=error.columns)
        if isinstance(error, NotNullViolation):
            if error.table and error.table != collection.name:  # what would lose its link to a removed record
                return InUse(collection=collection.name, users=_listed((error.table,)))
            return InvalidValue(
                collection=collection.name, field=", ".join(error.columns), reason="is required"
            )
        if isinstance(error, ForeignKeyViolation):
            return await self._foreign_key(error, collection, written, on)
        if isinstance(error, ValueOutOfRange):
            return InvalidQuery(parameter="values", reason="has a value beyond what its field can hold")
        if isinstance(error, CheckViolation):
            return InvalidQuery(parameter="values", reason="breaks a rule of the database for this table")
        return error

    async def _foreign_key(
        self,
        error: ForeignKeyViolation,
        collection: Collection,
        written: Mapping[str, Any],
        on: Transaction | None,
    ) -> DataError:
        column = await self._dangling(error, collection, written, on)
        if column is None:
            return InUse(
                collection=collection.name, users=self._users(error, collection, written) or "others"
            )
        target = collection.references[column].collection
        return InvalidValue(
            collection=collection.name,
            field=column,
            reason=f'refers to a record of "{target}" that does not exist',
        )

    async def _dangling(
        self,
        error: ForeignKeyViolation,
        collection: Collection,
        written: Mapping[str, Any],
        on: Transaction | None,
    ) -> str | None:
        """The written column that points to nothing; ``None`` when it is others that point to the record."""
        candidates = {
            name: reference
            for name, reference in collection.references.items()
            if written.get(name) is not None
        }
        if error.columns:
            known = collection.references
            return None if error.in_use else next((name for name in error.columns if name in known), None)
        for name, reference in candidates.items():
            # SQLite does not say which key it was, so each is looked for
            if not await self._exists(reference, written[name], on):
                return name
        return None

    async def _exists(self, reference: Reference, key: Any, on: Transaction | None) -> bool:
        table = self._catalog.get(reference.collection).table
        column = table.c[reference.field]
        found = sa.select(column).where(column == sa.bindparam(KEY, type_=column.type))
        look = self._database.run if on is None else on.look
        return bool(await look(found, {KEY: key}))

    def _users(self, error: ForeignKeyViolation, collection: Collection, written: Mapping[str, Any]) -> str:
        """Names of the collections that hold on to records of this one, or may, where it is not said."""
        if error.table:
            return _listed((error.table,))
        return _listed(
            other.name
            for other in self._catalog
            for reference in other.references.values()
            if reference.collection == collection.name
            and (reference.field in written or reference.on_delete in ("RESTRICT", "NO ACTION"))
        )


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f'"{name}"' for name in dict.fromkeys(names))
