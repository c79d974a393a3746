"""What the benchmarks of many applications share: making them, and asking them."""

import contextlib
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import harness
import httpx

from insula.testing.instance import ROOT_EMAIL, ROOT_PASSWORD

POLL_S = 0.005
TIMEOUT_S = 120.0
AT_ONCE = 8
"""Clients that ask at the same time where many applications are made or visited."""
COLLECTIONS = 5
"""Collections that people made, of each application."""


@dataclass
class Fleet:
    """The applications of a running server, through its main application."""

    running: harness.Running

    def __post_init__(self) -> None:
        self.client = self.running.client()

    def close(self) -> None:
        self.client.close()

    def of(self, name: str) -> str:
        """The base address of an application's API."""
        return f"{self.running.address}/api/__app/{name}/"

    def call(self, verb: str, name: str | list[str], **body: Any) -> Any:
        """An action on applications. Raises where it is refused."""
        answer = self.client.post(f"/applications:{verb}", params={"filterByTk": name}, json=body)
        answer.raise_for_status()
        return answer.json()["data"]

    def create(self, name: str, connection: str = "new_database", **options: Any) -> int:
        """Begin to make one; gives the number of its job."""
        body = {"name": name, "options": {"dbConnType": connection, **options}}
        answer = self.client.post("/applications:create", json=body)
        if answer.is_error:
            raise RuntimeError(answer.text)
        return int(answer.json()["data"]["jobId"])

    def visit(self, name: str) -> float:
        """Seconds until an application has answered its API; it is held while it comes up."""
        began = time.perf_counter()
        deadline = began + TIMEOUT_S
        while True:
            answer = self.client.get(f"/__app/{name}/app:getLang")
            if answer.status_code == 200:
                return time.perf_counter() - began
            if time.perf_counter() > deadline:
                raise TimeoutError(f"{name}: {answer.text}")
            time.sleep(POLL_S)

    def made(self, name: str, connection: str = "new_database", **options: Any) -> float:
        """Make one; seconds from the request to its first answer."""
        began = time.perf_counter()
        self.create(name, connection, **options)
        self.visit(name)
        return time.perf_counter() - began

    def many(self, names: list[str], connection: str = "new_database", **options: Any) -> None:
        """Make many, ``AT_ONCE`` at a time."""
        with ThreadPoolExecutor(AT_ONCE) as pool:
            list(pool.map(lambda name: self.made(name, connection, **options), names))

    def sign_in(self, name: str) -> httpx.Client:
        """A client of an application, signed in as its first user, who is main's."""
        account = {"account": ROOT_EMAIL, "password": ROOT_PASSWORD}
        answer = httpx.post(f"{self.of(name)}auth:signIn", json=account, timeout=TIMEOUT_S)
        answer.raise_for_status()
        headers = {"Authorization": f"Bearer {answer.json()['data']['token']}"}
        return httpx.Client(base_url=self.of(name), headers=headers, timeout=TIMEOUT_S)

    def furnish(self, name: str) -> None:
        """Give an application ``COLLECTIONS`` collections of its own, and one record in each."""
        with self.sign_in(name) as client:
            for number in range(COLLECTIONS):
                collection = {"name": f"things{number}", "fields": harness.FIELDS}
                client.post("/collections:create", json=collection).raise_for_status()
                client.post(f"/things{number}:create", json={"title": "one"}).raise_for_status()
                client.get(f"/things{number}:list").raise_for_status()


@contextlib.contextmanager
def fleet(running: harness.Running) -> Iterator[Fleet]:
    """The fleet of a server that runs."""
    made = Fleet(running)
    try:
        yield made
    finally:
        made.close()
