"""Clocks that are apart, and moments that were told by them."""

from datetime import UTC, datetime, timedelta

import pytest

from insula.fleet.discovery.clocks import Clocks

TRUE = datetime(2026, 5, 4, 12, 0, 0, tzinfo=UTC)
MS = int(TRUE.timestamp() * 1000)


@pytest.mark.parametrize("ours", [-720, -1, 0, 1, 600])
@pytest.mark.parametrize("theirs", [-600, -3, 0, 3, 720])
def test_a_moment_is_told_by_our_clock(ours: int, theirs: int) -> None:
    clocks = Clocks(lambda: TRUE + timedelta(seconds=ours))
    clocks.look(MS)
    clocks.told("w1", TRUE + timedelta(seconds=theirs), MS)
    here = clocks.here("w1", TRUE + timedelta(seconds=theirs - 10))
    assert abs(here - (TRUE + timedelta(seconds=ours - 10))) <= timedelta(seconds=30)


def test_what_is_apart_by_seconds_is_left_as_it_was_told() -> None:
    clocks = Clocks(lambda: TRUE + timedelta(seconds=7))
    clocks.look(MS)
    clocks.told("w1", TRUE - timedelta(seconds=9), MS)
    assert clocks.here("w1", TRUE) == TRUE


def test_one_that_has_told_nothing_of_its_clock_is_believed() -> None:
    clocks = Clocks(lambda: TRUE + timedelta(hours=1))
    clocks.look(MS)
    clocks.told("w1", None, MS)
    assert clocks.here("w1", TRUE) == clocks.here("w2", TRUE) == TRUE


@pytest.mark.parametrize("theirs", [-30, -60, -90, 60, 150])
def test_what_was_told_stays_though_each_look_at_a_clock_is_a_little_off(theirs: int) -> None:
    ours = [TRUE]
    clocks = Clocks(lambda: ours[0])
    told = set()
    for off_ms in (10, -10, 20, -20):
        ours[0] = TRUE + timedelta(milliseconds=off_ms)
        clocks.look(MS)
        clocks.told("w1", TRUE + timedelta(seconds=theirs), MS)
        told.add(clocks.here("w1", TRUE))
    assert len(told) == 1
