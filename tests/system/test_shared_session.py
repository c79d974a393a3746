"""On a real server: who is signed in to main is let into the application that shares its session, and into no other."""

from pathlib import Path

import httpx

from insula.testing.fleet_client import FleetClient
from insula.testing.instance import ROOT_EMAIL, ROOT_PASSWORD, Instance

PASSWORD = "correct horse battery 2"


def code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["errors"][0]["code"] if answer.status_code >= 400 else ""


def test_one_sign_in_for_main_and_for_who_shares_with_it(tmp_path: Path) -> None:
    with Instance(tmp_path / "storage") as instance:
        instance.start()
        with FleetClient(instance) as fleet, httpx.Client(base_url=instance.address, timeout=60) as browser:
            fleet.create("shop", shareSession=True)
            fleet.create("depot")
            root = fleet.client
            given = {"username": "anna", "password": PASSWORD, "roles": ["admin"]}
            root.post("/users:create", json=given).raise_for_status()
            signed_in = browser.post("/api/auth:signIn", json={"account": "anna", "password": PASSWORD})
            token = signed_in.raise_for_status().json()["data"]["token"]
            shop, depot = "/api/__app/shop/auth:check", "/api/__app/depot/auth:check"
            entered = browser.get(shop).json()["data"]
            assert (entered["username"], [role["name"] for role in entered["roles"]]) == ("anna", ["member"])
            assert code(browser.get(depot)) == (401, "EMPTY_TOKEN")
            bearer = {"authorization": f"Bearer {token}"}
            with httpx.Client(base_url=instance.address, headers=bearer, timeout=60) as program:
                assert program.get(shop).json()["data"]["id"] == entered["id"]
                assert code(program.get(depot)) == (401, "INVALID_TOKEN")
                fleet.call("update", "shop", {"options": {"shareSession": False}})
                assert code(program.get(shop)) == (401, "INVALID_TOKEN")
                fleet.call("update", "shop", {"options": {"shareSession": True}})
                assert program.get(shop).json()["data"]["id"] == entered["id"]
            # The creator is the same person here and there, and root in both.
            browser.cookies.clear()
            body = {"account": ROOT_EMAIL, "password": ROOT_PASSWORD}
            browser.post("/api/auth:signIn", json=body).raise_for_status()
            found = browser.get(shop).json()["data"]
            assert [role["name"] for role in found["roles"]] == ["root"]
            proof = {"x-csrf-token": browser.cookies.get("nb_csrf_token_main") or ""}
            browser.post("/api/auth:signOut", headers=proof).raise_for_status()
            with httpx.Client(base_url=instance.address, headers=bearer, timeout=60) as program:
                assert code(program.post("/api/auth:signOut")) == (200, "")
                assert code(program.get(shop)) == (401, "BLOCKED_TOKEN")
        assert instance.stop() == 0
