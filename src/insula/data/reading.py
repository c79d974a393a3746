"""Reading records: from a query to rows.

First everything is checked and bound (plans are found, or built and compiled), so that what is wrong is said
before any statement runs; then the rows are fetched, and what is appended, one statement per relation and level.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Any, cast
from weakref import ref

from insula.data.aggregate import bind_aggregate
from insula.data.aggregate_plan import computed
from insula.data.appends import Load, Loader
from insula.data.attaching import attach, strip
from insula.data.catalog import Catalog
from insula.data.collection import Collection, Field
from insula.data.counting import Counter
from insula.data.errors import InvalidFilter, InvalidQuery
from insula.data.filters.compile import parameter, relation_of
from insula.data.filters.shape import Binder, Shape, prepared_key
from insula.data.filters.tree import All, Condition, Node
from insula.data.outline import EVERYTHING, outline
from insula.data.plan import COUNT, KEYS, PLANS, Plan, ReadShape, compiled, count_plan, read_plan
from insula.data.query import MAX_PAGE, MAX_PAGE_SIZE, Aggregate, Page, Query
from insula.data.scope import Scopes
from insula.data.sorting import bind_sort
from insula.data.trees import parent_field
from insula.database.executor import STREAM_BATCH_ROWS, Database, Executor, Row

MAX_LEVELS = 64
"""Levels of a tree that one answer holds inside one another: what reads JSON goes no deeper than some hundreds."""
STREAM_BATCH_WITH_MANY = 50
"""Records of a stream that are read at one go with their relations to many, of which they share what is answered."""
CHILDREN = "children"
"""Under which a record of a tree holds those below it; left out where there are none."""

_ALL = Query()
_NAMES = tuple(parameter(index) for index in range(64))


@dataclass(slots=True)
class _Read:
    """A read that is checked and ready to run."""

    shape: ReadShape
    plan: Plan
    values: dict[str, Any]
    loads: Sequence[Load]
    below: Plan | None = None
    """For a tree: the plan of each level under the first."""


class Reader:
    """Reads records of the collections of one application."""

    def __init__(self, catalog: Catalog, database: Database) -> None:
        self._catalog = catalog
        self._database = database
        self._counter = Counter()

    async def find(
        self, collection: str, query: Query = _ALL, *, scopes: Scopes, on: Executor | None = None
    ) -> Page:
        """One page of records; behind the last page it has no rows, but the right count.

        Raises ``UnknownCollection``, ``UnknownField``, ``InvalidFilter``, ``InvalidQuery``, and what ``scopes``
        raises for a collection that is closed.
        """
        described = self._catalog.get(collection)
        _check_page(query)
        kind = "page"
        if query.page_size is None:
            kind = "all"
        elif query.counting == "exact" and query.appends:
            kind = "counted"
        read = await self._read(described, query, kind, scopes)
        if query.page_size is not None:
            read.values["limit"] = query.page_size + (query.counting == "simple")
            read.values["offset"] = (query.page - 1) * query.page_size
        executor = on or self._database
        rows = await executor.fetch(read.plan.statement, read.values)
        page = await self._paged(query, read, rows, executor)
        await _finish(executor, page.rows, read)
        return page

    async def find_one(
        self, collection: str, key: Any, query: Query = _ALL, *, scopes: Scopes, on: Executor | None = None
    ) -> Row | None:
        """The record with this key (and which fits the filter, if there is one), ``None`` when there is none.

        ``key`` is the primary key, or an object of field values that name the record. Raises as ``find``.
        """
        described = self._catalog.get(collection)
        if isinstance(key, Mapping):
            query = replace(query, filter=_named(key, query.filter))
            read = await self._read(described, query, "one", scopes)
        else:
            read = await self._read_key(described, key, query, scopes)
        executor = on or self._database
        rows = await executor.fetch(read.plan.statement, read.values)
        if not rows:
            return None
        await _finish(executor, rows, read)
        return rows[0]

    async def stream(
        self, collection: str, query: Query = _ALL, *, scopes: Scopes
    ) -> AsyncIterator[list[Row]]:
        """All records that match, in batches of 250 (of 50 with relations to many), each with what is appended.

        Raises as ``find``.
        """
        described = self._catalog.get(collection)
        read = await self._read(described, query, "all", scopes)
        many = any(load.to_many for load in read.loads)
        batch = STREAM_BATCH_WITH_MANY if many else STREAM_BATCH_ROWS
        batches = self._database.stream(read.plan.statement, read.values, batch)
        # Who reads may stop at any time: then the cursor is closed at once, and not when it is collected.
        async with aclosing(cast("AsyncGenerator[list[Row], None]", batches)):
            async for rows in batches:
                await _finish(self._database, rows, read)
                yield rows

    async def count(
        self, collection: str, filter: Node | None = None, *, scopes: Scopes, on: Executor | None = None
    ) -> int:
        """The number of records that match. Raises as ``find``."""
        described = self._catalog.get(collection)
        scope = scopes.scope(collection, "view")
        binder = Binder(self._catalog, scopes)
        where = binder.rows(described, scope, filter)
        shape = ReadShape("count", described, scope, EVERYTHING, where, ())
        return await self._count(shape, _bound(binder.values), on or self._database)

    async def aggregate(
        self, collection: str, aggregate: Aggregate, *, scopes: Scopes, on: Executor | None = None
    ) -> list[Row]:
        """Grouped and computed rows. Raises as ``find``."""
        described = self._catalog.get(collection)
        executor = on or self._database
        plan, values, aliases = bind_aggregate(self._catalog, described, aggregate, scopes, executor.dialect)
        return computed(plan, await executor.fetch(plan.statement, values), aliases)

    async def _read(self, collection: Collection, query: Query, kind: str, scopes: Scopes) -> _Read:
        """Check and bind a query."""
        scope = scopes.scope(collection.name, "view")
        asked = outline(query.fields, query.appends, query.excepts, rendered=query.rendered)
        binder = Binder(self._catalog, scopes)
        where = binder.rows(collection, scope, query.filter)
        order = bind_sort(binder, collection, scope, query.sort) if query.sort else ()
        parent = _parent(collection) if query.tree else None
        shape = ReadShape(kind, collection, scope, asked, where, order, parent)
        return await self._planned(shape, binder.values, scopes)

    async def _read_key(self, collection: Collection, key: Any, query: Query, scopes: Scopes) -> _Read:
        """As ``_read``, for the record of one key: what is asked most of all."""
        scope = scopes.scope(collection.name, "view")
        asked = outline(query.fields, query.appends, query.excepts, rendered=query.rendered)
        binder = Binder(self._catalog, scopes)
        limits = binder.rows(collection, scope, query.filter)
        binder.values.append(prepared_key(collection, key))
        where: Shape = ("test", _key_name(collection), "$eq", "value")
        shape = ReadShape(
            "one", collection, scope, asked, where if limits is None else ("and", limits, where), ()
        )
        return await self._planned(shape, binder.values, scopes)

    async def _planned(self, shape: ReadShape, values: Sequence[Any], scopes: Scopes) -> _Read:
        dialect = self._database.dialect
        many, parts = len(values), (ref(shape.collection), shape.where, shape.order)

        def planned(shape: ReadShape) -> Plan:
            return PLANS.get(shape.key(dialect.name), many, lambda: read_plan(dialect, shape))

        plan = await compiled(many, parts, lambda: planned(shape))
        read = _Read(shape, plan, _bound(values), ())
        asked = shape.outline
        if asked.children or asked.only is not None:
            read.loads = Loader(self._catalog, scopes, dialect).loads(shape.collection, shape.scope, asked)
        if shape.parent is not None:
            level = replace(shape, kind="level")
            read.below = await compiled(many, parts, lambda: planned(level))
        return read

    async def _paged(self, query: Query, read: _Read, rows: list[Row], executor: Executor) -> Page:
        """The page of these rows. Where they show the end themselves, nothing is counted."""
        size = query.page_size
        if size is None or query.counting == "none":
            return Page(rows)
        if query.counting == "simple":
            return Page(rows[:size], has_next=len(rows) > size)
        if 0 < len(rows) < size or (not rows and query.page == 1):
            return Page(rows, (query.page - 1) * size + len(rows))
        if rows and read.shape.kind == "counted":
            return Page(rows, rows[0][COUNT])
        return Page(rows, await self._count(read.shape, read.values, executor))

    async def _count(self, shape: ReadShape, values: Mapping[str, Any], executor: Executor) -> int:
        """Count the rows of a shape; outside of transactions together with whoever asks the same."""
        dialect = executor.dialect
        parent = None if shape.parent is None else shape.parent.name
        key = (dialect.name, "count", ref(shape.collection), shape.where, parent)
        many, parts = len(values), (ref(shape.collection), shape.where)

        def planned() -> Plan:
            return PLANS.get(key, many, lambda: count_plan(dialect, shape))

        plan = await compiled(many, parts, planned)

        async def run() -> int:
            return int((await executor.fetch(plan.statement, values))[0][COUNT])

        if executor is not self._database:
            return await run()
        # a statement may have values of its own beside those
        same = tuple(values.get(name) for name in plan.statement.names)
        try:
            hash(same)
        except TypeError:  # a list or an object among the values
            return await run()
        return await self._counter.count((plan.statement, same), run)


async def _finish(executor: Executor, rows: list[Row], read: _Read) -> None:
    """Append what is asked for, and take away what was fetched only for that."""
    if read.loads:
        await attach(executor, rows, read.loads)
    if read.below is not None and read.shape.parent is not None:
        await _nest(executor, rows, read, read.below, read.shape.parent)
    if read.plan.helpers:
        strip(rows, read.plan.helpers)


async def _nest(executor: Executor, tops: list[Row], read: _Read, below: Plan, parent: Field) -> None:
    """Put all descendants that fit into the rows, one statement per level.

    It ends: who is their own ancestor is under no row at the top.
    """
    up = relation_of(read.shape.collection, parent.name)
    level, descendants = tops, []
    levels = 1
    while level:
        keys = [row[up.target_key] for row in level]
        found = await executor.fetch(below.statement, {**read.values, KEYS: keys})
        levels += 1
        if found and levels > MAX_LEVELS:
            reason = (
                f"leads deeper than {MAX_LEVELS} levels: narrow the filter, or read records by their parents"
            )
            raise InvalidQuery(parameter="tree", reason=reason)
        if read.loads and found:
            await attach(executor, found, read.loads)
        groups: dict[Any, list[Row]] = {}
        for row in found:
            groups.setdefault(row[up.foreign_key], []).append(row)
        for row in level:
            if row[up.target_key] in groups:
                row[CHILDREN] = groups[row[up.target_key]]
        descendants += found
        level = found
    strip(descendants, below.helpers)


def _parent(collection: Collection) -> Field:
    """The relation of a tree to the parent. Raises ``InvalidQuery`` where there is none."""
    found = parent_field(collection)
    if found is None:
        raise InvalidQuery(parameter="tree", reason=f'does not fit "{collection.name}", which is no tree')
    return found


def _key_name(collection: Collection) -> str:
    key = collection.primary_key
    if key is None:
        raise InvalidFilter(reason=f'"{collection.name}" has no primary key')
    return key.name


def _named(key: Mapping[Any, Any], filter: Node | None) -> Node:
    """The filter, narrowed to the records with these values of fields."""
    if not key:
        raise InvalidFilter(reason="the key names no field")
    wanted = tuple(Condition((str(name),), "$eq", value) for name, value in key.items())
    return All(wanted if filter is None else (*wanted, filter))


def _bound(values: Sequence[Any]) -> dict[str, Any]:
    if len(values) <= len(_NAMES):
        return dict(zip(_NAMES, values, strict=False))
    return {parameter(index): value for index, value in enumerate(values)}


def _check_page(query: Query) -> None:
    if not 1 <= query.page <= MAX_PAGE:
        raise InvalidQuery(parameter="page", reason=f"must be a whole number from 1 to {MAX_PAGE}")
    if query.page_size is not None and not 1 <= query.page_size <= MAX_PAGE_SIZE:
        raise InvalidQuery(
            parameter="pageSize",
            reason=f"must be a whole number from 1 to {MAX_PAGE_SIZE} (paginate=false gives all)",
        )
