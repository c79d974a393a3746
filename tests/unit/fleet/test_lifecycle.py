"""The table of moves, by example and at random."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as some

from insula.fleet.command import Command, Verb
from insula.fleet.errors import WrongMove
from insula.fleet.lifecycle import MOVES, PENDING, Lifecycle, Observed, Status, Wanted
from insula.fleet.wire import from_json

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


def test_what_is_done_is_told_while_it_is_pending_and_gone_with_the_next_move() -> None:
    one = lifecycle()
    assert one.tell("tables", None) is None
    move(one, Observed.COMMANDING)
    told = one.tell("migration 3 of 7: users", 2 / 7)
    assert told is one.status is not None
    assert (told.observed, told.command, told.since) == (Observed.COMMANDING, START, MOMENT)
    assert (told.doing, told.progress) == ("migration 3 of 7: users", 2 / 7)
    assert one.tell("migration 3 of 7: users", 2 / 7) is None, "it is no news"
    move(one, Observed.RUNNING)
    assert (one.status.doing, one.status.progress) == ("", None)
    assert one.tell("tables", None) is None
    assert one.status.doing == ""


@pytest.mark.parametrize("observed", Observed)
def test_only_what_runs_is_degraded(observed: Observed) -> None:
    one = Lifecycle("shop", lambda: MOMENT, status=Status(observed, MOMENT))
    told = one.degrade(("shelf",))
    assert (told is not None) is (observed is Observed.RUNNING)
    assert one.status.failed == (("shelf",) if told else ())
    assert one.degrade(one.status.failed) is None, "it is no news"


def test_failed_plugins_belong_to_what_runs_or_is_down() -> None:
    one = lifecycle()
    with pytest.raises(ValueError, match="failed plugins"):
        one.move(Observed.COMMANDING, command=START, failed=("shelf",))
    move(one, Observed.COMMANDING)
    assert one.move(Observed.RUNNING, failed=("shelf",)).failed == ("shelf",)
    move(one, Observed.COMMANDING)
    assert one.status.failed == ()


@pytest.mark.parametrize("observed", Observed)
def test_only_of_what_is_pending_anything_is_told(observed: Observed) -> None:
    one = Lifecycle("shop", lambda: MOMENT, status=Status(observed, MOMENT))
    assert (one.tell("tables", 0.5) is not None) is (observed in PENDING)


@pytest.mark.parametrize("more", ["", ', "unheard": 1'])
def test_a_status_told_by_another_version_is_understood(more: str) -> None:
    told = from_json(Status, f'{{"observed": "running", "since": "2026-01-01T00:00:00Z"{more}}}'.encode())
    assert (told.observed, told.failed) == (Observed.RUNNING, ())
