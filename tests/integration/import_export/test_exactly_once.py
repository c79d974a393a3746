"""Whatever fails around the commit of a batch, each row is there once, and the answer counts right."""

import asyncio
import threading
from itertools import pairwise
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from insula.application.application import Application
from insula.application.jobs.store import Job, JobStore
from insula.database.errors import DatabaseGone
from insula.database.executor import Database, Transaction
from insula.plugins.import_export.importer import CHARACTERS_PER_TRANSACTION, ROWS_PER_TRANSACTION
from insula.plugins.import_export.plan import Converted, Plan
from insula.plugins.import_export.source import MAX_BATCH_CHARACTERS, Batch

COUNT = ROWS_PER_TRANSACTION * 2 + 2_345
DATA = b"n\n" + b"".join(b"%d\n" % n for n in range(COUNT))
TOTAL = {
    "measures": [
        {"field": ["n"], "aggregation": "sum", "alias": "sum"},
        {"field": ["n"], "aggregation": "count", "alias": "rows"},
    ]
}


class SecondCommit:
    """Comes in between when the state of the second batch has been written, and its commit is next."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, rows: int = ROWS_PER_TRANSACTION + 1) -> None:
        """``rows``: that are in by then, at least."""
        self.reached = asyncio.Event()
        self.met = False
        save = JobStore.save

        async def saved(store: JobStore, job: Job, on: Transaction | None = None) -> None:
            await save(store, job, on)
            if on is not None and not self.met and job.steps[0].state["rows"] >= rows:
                self.met = True
                self.reached.set()
                await self.meet(on)

        monkeypatch.setattr(JobStore, "save", saved)

    async def meet(self, transaction: Transaction) -> None:
        """What happens there: for ever nothing."""
        await asyncio.Event().wait()


async def begin(client: httpx.AsyncClient, times: int = 1) -> int:
    data = b"n\n" + DATA.removeprefix(b"n\n") * times
    answer = await client.post("/imports:create?collection=numbers", content=data)
    return int(answer.json()["data"]["jobId"])


async def check(client: httpx.AsyncClient, job: Job) -> None:
    assert (job.status, job.error) == ("succeeded", None)
    result = job.steps[0].result
    assert (result["rows"], result["imported"], result["rejected"], result["errors"]) == (COUNT, COUNT, 0, [])
    (found,) = (await client.post("/numbers:query", json=TOTAL)).json()["data"]
    assert (int(found["rows"]), int(found["sum"])) == (COUNT, COUNT * (COUNT - 1) // 2)


ENDINGS = {
    "postgres": ("pg_backend_pid()", "SELECT pg_terminate_backend({})"),
    "mariadb": ("CONNECTION_ID()", "KILL {}"),
}
"""How a connection is named, and how another one ends it."""


async def test_a_connection_lost_before_the_commit(
    application: Application,
    client: httpx.AsyncClient,
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    commit = SecondCommit(monkeypatch)

    async def lose(transaction: Transaction) -> None:
        if transaction.dialect.is_file:
            raise DatabaseGone(reason="the file was taken away")
        number, end = ENDINGS[transaction.dialect.name]
        (own,) = await transaction.run(sa.text(f"SELECT {number} AS own").columns(sa.column("own")))
        await database.run(sa.text(end.format(own["own"])))

    monkeypatch.setattr(commit, "meet", lose)
    job = await application.jobs.finished(await begin(client))
    assert commit.met
    assert job.steps[0].attempts == 2
    await check(client, job)


async def test_cancelled_before_the_commit_and_retried(
    application: Application, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = SecondCommit(monkeypatch)
    number = await begin(client)
    await commit.reached.wait()
    answer: Any = (await client.post(f"/jobs:cancel/{number}")).json()["data"]
    assert (answer["status"], answer["steps"][0]["status"]) == ("cancelled", "cancelled")
    assert answer["steps"][0]["state"]["imported"] == ROWS_PER_TRANSACTION
    assert (await client.get("/numbers:count")).json()["data"]["count"] == ROWS_PER_TRANSACTION
    await client.post(f"/jobs:retry/{number}")
    await check(client, await application.jobs.finished(number))


async def test_stopped_before_the_commit_and_started_again(
    application: Application, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = SecondCommit(monkeypatch)
    number = await begin(client)
    await commit.reached.wait()
    await application.jobs.stop()
    await application.jobs.start()
    await check(client, await application.jobs.finished(number))


async def test_stopped_while_a_thread_reads_the_file(
    application: Application, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file is closed only when the thread is done with it, and the import goes on later."""
    reading, go_on = threading.Event(), threading.Event()
    convert = Plan.convert

    def held_up(plan: Plan, batch: Batch, converted: Converted) -> None:
        if batch.lines[0] > ROWS_PER_TRANSACTION:
            reading.set()
            go_on.wait(timeout=30)
        convert(plan, batch, converted)

    monkeypatch.setattr(Plan, "convert", held_up)
    number = await begin(client)
    await asyncio.to_thread(reading.wait, 30)
    stopping = asyncio.create_task(application.jobs.stop())
    await asyncio.sleep(0.05)
    go_on.set()
    await stopping
    await application.jobs.start()
    await check(client, await application.jobs.finished(number))


async def test_a_field_dropped_meanwhile_ends_the_import_at_once(
    application: Application, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = SecondCommit(monkeypatch, rows=1)
    await client.post(
        "/collections:create", json={"name": "numbers", "fields": [{"name": "n", "type": "integer"}]}
    )
    changes: list[asyncio.Task[Any]] = []

    async def drop(transaction: Transaction) -> None:
        # While the batch is being written no field can go: the change waits for it.
        changes.append(asyncio.create_task(application.metadata.destroy_field("numbers", "n")))

    monkeypatch.setattr(commit, "meet", drop)
    number = await begin(client, times=5)
    job = await application.jobs.finished(number)
    await asyncio.gather(*changes)
    assert (job.status, job.error) == (
        "failed",
        'rows: The import can not begin: "numbers" has no field "n" any more.',
    )
    assert job.steps[0].state["rejected"] == 0
    assert job.steps[0].status == "failed"


async def test_a_field_added_meanwhile_does_not_hinder_the_import(
    application: Application, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = SecondCommit(monkeypatch)
    changes: list[asyncio.Task[Any]] = []

    async def add(_: Transaction) -> None:
        body = {"name": "more", "type": "string", "defaultValue": "x"}
        changes.append(asyncio.create_task(application.metadata.create_field("numbers", body)))

    monkeypatch.setattr(commit, "meet", add)
    number = await begin(client)
    job = await application.jobs.finished(number)
    await asyncio.gather(*changes)
    await check(client, job)


async def test_rows_full_of_text_are_committed_in_smaller_numbers(
    application: Application, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is held at once is bounded by text too, not by rows alone."""
    commits: list[int] = []
    save = JobStore.save

    async def saved(store: JobStore, job: Job, on: Transaction | None = None) -> None:
        if on is not None:
            commits.append(job.steps[0].state["rows"])
        await save(store, job, on)

    monkeypatch.setattr(JobStore, "save", saved)
    row = b"x" * 900_000 + b"\n"
    answer = await client.post("/imports:create?collection=long", content=b"text\n" + row * 60)
    assert answer.status_code == 200, answer.text
    job = await application.jobs.finished(answer.json()["data"]["jobId"])
    assert job.steps[0].result["imported"] == 60
    assert len(commits) >= 3
    sizes = [late - early for early, late in pairwise([0, *commits])]
    assert max(sizes) * len(row) < CHARACTERS_PER_TRANSACTION + MAX_BATCH_CHARACTERS
