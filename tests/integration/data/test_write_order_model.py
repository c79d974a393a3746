"""Random moves, compared after each with the same done to plain Python lists, on every dialect."""

from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from insula.data.catalog import StaticCatalog
from insula.data.filters.parse import parse_filter
from insula.data.scope import Unrestricted
from insula.data.writing import Writer
from insula.database.executor import Database
from insula.testing.library import create_tables, library

ALL = Unrestricted()
EVERY_ROW = parse_filter({"id": {"$gt": 0}})
STATES = ("open", "done", None)

record = st.integers(1, 7)
move = st.fixed_dictionaries(
    {"source": record},
    optional={
        "target": record,
        "target_scope": st.sampled_from(("open", "done")),
        "method": st.sampled_from(("insertAfter", "prepend")),
        "sticky": st.booleans(),
    },
)
write = st.one_of(
    move,
    st.fixed_dictionaries({"write": record, "state": st.sampled_from(STATES)}),
    st.fixed_dictionaries({"write": record, "sort": st.integers(-3, 3) | st.none()}),
)


class Lists:
    """State → keys of its records in their order."""

    def __init__(self) -> None:
        self.lists: dict[str | None, list[int]] = {state: [] for state in STATES}

    def home(self, key: int) -> str | None:
        return next(state for state, keys in self.lists.items() if key in keys)

    def change(self, key: int, state: str | None) -> None:
        """A record that changes its list goes to the end of the new one."""
        if self.home(key) != state:
            self.lists[self.home(key)].remove(key)
            self.lists[state].append(key)

    def move(
        self,
        source: int,
        target: int | None = None,
        target_scope: str | None = None,
        method: str | None = None,
        sticky: bool = False,
    ) -> None:
        if target == source:
            return
        old_home = self.home(source)
        before = list(self.lists[old_home])
        home = self.home(target) if target is not None else target_scope or old_home
        self.lists[old_home].remove(source)
        into = self.lists[home]
        if target is None or sticky:
            into.insert(0 if sticky or method == "prepend" else len(into), source)
            return
        down = home == old_home and before.index(source) < before.index(target)
        behind = method == "insertAfter" or (method is None and down)
        into.insert(into.index(target) + behind, source)


@pytest.fixture
async def world(database: Database) -> SimpleNamespace:
    collections = library()
    await create_tables(database, collections)
    return SimpleNamespace(writer=Writer(StaticCatalog(collections), database), database=database)


async def shown(world: SimpleNamespace) -> dict[str | None, list[int]]:
    """The lists as they are shown: by number, then by key."""
    table = world.writer.catalog.get("tasks").table
    rows = await world.database.run(table.select())
    lowest = -(2**63)
    rows.sort(key=lambda row: (lowest if row["sort"] is None else row["sort"], row["id"]))
    return {state: [row["id"] for row in rows if row["state"] == state] for state in STATES}


async def apply(world: SimpleNamespace, model: Lists, order: dict[str, Any]) -> None:
    if "write" not in order:
        await world.writer.move("tasks", scopes=ALL, **order)
        model.move(**order)
        return
    values = {name: value for name, value in order.items() if name != "write"}
    await world.writer.update("tasks", values, keys=[order["write"]], scopes=ALL)
    if "state" in order:
        model.change(order["write"], order["state"])
    else:  # numbers that people write are shown as they are
        model.lists = await shown(world)


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(writes=st.lists(write, min_size=3, max_size=12))
async def test_moves_do_what_the_lists_do(world: SimpleNamespace, writes: list[dict[str, Any]]) -> None:
    await world.writer.destroy("tasks", filter=EVERY_ROW, scopes=ALL)
    model = Lists()
    for key, state in enumerate(("open", "open", "open", "open", "done", "done", None), start=1):
        await world.writer.create("tasks", {"id": key, "state": state}, scopes=ALL)
        model.lists[state].append(key)
    for order in writes:
        await apply(world, model, order)
        assert await shown(world) == model.lists, order
