"""What an application is as a whole, from what its environments observe."""

from datetime import UTC, datetime, timedelta

import pytest

from insula.core.clock import now
from insula.fleet.command import Command, Verb
from insula.fleet.lifecycle import Observed, Status, Wanted
from insula.supervisor.entry import Entry
from insula.supervisor.status import OVERDUE_S, common, in_places, shown

O = Observed
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def there(place: str) -> str:
    """Every environment answers."""
    return ""


def seen(*observed: Observed) -> dict[str, Status]:
    return {f"place {number}": Status(one, now()) for number, one in enumerate(observed)}


@pytest.mark.parametrize(
    ("observed", "word"),
    [
        ((O.RUNNING,), "running"),
        ((O.PREPARING,), "preparing"),
        ((O.RUNNING, O.RUNNING), "running"),
        ((O.STOPPED, O.STOPPED), "stopped"),
        ((O.INITIALIZING, O.INITIALIZING), "initializing"),
        ((O.RUNNING, O.COMMANDING), "commanding"),
        ((O.PREPARING, O.ERROR), "commanding"),
        ((O.RUNNING, O.STOPPED), "error"),
        ((O.RUNNING, O.ERROR), "error"),
        ((O.NOT_FOUND, O.RUNNING), "error"),
    ],
)
def test_the_common_one_else_commanding_while_one_is_pending_else_error(
    observed: tuple[Observed, ...], word: str
) -> None:
    assert shown(seen(*observed)) == word


def test_where_environments_differ_the_status_says_how() -> None:
    status = common(seen(O.RUNNING, O.STOPPED))
    assert status.observed is O.ERROR
    assert status.cause == "its environments differ (place 0: running, place 1: stopped)"
    failed = {"a": Status(O.RUNNING, now()), "b": Status(O.ERROR, now(), None, "start", "no room")}
    assert common(failed).cause == "no room"
    command = Command(Verb.START, "shop", "id")
    pending = {
        "a": Status(O.PREPARING, now()),
        "b": Status(O.COMMANDING, now(), command),
        "c": Status(O.ERROR, now()),
    }
    assert common(pending).command is command


def test_where_nothing_was_reported_it_does_not_run_or_is_being_made() -> None:
    made = Entry("shop", Wanted.RUNNING, "stamp", version="1", environments=("a", "b"), updated_at=LONG_AGO)
    statuses = in_places(made, {"b": Status(O.RUNNING, now()), "elsewhere": Status(O.ERROR, now())}, there)
    assert {place: status.observed for place, status in statuses.items()} == {"a": O.STOPPED, "b": O.RUNNING}
    assert statuses["a"].since == LONG_AGO
    unmade = Entry("shop", Wanted.RUNNING, "stamp")
    assert in_places(unmade, {}, there)["local"].observed is O.PREPARING
    half = Entry("shop", Wanted.DELETED, "stamp")
    assert in_places(half, {}, there)["local"].observed is O.STOPPED


@pytest.mark.parametrize("observed", [O.PREPARING, O.INITIALIZING, O.INITIALIZED, O.COMMANDING])
def test_what_takes_too_long_has_failed_at_its_step(observed: Observed) -> None:
    entry = Entry("shop", Wanted.RUNNING, "stamp", version="1")
    command = Command(Verb.UPGRADE, "shop", "id") if observed is O.COMMANDING else None
    soon = now() - timedelta(seconds=OVERDUE_S - 5)
    assert in_places(entry, {"local": Status(observed, soon, command)}, there)["local"].observed is observed
    late = now() - timedelta(seconds=OVERDUE_S + 5)
    failed = in_places(entry, {"local": Status(observed, late, command)}, there)["local"]
    assert failed.observed is O.ERROR
    assert failed.step == ("upgrade" if command else observed.value)
    assert "600 s" in failed.cause
    running = Status(O.RUNNING, LONG_AGO)
    assert in_places(entry, {"local": running}, there)["local"] is running
