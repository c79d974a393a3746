"""The times of a fleet, made short: what takes seconds in the world takes moments here."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Final
from unittest import mock

from insula.fleet import lease
from insula.fleet.bus import redis_sender
from insula.fleet.discovery import redis_follower
from insula.supervisor import control, orders, places, reconcile, tries
from insula.worker import worker

TIMES_S: Final = (
    (reconcile, {"EVERY_S": 0.1}),
    (tries, {"BACK_OFF_S": 0.02, "MAX_BACK_OFF_S": 0.2}),
    (places, {"LOOK_EVERY_S": 0.05, "PROBE_EVERY_S": 0.1, "DOUBT_EVERY_S": 0.05}),
    (orders, {"SLOW_S": 0.1}),
    (control, {"SEEN_WITHIN_S": 0.5}),
    (redis_sender, {"LOOK_AGAIN_S": 0.05}),
    (redis_follower, {"READ_EVERY_S": 0.5}),
    (lease, {"RENEW_S": 0.1, "TRY_AGAIN_S": 0.02}),
    (worker, {"LOOK_AGAIN_S": 0.01}),
)
"""Module → its constants."""


@contextmanager
def quick() -> Iterator[None]:
    """Within the block."""
    with ExitStack() as stack:
        for module, times in TIMES_S:
            for name, value in times.items():
                stack.enter_context(mock.patch.object(module, name, value))
        yield
