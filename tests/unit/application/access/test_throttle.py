"""Moving windows: what they count, and how much memory they take at most."""

import tracemalloc

import pytest

from insula.application.access.errors import TooManyAttempts
from insula.application.access.throttle import (
    CLIENT_ATTEMPTS,
    MAX_KEYS,
    PAIR_ATTEMPTS,
    WINDOW_S,
    MovingWindow,
    Throttle,
    network,
)
from insula.testing.clock import HandClock

MEGABYTE = 1024 * 1024


def test_a_window_moves_with_time() -> None:
    clock = HandClock()
    window = MovingWindow(3, 10.0, monotonic=clock.monotonic)
    waits = []
    for _ in range(5):
        waits.append(window.wait_s("a"))
        if waits[-1] == 0:
            window.count("a")
        clock.advance(3)
    assert waits == [0, 0, 0, 1, 0]
    assert window.wait_s("b") == 0


def test_what_succeeded_does_not_count() -> None:
    throttle = Throttle(HandClock().monotonic)
    for _ in range(CLIENT_ATTEMPTS * 2):
        throttle.attempt("ann", "10.0.0.1")
        throttle.succeeded("ann", "10.0.0.1")
    for _ in range(PAIR_ATTEMPTS):
        throttle.attempt("ann", "10.0.0.1")
    with pytest.raises(TooManyAttempts) as refused:
        throttle.attempt("ann", "10.0.0.1")
    assert refused.value.details == {"retry_after": WINDOW_S}


def test_what_is_refused_does_not_count() -> None:
    clock = HandClock()
    throttle = Throttle(clock.monotonic)
    for _ in range(PAIR_ATTEMPTS):
        throttle.attempt("ann", "10.0.0.1")
    for _ in range(1000):
        with pytest.raises(TooManyAttempts):
            throttle.attempt("ann", "10.0.0.1")
    clock.advance(WINDOW_S)
    throttle.attempt("ann", "10.0.0.1")


def test_memory_is_bounded() -> None:
    """However many addresses and names someone sends; the longest names that sign-in lets through."""
    keys = MAX_KEYS // 20
    throttle = Throttle(HandClock().monotonic, max_keys=keys)
    tracemalloc.start()
    for number in range(3 * keys):
        throttle.attempt(f"{number:0255}", f"2001:db8:{number // 65536:x}:{number % 65536:x}::1")
        if number == 2 * keys:
            full = tracemalloc.get_traced_memory()[0]
    grown = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert grown < 20 * MEGABYTE // 20
    assert grown - full < MEGABYTE // 4 // 20


def test_those_counted_last_stay() -> None:
    window = MovingWindow(1, 10.0, max_keys=3, monotonic=HandClock().monotonic)
    for key in ("a", "b", "c", "a", "d"):
        window.count(key)
    assert [key for key in "abcd" if window.wait_s(key) > 0] == ["a", "c", "d"]


@pytest.mark.parametrize(
    ("client", "expected"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::%eth0/64"),
        ("", ""),
        ("not an address", "not an address"),
    ],
)
def test_what_counts_as_one_client(client: str, expected: str) -> None:
    assert network(client) in (expected, expected.replace("%eth0", ""))
