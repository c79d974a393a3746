"""The same line no more often than once a minute."""

import logging

import pytest

from insula.core import log
from insula.core.sparse import EVERY_S, MOST_LINES, Sparse
from insula.testing.clock import HandClock

LOGGER = logging.getLogger("test.sparse")


def lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    found = [record.getMessage() for record in caplog.records]
    caplog.clear()
    return found


def test_the_same_is_told_again_after_a_minute_with_the_number_of_those_left_out(
    caplog: pytest.LogCaptureFixture,
) -> None:
    clock = HandClock()
    sparse = Sparse(LOGGER, clock.monotonic)
    for head in ("a", "b", "c"):
        sparse.warning("no answer", head)
    sparse.warning("disk full", "d")
    assert lines(caplog) == ["a: no answer", "d: disk full"]
    clock.advance(EVERY_S)
    sparse.warning("no answer", "e")
    assert lines(caplog) == ["e: no answer (2 more since)"]


def test_each_application_has_its_own_and_what_is_remembered_is_bounded(
    caplog: pytest.LogCaptureFixture,
) -> None:
    sparse = Sparse(LOGGER, HandClock().monotonic)
    for name in ("one", "two", "one"):
        token = log.application.set(name)
        sparse.warning("no answer", name)
        log.application.reset(token)
    assert lines(caplog) == ["one: no answer", "two: no answer"]
    for number in range(MOST_LINES + 1):
        sparse.warning(str(number), "x")
    caplog.clear()
    sparse.warning("0", "again")
    sparse.warning(str(MOST_LINES), "again")
    assert lines(caplog) == ["again: 0"]
