"""What the main application tells of the inside of another one: only while that runs in this process."""

from typing import Any

import httpx

from insula.application.application import Application
from insula.core.names import MAIN
from insula.fleet.lifecycle import Observed
from insula.server.roles.single import Single
from insula.testing.applications import client_of
from insula.testing.whole import make

SQLITE: dict[str, Any] = {"database": {"dialect": "sqlite"}}


def running(fleet: Single, name: str) -> Application:
    found = fleet.process.running(name)
    assert isinstance(found, Application)
    return found


async def plugins(fleet: Single, name: str) -> httpx.Response:
    async with client_of(running(fleet, MAIN)) as main:
        return await main.get(f"/applications:plugins/{name}")


def refusal(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["errors"][0]["message"]


async def test_plugins_are_those_that_its_own_manager_lists(fleet: Single) -> None:
    await make(fleet, "shop", SQLITE)
    async with client_of(running(fleet, "shop")) as shop:
        await shop.post("/pm:disable/menu")
        own = (await shop.get("/pm:list")).json()["data"]
    rows = (await plugins(fleet, "shop")).raise_for_status().json()["data"]
    assert rows == own
    enabled = {row["name"]: row["enabled"] for row in rows}
    assert (enabled["users"], enabled["menu"], "app-supervisor" in enabled) == (True, False, False)


async def test_who_asks_for_plugins_wakes_nobody(fleet: Single) -> None:
    await make(fleet, "shop", SQLITE)
    await fleet.supervisor.sleep("shop", actor="a test")
    sentence = "The application shop can not list its plugins here: it does not run; start it first."
    assert refusal(await plugins(fleet, "shop")) == (409, sentence)
    assert fleet.process.status("shop").observed is Observed.STOPPED


async def test_only_applications_beside_it_are_asked(fleet: Single) -> None:
    for name in ("nobody", MAIN):
        assert (await plugins(fleet, name)).status_code == 404


async def test_people_need_the_right_to_look_after_applications(fleet: Single) -> None:
    await make(fleet, "shop", SQLITE)
    transport = httpx.ASGITransport(running(fleet, MAIN))
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as nobody:
        assert (await nobody.get("/applications:plugins/shop")).status_code == 401
