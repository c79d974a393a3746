"""Which numbers are kept of what passes through the gateway to one application, and how they lie side by side."""

from collections.abc import Sequence
from typing import Final

BUCKETS_S: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Upper bounds of the latencies that are told apart: those that Prometheus' clients use."""
BUCKETS: Final = len(BUCKETS_S) + 1
ERRORS, IN_FLIGHT, SOCKETS, SECONDS, VISITED, FIRST = range(6)
NUMBERS: Final = FIRST + BUCKETS
"""Of each application: doubles, which count exactly up to 2 ** 53; ``FIRST`` is the first of the buckets."""


def rank(buckets: Sequence[float], share: float) -> int:
    """The bucket in which this share of all answers was reached; the last one where nothing was answered."""
    left = sum(buckets) * share
    if left:
        for at, count in enumerate(buckets):
            left -= count
            if left <= 0:
                return at
    return BUCKETS - 1


def bound_ms(bucket: int) -> float | None:
    """The longest that an answer of this bucket took, in milliseconds; ``None``: longer than all bounds."""
    return BUCKETS_S[bucket] * 1000 if bucket < len(BUCKETS_S) else None
