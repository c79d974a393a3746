"""Waiting in tests for what other processes make come true."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final, TypeVar

PATIENCE_S: Final = 60.0
LOOK_EVERY_S: Final = 0.02

T = TypeVar("T")


def until(right: Callable[[], T], told: Callable[[], object] = lambda: None) -> T:
    """What ``right`` gives, as soon as that is something. AssertionError with what is ``told`` after ``PATIENCE_S``."""
    deadline = time.monotonic() + PATIENCE_S
    while not (found := right()):
        assert time.monotonic() < deadline, told()
        time.sleep(LOOK_EVERY_S)
    return found
