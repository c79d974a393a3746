"""Files of imports go when nobody needs them any more."""

import os
from datetime import datetime, timedelta
from pathlib import Path

import httpx

from insula.application.application import Application
from insula.core.clock import now
from insula.data.scope import Unrestricted
from insula.plugins.import_export.files import KEPT_S, KIND, UNCLAIMED_S, sweep
from insula.testing.importing import Importing

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
