"""What each verb makes wanted, and what goes out to the environment: the design's table, row by row."""

import asyncio
from typing import Any

import pytest

from insula.data.query import Query
from insula.data.scope import Unrestricted
from insula.database.errors import DatabaseGone
from insula.fleet.command import Verb
from insula.fleet.errors import ApplicationNotFound
from insula.fleet.lifecycle import Observed, Wanted
from insula.supervisor import supervisor
from insula.supervisor.errors import (
    CommandFailed,
    CommandUnanswered,
    NameOfDeleted,
    NameTaken,
    NotConfirmed,
    NotNow,
    SupervisorClosed,
)
from insula.testing.fleet import VERSION, PlayedFleet

WHO = "user 7"


def wanted(fleet: PlayedFleet, name: str = "shop") -> Wanted:
    return fleet.records.get(name).wanted


async def observed(fleet: PlayedFleet, name: str = "shop") -> Observed:
    target = await fleet.records.find(name)
    assert target is not None
    return target.status.observed


async def events(fleet: PlayedFleet, name: str = "shop") -> list[dict[str, Any]]:
    """As they are kept, oldest first."""
    page = await fleet.main.repository.find(
        "applicationEvents", Query(sort=("id",), page_size=None, counting="none"), scopes=Unrestricted()
    )
    return [row for row in page.rows if row["application"] == name]


async def kept(fleet: PlayedFleet, name: str = "shop") -> dict[str, Any] | None:
    return await fleet.main.repository.find_one("applications", name, scopes=Unrestricted())


async def test_create_goes_from_preparing_to_running_and_is_wanted_running_all_the_time(
    fleet: PlayedFleet,
) -> None:
    entry = await fleet.supervisor.create({"name": "shop", "displayName": "Shop"}, actor=WHO, created_by=7)
    assert (entry.wanted, entry.made, await observed(fleet)) == (Wanted.RUNNING, False, Observed.PREPARING)
    found = await fleet.supervisor.prepare("shop")
    assert found["database"] == {"dialect": "sqlite", "storage": "shop.sqlite"}
    assert await observed(fleet) is Observed.PREPARING
    entry = await fleet.supervisor.install("shop", root={"email": "a@b.c"})
    assert (entry.version, entry.fingerprint) == (VERSION, "played")
    assert fleet.local.commands[-1].arguments["root"] == {"email": "a@b.c"}
    assert await observed(fleet) is Observed.INITIALIZED
    entry = await fleet.supervisor.start("shop", actor=WHO)
    assert (entry.wanted, await observed(fleet)) == (Wanted.RUNNING, Observed.RUNNING)
    assert [verb for verb, _ in fleet.local.carried] == [Verb.PREPARE, Verb.CREATE, Verb.START]
    row = await kept(fleet)
    assert row is not None
    assert (row["displayName"], row["createdById"], row["wanted"]) == ("Shop", 7, "running")


async def test_what_is_wanted_is_committed_before_the_command_goes_out(fleet: PlayedFleet) -> None:
    await fleet.make("shop")
    gate = fleet.local.gates[Verb.STOP] = asyncio.Event()
    stopping = asyncio.create_task(fleet.supervisor.stop("shop", actor=WHO))
    while (Verb.STOP, "shop") not in fleet.local.carried:
        await asyncio.sleep(0)
    row = await kept(fleet)
    assert row is not None and row["wanted"] == "stopped"
    last = (await events(fleet))[-1]
    assert (last["wanted"], last["actor"], last["reason"]) == ("stopped", WHO, "stopped")
    assert await observed(fleet) is Observed.COMMANDING
    gate.set()
    await stopping
    assert await observed(fleet) is Observed.STOPPED


async def test_start_after_stop(fleet: PlayedFleet) -> None:
    await fleet.make("shop")
    await fleet.supervisor.stop("shop", actor=WHO)
    assert (wanted(fleet), await observed(fleet)) == (Wanted.STOPPED, Observed.STOPPED)
    await fleet.supervisor.start("shop", actor=WHO)
    assert (wanted(fleet), await observed(fleet)) == (Wanted.RUNNING, Observed.RUNNING)


async def test_sleep_then_a_visit(fleet: PlayedFleet) -> None:
    await fleet.make("shop")
    await fleet.supervisor.sleep("shop", actor=WHO)
    assert (wanted(fleet), await observed(fleet)) == (Wanted.ASLEEP, Observed.STOPPED)
    target = await fleet.records.wake("shop")
    assert target is not None
    assert (target.wanted, target.status.observed) == (Wanted.RUNNING, Observed.RUNNING)
    row = await kept(fleet)
    assert row is not None and row["wanted"] == "running"
    assert "visited" in [event["reason"] for event in await events(fleet)]


async def test_however_many_visit_it_is_started_once(fleet: PlayedFleet) -> None:
    await fleet.make("shop")
    await fleet.supervisor.sleep("shop", actor=WHO)
    fleet.local.carried.clear()
    targets = await asyncio.gather(*(fleet.records.wake("shop") for _ in range(200)))
    assert {target.status.observed for target in targets if target is not None} == {Observed.RUNNING}
    assert len(targets) == 200
    assert fleet.local.carried == [(Verb.START, "shop")]


async def test_who_visits_and_leaves_does_not_end_the_start(fleet: PlayedFleet) -> None:
    await fleet.make("shop")
    await fleet.supervisor.sleep("shop", actor=WHO)
    gate = fleet.local.gates[Verb.START] = asyncio.Event()
    visit = asyncio.create_task(fleet.records.wake("shop"))
    while fleet.local.carried[-1] != (Verb.START, "shop"):
        await asyncio.sleep(0)
    visit.cancel()
    await asyncio.wait((visit,))
    gate.set()
    target = await fleet.records.wake("shop")
    assert target is not None and target.status.observed is Observed.RUNNING
    assert fleet.local.carried.count((Verb.START, "shop")) == 2  # the one of its making, and this


@pytest.mark.parametrize("verb", ["stop", "destroy"])
async def test_a_visit_never_wakes_what_is_stopped_or_deleted(fleet: PlayedFleet, verb: str) -> None:
    await fleet.make("shop")
    more = {"confirm": "shop"} if verb == "destroy" else {}
    await getattr(fleet.supervisor, verb)("shop", actor=WHO, **more)
    before = list(fleet.local.carried)
    target = await fleet.records.wake("shop")
    assert target is not None and target.status.observed is Observed.STOPPED
    assert target.wanted in (Wanted.STOPPED, Wanted.DELETED)
    assert fleet.local.carried == before


async def test_a_visit_of_what_is_being_made_starts_nothing(fleet: PlayedFleet) -> None:
    await fleet.supervisor.create({"name": "shop"}, actor=WHO)
    target = await fleet.records.wake("shop")
    assert target is not None and target.status.observed is Observed.PREPARING
    assert fleet.local.carried == []


async def test_a_visit_of_nothing_and_of_main(fleet: PlayedFleet) -> None:
    assert await fleet.records.wake("nothing") is None
    assert await fleet.records.find("nothing") is None
    main = await fleet.records.wake("main")
    assert main is not None and main.wanted is Wanted.RUNNING


async def test_a_visit_whose_start_fails_is_told_why(fleet: PlayedFleet) -> None:
    await fleet.make("shop")
    await fleet.supervisor.sleep("shop", actor=WHO)
    fleet.local.failures[Verb.START] = "DATABASE_UNAVAILABLE"
    target = await fleet.records.wake("shop")
    assert target is not None
    assert (target.wanted, target.status.observed) == (Wanted.RUNNING, Observed.ERROR)
    assert (target.status.step, target.status.cause) == ("start", "start was told to fail")
    # the next visit does not try again at once: that is left to the repairs
    before = list(fleet.local.carried)
    again = await fleet.records.wake("shop")
    assert again is not None and again.status.observed is Observed.ERROR
    assert fleet.local.carried == before


async def test_restart_is_stop_and_start(fleet: PlayedFleet) -> None:
    await fleet.make("shop")
    fleet.local.carried.clear()
    await fleet.supervisor.restart("shop", actor=WHO)
    assert fleet.local.carried == [(Verb.STOP, "shop"), (Verb.START, "shop")]
    assert (wanted(fleet), await observed(fleet)) == (Wanted.RUNNING, Observed.RUNNING)


@pytest.mark.parametrize(
    ("before", "after"),
    [("start", Observed.RUNNING), ("stop", Observed.STOPPED), ("sleep", Observed.STOPPED)],
)
async def test_upgrade_leaves_it_as_before(fleet: PlayedFleet, before: str, after: Observed) -> None:
    await fleet.make("shop")
    await getattr(fleet.supervisor, before)("shop", actor=WHO)
    was = wanted(fleet)
    await fleet.supervisor.upgrade("shop", actor=WHO)
    assert (wanted(fleet), await observed(fleet)) == (was, after)
    assert (Verb.UPGRADE, "shop") in fleet.local.carried


async def test_an_upgrade_says_which_version_the_database_has_now(fleet: PlayedFleet) -> None:
    await fleet.make("shop")
    await fleet.records.change("shop", None, version="1.0.0")
    entry = await fleet.supervisor.upgrade("shop", actor=WHO)
    row = await kept(fleet)
    assert row is not None
    assert (entry.version, row["version"]) == (VERSION, VERSION)


async def test_delete_restore_delete_purge(fleet: PlayedFleet) -> None:
    await fleet.make("shop", cname="shop.example.com")
    entry = await fleet.supervisor.destroy("shop", confirm="shop", actor=WHO)
    assert (entry.wanted, await observed(fleet)) == (Wanted.DELETED, Observed.STOPPED)
    assert entry.deleted_at is not None
    assert "shop" in fleet.local.databases
    entry = await fleet.supervisor.restore("shop", actor=WHO)
    assert (entry.wanted, entry.deleted_at, await observed(fleet)) == (Wanted.STOPPED, None, Observed.STOPPED)
    await fleet.supervisor.start("shop", actor=WHO)
    assert await observed(fleet) is Observed.RUNNING
    await fleet.supervisor.destroy("shop", confirm="shop", actor=WHO)
    assert await fleet.supervisor.purge("shop", confirm="shop", actor=WHO) == ""
    assert "shop" not in fleet.local.databases
    assert await fleet.records.find("shop") is None
    assert fleet.records.application_of("shop.example.com") is None
    assert await kept(fleet) is None
    assert await events(fleet) == []
    assert fleet.discovery.statuses("shop") == {}


async def test_a_failed_step_changes_nothing_of_what_is_wanted(fleet: PlayedFleet) -> None:
    await fleet.make("shop")
    await fleet.supervisor.stop("shop", actor=WHO)
    fleet.local.failures[Verb.START] = "LOGIN_REFUSED"
    with pytest.raises(CommandFailed, match="could not start in the environment local") as caught:
        await fleet.supervisor.start("shop", actor=WHO)
    assert not isinstance(caught.value, CommandUnanswered)
    assert caught.value.cause_code == "LOGIN_REFUSED"
    assert (wanted(fleet), await observed(fleet)) == (Wanted.RUNNING, Observed.ERROR)
    target = await fleet.records.find("shop")
    assert target is not None and target.status.cause == "start was told to fail"


async def test_an_environment_that_does_not_answer_may_do_so_later(fleet: PlayedFleet) -> None:
    await fleet.make("shop")
    fleet.local.failures[Verb.STOP] = "DATABASE_UNAVAILABLE"
    with pytest.raises(CommandUnanswered):
        await fleet.supervisor.stop("shop", actor=WHO)
    assert wanted(fleet) is Wanted.STOPPED


async def test_what_is_there_already_needs_no_command_and_no_event(fleet: PlayedFleet) -> None:
    await fleet.make("shop")
    before = await events(fleet)
    fleet.local.carried.clear()
    await fleet.supervisor.start("shop", actor=WHO)
    assert fleet.local.carried == []
    assert [event["id"] for event in await events(fleet) if event["wanted"]] == [
        event["id"] for event in before if event["wanted"]
    ]
    await fleet.supervisor.stop("shop", actor=WHO)
    fleet.local.carried.clear()
    await fleet.supervisor.stop("shop", actor=WHO)
    assert fleet.local.carried == []


@pytest.mark.parametrize("verb", ["start", "stop", "sleep", "restart", "upgrade"])
async def test_a_deleted_one_is_restored_first(fleet: PlayedFleet, verb: str) -> None:
    await fleet.make("shop")
    await fleet.supervisor.destroy("shop", confirm="shop", actor=WHO)
    with pytest.raises(NotNow, match="restore it first"):
        await getattr(fleet.supervisor, verb)("shop", actor=WHO)
    with pytest.raises(NotNow, match="restore it first"):
        await fleet.supervisor.update("shop", {"displayName": "x"}, actor=WHO)
    with pytest.raises(NotNow, match="deleted already"):
        await fleet.supervisor.destroy("shop", confirm="shop", actor=WHO)
    assert wanted(fleet) is Wanted.DELETED


@pytest.mark.parametrize("verb", ["start", "stop", "sleep", "restart", "upgrade"])
async def test_one_that_is_being_made_is_left_alone(fleet: PlayedFleet, verb: str) -> None:
    await fleet.supervisor.create({"name": "shop"}, actor=WHO)
    with pytest.raises(NotNow, match="not made yet"):
        await getattr(fleet.supervisor, verb)("shop", actor=WHO)
    assert fleet.local.carried == []


async def test_only_what_was_deleted_is_restored_or_purged(fleet: PlayedFleet) -> None:
    await fleet.make("shop")
    with pytest.raises(NotNow, match="was not deleted"):
        await fleet.supervisor.restore("shop", actor=WHO)
    with pytest.raises(NotNow, match="delete it first"):
        await fleet.supervisor.purge("shop", confirm="shop", actor=WHO)
    assert await observed(fleet) is Observed.RUNNING


@pytest.mark.parametrize("confirm", [None, "", "Shop", "other", True, ["shop"], {"name": "shop"}])
async def test_deleting_and_purging_need_the_name_again(fleet: PlayedFleet, confirm: object) -> None:
    await fleet.make("shop")
    with pytest.raises(NotConfirmed, match="confirm=shop"):
        await fleet.supervisor.destroy("shop", confirm=confirm, actor=WHO)
    await fleet.supervisor.destroy("shop", confirm="shop", actor=WHO)
    with pytest.raises(NotConfirmed, match="confirm=shop"):
        await fleet.supervisor.purge("shop", confirm=confirm, actor=WHO)
    assert "shop" in fleet.local.databases


async def test_verbs_on_nothing(fleet: PlayedFleet) -> None:
    for verb in ("start", "stop", "sleep", "restart", "upgrade", "restore"):
        with pytest.raises(ApplicationNotFound, match="There is no application"):
            await getattr(fleet.supervisor, verb)("nothing", actor=WHO)
    for verb in ("destroy", "purge"):
        with pytest.raises(ApplicationNotFound):
            await getattr(fleet.supervisor, verb)("nothing", confirm="nothing", actor=WHO)


async def test_a_name_stays_taken_until_it_is_purged(fleet: PlayedFleet) -> None:
    await fleet.make("shop")
    with pytest.raises(NameTaken):
        await fleet.supervisor.create({"name": "shop"}, actor=WHO)
    await fleet.supervisor.destroy("shop", confirm="shop", actor=WHO)
    with pytest.raises(NameOfDeleted, match="restore that one, purge it"):
        await fleet.supervisor.create({"name": "shop"}, actor=WHO)
    await fleet.supervisor.purge("shop", confirm="shop", actor=WHO)
    await fleet.make("shop")
    assert await observed(fleet) is Observed.RUNNING


async def test_of_many_who_create_the_same_name_one_does(fleet: PlayedFleet) -> None:
    made = await asyncio.gather(
        *(fleet.supervisor.create({"name": "shop"}, actor=WHO) for _ in range(20)), return_exceptions=True
    )
    assert sum(not isinstance(one, BaseException) for one in made) == 1
    assert sum(isinstance(one, NameTaken) for one in made) == 19


async def test_verbs_take_turns_in_the_order_of_asking(fleet: PlayedFleet) -> None:
    await fleet.make("shop")
    fleet.local.carried.clear()
    await asyncio.gather(
        fleet.supervisor.stop("shop", actor=WHO),
        fleet.supervisor.start("shop", actor=WHO),
        fleet.supervisor.sleep("shop", actor=WHO),
    )
    assert [verb for verb, _ in fleet.local.carried] == [Verb.STOP, Verb.START, Verb.STOP]
    assert wanted(fleet) is Wanted.ASLEEP


@pytest.mark.parametrize("verb", ["stop", "sleep", "destroy"])
async def test_a_start_that_hangs_is_cut_short_by_who_wants_it_down(fleet: PlayedFleet, verb: str) -> None:
    await fleet.make("shop")
    await fleet.supervisor.stop("shop", actor=WHO)
    fleet.local.gates[Verb.START] = asyncio.Event()
    starting = asyncio.create_task(fleet.supervisor.start("shop", actor=WHO))
    while fleet.local.carried[-1] != (Verb.START, "shop"):
        await asyncio.sleep(0)
    more = {"confirm": "shop"} if verb == "destroy" else {}
    await getattr(fleet.supervisor, verb)("shop", actor=WHO, **more)
    assert await observed(fleet) is Observed.STOPPED
    with pytest.raises(CommandFailed, match="was stopped while it started"):
        await starting
    assert wanted(fleet) is {"stop": Wanted.STOPPED, "sleep": Wanted.ASLEEP, "destroy": Wanted.DELETED}[verb]


async def test_who_visits_what_is_stopped_meanwhile_is_told_that_it_is_stopped(fleet: PlayedFleet) -> None:
    await fleet.make("shop")
    await fleet.supervisor.sleep("shop", actor=WHO)
    fleet.local.gates[Verb.START] = asyncio.Event()
    visit = asyncio.create_task(fleet.records.wake("shop"))
    while fleet.local.carried[-1] != (Verb.START, "shop"):
        await asyncio.sleep(0)
    await fleet.supervisor.stop("shop", actor=WHO)
    await visit
    target = await fleet.records.wake("shop")
    assert target is not None
    assert (target.wanted, target.status.observed) == (Wanted.STOPPED, Observed.STOPPED)


async def test_different_applications_do_not_wait_for_one_another(fleet: PlayedFleet) -> None:
    await fleet.make("one")
    await fleet.make("two")
    gate = fleet.local.gates[Verb.STOP] = asyncio.Event()
    first = asyncio.create_task(fleet.supervisor.stop("one", actor=WHO))
    second = asyncio.create_task(fleet.supervisor.stop("two", actor=WHO))
    while fleet.local.carried[-2:] != [(Verb.STOP, "one"), (Verb.STOP, "two")]:
        await asyncio.sleep(0)
    gate.set()
    await asyncio.gather(first, second)


async def test_what_was_asked_for_is_done_also_when_who_asked_leaves(fleet: PlayedFleet) -> None:
    await fleet.make("shop")
    await fleet.supervisor.destroy("shop", confirm="shop", actor=WHO)
    gate = fleet.local.gates[Verb.REMOVE] = asyncio.Event()
    purging = asyncio.create_task(fleet.supervisor.purge("shop", confirm="shop", actor=WHO))
    while (Verb.REMOVE, "shop") not in fleet.local.carried:
        await asyncio.sleep(0)
    purging.cancel()
    await asyncio.wait((purging,))
    gate.set()
    with pytest.raises(ApplicationNotFound):
        await fleet.supervisor.start("shop", actor=WHO)  # its turn comes after the purge
    assert await kept(fleet) is None


async def test_a_purge_that_fails_half_way_is_gone_on_with_and_not_undone(fleet: PlayedFleet) -> None:
    await fleet.make("shop")
    await fleet.supervisor.destroy("shop", confirm="shop", actor=WHO)
    fleet.local.failures[Verb.REMOVE] = "SERVER_UNREACHABLE"
    with pytest.raises(CommandUnanswered):
        await fleet.supervisor.purge("shop", confirm="shop", actor=WHO)
    with pytest.raises(NotNow, match="being purged"):
        await fleet.supervisor.restore("shop", actor=WHO)
    del fleet.local.failures[Verb.REMOVE]
    await fleet.supervisor.purge("shop", confirm="shop", actor=WHO, keep_data=True)
    assert await kept(fleet) is None
    assert "shop" in fleet.local.databases
    assert fleet.discovery.statuses("shop") == {}


async def test_a_purge_that_keeps_data_waits_for_no_environment_that_is_gone(fleet: PlayedFleet) -> None:
    await fleet.make("shop")
    await fleet.supervisor.destroy("shop", confirm="shop", actor=WHO)
    fleet.local.failures[Verb.REMOVE] = "ENVIRONMENT_UNAVAILABLE"
    await fleet.supervisor.purge("shop", confirm="shop", actor=WHO, keep_data=True)
    assert await kept(fleet) is None


async def test_a_purge_leaves_what_is_anothers(fleet: PlayedFleet) -> None:
    await fleet.make("shop")
    await fleet.supervisor.destroy("shop", confirm="shop", actor=WHO)
    fleet.local.databases["shop"] = "the stamp of another"
    told = await fleet.supervisor.purge("shop", confirm="shop", actor=WHO)
    assert "left where they are" in told
    assert fleet.local.databases == {"shop": "the stamp of another"}
    assert await kept(fleet) is None
    assert fleet.discovery.statuses("shop") == {}


async def test_a_making_that_failed_is_taken_back(fleet: PlayedFleet) -> None:
    await fleet.supervisor.create({"name": "shop"}, actor=WHO)
    await fleet.supervisor.prepare("shop")
    fleet.local.failures[Verb.CREATE] = "DISK_FULL"
    with pytest.raises(CommandFailed):
        await fleet.supervisor.install("shop")
    assert await observed(fleet) is Observed.ERROR
    assert "shop" in fleet.local.databases
    await fleet.supervisor.take_back("shop", actor=WHO)
    assert fleet.local.databases == {}
    assert await kept(fleet) is None


async def test_a_making_that_failed_is_tried_again(fleet: PlayedFleet) -> None:
    await fleet.supervisor.create({"name": "shop"}, actor=WHO)
    fleet.local.failures[Verb.PREPARE] = "LOGIN_REFUSED"
    with pytest.raises(CommandFailed):
        await fleet.supervisor.prepare("shop")
    fleet.local.failures.clear()
    await fleet.supervisor.prepare("shop")
    await fleet.supervisor.install("shop")
    await fleet.supervisor.start("shop", actor=WHO)
    assert await observed(fleet) is Observed.RUNNING


async def test_one_that_was_visited_is_not_taken_back(fleet: PlayedFleet) -> None:
    await fleet.make("shop")
    fleet.traffic.of("shop").begin()
    await fleet.records.visited(["shop"], fleet.records.get("shop").created_at)  # type: ignore[arg-type]
    with pytest.raises(NotNow, match="was visited"):
        await fleet.supervisor.take_back("shop", actor=WHO)
    assert await observed(fleet) is Observed.RUNNING


async def test_a_check_changes_nothing(fleet: PlayedFleet) -> None:
    found = await fleet.supervisor.check({"name": "shop"})
    assert [finding["level"] for finding in found] == ["ok"]
    assert fleet.records.all() == []
    assert [finding["code"] for finding in await fleet.supervisor.check({"name": "main"})] == [
        "VALIDATION_ERROR"
    ]
    await fleet.make("shop", cname="shop.example.com")
    taken = await fleet.supervisor.check({"name": "shop"})
    assert [(finding["level"], finding["code"]) for finding in taken] == [("error", "CONFLICT")]
    domain = await fleet.supervisor.check({"name": "other", "cname": "shop.example.com"})
    assert [(finding["level"], finding["code"]) for finding in domain] == [("error", "CONFLICT")]


async def test_a_visit_while_mains_database_is_away_is_told_so(
    fleet: PlayedFleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    await fleet.make("shop")
    await fleet.supervisor.sleep("shop", actor=WHO)

    async def away(*given: Any, **more: Any) -> None:
        raise DatabaseGone(where="here", reason="it was pulled")

    with monkeypatch.context() as patched:
        patched.setattr(fleet.records, "change", away)
        target = await fleet.records.wake("shop")
    assert target is not None
    assert (target.wanted, target.status.observed) == (Wanted.ASLEEP, Observed.ERROR)
    again = await fleet.records.wake("shop")
    assert again is not None and again.status.observed is Observed.RUNNING


async def test_main_does_not_wait_for_a_command_that_hangs_when_it_goes_down(
    fleet: PlayedFleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    await fleet.make("shop")
    await fleet.make("other")
    fleet.local.gates[Verb.STOP] = asyncio.Event()
    monkeypatch.setattr(supervisor, "CLOSE_DEADLINE_S", 0.01)
    stopping = asyncio.create_task(fleet.supervisor.stop("shop", actor=WHO))
    behind = asyncio.create_task(fleet.supervisor.start("shop", actor=WHO))
    while fleet.local.carried[-1] != (Verb.STOP, "shop"):
        await asyncio.sleep(0)
    async with asyncio.timeout(5):
        await fleet.supervisor.close()
    await asyncio.wait((stopping, behind))
    with pytest.raises(SupervisorClosed):
        await fleet.supervisor.stop("other", actor=WHO)
    row = await kept(fleet)
    assert row is not None and row["wanted"] == "stopped"


async def test_fifty_are_made_at_once(fleet: PlayedFleet) -> None:
    await asyncio.gather(*(fleet.make(f"shop{number}") for number in range(50)))
    assert len(fleet.local.running) == 50
    assert {entry.wanted for entry in fleet.records.all()} == {Wanted.RUNNING}
    await asyncio.gather(
        *(fleet.supervisor.destroy(f"shop{n}", confirm=f"shop{n}", actor=WHO) for n in range(50))
    )
    await asyncio.gather(
        *(fleet.supervisor.purge(f"shop{n}", confirm=f"shop{n}", actor=WHO) for n in range(50))
    )
    assert fleet.records.all() == []
    assert fleet.local.databases == {}


@pytest.mark.parametrize("verb", ["start", "stop", "sleep", "restart", "upgrade"])
async def test_main_is_not_looked_after_as_others_are(fleet: PlayedFleet, verb: str) -> None:
    with pytest.raises(ApplicationNotFound, match="main application .* runs as long as its server does"):
        await getattr(fleet.supervisor, verb)("main", actor=WHO)
