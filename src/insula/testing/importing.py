"""Sending files to an application, for tests."""

import asyncio
from pathlib import Path
from typing import Any

import httpx

from insula.application.application import Application


class Importing:
    """Sends files and waits for their jobs."""

    def __init__(self, application: Application, client: httpx.AsyncClient) -> None:
        self.application = application
        self.client = client

    async def __call__(self, path: str, data: bytes, **params: str) -> dict[str, Any]:
        """The tally of a file that is taken."""
        answer = await self.client.post(path, content=data, params=params)
        assert answer.status_code == 200, answer.text
        job = await self.application.jobs.finished(answer.json()["data"]["jobId"])
        assert job.status == "succeeded", job.error
        result: dict[str, Any] = job.steps[0].result
        return result

    async def refused(self, path: str, data: bytes, **params: str) -> dict[str, Any]:
        """The error of a file that is not taken; nothing of it stays in the folder."""
        answer = await self.client.post(path, content=data, params=params)
        assert answer.status_code == 400, answer.text
        assert self.files() == []
        error: dict[str, Any] = answer.json()["errors"][0]
        return error

    @property
    def folder(self) -> Path:
        """Where files wait."""
        storage = self.application.options.storage
        assert storage is not None
        return storage / "imports"

    def files(self) -> list[Path]:
        """Those that wait."""
        return sorted(self.folder.glob("*"))

    async def gone(self, file: Path) -> None:
        """Return once a file is gone; the test's own limit ends the waiting."""
        while await asyncio.to_thread(file.exists):
            await asyncio.sleep(0)


async def rows(client: httpx.AsyncClient, path: str) -> Any:
    """The records of an answer."""
    answer = await client.get(path)
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]
