"""The table of moves, by example and at random."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as some

from insula.fleet.command import Command, Verb
from insula.fleet.errors import WrongMove
from insula.fleet.lifecycle import MOVES, Lifecycle, Observed, Wanted

MOMENT = datetime(2026, 1, 1, tzinfo=UTC)
START = Command(Verb.START, "shop", "1")


def lifecycle() -> Lifecycle:
    return Lifecycle("shop", lambda: MOMENT)


def move(one: Lifecycle, to: Observed) -> None:
    command = START if to is Observed.COMMANDING else None
    one.move(to, command=command, step="prepare" if to is Observed.ERROR else "")


def test_every_state_has_its_moves_and_can_be_reached_and_left() -> None:
    assert set(MOVES) == set(Observed)
    assert all(MOVES.values())
    assert set().union(*MOVES.values()) == set(Observed)


def test_the_way_up() -> None:
    one = lifecycle()
    for to in (Observed.PREPARING, Observed.INITIALIZING, Observed.INITIALIZED, Observed.RUNNING):
        move(one, to)
        assert one.status.observed is to
        assert one.status.since == MOMENT


def test_a_wrong_move_names_application_state_and_wanted_state_and_changes_nothing() -> None:
    one = lifecycle()
    with pytest.raises(WrongMove, match=r"shop is not_found \(wanted: running\) and can not become running"):
        move(one, Observed.RUNNING)
    assert one.status.observed is Observed.NOT_FOUND
    assert one.wanted is Wanted.RUNNING


def test_commands_and_steps_belong_to_their_states() -> None:
    one = lifecycle()
    with pytest.raises(ValueError, match="commanding"):
        one.move(Observed.COMMANDING)
    with pytest.raises(ValueError, match="commanding"):
        one.move(Observed.PREPARING, command=START)
    with pytest.raises(ValueError, match="error"):
        one.move(Observed.ERROR)
    with pytest.raises(ValueError, match="stopped"):
        one.move(Observed.PREPARING, cause="tired")
    one.move(Observed.STOPPED, cause="older than this")
    assert (one.status.cause, one.status.stuck) == ("older than this", True)


@given(some.lists(some.sampled_from(Observed), max_size=30))
def test_no_sequence_leaves_the_table(wishes: list[Observed]) -> None:
    one = lifecycle()
    for wish in wishes:
        before = one.status
        if wish in MOVES[before.observed]:
            move(one, wish)
            assert one.status.observed is wish
            assert (one.status.command is not None) == (wish is Observed.COMMANDING)
        else:
            with pytest.raises(WrongMove):
                move(one, wish)
            assert one.status is before
