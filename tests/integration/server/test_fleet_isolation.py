"""The resources of the control plane are main's alone: nobody from an application gets at them, at any address."""

from __future__ import annotations

from ipaddress import ip_network

from insula.application.application import Application
from insula.gateway.entry import Gateway, GatewayOptions
from insula.gateway.pages import Pages, Templates
from insula.gateway.trust import TrustedProxies
from insula.server.roles.single import Single
from insula.testing.routes import addresses, ask, routes
from insula.testing.web import made_up_web
from insula.testing.whole import make

NOBODY = {(401, "INVALID_TOKEN"), (401, "EMPTY_TOKEN")}
CONTROL = ("/applications:", "/environments:")


def running(fleet: Single, name: str) -> Application:
    found = fleet.process.running(name)
    assert isinstance(found, Application)
    return found


def gateway_of(fleet: Single) -> Gateway:
    async def answers() -> bool:
        return True

    options = GatewayOptions("/api/", TrustedProxies([ip_network("127.0.0.0/8")]))
    pages = Pages(Templates(), made_up_web(), answers=answers)
    return Gateway(options, fleet.records, fleet.process, pages, fleet.traffic)


async def token_of_root(application: Application) -> str:
    access = application.access
    return (await access.sessions.open(1, None, access.clock.now())).token


async def test_nobody_from_an_application_gets_at_the_fleet(fleet: Single) -> None:
    file = {"dbConnType": "new_database", "database": {"dialect": "sqlite"}}
    await make(fleet, "shop", file)
    await make(fleet, "club", {**file, "shareSession": True})
    gateway, main = gateway_of(fleet), running(fleet, "main")
    every = routes(main)
    control = [route for route in every if route.path.startswith(CONTROL)]
    assert {route.path.partition(":")[0] for route in control} == {"/applications", "/environments"}
    assert all(route.action.gate != "public" for route in control)
    for name in ("shop", "club"):
        token = await token_of_root(running(fleet, name))
        shown = [
            {"authorization": f"Bearer {token}"},
            {"cookie": f"nb_auth_token_main={token}"},
            {"cookie": f"nb_auth_token_{name}={token}"},
        ]
        for route in every:
            for way, asked in addresses("main", name, route.path).items():
                plain = await ask(gateway, asked, route.method, {})
                for headers in shown:
                    heard = await ask(gateway, asked, route.method, headers)
                    public = route.action.gate == "public" and heard == plain
                    assert public or heard.answer in NOBODY, (route.path, way, headers, heard)


async def test_an_application_has_no_resources_of_the_fleet(fleet: Single) -> None:
    """Not even for its root, and not for main's who visits."""
    file = {"dbConnType": "new_database", "database": {"dialect": "sqlite"}}
    await make(fleet, "club", {**file, "shareSession": True})
    gateway, main, club = gateway_of(fleet), running(fleet, "main"), running(fleet, "club")
    assert {"applications", "environments"}.isdisjoint(club.plugin_manager.table.resources)
    for application in (main, club):
        head = {"authorization": f"Bearer {await token_of_root(application)}"}
        for route in routes(main):
            if route.path.startswith(CONTROL):
                for way, asked in addresses("club", "main", route.path).items():
                    if way != "domain":
                        heard = await ask(gateway, asked, route.method, head)
                        assert heard.status in (401, 404), (route.path, way, heard)
