"""Files that were sent to be imported: where they wait, and when they go.

A file goes when its job has succeeded. One whose job failed or was cancelled is kept for a while, since the job may be
retried. What is due is worked out from the folder and the jobs, so that a restart loses nothing.
"""

import contextlib
import logging
from collections.abc import AsyncIterator, Iterable, Mapping
from pathlib import Path
from typing import Final

from insula.application.application import Application
from insula.application.options import IMPORTS
from insula.core.clock import now
from insula.core.errors import ThreadsBusy, ThreadsClosed
from insula.core.threads import Threads
from insula.data.filters.tree import Condition
from insula.data.query import Query
from insula.data.scope import Unrestricted
from insula.plugins.import_export.errors import InvalidImport

KIND: Final = "records.import"
KEPT_S: Final = 7 * 24 * 3600.0
"""The file of a failed or cancelled import stays so long after the end of its job."""
UNCLAIMED_S: Final = 24 * 3600.0
"""A file without a job is still being sent, or was left by a process that died; no upload takes so long."""

_logger = logging.getLogger(__name__)


def folder(storage: Path | None) -> Path:
    """Where files wait to be imported. Raises ``InvalidImport`` for an application without a folder."""
    if storage is None:
        raise InvalidImport(reason="this application has no storage folder")
    path = storage / IMPORTS
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


@contextlib.asynccontextmanager
async def unless_taken(path: Path, threads: Threads) -> AsyncIterator[None]:
    """Remove the file where the block raises. Who is cancelled does not wait for that; what is left is swept later."""
    try:
        yield
    except BaseException as error:
        with contextlib.suppress(ThreadsBusy, ThreadsClosed):
            if isinstance(error, Exception):
                await threads.run(path.unlink, missing_ok=True)
            else:
                threads.submit(path.unlink, missing_ok=True)
        raise


async def sweep(application: Application) -> None:
    """Remove the files of one application that nobody needs any more."""
    storage = application.options.storage
    # Most applications have never imported anything, and need no thread for that.
    if storage is None or not _has_folder(storage):
        return
    if ages := await application.threads.run(_ages, storage / IMPORTS):
        left = await _left(application)
        await application.threads.run(_remove, list(_due(ages, left)))


async def _left(application: Application) -> Mapping[str, float]:
    """Name of a file → seconds for which it is to be kept yet; endless while its job is not at its end."""
    query = Query(
        filter=Condition(("kind",), "$eq", KIND),
        fields=("status", "input", "finishedAt"),
        page_size=None,
        counting="none",
    )
    left: dict[str, float] = {}
    async for jobs in application.repository.stream("jobs", query, scopes=Unrestricted()):
        for job in jobs:
            seconds = float("inf")
            if job["status"] == "succeeded":
                seconds = 0.0
            elif job["finishedAt"] is not None:
                seconds = KEPT_S - (now() - job["finishedAt"]).total_seconds()
            left[str((job["input"] or {}).get("file"))] = seconds
    return left


def _has_folder(storage: Path) -> bool:
    return (storage / IMPORTS).is_dir()


def _ages(path: Path) -> Mapping[Path, float]:
    """File → seconds since it was written."""
    current = now().timestamp()
    return {file: current - file.stat().st_mtime for file in path.iterdir()}


def _due(ages: Mapping[Path, float], left: Mapping[str, float]) -> Iterable[Path]:
    for file, age in ages.items():
        if left.get(file.name, UNCLAIMED_S - age) <= 0:
            yield file


def _remove(files: Iterable[Path]) -> None:
    for file in files:
        file.unlink(missing_ok=True)
        _logger.info("removed %s, which was sent to be imported and is not needed any more", file.name)
