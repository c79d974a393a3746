"""A look at what each test leaves behind, as a pytest plugin: ``pytest -p insula.testing.leaks``.

A test fails, by its name, that leaves a task, thread, descriptor (a file, a socket, a connection to a database) or
child process behind. (After home-assistant's ``verify_cleanup``.)
"""

import asyncio
import contextlib
import gc
import threading
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

PATIENCE_S = 20.0
"""What ends by itself (a thread on its way out) gets this long."""
_POLL_S = 0.01
_KEPT_THREADS = ("asyncio_", "ThreadPoolExecutor", "AnyIO")
"""Names of threads that pools keep for the next task."""
_SELF = Path("/proc/self")
_servers: set[int] = set()


def outlives_a_test(process: int) -> None:
    """Take a child process for one that is there for the whole run, such as a database server."""
    _servers.add(process)


def _threads() -> set[threading.Thread]:
    return {thread for thread in threading.enumerate() if not thread.name.startswith(_KEPT_THREADS)}


def _descriptors() -> dict[int, str]:
    """Open files, sockets and pipes of this process: number → what it is."""
    found = {}
    for entry in (_SELF / "fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # the one that lists them
            found[int(entry.name)] = str(entry.readlink())
    return {number: what for number, what in found.items() if "eventpoll" not in what and "/dev/" not in what}


def _children() -> set[int]:
    """Processes that any thread of this one has started, the dead that nobody waited for among them."""
    found: set[int] = set()
    for thread in (_SELF / "task").iterdir():
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # a thread on its way out
            found |= {int(word) for word in (thread / "children").read_text().split()}
    return found


def _named(process: int) -> str:
    try:
        return (Path("/proc") / str(process) / "comm").read_text().strip()
    except OSError:
        return "gone meanwhile"


@pytest.fixture(autouse=True)
def leaves_nothing_behind(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fails a test that leaves a thread, descriptor or child process."""
    threads, descriptors, children = _threads(), _descriptors(), _children()
    yield
    deadline = time.monotonic() + PATIENCE_S
    while True:
        left = [f"thread {name}" for name in sorted(thread.name for thread in _threads() - threads)]
        left += [f"file {what}" for n, what in _descriptors().items() if descriptors.get(n) != what]
        left += [f"process {child} ({_named(child)})" for child in _children() - children - _servers]
        if not left:
            return
        if time.monotonic() > deadline:
            pytest.fail(f"{request.node.nodeid} left behind: {', '.join(left)}", pytrace=False)
        gc.collect()
        time.sleep(_POLL_S)


@pytest.fixture(autouse=True)
async def ends_its_tasks(request: pytest.FixtureRequest) -> AsyncIterator[None]:
    """Fails an asynchronous test that leaves a task running."""
    yield
    mine = asyncio.current_task()
    left = [task for task in asyncio.all_tasks() if task is not mine and not task.done()]
    if left:
        await asyncio.wait(left, timeout=PATIENCE_S)
    if running := [repr(task) for task in left if not task.done()]:
        for task in left:
            task.cancel()
        await asyncio.wait(left, timeout=PATIENCE_S)
        pytest.fail(f"{request.node.nodeid} left behind: {', '.join(running)}", pytrace=False)
