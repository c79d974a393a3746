"""``sort``: the place of a record among the others (of its ``scopeKey``), kept by the repository."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from insula.data.fields.big_int import BigInt
from insula.data.fields.checks import COUNTED, plain_text, whole_number

if TYPE_CHECKING:
    from insula.data.collection import Field


class Sort(BigInt):
    name = "sort"
    widens_to = frozenset({"bigInt"})

    def prepare(self, value: Any, field: Field) -> int:
        highest = COUNTED[BigInt.name]
        return whole_number(value, (-highest, highest))

    def check_options(self, options: Mapping[str, Any]) -> dict[str, Any]:
        if options.get("scopeKey") is not None:
            plain_text(options["scopeKey"])
        return super().check_options(options)
