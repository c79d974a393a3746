"""Time by which tokens end: it never goes back."""

from insula.application.access.steady_clock import SteadyClock
from insula.testing.clock import HandClock


def test_it_goes_with_the_wall() -> None:
    hand = HandClock()
    clock = SteadyClock(hand.wall, hand.monotonic)
    assert clock.now() == hand.wall()
    hand.advance(5)
    assert clock.now() == hand.wall()
    assert clock.monotonic() == hand.monotonic()


def test_a_wall_clock_set_back_does_not_set_it_back() -> None:
    hand = HandClock()
    clock = SteadyClock(hand.wall, hand.monotonic)
    started = clock.now()
    hand.advance(10)
    hand.jump(-3600)
    assert clock.now() == started + 10
    hand.advance(10)
    assert clock.now() == started + 20


def test_a_wall_clock_set_forwards_is_followed_until_it_is_put_right() -> None:
    hand = HandClock()
    clock = SteadyClock(hand.wall, hand.monotonic)
    started = clock.now()
    hand.jump(3600)
    assert clock.now() == started + 3600
    hand.jump(-3600)
    hand.advance(1)
    assert clock.now() == started + 1


def test_a_machine_that_slept_is_on_time() -> None:
    """The monotonic clock stands still meanwhile; the wall clock does not."""
    hand = HandClock()
    clock = SteadyClock(hand.wall, hand.monotonic)
    hand.jump(8 * 3600)
    assert clock.now() == hand.wall()
