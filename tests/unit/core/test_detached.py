"""Work that goes on without the one who asked for it, and whose owner waits for its end."""

import asyncio

import pytest

from insula.core.detached import Detached
from insula.core.errors import ThreadsBusy


async def test_work_goes_on_when_the_asker_is_cancelled_and_its_owner_waits_for_it() -> None:
    owner, gate, done = Detached(), asyncio.Event(), asyncio.Event()

    async def work() -> None:
        await gate.wait()
        done.set()

    asker = asyncio.create_task(owner.run(work()))
    await asyncio.sleep(0)
    asker.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asker
    assert len(owner) == 1
    gate.set()
    await owner.end(10)
    assert done.is_set()
    assert len(owner) == 0


async def test_what_is_late_is_cancelled_and_its_end_waited_for() -> None:
    owner, cleaned = Detached(), asyncio.Event()

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            cleaned.set()

    owner.start(work())
    await asyncio.sleep(0)
    await owner.end(0)
    assert cleaned.is_set()


async def test_the_asker_gets_what_the_work_gives_or_raises() -> None:
    async def gives(value: int) -> int:
        return 10 // value

    assert await Detached().run(gives(5)) == 2
    with pytest.raises(ZeroDivisionError):
        await Detached().run(gives(0))


async def test_failures_that_nobody_waits_for_are_logged(caplog: pytest.LogCaptureFixture) -> None:
    async def fails() -> None:
        raise RuntimeError("the moon is full")

    owner = Detached()
    owner.start(fails())
    await owner.end(1)
    assert "nobody waited" in caplog.text
    assert "the moon is full" in caplog.text


async def test_a_failure_with_a_sentence_needs_no_trace(caplog: pytest.LogCaptureFixture) -> None:
    async def fails() -> None:
        raise ThreadsBusy(owner="shop", size=4, waiting=256)

    owner = Detached()
    owner.start(fails())
    await owner.end(1)
    (told,) = caplog.records
    assert (told.levelname, told.exc_info) == ("WARNING", None)
    assert ThreadsBusy(owner="shop", size=4, waiting=256).message in told.message
