from datetime import UTC, datetime

import pytest

from insula.fleet.traffic import Traffic
from insula.fleet.traffic_minutes import MINUTES, Minute
from insula.fleet.traffic_numbers import BUCKETS, bound_ms, rank

BEGIN = 60.0 * 29_000_000


@pytest.fixture
def traffic() -> Traffic:
    """As the clock turns from one minute to the next."""
    made = Traffic()
    made.turn(BEGIN)
    return made


def answer(traffic: Traffic, name: str, *seconds: float, status: int = 200) -> None:
    counts = traffic.of(name)
    for some in seconds:
        counts.begin()
        counts.end(status, some)


def told(traffic: Traffic, name: str, minute: int) -> list[tuple[int, int, int]]:
    """Minutes since the beginning, requests and errors of those in which there were any."""
    hour = traffic.last_hour(name, BEGIN + 60 * minute)
    assert len(hour) == MINUTES
    first = int(BEGIN // 60)
    return [(int(row.at.timestamp() // 60) - first, row.requests, row.errors) for row in hour if row.requests]


def test_each_minute_has_its_own_and_the_last_is_under_way(traffic: Traffic) -> None:
    assert traffic.last_hour("shop", BEGIN) == []
    answer(traffic, "shop", 0.004, 0.02)
    assert told(traffic, "shop", 0) == [(0, 2, 0)]
    traffic.turn(BEGIN + 59.9)
    answer(traffic, "shop", 0.3, status=500)
    assert told(traffic, "shop", 0) == [(0, 3, 1)]
    traffic.turn(BEGIN + 60)
    answer(traffic, "shop", 0.004)
    assert told(traffic, "shop", 1) == [(0, 3, 1), (1, 1, 0)]
    hour = traffic.last_hour("shop", BEGIN + 90)
    assert hour[-2] == Minute(datetime.fromtimestamp(BEGIN, UTC), 3, 1, 25.0, 500.0)
    assert hour[-1] == Minute(datetime.fromtimestamp(BEGIN + 60, UTC), 1, 0, 5.0, 5.0)
    assert hour[0] == Minute(datetime.fromtimestamp(BEGIN - 58 * 60, UTC))


def test_what_is_older_than_an_hour_falls_out(traffic: Traffic) -> None:
    for minute in range(100):
        traffic.turn(BEGIN + 60 * minute)
        answer(traffic, "shop", *[0.1] * (minute + 1))
    assert told(traffic, "shop", 99) == [(minute, minute + 1, 0) for minute in range(40, 100)]
    traffic.turn(BEGIN + 60 * 100)
    assert told(traffic, "shop", 140) == [(minute, minute + 1, 0) for minute in range(81, 100)]
    assert told(traffic, "shop", 1000) == []


def test_a_minute_that_nobody_turned_counts_for_the_one_that_was_under_way(traffic: Traffic) -> None:
    answer(traffic, "shop", 0.1)
    assert told(traffic, "shop", 5) == [(0, 1, 0)]
    answer(traffic, "shop", 0.1, 0.1)
    assert told(traffic, "shop", 7) == [(0, 1, 0), (5, 2, 0)]


def test_what_is_under_way_counts_when_it_was_answered(traffic: Traffic) -> None:
    counts = traffic.of("shop")
    counts.begin()
    counts.talk()
    traffic.turn(BEGIN + 60)
    assert told(traffic, "shop", 1) == []
    counts.end(200, 70.0)
    (row,) = (row for row in traffic.last_hour("shop", BEGIN + 60) if row.requests)
    assert (row.requests, row.p50_ms, row.p95_ms) == (1, None, None)


def test_applications_are_told_apart_and_another_begins_with_nothing(traffic: Traffic) -> None:
    names = [f"a{number}" for number in range(20)]
    for minute in range(3):
        traffic.turn(BEGIN + 60 * minute)
        for number, name in enumerate(names[minute:]):
            answer(traffic, name, *[0.1] * (number + 1))
    traffic.turn(BEGIN + 180)
    assert told(traffic, "a0", 3) == [(0, 1, 0)]
    assert told(traffic, "a2", 3) == [(0, 3, 0), (1, 2, 0), (2, 1, 0)]
    assert told(traffic, "a19", 3) == [(0, 20, 0), (1, 19, 0), (2, 18, 0)]
    traffic.forget("a2")
    answer(traffic, "new", 0.1)  # in the same place
    assert told(traffic, "new", 3) == [(3, 1, 0)]
    assert told(traffic, "a3", 3) == [(0, 4, 0), (1, 3, 0), (2, 2, 0)]
    assert traffic.last_hour("a2", BEGIN + 180) == []


def test_a_clock_that_is_set_back_stops_nothing(traffic: Traffic) -> None:
    answer(traffic, "shop", 0.1)
    traffic.turn(BEGIN - 3600)
    answer(traffic, "shop", 0.1, 0.1)
    assert told(traffic, "shop", -60) == [(-60, 2, 0)]
    traffic.turn(BEGIN - 3540)
    assert told(traffic, "shop", -59) == [(-60, 2, 0)]


def test_quantiles_are_those_of_the_buckets() -> None:
    buckets = [0.0] * BUCKETS
    assert bound_ms(rank(buckets, 0.5)) is None
    buckets[0], buckets[3], buckets[-1] = 50, 45, 5
    assert (bound_ms(rank(buckets, 0.5)), bound_ms(rank(buckets, 0.95)), bound_ms(rank(buckets, 0.96))) == (
        5.0,
        50.0,
        None,
    )
