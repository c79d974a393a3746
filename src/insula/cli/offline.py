"""The main application opened by the command itself, where no server runs: under the same lock as a server."""

import asyncio
import logging
from contextlib import ExitStack

import httpx

from insula.core import log
from insula.core.errors import InsulaError
from insula.server.build import build
from insula.server.declared import Settings
from insula.server.settings import Reading
from insula.server.storage import StorageLock, open_folder


class OfflineTransport(httpx.BaseTransport):
    """Hands requests to the gateway as if they came over the operator's socket.

    Raises ``StorageInUse`` where another process has the folder, ``NotInstalled`` where nothing is there yet.
    """

    def __init__(self, settings: Settings, reading: Reading) -> None:
        log.configure("error", "text", reading.secrets())
        folder = open_folder(settings.storage_path)
        self._stack = ExitStack()
        with ExitStack() as on_failure:
            on_failure.callback(self._stack.close)
            self._stack.enter_context(StorageLock(folder))
            self._runner = self._stack.enter_context(asyncio.Runner())
            installation = build(settings, folder, self._lost, makes=False)
            self._stack.callback(lambda: self._runner.run(installation.role.stop()))
            # What is wrong is raised, so nothing needs to be logged about the start.
            logging.getLogger("insula").setLevel(logging.CRITICAL)
            self._runner.run(installation.role.start_main())
            logging.getLogger("insula").setLevel(logging.ERROR)
            on_failure.pop_all()
        self._inner = httpx.ASGITransport(installation.gateway.local)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return self._runner.run(self._answer(request))

    async def _answer(self, request: httpx.Request) -> httpx.Response:
        """The answer, read whole: what is asked for offline is small."""
        sent = httpx.Request(request.method, request.url, headers=request.headers, content=request.read())
        answer = await self._inner.handle_async_request(sent)
        return httpx.Response(answer.status_code, headers=answer.headers, content=await answer.aread())

    def close(self) -> None:
        self._stack.close()

    def _lost(self, error: InsulaError) -> None:
        """The application answers no more; the command ends with that."""
