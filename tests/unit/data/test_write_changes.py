"""Changes told to observers, and slow work off the loop."""

import asyncio
import logging
import threading
import time
from typing import Any

import pytest

from insula.data.changes import Announcer, Change, merged
from insula.data.slow import SLOW_AT_ONCE, run_slow


def change(collection: str, *keys: int, action: Any = "create", fields: str = "") -> Change:
    return Change(collection, action, keys, frozenset(fields))


def test_neighbours_are_told_as_one() -> None:
    changes = [change("a", 1, fields="x"), change("a", 2, 1, fields="y"), change("b", 3), change("a", 4)]
    assert merged(changes) == [change("a", 1, 2, fields="xy"), change("b", 3), change("a", 4)]
    assert merged([change("a", 1), change("a", 1, action="update")]) == [
        change("a", 1),
        change("a", 1, action="update"),
    ]
    assert merged([change("a", 1), change("a")]) == [change("a")]


def test_an_observer_that_fails_stops_no_other(caplog: pytest.LogCaptureFixture) -> None:
    announcer = Announcer()
    seen: list[Change] = []

    def fails(_: Change) -> None:
        raise ZeroDivisionError

    announcer.observers += [fails, seen.append]
    with caplog.at_level(logging.ERROR):
        announcer.announce([change("a", 1)])
    assert seen == [change("a", 1)]
    assert "a change of a" in caplog.text


def test_changes_of_a_transaction_are_collected_and_undone() -> None:
    announcer = Announcer()
    seen: list[Change] = []
    announcer.observers.append(seen.append)
    transaction: Any = object()
    with announcer.collecting(transaction) as pending:
        announcer.note(change("a", 1), transaction)
        with pytest.raises(ZeroDivisionError), announcer.undoing(transaction):
            announcer.note(change("a", 2), transaction)
            raise ZeroDivisionError
        with announcer.undoing(transaction):
            announcer.note(change("b", 3), transaction)
    announcer.note(change("a", 9), transaction)
    assert pending == [change("a", 1), change("b", 3)]
    assert seen == []
    announcer.note(change("c", 1), None)
    assert seen == [change("c", 1)]


async def test_slow_work_is_bounded_and_off_the_loop() -> None:
    running = 0
    most = 0
    lock = threading.Lock()

    def work(number: int) -> int:
        nonlocal running, most
        assert threading.current_thread() is not threading.main_thread()
        with lock:
            running += 1
            most = max(most, running)
        time.sleep(0.01)
        with lock:
            running -= 1
        return number

    assert await asyncio.gather(*(run_slow(work, number) for number in range(8))) == list(range(8))
    assert most <= SLOW_AT_ONCE
