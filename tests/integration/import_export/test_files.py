"""Files of imports go when nobody needs them any more."""

import asyncio
import os
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path

import httpx

from insula.application.application import Application
from insula.core.clock import now
from insula.data.scope import Unrestricted
from insula.plugins.import_export.files import KEPT_S, KIND, UNCLAIMED_S, sweep
from insula.testing.importing import Importing, rows

WIDE = b"n\n" + b"1\n" * 300_000


def moment(seconds: float) -> datetime:
    """So long ago."""
    return now() - timedelta(seconds=seconds)


def age(file: Path, seconds: float) -> None:
    then = now().timestamp() - seconds
    os.utime(file, (then, then))


async def test_the_file_of_a_cancelled_import_stays_for_a_retry_and_then_goes(
    application: Application, client: httpx.AsyncClient, importing: Importing
) -> None:
    job = (await client.post("/imports:create?collection=wide", content=WIDE)).json()["data"]["jobId"]
    await sweep(application)
    (file,) = importing.files()
    age(file, KEPT_S * 2)
    await sweep(application)
    assert importing.files() == [file], "it is being imported"
    await client.post(f"/jobs:cancel/{job}")
    await sweep(application)
    assert importing.files() == [file]
    await application.repository.update(
        "jobs", {"finishedAt": moment(KEPT_S - 60)}, keys=[job], scopes=Unrestricted()
    )
    await sweep(application)
    assert importing.files() == [file]
    await application.repository.update(
        "jobs", {"finishedAt": moment(KEPT_S + 60)}, keys=[job], scopes=Unrestricted()
    )
    await application.jobs.stop()
    await application.jobs.start()
    await importing.gone(file)
    await client.post(f"/jobs:retry/{job}")
    retried = await application.jobs.finished(job)
    assert retried.status == "failed"
    assert "send it again" in str(retried.error)


async def test_what_belongs_to_no_job_or_to_one_that_is_done_goes(
    application: Application, importing: Importing
) -> None:
    await importing("/imports:create", b"n\n1\n", collection="small")
    folder = importing.folder
    (job,) = (await application.repository.find("jobs", scopes=Unrestricted())).rows
    done, young, old = folder / job["input"]["file"], folder / "young.csv", folder / "old.csv"
    for file in (done, young, old):
        file.write_text("n\n")
    age(young, UNCLAIMED_S - 60)
    age(old, UNCLAIMED_S + 60)
    assert job["kind"] == KIND
    await sweep(application)
    assert importing.files() == [young]


async def test_a_slow_upload_holds_nobody_up(application: Application, client: httpx.AsyncClient) -> None:
    """While someone still sends a file, tables change and records are written."""
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def file() -> AsyncIterator[bytes]:
        yield b"n\n1\n"
        begun.set()
        await go_on.wait()
        yield b"2\n"

    things = {"name": "things", "fields": [{"name": "n", "type": "integer"}]}
    await client.post("/collections:create", json=things)
    upload = asyncio.create_task(client.post("/things:import", content=file()))
    try:
        await begun.wait()
        async with asyncio.timeout(20):
            q = {"name": "q", "type": "string"}
            changed = await client.post("/collections/things/fields:create", json=q)
            written = await client.post("/things:create", json={"n": 3, "q": "x"})
    finally:
        go_on.set()
        sent = await upload
    assert [answer.status_code for answer in (changed, written, sent)] == [200] * 3
    job = await application.jobs.finished(sent.json()["data"]["jobId"])
    assert (job.status, len(await rows(client, "/things:list"))) == ("succeeded", 3)
