"""Clients that write all the time, and what has to be there at the end: each write that was acknowledged, exactly once."""

from __future__ import annotations

import itertools
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Self

import httpx

from insula.testing.fleets import FleetOfProcesses

COLLECTION: Final = "things"
PAUSE_S: Final = 0.02
"""After each write of a client."""
LONGEST_S: Final = 60.0
"""No write waits longer for its answer."""
_PAGE: Final = 200


@dataclass
class Writer:
    """One client of one application, at one address."""

    address: str
    """Of the application's API, with ``/`` at its end."""
    headers: Mapping[str, str]
    start: str
    """What its texts begin with; nobody else's do."""
    tried: set[str] = field(default_factory=set)
    acknowledged: set[str] = field(default_factory=set)
    refused: Counter[str] = field(default_factory=Counter)
    """Code of the error, or what broke, → how often that was the answer."""

    def write_until(self, over: threading.Event) -> None:
        """One record after the other."""
        with httpx.Client(headers=self.headers, timeout=LONGEST_S) as client:
            for number in itertools.count():
                if over.wait(PAUSE_S):
                    return
                self._write(client, f"{self.start} {number}")

    def _write(self, client: httpx.Client, text: str) -> None:
        self.tried.add(text)
        try:
            answer = client.post(f"{self.address}{COLLECTION}:create", json={"title": text})
        except httpx.TransportError as error:
            self.refused[type(error).__name__] += 1
            return
        if answer.status_code == httpx.codes.OK:
            self.acknowledged.add(text)
        else:
            self.refused[_code(answer)] += 1


class Writers:
    """All of them, from the beginning of the block to its end."""

    def __init__(self, writers: list[Writer]) -> None:
        self.writers = writers
        self._over = threading.Event()
        self._threads = [
            threading.Thread(target=each.write_until, args=(self._over,), name=f"writer {each.start}")
            for each in writers
        ]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join(LONGEST_S)

    def written(self, more: int = 3, within_s: float = LONGEST_S) -> None:
        """Wait until each of them had so many more writes acknowledged: all is well again by itself."""
        wanted = {each.start: len(each.acknowledged) + more for each in self.writers}
        deadline = time.monotonic() + within_s
        while behind := [each for each in self.writers if len(each.acknowledged) < wanted[each.start]]:
            assert time.monotonic() < deadline, [(each.address, each.refused) for each in behind]
            time.sleep(PAUSE_S)

    def check(self) -> int:
        """Each acknowledged write is there exactly once, and none is there twice; gives how many are."""
        known = [(each, set(each.acknowledged)) for each in self.writers]
        found: dict[str, Counter[str]] = {}
        for each, acknowledged in known:
            if each.address not in found:
                found[each.address] = Counter(titles(each.address, each.headers))
            there = found[each.address]
            lost = [text for text in acknowledged if not there[text]]
            twice = [text for text in set(each.tried) if there[text] > 1]
            assert not (lost or twice), (each.address, lost[:5], twice[:5], each.refused)
        return sum(len(acknowledged) for _, acknowledged in known)


def titles(address: str, headers: Mapping[str, str]) -> Iterator[str]:
    """Those of all records, by their keys, so that what is added meanwhile moves nothing."""
    with httpx.Client(headers=headers, timeout=LONGEST_S) as client:
        last = 0
        while True:
            rows = _rows(client, address, last)
            yield from (row["title"] for row in rows)
            if len(rows) < _PAGE:
                return
            last = rows[-1]["id"]


def _rows(client: httpx.Client, address: str, last: int) -> list[dict[str, Any]]:
    asked = {"filter": f'{{"id": {{"$gt": {last}}}}}', "sort": "id", "pageSize": str(_PAGE)}
    answer = client.get(f"{address}{COLLECTION}:list", params=asked)
    assert answer.status_code == httpx.codes.OK, answer.text
    rows: list[dict[str, Any]] = answer.json()["data"]
    return rows


def _code(answer: httpx.Response) -> str:
    """Of an application's error, or the gateway's."""
    told = answer.json()
    return str(told["error"]["code"] if "error" in told else told["errors"][0]["code"])


def furnish(address: str, headers: Mapping[str, str], *first: str) -> None:
    """Make the collection that is written to, unless it is there, and the first records of it."""
    with httpx.Client(headers=headers, timeout=LONGEST_S) as client:
        fields = [{"name": "title", "type": "string"}]
        made = client.post(f"{address}collections:create", json={"name": COLLECTION, "fields": fields})
        taken = made.status_code == httpx.codes.CONFLICT
        assert made.status_code == httpx.codes.OK or taken, made.text
        for title in first:
            client.post(f"{address}{COLLECTION}:create", json={"title": title}).raise_for_status()


@dataclass(frozen=True, slots=True)
class Way:
    """Where may be written, and by whom."""

    address: str
    headers: Mapping[str, str]


def ways_in(fleet: FleetOfProcesses, place: str, application: str = "steady") -> list[Way]:
    """Make an application in an environment, and the collections: through the Supervisor, at the environment itself, and
    to the main application."""
    head, there = fleet.supervisor.address, fleet.worker(place).address
    with fleet.supervisor.sign_in() as administrator:
        fleet.make(administrator, application, place, options={"startMode": "withMain"})
        main = {"Authorization": administrator.headers["Authorization"]}
    with fleet.supervisor.sign_in_to(application) as people:
        inside = {"Authorization": people.headers["Authorization"]}
    through = Way(f"{head}/api/__app/{application}/", inside)
    furnish(through.address, inside)
    furnish(f"{head}/api/", main)
    return [through, Way(f"{there}/api/__app/{application}/", inside), Way(f"{head}/api/", main)]


def writers_on(ways: list[Way], start: str) -> Writers:
    """One client on each of them, whose texts begin so."""
    return Writers([Writer(way.address, way.headers, f"{start} {number}") for number, way in enumerate(ways)])
