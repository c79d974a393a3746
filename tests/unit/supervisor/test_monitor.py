"""What is written down of what happens: the history, and last visits."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from insula.core import log
from insula.data.changes import Change
from insula.data.errors import InvalidQuery
from insula.data.query import Query
from insula.data.scope import Unrestricted
from insula.fleet.command import Verb
from insula.fleet.lifecycle import Observed
from insula.fleet.traffic import Traffic
from insula.supervisor import monitor
from insula.supervisor.monitor import Monitor
from insula.testing.fleet import PlayedFleet

WHO = "user 7"


async def history(fleet: PlayedFleet, name: str = "shop") -> list[dict[str, Any]]:
    query = Query(sort=("id",), page_size=None, counting="none")
    page = await fleet.main.repository.find("applicationEvents", query, scopes=Unrestricted())
    return [row for row in page.rows if row["application"] == name]


async def until(fleet: PlayedFleet, count: int) -> list[dict[str, Any]]:
    """The history once it has as many events."""
    async with asyncio.timeout(60):
        while len(found := await history(fleet)) < count:
            await asyncio.sleep(0.001)
    return found


async def test_the_history_tells_what_was_wanted_by_whom_and_what_came_of_it(fleet: PlayedFleet) -> None:
    log.request_id.set("req-1")
    await fleet.make("shop")
    fleet.local.failures[Verb.STOP] = "DATABASE_UNAVAILABLE"
    with pytest.raises(Exception, match="could not stop"):
        await fleet.supervisor.stop("shop", actor=WHO)
    found = await until(fleet, 5)
    told = [(row["wanted"], row["observed"], row["environment"], row["reason"]) for row in found]
    assert sorted(told, key=str) == sorted(
        [
            ("running", None, None, "created"),
            ("running", None, None, "started"),
            (None, "running", "local", None),
            ("stopped", None, None, "stopped"),
            (None, "error", "local", "stop: stop was told to fail"),
        ],
        key=str,
    )
    assert [row["actor"] for row in found if row["wanted"]] == ["a test", "a test", WHO]
    # a request can be followed from who asked to what was observed
    assert all(str(row["requestId"]).split(".")[0] == "req-1" for row in found)


async def test_what_happens_while_the_database_is_away_is_written_later(
    fleet: PlayedFleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    from insula.database.errors import DatabaseGone

    await fleet.make("shop")
    before = len(await until(fleet, 3))
    note = fleet.records.note
    tries = 0

    async def away(events: Any) -> None:
        nonlocal tries
        tries += 1
        if tries < 3:
            raise DatabaseGone(where="here", reason="it was pulled")
        await note(events)

    monkeypatch.setattr(fleet.records, "note", away)
    monkeypatch.setattr(monitor, "TRY_AGAIN_S", 0.001)
    fleet.local.report("shop", Observed.ERROR, step="run", cause="it fell over")
    found = await until(fleet, before + 1)
    assert (found[-1]["observed"], found[-1]["reason"]) == ("error", "run: it fell over")
    assert tries == 3


async def test_what_is_seen_last_is_written_at_the_end(fleet: PlayedFleet) -> None:
    await fleet.make("shop")
    fleet.traffic.of("shop").visited = 1_800_000_000.5
    fleet.local.report("shop", Observed.ERROR, step="run", cause="the end")
    await fleet.supervisor.close()
    assert (await history(fleet))[-1]["reason"] == "run: the end"
    row = await fleet.main.repository.find_one("applications", "shop", scopes=Unrestricted())
    assert row is not None
    assert row["lastVisitAt"] == datetime.fromtimestamp(1_800_000_000.5, UTC)


async def test_of_main_and_of_what_is_gone_nothing_is_kept(fleet: PlayedFleet) -> None:
    fleet.local.report("main", Observed.PREPARING)
    fleet.local.report("nothing", Observed.STOPPED)
    await fleet.supervisor.close()
    assert await history(fleet, "main") == []
    assert await history(fleet, "nothing") == []


async def test_last_visits_of_many_are_one_statement_and_only_when_there_are_new_ones(
    fleet: PlayedFleet,
) -> None:
    for number in range(20):
        await fleet.make(f"shop{number}")
    changes: list[Change] = []
    looking = Monitor(fleet.records, fleet.discovery, fleet.traffic)
    await asyncio.sleep(0)
    for number in range(10):
        fleet.traffic.of(f"shop{number}").visited = 1_800_000_000.0 + number
    fleet.traffic.of("main").visited = 1_800_000_000.0
    fleet.main.repository.observers.append(
        lambda change: changes.append(change) if change.collection == "applications" else None
    )
    before = fleet.records.get("shop3").updated_at
    await looking.write_visits()
    assert [(len(change.keys), change.fields) for change in changes] == [(10, frozenset({"lastVisitAt"}))]
    latest = datetime.fromtimestamp(1_800_000_009, UTC)
    assert fleet.records.get("shop3").last_visit_at == latest
    assert fleet.records.get("shop3").updated_at == before
    assert fleet.records.get("shop15").last_visit_at is None
    await looking.write_visits()
    assert len(changes) == 1
    fleet.traffic.of("shop15").visited = 1_800_000_100.0
    await looking.write_visits()
    assert [change.keys for change in changes[1:]] == [("shop15",)]


@pytest.mark.parametrize(
    "refusal", [InvalidQuery(parameter="values", reason="is poison"), KeyError("poison")]
)
async def test_one_event_that_can_not_be_written_does_not_hold_up_the_others(
    fleet: PlayedFleet,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    refusal: Exception,
) -> None:
    await fleet.make("shop")
    before = len(await until(fleet, 3))
    note = fleet.records.note

    async def refused(events: Any) -> None:
        if any(event.reason == "run: poison" for event in events):
            raise refusal
        await note(events)

    monkeypatch.setattr(fleet.records, "note", refused)
    fleet.local.report("shop", Observed.ERROR, step="run", cause="poison")
    async with asyncio.timeout(60):
        while "not tried again" not in caplog.text:
            await asyncio.sleep(0.001)
    fleet.local.report("shop", Observed.STOPPED)
    found = await until(fleet, before + 1)
    assert found[-1]["observed"] == "stopped"


async def test_reasons_of_any_kind_are_written(fleet: PlayedFleet) -> None:
    await fleet.make("shop")
    fleet.local.report("shop", Observed.ERROR, step="run", cause="a \ud800 and \0 and ü" + "x" * 5000)
    await fleet.supervisor.close()
    reason = (await history(fleet))[-1]["reason"]
    assert reason.startswith("run: a ? and  and ü")
    assert len(reason) < 2_001


async def test_what_is_told_again_is_noted_once(fleet: PlayedFleet) -> None:
    """An environment tells the same status anew when what it keeps of the application has changed."""
    await fleet.make("shop")
    await fleet.supervisor.stop("shop", actor=WHO)
    await until(fleet, 5)
    for status in fleet.discovery.statuses("shop").values():
        fleet.discovery.report("local", "shop", replace(status, wakes=True))
    await fleet.supervisor.start("shop", actor=WHO)
    found = await until(fleet, 7)
    assert [row["observed"] for row in found if row["observed"]] == ["running", "stopped", "running"]


async def test_whenever_a_minute_has_passed_traffic_is_kept_apart(
    fleet: PlayedFleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(monitor, "MINUTE_S", 0.001)
    passed: asyncio.Queue[None] = asyncio.Queue()

    class Told(Traffic):
        def turn(self, at: float | None = None) -> None:
            passed.put_nowait(None)

    looking = Monitor(fleet.records, fleet.discovery, Told())
    looking.start()
    try:
        async with asyncio.timeout(60):
            for _ in range(3):
                await passed.get()
    finally:
        await looking.stop()
