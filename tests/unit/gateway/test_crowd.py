"""Connections beyond the limit: who makes room, and at what price."""

from typing import Any, Self

from insula.gateway.crowd import LOOKED_AT, Crowd


class Connection:
    """A connection that knows whether it was cut off, and how often it was asked."""

    asked = 0

    def __init__(self, *, busy: bool = False) -> None:
        self._busy = busy
        self.cut = False
        self.transport: Any = self

    @property
    def busy(self) -> bool:
        Connection.asked += 1
        return self._busy

    def abort(self) -> None:
        self.cut = True

    def into(self, crowd: Crowd) -> Self:
        crowd.come(self)
        return self


def test_the_one_that_was_answered_longest_ago_makes_room() -> None:
    crowd = Crowd(3)
    first, second, busy = (
        Connection().into(crowd),
        Connection().into(crowd),
        Connection(busy=True).into(crowd),
    )
    crowd.answered(first)
    news = [Connection().into(crowd) for _ in range(2)]
    assert (first.cut, second.cut, busy.cut) == (True, True, False)
    assert [new.cut for new in news] == [False, False]
    assert len(crowd) == 3
    for gone in (first, second, busy, *news):
        crowd.leave(gone)
        crowd.answered(gone)
    assert len(crowd) == 0


def test_where_all_are_busy_the_new_one_is_refused() -> None:
    crowd = Crowd(2)
    busy = [Connection(busy=True).into(crowd) for _ in range(2)]
    new = Connection().into(crowd)
    assert new.cut
    assert not any(each.cut for each in busy)
    assert len(crowd) == 2


def test_a_new_one_beyond_the_limit_does_not_cost_a_look_at_all() -> None:
    crowd = Crowd(20 * LOOKED_AT)
    idle = [Connection().into(crowd) for _ in range(10 * LOOKED_AT)]
    for _ in range(10 * LOOKED_AT):
        Connection(busy=True).into(crowd)
    Connection.asked = 0
    for _ in range(LOOKED_AT):
        Connection().into(crowd)
    assert Connection.asked == LOOKED_AT
    assert sum(each.cut for each in idle) == LOOKED_AT
    all_busy = Crowd(20 * LOOKED_AT)
    for _ in range(20 * LOOKED_AT):
        Connection(busy=True).into(all_busy)
    Connection.asked = 0
    assert Connection().into(all_busy).cut
    assert Connection.asked == LOOKED_AT
