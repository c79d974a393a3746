"""Records of applications, on both dialects: what is written, read again, and looked up."""

import asyncio
import gc
import logging
import time
import tracemalloc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest

from insula.application.application import Application
from insula.application.options import Options
from insula.application.registry import Registry
from insula.application.secrets import MasterKey
from insula.core.clock import now
from insula.data.errors import Conflict, InvalidValue
from insula.data.query import Query
from insula.data.scope import Unrestricted
from insula.database.budget import ConnectionBudget
from insula.database.engine import open_database
from insula.database.errors import DatabaseGone
from insula.database.executor import Database
from insula.database.options import DatabaseOptions
from insula.fleet.discovery.local import LocalDiscovery
from insula.fleet.environment import LOCAL
from insula.fleet.errors import ApplicationNotFound
from insula.fleet.lifecycle import Observed, Status, Wanted
from insula.supervisor.entry import COLUMNS, Entry, columns
from insula.supervisor.errors import DomainTaken, NameTaken, SupervisorClosed
from insula.supervisor.history import MOST_EVENTS, Event
from insula.supervisor.records import Records
from insula.supervisor.table import Table
from insula.testing.applications import APP_KEY
from insula.testing.fleet import SupervisorTables

ENTRY = Entry(
    "shop",
    Wanted.RUNNING,
    "0d6f8c4e-0000-4000-8000-000000000000",
    display_name="Ein Laden “x” 🏪",
    cname="shop.example.com",
    pinned=True,
    icon="shop",
    labels=("a", "b"),
    environments=("local",),
    options={"startMode": "withMain", "database": {"host": "db"}},
    credentials="sealed",
    data_key="wrapped",
    version="1.2.3",
    fingerprint="core 1",
    last_visit_at=now(),
    created_at=now(),
    created_by_id=2**53 + 1,
    updated_at=now(),
)


@pytest.fixture
async def main(database_options: DatabaseOptions, database: Database) -> AsyncIterator[Application]:
    handle = open_database(database_options, ConnectionBudget())
    made = Application("main", handle, Registry([SupervisorTables()]), MasterKey(APP_KEY), Options(main=True))
    await made.install()
    await made.start()
    yield made
    await made.stop()


@pytest.fixture
async def records(main: Application) -> Records:
    return await read(main)


async def read(main: Application) -> Records:
    """The records as another process reads them."""
    opened = Records(LocalDiscovery())
    await opened.open(main)
    return opened


async def history(main: Application, name: str = "shop") -> list[dict[str, Any]]:
    query = Query(sort=("id",), page_size=None, counting="none")
    page = await main.repository.find("applicationEvents", query, scopes=Unrestricted())
    return [row for row in page.rows if row["application"] == name]


def event(name: str = "shop", reason: str = "for a test", **more: Any) -> Event:
    return Event(name, now(), reason=reason, **more)


async def test_what_is_kept_is_read_again(main: Application, records: Records) -> None:
    await records.add(ENTRY, event(wanted=Wanted.RUNNING, actor="user 7", request_id="req"))
    again = (await read(main)).get("shop")
    assert again == ENTRY
    assert records.get("shop") == ENTRY
    row = (await history(main))[0]
    assert (row["wanted"], row["actor"], row["requestId"], row["observed"]) == (
        "running",
        "user 7",
        "req",
        None,
    )


async def test_a_change_and_its_event_are_committed_together_or_not_at_all(
    main: Application, records: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    await records.add(ENTRY, event())
    changed = await records.change("shop", event(wanted=Wanted.ASLEEP), wanted=Wanted.ASLEEP, cname=None)
    assert (changed.wanted, changed.cname) == (Wanted.ASLEEP, None)
    assert (await read(main)).get("shop") == changed
    assert records.application_of("shop.example.com") is None
    with pytest.raises(InvalidValue, match="must be a date"):  # the event can not be written, so nothing is
        await records.change("shop", replace(event(), at="no moment"), wanted=Wanted.STOPPED)  # type: ignore[type-var]
    assert records.get("shop") == changed
    assert (await read(main)).get("shop") == changed


async def test_what_is_removed_is_gone_with_its_history_and_its_name_and_domain_are_free(
    main: Application, records: Records
) -> None:
    await records.add(ENTRY, event())
    await records.add(Entry("other", Wanted.STOPPED, "s"), event("other"))
    await records.remove("shop")
    with pytest.raises(ApplicationNotFound):
        records.get("shop")
    with pytest.raises(ApplicationNotFound):
        await records.remove("shop")
    assert (await history(main), len(await history(main, "other"))) == ([], 1)
    await records.add(ENTRY, event())
    assert records.application_of("shop.example.com") == "shop"


async def test_the_database_has_the_last_word_on_names_and_domains(
    main: Application, records: Records
) -> None:
    elsewhere = await read(main)
    await elsewhere.add(ENTRY, event())
    with pytest.raises(Conflict, match="name"):
        await records.add(replace(ENTRY, cname=None), event())
    with pytest.raises(Conflict, match="cname"):
        await records.add(replace(ENTRY, name="other"), event("other"))
    # what was refused is reserved no longer
    assert records.application_of("shop.example.com") is None
    assert records.all() == []


async def test_of_many_at_once_one_gets_the_name_and_one_the_domain(
    main: Application, records: Records
) -> None:
    def entry(number: int) -> Entry:
        return replace(ENTRY, name=f"shop{number}")

    added = await asyncio.gather(
        *(records.add(entry(number), event(f"shop{number}")) for number in range(8)), return_exceptions=True
    )
    assert [type(one) for one in added if one is not None] == [DomainTaken] * 7
    winner = records.application_of("shop.example.com")
    assert [entry.name for entry in (await read(main)).all()] == [winner]
    with pytest.raises(NameTaken):
        await records.add(replace(ENTRY, name=str(winner), cname=None), event())


async def test_a_write_whose_end_nobody_knows_is_read_again(
    main: Application, records: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The commit was done, and the connection broke before that was told."""
    await records.add(ENTRY, event())

    async def cut_off(done: bool, name: str, **changes: Any) -> None:
        with monkeypatch.context() as patched:
            transaction = main.repository.transaction

            @asynccontextmanager
            async def breaking() -> AsyncIterator[Any]:
                async with transaction() as opened:
                    yield opened
                    if not done:
                        raise DatabaseGone(where="here", reason="it was pulled")
                raise DatabaseGone(where="here", reason="it was pulled")

            patched.setattr(main.repository, "transaction", breaking)
            with pytest.raises(DatabaseGone):
                await records.change(name, event(), **changes)

    await cut_off(True, "shop", wanted=Wanted.STOPPED)
    assert records.get("shop").wanted is Wanted.RUNNING
    await records.settle()
    assert records.get("shop").wanted is Wanted.STOPPED
    await cut_off(False, "shop", wanted=Wanted.DELETED)
    await records.settle()
    assert records.get("shop").wanted is Wanted.STOPPED
    await cut_off(True, "shop", cname="other.example.com")
    await records.settle()
    assert records.application_of("other.example.com") == "shop"
    assert records.application_of("shop.example.com") is None


async def test_what_was_read_again_takes_nothing_back_that_was_written_meanwhile(
    records: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    await records.add(ENTRY, event())
    read, was_read, go_on = Table.read, asyncio.Event(), asyncio.Event()

    async def slow(table: Table, name: str) -> Entry | None:
        found = await read(table, name)
        if not was_read.is_set():
            was_read.set()
            await go_on.wait()
        return found

    monkeypatch.setattr(Table, "read", slow)
    records._doubtful.add("shop")
    settling = asyncio.create_task(records.settle())
    await was_read.wait()
    await records.change("shop", event(), wanted=Wanted.STOPPED)
    go_on.set()
    await settling
    assert records.get("shop").wanted is Wanted.STOPPED


async def test_only_the_newest_events_of_each_are_kept(main: Application, records: Records) -> None:
    await records.add(ENTRY, event())
    await records.add(Entry("other", Wanted.STOPPED, "s"), event("other"))
    for start in range(0, 400, 40):
        await records.note([event(reason=str(number)) for number in range(start, start + 40)])
        kept = await history(main)
        assert len(kept) <= MOST_EVENTS
        assert kept[-1]["reason"] == str(start + 39)
    assert len(kept) >= MOST_EVENTS / 2
    assert [int(row["reason"]) for row in kept] == list(range(400 - len(kept), 400))
    assert len(await history(main, "other")) == 1


async def test_reasons_are_cut_and_cleaned(main: Application, records: Records) -> None:
    await records.add(ENTRY, event(reason="x" * 5000 + "\0"))
    await records.note([event(reason="a\0b"), event("gone")])
    assert [len(row["reason"]) for row in await history(main)] == [2000, 2]
    assert await history(main, "gone") == []


async def test_before_the_records_are_read_all_is_on_its_way_and_a_visit_waits(main: Application) -> None:
    discovery = LocalDiscovery()
    opened = Records(discovery)
    target = await opened.find("shop")
    assert target is not None
    assert (target.wanted, target.status.observed) == (Wanted.RUNNING, Observed.PREPARING)
    assert not target.certain
    with pytest.raises(SupervisorClosed):
        await opened.change("shop", None)
    visit = asyncio.create_task(opened.wake("shop"))
    await asyncio.sleep(0)
    assert not visit.done()
    await opened.open(main)
    assert await visit is None
    discovery.report(LOCAL, "main", Status(Observed.RUNNING, now()))
    found = await opened.find("main")
    assert found is not None and found.status.observed is Observed.RUNNING


async def test_a_thousand_that_sleep_are_one_query_and_some_kilobytes_each(
    main: Application, database_options: DatabaseOptions, caplog: pytest.LogCaptureFixture
) -> None:
    count = 1_000
    rows = []
    for number in range(count):
        name = f"a_{number:011d}"
        entry = replace(ENTRY, name=name, cname=f"{name}.example.com", wanted=Wanted.ASLEEP)
        rows.append(columns({attribute: getattr(entry, attribute) for attribute in COLUMNS}))
    names = list(rows[0])
    prepared = [tuple(row[name] for name in names) for row in rows]
    await main.repository.bulk_insert("applications", prepared, columns=names, scopes=Unrestricted())

    opened = Records(LocalDiscovery())
    gc.collect()
    tracemalloc.start()
    await opened.open(main)
    gc.collect()
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(opened.all()) == count
    assert opened.application_of("a_00000000999.example.com") == "a_00000000999"
    assert held < 5_000_000

    began = time.process_time()
    await Records(LocalDiscovery()).open(main)
    assert time.process_time() - began < 0.1

    with caplog.at_level(logging.DEBUG, "insula.database.traced"):
        handle = open_database(database_options, ConnectionBudget())
        traced = Application("main", handle, main.registry, MasterKey(APP_KEY), Options(main=True))
        traced.offer(main.registry.plugins.values())
        caplog.clear()
        await Records(LocalDiscovery()).open(traced)
        told = [record.message for record in caplog.records if "ms: " in record.message]
        await handle.close()
    assert len(told) == 1, told


async def test_whoever_waits_for_a_change_is_told_of_the_next_report() -> None:
    discovery = LocalDiscovery()
    records = Records(discovery)
    waiting = asyncio.create_task(records.changed("shop", within_s=60.0))
    await asyncio.sleep(0)
    discovery.report(LOCAL, "other", Status(Observed.RUNNING, now()))
    await asyncio.sleep(0)
    assert not waiting.done()
    discovery.report(LOCAL, "shop", Status(Observed.RUNNING, now()))
    await asyncio.wait_for(waiting, 1.0)
    await records.changed("shop", within_s=0.01)  # nothing comes any more
    assert discovery._watchers == []


async def test_whoever_keeps_ways_is_told_of_each_change(main: Application) -> None:
    known: list[tuple[Entry | None, str | None]] = []
    records = Records(LocalDiscovery())
    records.moved = lambda: known.append((records.entry("shop"), records.application_of("shop.example.com")))
    await records.open(main)
    assert known == [(None, None)]
    await records.add(replace(ENTRY, cname="shop.example.com"), event())
    assert known[-1] == (records.get("shop"), "shop")
    await records.change("shop", None, cname=None)
    assert known[-1] == (records.get("shop"), None)
    await records.remove("shop")
    assert known[-1] == (None, None)
