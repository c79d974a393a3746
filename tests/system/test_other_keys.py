"""A fleet that finds another key in its Redis, after that has forgotten everything and somebody else was back there first."""

import asyncio
import contextlib
from pathlib import Path

import httpx

from insula.fleet.agreement import KEY, RENEW_S
from insula.fleet.redis_server import RedisServer
from insula.fleet.seal import Seal
from insula.testing import servers
from insula.testing.eventually import until
from insula.testing.fleets import FleetOfProcesses


async def others_were_first(port: int) -> None:
    """Without a key. What they write lasts as long as that of any process does that has stopped."""
    async with RedisServer(f"redis://127.0.0.1:{port}/0", "X") as redis:
        mark = Seal(None).close(KEY, b"insula")
        await redis.together((("FLUSHALL",), ("SET", KEY, mark, "PX", int(2 * RENEW_S * 1000))))


def test_it_serves_on_takes_and_sends_nothing_says_so_and_comes_back(short_path: Path) -> None:
    with servers.redis() as redis, contextlib.ExitStack() as stack:
        fleet = FleetOfProcesses(short_path, redis.port, None)
        stack.callback(fleet.end)
        fleet.start("w1")
        with fleet.supervisor.sign_in() as web:
            fleet.make(web, "shop", "w1")
            worker = fleet.worker("w1").address

            def health() -> str:
                answer = httpx.get(f"{worker}/api/__health_check")
                return str(answer.json()["error"]["code"]) if answer.is_error else "well"

            def failure() -> str:
                return str(web.get("/environments:get/w1").json()["data"]["failure"])

            def serves() -> bool:
                return httpx.get(f"{worker}/api/__app/shop/app:getInfo").is_success

            assert (health(), failure(), serves()) == ("well", "None", True)
            asyncio.run(others_were_first(redis.port))
            until(lambda: health() == "KEY_MISMATCH" and "APP_SUPERVISOR_AES_SECRET_KEY" in failure())
            assert serves()
            until(lambda: (health(), failure()) == ("well", "None"))
            assert web.post("/applications:stop/shop").is_success
            assert not serves()
