"""Applications of a fleet of processes, one for each command: how each is before its command, and how it may be after it."""

from __future__ import annotations

import json
import re
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final, Self

import httpx

from insula.testing.fleets import FleetOfProcesses, shown
from insula.testing.instance import ROOT_EMAIL, ROOT_PASSWORD
from insula.testing.writers import furnish, titles

PATIENCE_S: Final = 60.0
POLL_S: Final = 0.02
GONE: Final = "gone"
BEFORE: Final = ("one", "two")
"""The records of each application, before anything happens to it."""


@dataclass(frozen=True, slots=True)
class Eventful:
    """What happens to an application."""

    verb: str
    before: str
    """What is wanted of it, or ``GONE``."""
    after: str
    """The same once the command is carried out."""


COMMANDS: Final = {
    "made": Eventful("create", GONE, "running"),
    "started": Eventful("start", "stopped", "running"),
    "stopped": Eventful("stop", "running", "stopped"),
    "slept": Eventful("sleep", "running", "asleep"),
    "restarted": Eventful("restart", "running", "running"),
    "upgraded": Eventful("upgrade", "running", "running"),
    "deleted": Eventful("destroy", "running", "deleted"),
    "restored": Eventful("restore", "deleted", "stopped"),
    "purged": Eventful("purge", "deleted", GONE),
}
"""Application → the one command that it gets."""
CONFIRMED: Final = frozenset(("destroy", "purge"))
OBSERVED: Final = {"running": "running", "asleep": "stopped", "stopped": "stopped", "deleted": "stopped"}
"""Wanted → the status that belongs to it."""


class Events:
    """Makes all of it happen, in one environment of a fleet that runs, and looks what came of it."""

    def __init__(self, fleet: FleetOfProcesses, place: str, headers: Mapping[str, str]) -> None:
        """``headers``: of an administrator of the Supervisor."""
        self._fleet = fleet
        self._place = place
        self._client = httpx.Client(
            base_url=f"{fleet.supervisor.address}/api/", headers=headers, timeout=PATIENCE_S
        )
        self._pool = ThreadPoolExecutor(len(COMMANDS))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown()
        self._client.close()

    def wanted(self, name: str) -> str:
        """What is wanted of an application, or ``GONE``."""
        found = self._shown(name)
        return GONE if found is None else str(found["wanted"])

    def bring(self, names: Iterable[str]) -> None:
        """Have these applications as they are before their commands."""
        for done in [self._pool.submit(self._bring, name, COMMANDS[name].before) for name in names]:
            done.result()

    def remove(self, names: Iterable[str]) -> None:
        """Leave nothing of these applications."""
        for done in [self._pool.submit(self._bring, name, GONE) for name in names]:
            done.result()

    def begin(self, names: Iterable[str]) -> list[Future[httpx.Response | None]]:
        """Give each its command, side by side; what is broken off gives ``None``."""
        return [self._pool.submit(self._ask, COMMANDS[name].verb, name) for name in names]

    def settle(self) -> None:
        """Wait until each application is at rest, before or after its command, and all jobs have ended."""
        for name in COMMANDS:
            self._until(lambda name=name: self._rests(name), lambda name=name: self._shown(name))  # type: ignore[misc]
        self._until(lambda: not self._unended(), self._unended)

    def check(self, names: Iterable[str]) -> None:
        """Each of these answers as it should, and has all of its records."""
        for name in names:
            wanted = self.wanted(name)
            if wanted in ("running", "asleep"):
                self._works(name)
            else:
                code = "APP_STOPPED" if wanted == "stopped" else "APP_NOT_FOUND"
                answer = httpx.get(f"{self._api(name)}app:getInfo", timeout=PATIENCE_S)
                assert code in answer.text, (name, wanted, answer.text)

    def _works(self, name: str) -> None:
        answer = self._sign_in(name)
        assert answer.status_code == httpx.codes.OK, (name, answer.text)
        head = {"Authorization": f"Bearer {answer.json()['data']['token']}"}
        if COMMANDS[name].before != GONE:
            assert tuple(titles(self._api(name), head)) == BEFORE
        else:
            furnish(self._api(name), head)

    def _sign_in(self, name: str) -> httpx.Response:
        given = {"account": ROOT_EMAIL, "password": ROOT_PASSWORD}
        return httpx.post(f"{self._api(name)}auth:signIn", json=given, timeout=PATIENCE_S)

    def _api(self, name: str) -> str:
        return f"{self._fleet.supervisor.address}/api/__app/{name}/"

    def _bring(self, name: str, wanted: str) -> None:
        now = self.wanted(name)
        if now == GONE and wanted != GONE:
            self._fleet.make(self._client, name, self._place)
            token = self._sign_in(name).raise_for_status().json()["data"]["token"]
            furnish(self._api(name), {"Authorization": f"Bearer {token}"}, *BEFORE)
            now = "running"
        if wanted in (GONE, "deleted"):
            if now not in (GONE, "deleted"):
                self._do("destroy", name)
            if wanted == GONE and now != GONE:
                self._do("purge", name)
            return
        if now == "deleted":
            self._do("restore", name)
        self._do("stop" if wanted == "stopped" else "start", name)

    def _do(self, verb: str, name: str) -> None:
        answer = self._ask(verb, name)
        assert answer is not None
        assert answer.status_code == httpx.codes.OK, answer.text

    def _ask(self, verb: str, name: str) -> httpx.Response | None:
        params = {"confirm": name} if verb in CONFIRMED else {}
        try:
            if verb == "create":
                given = {"name": name, "environments": [self._place]}
                return self._client.post("/applications:create", json=given)
            return self._client.post(f"/applications:{verb}/{name}", params=params)
        except httpx.TransportError:
            return None

    def _rests(self, name: str) -> bool:
        """As before or as it was to be after, and nothing between. What ran when a process ended may be asleep since."""
        found, event = self._shown(name), COMMANDS[name]
        states = {event.before, event.after}
        if found is None:
            return True  # of those that are to be there at the end this is checked
        states |= {"asleep"} if "running" in states else set()
        return found["wanted"] in states and found["status"] == OBSERVED[found["wanted"]]

    def _shown(self, name: str) -> dict[str, Any] | None:
        found: dict[str, Any] | None = shown(self._client, name)
        return found or None

    def _unended(self) -> list[Any]:
        asked = {"filter": json.dumps({"status": {"$in": ["waiting", "running", "undoing"]}})}
        answer = self._client.get("/jobs:list", params=asked)
        rows: list[Any] = answer.raise_for_status().json()["data"]
        return rows

    def _until(self, right: Callable[[], bool], what: Callable[[], object]) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while not right():
            assert time.monotonic() < deadline, what()
            time.sleep(POLL_S)


def most_often(said: str, step: str) -> int:
    """How often one and the same command came to this step, by what the log of a worker with failpoints says."""
    return max(Counter(re.findall(rf"reached \w+\.{step} \((\S+)\)", said)).values(), default=0)
