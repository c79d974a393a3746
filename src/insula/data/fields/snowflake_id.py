"""``snowflakeId``: a whole number that grows with time, made for each new record, safe in JavaScript."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from insula.core.clock import now
from insula.data.fields.big_int import BigInt

if TYPE_CHECKING:
    from insula.data.collection import Field

EPOCH_MS = 1_577_836_800_000
"""2020-01-01: 41 bits of milliseconds last until 2089."""
RANDOM_BITS = 12
"""53 bits in all, what a JavaScript number holds. Two records of one millisecond meet once in 4,096 times;
the unique index then refuses the second."""


class SnowflakeId(BigInt):
    name = "snowflakeId"
    widens_to = frozenset({"bigInt"})

    def fill(self, field: Field) -> int:
        milliseconds = round(now().timestamp() * 1000) - EPOCH_MS
        return (milliseconds << RANDOM_BITS) | secrets.randbits(RANDOM_BITS)
