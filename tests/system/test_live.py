"""A page of a real server hears of applications and jobs as they go on, over one connection."""

import asyncio
import json
import time
from pathlib import Path
from typing import Any

from websockets.asyncio.client import connect

from insula.testing.instance import Instance

WITHIN_S = 30.0


async def listen(address: str, token: str, topics: list[str], heard: asyncio.Queue[dict[str, Any]]) -> None:
    """Put what is said into ``heard``, until cancelled."""
    async with connect(address) as connection:
        await connection.send(json.dumps({"token": token}))
        await connection.send(json.dumps({"subscribe": topics}))
        async for text in connection:
            heard.put_nowait(json.loads(text))


async def until(heard: asyncio.Queue[dict[str, Any]], fits: Any) -> dict[str, Any]:
    async with asyncio.timeout(WITHIN_S):
        while True:
            said = await heard.get()
            if fits(said):
                return said


async def test_the_making_of_an_application_is_heard_from_its_job_to_its_running(tmp_path: Path) -> None:
    with Instance(tmp_path / "storage") as instance:
        instance.start()
        with instance.sign_in() as client:
            token = client.headers["authorization"].removeprefix("Bearer ")
            heard: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
            topics = ["applications", "environments", "jobs"]
            address = f"ws://127.0.0.1:{instance.port}/ws"
            listening = asyncio.create_task(listen(address, token, topics, heard))
            for topic in topics:
                await until(heard, lambda said, topic=topic: said.get("topics") == [topic])
            made = await asyncio.to_thread(client.post, "/applications:create", json={"name": "shop"})
            job = made.raise_for_status().json()["data"]["jobId"]

            def about_shop(said: dict[str, Any]) -> bool:
                return said.get("topic") == "applications" and "shop" in said.get("keys", ())

            def finished(said: dict[str, Any]) -> bool:
                rows = said.get("rows", ())
                return any(row["id"] == job and row["status"] == "succeeded" for row in rows)

            await until(heard, about_shop)
            await until(heard, finished)
            row = await asyncio.to_thread(lambda: client.get(f"/jobs:get/{job}").json()["data"])
            assert row["status"] == "succeeded"
            await asyncio.to_thread(client.post, "/applications:stop/shop")
            await until(heard, about_shop)
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)
        assert instance.stop() == 0


async def test_a_server_that_stops_says_goodbye(tmp_path: Path) -> None:
    with Instance(tmp_path / "storage") as instance:
        instance.start()
        async with connect(f"ws://127.0.0.1:{instance.port}/ws") as connection:
            began = time.monotonic()
            assert await asyncio.to_thread(instance.stop) == 0
            assert time.monotonic() - began < WITHIN_S / 2
            await connection.wait_closed()
            assert connection.close_code in (1001, 1012)
