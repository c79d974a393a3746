"""Processes within one: whatever is begun by one of them is known as its own, so that it can be killed without a word."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Coroutine, Generator
from contextvars import ContextVar, copy_context
from typing import Any, Final, TypeVar, cast
from weakref import WeakSet

from insula.core.clock import monotonic

T = TypeVar("T")
PATIENCE_S: Final = 30.0

_process: ContextVar[str] = ContextVar("process", default="")


class Processes:
    """Of one loop, which makes all its tasks by this from now on."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._tasks: defaultdict[str, WeakSet[asyncio.Task[Any]]] = defaultdict(WeakSet)
        self._dead: set[str] = set()
        """Those that are being killed: nothing that they begin is done."""
        loop.set_task_factory(self._made)

    def begin(self, name: str, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Do something in a process."""
        context = copy_context()
        context.run(_process.set, name)
        return asyncio.get_running_loop().create_task(work, context=context)

    async def kill(self, name: str) -> None:
        """End all that a process does. AssertionError where something does not end by that."""
        until = monotonic() + PATIENCE_S
        self._dead.add(name)
        while left := [task for task in self._tasks[name] if not task.done()]:
            assert monotonic() < until, f"{name} can not be killed: {left}"
            for task in left:
                task.cancel()
            await asyncio.wait(left, timeout=PATIENCE_S / 5)
        self._dead.discard(name)

    def _made(
        self,
        loop: asyncio.AbstractEventLoop,
        work: Coroutine[Any, Any, Any] | Generator[Any, None, Any],
        **more: Any,
    ) -> asyncio.Task[Any]:
        context = more.get("context")
        name = _process.get() if context is None else context.get(_process, "")
        task: asyncio.Task[Any] = asyncio.Task(cast(Coroutine[Any, Any, Any], work), loop=loop, **more)
        self._tasks[name].add(task)
        if name in self._dead:
            task.cancel()
        return task
