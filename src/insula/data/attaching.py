"""Related records that are answered with records: usually one statement per relation and level.

A missing or closed record is ``None``. What is related to one record is answered up to ``MAX_RELATED``; a
record that has more says so under ``MORE``. Where there is much to read, it is read by several statements, of
about ``AT_ONCE`` rows each, so that others get their turns in between.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from typing import Any, Final

from insula.data.appends import COUNTED, OWNER, RELATED_LIMIT, THROUGH, Load
from insula.data.plan import KEYS
from insula.database.executor import Executor, Row

MAX_RELATED: Final = 1_000
"""Records that are answered of one relation to many of one record."""
MAX_RELATED_AT_ONCE: Final = 20_000
"""Records that are answered of one relation for all records of a page, shared evenly between them: so the
answer to ``pageSize=1000`` has 20 of each, and that to ``pageSize=20`` has ``MAX_RELATED``."""
MORE: Final = "__more"
"""Under which a record names those of its appended relations that hold more than is answered."""

AT_ONCE: Final = 1_000
"""Rows that are read at one go, which takes 2 to 4 ms. Only where there are more are they counted, and then read
in parts, bounded for each record."""
KEYS_AT_ONCE: Final = 1_000
"""Keys whose rows one statement looks for."""


async def attach(executor: Executor, rows: Sequence[Row], loads: Sequence[Load]) -> None:
    """Run the loads and put what they find into ``rows``. Rows that name the same record share its dict."""
    for load in loads:
        keys = list(dict.fromkeys(key for row in rows if (key := row[load.local]) is not None))
        limit = related_limit(len(keys)) if load.to_many else 1
        groups: dict[Any, list[Row]] = {}
        async for part in _related(executor, load, keys, limit):
            for related in part:
                groups.setdefault(related[load.remote], []).append(related)
        if load.to_many:
            found = _put_many(rows, groups, load, limit)
        else:
            # of several (hasOne keeps no promise) the first counts
            for row in rows:
                group = groups.get(row[load.local])
                row[load.name] = group[0] if group else None
            found = [related for group in groups.values() for related in group]
        if load.loads and found:
            await attach(executor, found, load.loads)
        strip(found, load.plan.helpers)
        if load.through is not None:
            _fold(found, load.through)


async def _related(
    executor: Executor, load: Load, keys: Sequence[Any], limit: int
) -> AsyncIterator[list[Row]]:
    """The related rows: of each record at least one more than the ``limit``, where it has so many."""
    for start in range(0, len(keys), KEYS_AT_ONCE):
        some = keys[start : start + KEYS_AT_ONCE]
        bound = {**load.values, KEYS: some, RELATED_LIMIT: AT_ONCE + 1}
        found = await executor.fetch(load.plan.statement, bound)
        if len(found) <= AT_ONCE or load.bounded is None:
            yield found
            continue
        counted = await executor.fetch(load.counted().statement, bound)
        numbers = {row[OWNER]: row[COUNTED] for row in counted}
        for part in _parts(some, numbers, limit + 1):
            bound = {**load.values, KEYS: part, RELATED_LIMIT: limit + 1}
            yield await executor.fetch(load.bounded().statement, bound)


def _parts(keys: Sequence[Any], numbers: Mapping[Any, int], most: int) -> Iterator[list[Any]]:
    """The keys that have rows, in parts that have about ``AT_ONCE`` of them, where each counts for at ``most``."""
    part: list[Any] = []
    size = 0
    for key in keys:
        number = min(numbers.get(key, 0), most)
        if part and size + number > AT_ONCE:
            yield part
            part, size = [], 0
        if number:
            part.append(key)
            size += number
    if part:
        yield part


def related_limit(owners: int) -> int:
    """How many records are answered of a relation to many, of each of so many records."""
    return max(1, min(MAX_RELATED, MAX_RELATED_AT_ONCE // max(1, owners)))


def _put_many(rows: Sequence[Row], groups: dict[Any, list[Row]], load: Load, limit: int) -> list[Row]:
    """Give each row its group; gives what is answered of them all."""
    cut = {owner for owner, group in groups.items() if len(group) > limit}
    for owner in cut:
        del groups[owner][limit:]
    for row in rows:
        row[load.name] = groups.get(row[load.local], [])
        if cut and row[load.local] in cut:
            row.setdefault(MORE, []).append(load.name)
    return [related for group in groups.values() for related in group]


def strip(rows: Sequence[Row], helpers: Sequence[str]) -> None:
    """Take away the columns that were fetched for joining."""
    for label in helpers:
        for row in rows:
            del row[label]


def _fold(rows: Sequence[Row], name: str) -> None:
    """The columns of the row between → one dict under the name of its collection."""
    for row in rows:
        labels = [label for label in row if label.startswith(THROUGH)]
        row[name] = {label[len(THROUGH) :]: row.pop(label) for label in labels}
