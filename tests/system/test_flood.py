"""One application that is asked for more than it can do: it says so, and its neighbours do not notice."""

import asyncio
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import httpx

from insula.application.options import REQUESTS_AT_ONCE
from insula.testing import shelf
from insula.testing.instance import Instance

BEYOND = 88
PATIENCE_S = 60.0
WAITS = """
import asyncio
from pathlib import Path

from insula.application.api.action import Action, Answer, Resource
from insula.application.plugin import Plugin


async def wait(context):
    while Path({flag!r}).exists():
        await asyncio.sleep(0.2)
    return Answer("done")


class Shelf(Plugin):
    \"\"\"Takes its time, and gives way meanwhile.\"\"\"

    name = "shelf"
    title = description = "Shelf"
    enabled_by_default = True
    resources = (Resource("shelf", (Action("wait", wait, "public", "Wait."),), "Shelf"),)
"""


async def status_of(port: int, path: str) -> int:
    """Of the answer to one request on a connection of its own."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
    try:
        return int((await reader.readline()).split()[1])
    finally:
        writer.close()
        await writer.wait_closed()


async def test_a_flood_of_one_application(install: Callable[..., Instance], tmp_path: Path) -> None:
    flag = tmp_path / "flag"
    flag.touch()
    server = install(**shelf.installed(tmp_path / "plugin", WAITS.format(flag=str(flag))))
    server.start()
    with server.sign_in() as client:
        for name in ("busy", "calm"):
            made = client.post("/applications:create", json={"name": name}).raise_for_status().json()["data"]
            assert server.wait_for_job(client, made["jobId"])["status"] == "succeeded"
    async with asyncio.timeout(PATIENCE_S):
        flood = [
            asyncio.create_task(status_of(server.port, "/api/__app/busy/shelf:wait"))
            for _ in range(REQUESTS_AT_ONCE + BEYOND)
        ]
        while sum(one.done() for one in flood) < BEYOND:
            await asyncio.sleep(0.01)
        for path in ("/api/app:getInfo", "/api/__app/calm/app:getInfo") * 10:
            assert await status_of(server.port, path) == 200
        assert sum(one.done() for one in flood) == BEYOND, "the flood was still there"
        flag.unlink()
        assert Counter(await asyncio.gather(*flood)) == {200: REQUESTS_AT_ONCE, 503: BEYOND}
    page = httpx.get(f"{server.address}/metrics").text
    assert f'insula_request_errors_total{{application="busy"}} {BEYOND}\n' in page
    assert 'insula_request_errors_total{application="calm"} 0\n' in page
