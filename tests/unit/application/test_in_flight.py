"""Requests under way."""

import asyncio
from typing import Any

import pytest

from insula.application.api import in_flight
from insula.application.api.in_flight import InFlight
from insula.application.api.request import Request
from insula.application.errors import NotRunning, Overloaded


class Client:
    """What a request's client does: nothing, until it goes away."""

    def __init__(self) -> None:
        self.away = asyncio.Event()

    async def receive(self) -> dict[str, Any]:
        await self.away.wait()
        return {"type": "http.disconnect"}

    def request(self) -> Request:
        scope = {"method": "GET", "path": "/", "query_string": b"", "headers": []}
        request = Request(scope, self.receive)
        request.complete = True
        return request


def told_nothing(left: int) -> None:
    raise AssertionError(f"{left} were waited for, and there was nothing under way")


@pytest.fixture
def flights(monkeypatch: pytest.MonkeyPatch) -> InFlight:
    monkeypatch.setattr(in_flight, "SWEEP_S", 0.01)
    flights = InFlight(2, 0.05)
    flights.open = True
    return flights


async def work(flights: InFlight, client: Client, ends: asyncio.Event) -> str | None:
    flight = flights.enter(client.request())
    try:
        await ends.wait()
        return "done"
    except asyncio.CancelledError:
        return flight.ended
    finally:
        flights.leave(flight)


async def test_what_takes_too_long_is_ended(flights: InFlight) -> None:
    assert await work(flights, Client(), asyncio.Event()) == "deadline"
    assert not len(flights)
    await flights.drain(1, told_nothing)


async def test_what_changes_tables_may_take_as_long_as_the_database_allows(flights: InFlight) -> None:
    flight = flights.enter(Client().request())
    flight.slow()
    ordinary = await asyncio.create_task(work(flights, Client(), asyncio.Event()))
    assert ordinary == "deadline"
    assert flight.ended is None
    flights.leave(flight)
    await flights.drain(1, told_nothing)


async def test_a_client_that_goes_away_ends_its_work(flights: InFlight) -> None:
    flights._deadline_s = 60
    client = Client()
    task = asyncio.create_task(work(flights, client, asyncio.Event()))
    await asyncio.sleep(0)
    client.away.set()
    assert await task == "gone"
    await flights.drain(1, told_nothing)


async def test_no_more_than_the_limit(flights: InFlight) -> None:
    ends = asyncio.Event()
    tasks = [asyncio.create_task(work(flights, Client(), ends)) for _ in range(2)]
    await asyncio.sleep(0)
    with pytest.raises(Overloaded):
        flights.enter(Client().request())
    ends.set()
    assert await asyncio.gather(*tasks) == ["done", "done"]
    await flights.drain(1, told_nothing)


async def test_draining_lets_work_finish_and_takes_no_more(flights: InFlight) -> None:
    flights._deadline_s = 60
    ends = asyncio.Event()
    task = asyncio.create_task(work(flights, Client(), ends))
    await asyncio.sleep(0)
    left: list[int] = []
    drained = asyncio.create_task(flights.drain(60, left.append))
    await asyncio.sleep(0)
    assert left == [1]
    with pytest.raises(NotRunning):
        flights.enter(Client().request())
    while len(left) < 3:  # while it lasts it is told again and again
        await asyncio.sleep(0.005)
    assert not drained.done()
    ends.set()
    await drained
    assert set(left) == {1}
    assert await task == "done"


async def test_draining_ends_what_does_not_finish_in_time(flights: InFlight) -> None:
    flights._deadline_s = 60
    task = asyncio.create_task(work(flights, Client(), asyncio.Event()))
    await asyncio.sleep(0)
    await flights.drain(0, [].append)
    assert await task == "stopping"
