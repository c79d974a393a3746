"""Whether something answers: asked seldom, and never waited for long."""

import asyncio

import pytest

from insula.core.errors import InsulaError
from insula.server.pulse import Pulse


class Asked:
    """Something that is asked, and how often it was."""

    def __init__(self, error: Exception | None = None, *, hangs: bool = False) -> None:
        self.times = 0
        self.error = error
        self.hangs = hangs

    async def __call__(self) -> None:
        self.times += 1
        if self.hangs:
            await asyncio.Event().wait()
        if self.error:
            raise self.error


async def test_many_who_want_to_know_ask_once() -> None:
    asked = Asked()
    pulse = Pulse(asked, kept_s=60)
    assert await asyncio.gather(*(pulse() for _ in range(9))) == [True] * 9
    assert asked.times == 1


async def test_it_is_asked_again_later() -> None:
    asked = Asked()
    pulse = Pulse(asked, kept_s=0)
    assert await pulse()
    asked.error = InsulaError()
    assert not await pulse()


async def test_no_answer_in_time_is_none(caplog: pytest.LogCaptureFixture) -> None:
    assert not await Pulse(Asked(hangs=True), deadline_s=0.01)()
    assert "no answer within 0.01 s" in caplog.text


async def test_a_defect_is_not_hidden() -> None:
    with pytest.raises(ZeroDivisionError):
        await Pulse(Asked(ZeroDivisionError()))()
