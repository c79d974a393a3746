"""Fields that the server works out when a record is written: numbers of sequences, values of formulas.

A counter is a row of the built-in table ``sequences``, one for each period of its cycle, so that a clock that is set
back gives no number twice. It is taken from within the transaction that writes the
record, which holds its row until the end: two records never get one number, and what is rolled back leaves no gap.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Awaitable, Iterable, Mapping, Sequence
from typing import Any, Final

import sqlalchemy as sa

from insula.core import clock
from insula.data.collection import Collection, Field
from insula.data.errors import InvalidValue
from insula.data.fields.formula import Formula, read_by
from insula.data.fields.sequence import Part, SequenceNumber
from insula.data.lists import among
from insula.data.metadata_collections import SEQUENCES
from insula.database.executor import Row, Transaction

_TRIED_AT_ONCE: Final = 1_000
"""Numbers that are looked for among the records at one go."""
_TEXTS: Final = "texts"
_TABLE = SEQUENCES.table
_PERIOD = sa.bindparam("v_period", type_=sa.String())
_NEXT = sa.bindparam("v_next", type_=sa.BigInteger())
_COUNTER = sa.and_(
    _TABLE.c.fieldKey == sa.bindparam("v_field", type_=sa.String()),
    _TABLE.c.key == sa.bindparam("v_key", type_=sa.String()),
    _TABLE.c.period == _PERIOD,
)
_TAKE = (
    sa.update(_TABLE)
    .where(_COUNTER)
    .values(next=_TABLE.c.next + sa.bindparam("v_count", type_=sa.BigInteger()))
)
_BEGIN = sa.insert(_TABLE).values(
    fieldKey=sa.bindparam("v_field", type_=sa.String()),
    key=sa.bindparam("v_key", type_=sa.String()),
    period=_PERIOD,
    next=_NEXT,
)


class Computing:
    """What is worked out in one collection. Made once per collection, kept with it."""

    def __init__(self, collection: Collection) -> None:
        self.collection = collection
        self._sequences = [(f, f.type) for f in collection.columns if isinstance(f.type, SequenceNumber)]
        self._formulas = [(f, f.type) for f in collection.columns if isinstance(f.type, Formula)]
        self.counts = bool(self._sequences)
        """A new record takes numbers of counters, which needs a transaction."""
        self.names = frozenset(f.name for f, _ in (*self._sequences, *self._formulas))
        self.sources = frozenset[str]().union(*(read_by(f) for f, _ in self._formulas))
        """Columns that formulas read."""

    async def complete(self, rows: Sequence[dict[str, Any]], on: Transaction | None) -> None:
        """Put what is worked out into new records, whose other columns are there. Raises ``InvalidValue``."""
        if self.counts and on is None:
            raise RuntimeError("counters are taken inside a transaction")
        for item, _ in self._sequences:
            waiting = [row for row in rows if row[item.name] is None]
            if waiting and on is not None:
                given = frozenset(row[item.name] for row in rows)
                free = self._free(item, len(waiting), given, on) if item.unique else None
                values = await self._explained(item, free or numbered(item, len(waiting), on))
                for row, value in zip(waiting, values, strict=True):
                    row[item.name] = value
        for row in rows:
            row.update(self._formulas_of(row))

    async def _free(self, item: Field, count: int, given: frozenset[Any], on: Transaction) -> list[str]:
        """Numbers that are neither among the ``given`` ones nor those of other records, which people may have
        chosen. The numbers of taken ones are passed over."""
        moment = clock.now()
        found: list[str] = []
        size = count
        while True:
            some = await numbered(item, size, on, moment)
            if not _counters(item):
                return some  # all are the same
            taken = given | await self._taken(item, some, on)
            free = [text for text in some if text not in taken][: count - len(found)]
            found += free
            if len(found) == count:
                await _give_back(item, len(some) - 1 - some.index(found[-1]), on, moment)
                return found
            size = min(2 * size, max(_TRIED_AT_ONCE, count))

    async def _taken(self, item: Field, texts: Sequence[str], on: Transaction) -> frozenset[str]:
        column = self.collection.table.c[item.name]
        there = sa.select(column).where(among(on.dialect.name, column, _TEXTS))
        return frozenset(row[item.name] for row in await on.run(there, {_TEXTS: list(texts)}))

    def _formulas_of(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """Formula → its value for a record. Raises ``InvalidValue``."""
        values = {}
        for item, kind in self._formulas:
            try:
                values[item.name] = kind.compute(row, item)
            except ValueError as error:
                raise self._invalid(item, error) from None
        return values

    async def _explained(self, item: Field, work: Awaitable[list[Any]]) -> list[Any]:
        try:
            return await work
        except ValueError as error:
            raise self._invalid(item, error) from None

    def _invalid(self, item: Field, error: ValueError) -> InvalidValue:
        return InvalidValue(collection=self.collection.name, field=item.name, reason=str(error))

    def touched(self, names: Iterable[str]) -> bool:
        """Whether writing these columns may change the value of a formula."""
        return not self.sources.isdisjoint(names)

    async def follow(self, rows: Sequence[dict[str, Any]], on: Transaction) -> None:
        """Store the formulas of rows that were just written (and are held by ``on``), and put them into the rows."""
        key = self.collection.primary_key
        if key is None:
            return
        table = self.collection.table
        changed: list[dict[str, Any]] = []
        for row in rows:
            values = self._formulas_of(row)
            if any(row.get(name) != value for name, value in values.items()):
                row.update(values)
                changed.append({"w_key": row[key.name]} | {f"v_{n}": v for n, v in values.items()})
        if not changed:
            return
        given = {f.name: sa.bindparam(f"v_{f.name}", type_=table.c[f.name].type) for f, _ in self._formulas}
        same = table.c[key.name] == sa.bindparam("w_key", type_=table.c[key.name].type)
        await on.execute_many(on.dialect.compile(sa.update(table).where(same).values(given)), changed)


def computing(collection: Collection) -> Computing:
    """What is worked out in a collection, found out at first use."""
    kept: Computing | None = collection.compiled.get(Computing)
    if kept is None:
        kept = collection.compiled[Computing] = Computing(collection)
    return kept


async def numbered(item: Field, count: int, on: Transaction, now: dt.datetime | None = None) -> list[str]:
    """The values of a sequence for ``count`` new records. Raises ``ValueError`` where they are too long."""
    if not isinstance(item.type, SequenceNumber):
        raise TypeError(f"{item.name} is no sequence")
    kind, moment = item.type, item.type.local(now or clock.now(), item)
    first = {part.key: await take(on, item.key, part, moment, count) for part in _counters(item)}
    texts = (
        kind.compose(item, moment, {key: start + place for key, start in first.items()})
        for place in range(count)
    )
    return [kind.prepare(text, item) for text in texts]


def _counters(item: Field) -> list[Part]:
    if not isinstance(item.type, SequenceNumber):
        return []
    return [part for part in item.type.parts(item) if part.kind == "integer"]


async def _give_back(item: Field, count: int, on: Transaction, now: dt.datetime) -> None:
    """The last ``count`` numbers that this transaction took are nobody's again."""
    if count and isinstance(item.type, SequenceNumber):
        for part in _counters(item):
            await take(on, item.key, part, item.type.local(now, item), -count)


async def take(on: Transaction, field: str, part: Part, moment: dt.datetime, count: int) -> int:
    """The first of ``count`` numbers of a counter, which are nobody else's from now on."""
    values = {
        "v_field": field,
        "v_key": part.key,
        "v_period": part.period(moment),
        "v_next": part.start + count,
        "v_count": count,
    }
    if rows := await _counted(on, values):
        return int(rows[0]["next"]) - count
    await on.lock(f"sequence {field} {part.key}")
    if rows := await _counted(on, values):  # someone else began it meanwhile
        return int(rows[0]["next"]) - count
    await on.execute(on.dialect.compile(_BEGIN), {name: values[name] for name in values if name != "v_count"})
    return part.start


async def _counted(on: Transaction, values: Mapping[str, Any]) -> list[Row]:
    """Move a counter on, and hold it; no row where it has not begun."""
    if "update" in on.dialect.returning:
        return await on.run(_TAKE.returning(_TABLE.c.next), values)
    await on.run(_TAKE, values)
    return await on.run(sa.select(_TABLE.c.next).where(_COUNTER), values)
