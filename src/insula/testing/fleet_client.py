"""The applications of an installation that runs, asked for as its administrator does, over HTTP."""

import re
import time
from collections.abc import Sequence
from typing import Any, Self

import httpx

from insula.core.ids import random_id
from insula.testing.instance import ROOT_EMAIL, ROOT_PASSWORD, Instance
from insula.testing.servers import Server

PATIENCE_S = 60.0
POLL_S = 0.02


Kind = tuple[str, dict[str, Any]]
"""How an application is connected, and its other options."""


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


def four_kinds(start: str, mariadb: Server) -> dict[str, Kind]:
    """Names of applications that nobody else has, beginning so, and how each is connected: a file, main's server, a schema in
    main's database, another server."""
    own = f"{start}{random_id(5).lower()}"
    elsewhere = connection_values(mariadb, "mariadb", database=f"{own}_mariadb")
    return {
        f"{own}_file": ("new_database", {"database": {"dialect": "sqlite"}}),
        f"{own}_database": ("new_database", {}),
        f"{own}_schema": ("new_schema", {}),
        f"{own}_mariadb": ("new_database", {"database": elsewhere}),
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

    def create(
        self, name: str, connection: str = "new_database", *, environments: Sequence[str] = (), **options: Any
    ) -> dict[str, Any]:
        """Make one and wait until it runs; gives its record."""
        where = {"environments": [*environments]} if environments else {}
        body = {"name": name, **where, "options": {"dbConnType": connection, **options}}
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

    def inside(
        self, name: str, account: str = ROOT_EMAIL, password: str = ROOT_PASSWORD, at: str | None = None
    ) -> httpx.Client:
        """A client of an application, signed in there; ``at`` this address instead of the installation's. The caller
        closes it."""
        base = f"{at or self.instance.address}/api/__app/{name}/"
        answer = httpx.post(
            f"{base}auth:signIn", json={"account": account, "password": password}, timeout=PATIENCE_S
        )
        assert answer.status_code == 200, answer.text
        headers = {"Authorization": f"Bearer {answer.json()['data']['token']}"}
        return httpx.Client(base_url=base, headers=headers, timeout=PATIENCE_S)


def set_up(instance: Instance, printed: str) -> None:
    """Make the first administrator by the link that was printed, as a person does."""
    token = re.search(r"/setup\?token=(\S+)", printed)
    assert token, printed
    form = {
        "token": token[1],
        "email": ROOT_EMAIL,
        "username": "root",
        "nickname": "Root",
        "password": ROOT_PASSWORD,
        "again": ROOT_PASSWORD,
    }
    made = httpx.post(f"{instance.address}/setup", data=form, timeout=PATIENCE_S)
    assert made.status_code == 303, made.text


def environments(client: FleetClient, count: int) -> list[dict[str, Any]]:
    """Those that are available, as soon as there are so many."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        rows = client.client.get("/environments:list").raise_for_status().json()["data"]
        if len(found := [row for row in rows if row["available"]]) == count:
            return found
        assert time.monotonic() < deadline, rows
        time.sleep(POLL_S)
