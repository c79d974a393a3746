"""Fixtures for all tests: real servers, fresh databases, and a look at what each test leaves behind."""

import asyncio
import contextlib
import gc
import os
import threading
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from insula.database.budget import ConnectionBudget
from insula.database.dialects import dialect
from insula.database.engine import open_database
from insula.database.executor import Database
from insula.database.options import DatabaseOptions
from insula.testing import servers
from insula.testing.databases import own_schema

_servers_of_the_run: set[int] = set()
"""Processes that are meant to outlive a test."""
_PATIENCE_S = 2.0
"""What ends by itself (a thread on its way out) gets this long."""
_OURS_TO_KEEP = ("asyncio_", "ThreadPoolExecutor", "AnyIO")
"""Names of threads that pools keep for the next task."""


def _left_threads(before: set[threading.Thread]) -> list[str]:
    now = set(threading.enumerate()) - before
    return sorted(thread.name for thread in now if not thread.name.startswith(_OURS_TO_KEEP))


def _descriptors() -> dict[int, str]:
    """Open files, sockets and pipes of this process: number → what it is."""
    found = {}
    for name in os.listdir("/proc/self/fd"):
        try:
            found[int(name)] = os.readlink(f"/proc/self/fd/{name}")
        except FileNotFoundError:
            continue  # the one that listed them
    return {number: what for number, what in found.items() if "eventpoll" not in what and "/dev/" not in what}


def _children() -> set[int]:
    """Processes that any thread of this one has started, the dead that nobody waited for among them."""
    found: set[int] = set()
    for thread in Path("/proc/self/task").iterdir():
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # a thread on its way out
            found |= {int(word) for word in (thread / "children").read_text().split()}
    return found


@pytest.fixture(autouse=True)
def leaves_nothing_behind() -> Iterator[None]:
    """Fails a test that leaves a thread, descriptor or child process. (After home-assistant's verify_cleanup.)"""
    threads, descriptors, children = set(threading.enumerate()), _descriptors(), _children()
    yield
    deadline = time.monotonic() + _PATIENCE_S
    while True:
        left = [f"thread {name}" for name in _left_threads(threads)]
        left += [f"file {what}" for n, what in _descriptors().items() if descriptors.get(n) != what]
        left += [f"process {child}" for child in _children() - children - _servers_of_the_run]
        if not left:
            return
        if time.monotonic() > deadline:
            pytest.fail("left behind: " + ", ".join(left))
        gc.collect()
        time.sleep(0.01)


@pytest.fixture(autouse=True)
async def ends_its_tasks(request: pytest.FixtureRequest) -> AsyncIterator[None]:
    """Fails an asynchronous test that leaves a task running."""
    yield
    mine = asyncio.current_task()
    left = [task for task in asyncio.all_tasks() if task is not mine and not task.done()]
    if left:
        await asyncio.wait(left, timeout=_PATIENCE_S)
    if running := [repr(task) for task in left if not task.done()]:
        pytest.fail("tasks left behind: " + ", ".join(running))


@pytest.fixture(scope="session")
def postgresql() -> Iterator[servers.Server]:
    """A PostgreSQL server for the whole run; make databases of your own in it."""
    with servers.postgresql() as server:
        _servers_of_the_run.add(server.process.pid)
        yield server


@pytest.fixture(scope="session")
def redis() -> Iterator[servers.Server]:
    """A Redis server for the whole run; use keys of your own in it."""
    with servers.redis() as server:
        _servers_of_the_run.add(server.process.pid)
        yield server


@pytest.fixture(params=["sqlite", "postgres"])
async def database_options(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[DatabaseOptions]:
    """Where an empty database may be made, once per dialect: a file, or a schema that nobody else has."""
    if request.param == "sqlite":
        yield DatabaseOptions("sqlite", storage=tmp_path / "test.sqlite")
        return
    async with own_schema(request.getfixturevalue("postgresql")) as options:
        yield options


@pytest.fixture
async def database(database_options: DatabaseOptions) -> AsyncIterator[Database]:
    """An empty database, once per dialect."""
    await dialect(database_options.dialect).ensure(database_options)
    budget = ConnectionBudget()
    opened = open_database(database_options, budget)
    yield opened
    await opened.close()
    assert (budget.used, budget.waiting) == (0, 0)
