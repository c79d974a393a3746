"""What the process says that it carries, and what it gives back."""

import asyncio
import gc
from collections import Counter
from weakref import ref

import pytest

from insula.server import load
from insula.server.load import Load
from insula.server.memory import MOST_LOOKED_THROUGH, Trimmer

AFTER_S = 0.01


def test_it_tells_memory_connections_and_the_processor_of_late(monkeypatch: pytest.MonkeyPatch) -> None:
    moment = 100.0
    used = 5.0
    monkeypatch.setattr(load, "monotonic", lambda: moment)
    monkeypatch.setattr(load.time, "process_time", lambda: used)
    carried = Load(lambda: 7)
    told = carried()
    assert (told["cpu"], told["connections"]) == (0.0, 7)
    assert 10 < told["memoryMb"] < 10_000
    moment, used = 110.0, 7.5
    assert carried()["cpu"] == 0.25
    moment, used = 110.5, 9.0
    assert carried()["cpu"] == 0.25, "too soon to tell"


class Kept:
    """A heap that keeps a list of what is asked of it."""

    def __init__(self, steps: list[str]) -> None:
        self._steps = steps

    def keep_little(self) -> None:
        self._steps.append("kept little")

    def let_go(self) -> None:
        self._steps.append("let go")

    def give_back(self) -> None:
        self._steps.append("given back")


def trimmer_of(steps: list[str]) -> Trimmer:
    return Trimmer(lambda: None, lambda: 0, Kept(steps), AFTER_S)


async def until_given_back(steps: list[str], times: int) -> None:
    async with asyncio.timeout(60):
        while steps.count("given back") < times:
            await asyncio.sleep(0.001)


async def all_that_was_due() -> None:
    """A timer that was set before this was called has rung."""
    others: list[str] = []
    trimmer_of(others).soon()
    await until_given_back(others, 1)


async def test_memory_is_given_back_twice_for_many_stops_however_many_they_are() -> None:
    steps: list[str] = []
    trimmer = trimmer_of(steps)
    for _ in range(50):
        trimmer.soon()
    await until_given_back(steps, 2)
    await all_that_was_due()
    assert Counter(steps) == {"let go": 2, "given back": 2}, "as they begin, and after the last of them"


async def test_nothing_is_given_back_once_that_is_over() -> None:
    steps: list[str] = []
    trimmer = trimmer_of(steps)
    trimmer.soon()
    trimmer.soon()
    trimmer.close()
    trimmer.soon()
    await all_that_was_due()
    assert steps == []


@pytest.mark.parametrize("running", [MOST_LOOKED_THROUGH, MOST_LOOKED_THROUGH + 1])
async def test_garbage_is_looked_for_where_few_applications_run(running: int) -> None:
    class Loop:
        def __init__(self) -> None:
            self.itself = self

    garbage = ref(Loop())
    steps: list[str] = []
    trimmer = Trimmer(lambda: steps.append("swept"), lambda: running, Kept(steps), AFTER_S)
    gc.disable()
    try:
        trimmer.soon()
        await until_given_back(steps, 1)
    finally:
        gc.enable()
    assert steps == ["swept", "let go", "given back"]
    assert (garbage() is None) == (running <= MOST_LOOKED_THROUGH)
