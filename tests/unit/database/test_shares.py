"""How applications share the connections of one budget."""

import asyncio

import pytest

from insula.database.shares import Share, Shares


def taken(share: Share) -> int:
    """How many it gets when it takes what it can."""
    count = 0
    while share.begin():
        count += 1
    return count


@pytest.mark.parametrize(("limit", "alone"), [(1, 1), (2, 2), (3, 2), (5, 3), (15, 8), (50, 26)])
def test_one_alone_leaves_something(limit: int, alone: int) -> None:
    shares = Shares(limit)
    assert taken(Share(shares)) == alone
    assert shares.used == alone


def test_there_is_something_left_for_each_next_one() -> None:
    shares = Shares(50)
    assert [taken(Share(shares)) for _ in range(4)] == [26, 13, 6, 3]
    assert shares.used < shares.limit


async def test_what_is_given_back_goes_to_the_one_with_the_fewest() -> None:
    shares = Shares(4)
    busy, modest = Share(shares), Share(shares)
    assert taken(busy) == 3
    assert taken(modest) == 1
    order: list[str] = []

    async def wait(name: str, share: Share) -> None:
        await share.wait(5)
        order.append(name)

    waiting = [asyncio.create_task(wait("busy", busy)) for _ in range(2)]
    await asyncio.sleep(0)
    waiting.append(asyncio.create_task(wait("modest", modest)))
    await asyncio.sleep(0)
    busy.end()
    await asyncio.sleep(0)
    assert order == ["modest"]
    for share in (modest, modest, busy, busy):
        share.end()
    await asyncio.gather(*waiting)
    assert order == ["modest", "busy", "busy"]
    busy.end()
    busy.end()
    assert (shares.used, busy.used, modest.used) == (0, 0, 0)


async def test_who_gives_up_leaves_nothing() -> None:
    shares = Shares(1)
    share = Share(shares)
    assert share.begin()
    with pytest.raises(TimeoutError):
        await share.wait(0.01)
    gone = [asyncio.create_task(share.wait(5)) for _ in range(3)]
    await asyncio.sleep(0)
    for task in gone[:2]:
        task.cancel()
    share.end()  # the first who is let in has been cancelled already
    await gone[2]
    last = asyncio.create_task(share.wait(5))
    await asyncio.sleep(0)
    share.end()
    last.cancel()  # let in, and given up in the same moment
    await asyncio.gather(last, return_exceptions=True)
    assert (shares.used, share.used) == (0, 0)
    assert share.begin()
