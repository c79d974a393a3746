"""What environments tell of their work, in the step of a job that waits for it."""

import asyncio
from dataclasses import replace
from typing import Any, cast

import pytest

from insula.application.application import Application
from insula.application.errors import WrongJobState
from insula.application.jobs.kinds import StepContext, StepRecord
from insula.core.clock import now
from insula.core.errors import InsulaError
from insula.fleet.discovery.local import LocalDiscovery
from insula.fleet.environment import LOCAL
from insula.fleet.lifecycle import Observed, Status
from insula.supervisor import progress
from insula.supervisor.progress import followed

BEGUN = Status(Observed.INITIALIZING, now())


class Kept:
    """A step's context, and what was written of its record at each time."""

    def __init__(self, refuses: InsulaError | None = None) -> None:
        self.refuses = refuses
        self.written: list[tuple[float, int]] = []
        self.context = StepContext(
            cast(Application, None), 7, {}, {}, StepRecord("create"), self._save, self._commit
        )

    @property
    def lines(self) -> list[str]:
        """The step's log, without its times."""
        return [line.split(" ", 1)[1] for line in self.context.record.log]

    async def _save(self) -> None:
        record = self.context.record
        self.written.append((record.progress, len(record.log)))
        if self.refuses is not None:
            raise self.refuses

    async def _commit(self, *_: Any) -> None:
        raise AssertionError("nothing is done in transactions here")

    async def until_written(self, times: int) -> None:
        async with asyncio.timeout(60):
            while len(self.written) < times:
                await asyncio.sleep(0.005)


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "KEPT_AFTER_S", 0.02)


async def test_what_is_told_of_it_is_logged_and_written_together() -> None:
    discovery, kept = LocalDiscovery(), Kept()
    async with followed(discovery.watch, "shop", kept.context):
        for number in range(1, 5):
            told = replace(BEGUN, doing=f"plugin {number} of 4", progress=(number - 1) / 4)
            for _ in range(2):
                discovery.report(LOCAL, "shop", told)
            discovery.report(LOCAL, "blog", replace(told, doing="another's"))
        await kept.until_written(1)
        discovery.report("w2", "shop", replace(BEGUN, doing="tables"))
        await kept.until_written(2)
        discovery.report("w2", "shop", BEGUN)
    assert kept.lines == [*(f"plugin {number} of 4" for number in range(1, 5)), "w2: tables"]
    assert kept.written == [(0.75, 4), (0.75, 5)], "once for all that came in a moment"
    discovery.report(LOCAL, "shop", replace(BEGUN, doing="later"))
    assert len(kept.lines) == 5


async def test_nothing_is_written_where_nothing_is_told_or_the_step_is_over_before() -> None:
    discovery, kept = LocalDiscovery(), Kept()
    async with followed(discovery.watch, "shop", kept.context):
        discovery.report(LOCAL, "shop", BEGUN)
        await asyncio.sleep(0.03)
    async with followed(discovery.watch, "shop", kept.context):
        discovery.report(LOCAL, "shop", replace(BEGUN, doing="tables"))
    await asyncio.sleep(0.03)
    assert kept.written == []
    assert kept.lines == ["tables"]


async def test_a_step_goes_on_where_its_progress_can_not_be_kept() -> None:
    refused = WrongJobState(job=7, status="cancelled", verb="be kept")
    discovery, kept = LocalDiscovery(), Kept(refused)
    async with followed(discovery.watch, "shop", kept.context):
        for times in (1, 2):
            discovery.report(LOCAL, "shop", replace(BEGUN, doing=f"table {times}"))
            await kept.until_written(times)
            await asyncio.sleep(0)
    assert kept.lines == ["table 1", "table 2"]
