"""The two clocks: wall time for what is recorded, monotonic time for every deadline.

Deadlines inside a process never use wall time, so that a clock that jumps ends nothing early or late.
"""

import time
from datetime import UTC, datetime


def now() -> datetime:
    """The wall time, UTC, cut to milliseconds (the precision of the HTTP protocol)."""
    moment = datetime.now(UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


monotonic = time.monotonic
"""Seconds that never jump."""
