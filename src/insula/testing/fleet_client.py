"""The applications of an installation that runs, asked for as its administrator does, over HTTP."""

import time
from typing import Any, Self

import httpx

from insula.testing.instance import ROOT_EMAIL, ROOT_PASSWORD, Instance
from insula.testing.servers import Server

PATIENCE_S = 60.0
POLL_S = 0.02


def connection_values(server: Server, dialect: str, **more: Any) -> dict[str, Any]:
    """``options.database`` of an application on that server, as the HTTP API takes it."""
    return {
        "dialect": dialect,
        "host": server.host,
        "port": server.port,
        "username": server.user,
        "password": server.password,
        **more,
    }


class FleetClient:
    """The applications of an installation that runs."""

    def __init__(self, instance: Instance) -> None:
        self.instance = instance
        self.client = instance.sign_in()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.client.close()

    def ask(self, verb: str, name: str | None = None, body: Any = None, **params: Any) -> httpx.Response:
        """One action on applications."""
        if name is not None:
            params["filterByTk"] = name
        return self.client.post(f"/applications:{verb}", params=params, json=body or {})

    def call(self, verb: str, name: str | None = None, body: Any = None, **params: Any) -> Any:
        """The same, and what it answers. Fails where it is refused."""
        answer = self.ask(verb, name, body, **params)
        assert answer.status_code == 200, answer.text
        return answer.json()["data"]

    def create(self, name: str, connection: str = "new_database", **options: Any) -> dict[str, Any]:
        """Make one and wait until it runs; gives its record."""
        body = {"name": name, "options": {"dbConnType": connection, **options}}
        made = self.call("create", body=body)
        job = self.instance.wait_for_job(self.client, made["jobId"])
        assert job["status"] == "succeeded", job
        return self.get(name)

    def get(self, name: str) -> dict[str, Any]:
        """Its record."""
        answer = self.client.get("/applications:get", params={"filterByTk": name})
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()["data"]
        return found

    def until(self, name: str, *statuses: str) -> dict[str, Any]:
        """Its record once its status is one of these."""
        deadline = time.monotonic() + PATIENCE_S
        while (found := self.get(name))["status"] not in statuses:
            assert time.monotonic() < deadline, found
            time.sleep(POLL_S)
        return found

    def inside(self, name: str, account: str = ROOT_EMAIL, password: str = ROOT_PASSWORD) -> httpx.Client:
        """A client of an application, signed in there. The caller closes it."""
        base = f"{self.instance.address}/api/__app/{name}/"
        answer = httpx.post(
            f"{base}auth:signIn", json={"account": account, "password": password}, timeout=PATIENCE_S
        )
        assert answer.status_code == 200, answer.text
        headers = {"Authorization": f"Bearer {answer.json()['data']['token']}"}
        return httpx.Client(base_url=base, headers=headers, timeout=PATIENCE_S)
