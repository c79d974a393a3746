"""What the process says that it carries, and what it gives back."""

import asyncio
import gc
from weakref import ref

import pytest

from insula.server import load
from insula.server.load import Load
from insula.server.memory import MOST_LOOKED_THROUGH, Trimmer, give_free_memory_back


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


async def test_memory_is_given_back_once_for_many_stops() -> None:
    trimmed: list[int] = []
    trimmer = Trimmer(lambda: None, lambda: 0, 0.01, lambda: trimmed.append(1))
    for _ in range(50):
        trimmer.soon()
    async with asyncio.timeout(10):
        while not trimmed:
            await asyncio.sleep(0.001)
    trimmer.soon()
    trimmer.close()
    assert trimmed == [1]
    trimmer.soon()
    async with asyncio.timeout(10):
        while len(trimmed) < 2:
            await asyncio.sleep(0.001)


@pytest.mark.parametrize("running", [MOST_LOOKED_THROUGH, MOST_LOOKED_THROUGH + 1])
async def test_garbage_is_looked_for_where_few_applications_run(running: int) -> None:
    class Loop:
        def __init__(self) -> None:
            self.itself = self

    garbage = ref(Loop())
    steps: list[str] = []
    trimmer = Trimmer(lambda: steps.append("swept"), lambda: running, 0.01, lambda: steps.append("trimmed"))
    gc.disable()
    try:
        trimmer.soon()
        async with asyncio.timeout(10):
            while "trimmed" not in steps:
                await asyncio.sleep(0.001)
    finally:
        gc.enable()
    assert steps == ["swept", "trimmed"]
    assert (garbage() is None) == (running <= MOST_LOOKED_THROUGH)


def test_giving_memory_back_is_no_error_anywhere() -> None:
    give_free_memory_back()
