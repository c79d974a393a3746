"""One outage is told as one, whoever notices it."""

import logging

import pytest

from insula.fleet.outage import EVERY_S, QUIET_S, Outage
from insula.testing.clock import HandClock


def test_it_is_told_when_it_begins_once_a_minute_and_when_it_is_over(
    caplog: pytest.LogCaptureFixture,
) -> None:
    clock = HandClock()
    outage = Outage("here:6379/0", clock.monotonic)
    outage.answered()
    outage.failed("it is away", "no lease")
    outage.failed("the connection broke", "no reports")
    outage.answered()  # to who only reads
    clock.advance(EVERY_S)
    outage.failed("it is away", "no commands")
    clock.advance(QUIET_S)
    outage.answered()
    outage.answered()
    assert [record.getMessage() for record in caplog.records] == [
        "no lease: it is away",
        "no commands: it is away (1 more since)",
        f"the Redis here:6379/0 answers again, after {EVERY_S + QUIET_S:.0f} s",
    ]
    assert {record.levelno for record in caplog.records} == {logging.WARNING}


def test_one_that_comes_and_goes_is_told_no_more_often(caplog: pytest.LogCaptureFixture) -> None:
    clock = HandClock()
    outage = Outage("here:6379/0", clock.monotonic)
    for _ in range(10):
        outage.failed("it is full", "no lease")
        outage.answered()
        clock.advance(QUIET_S / 2)
    assert [record.getMessage() for record in caplog.records] == ["no lease: it is full"]
