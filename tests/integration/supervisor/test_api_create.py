"""Making applications through the API."""

import asyncio
import re
from typing import Any

import pytest

from insula.application.jobs.kinds import JobKind, Step, StepContext
from insula.core import failpoints
from insula.fleet.command import Verb
from insula.gateway.errors import not_answering
from insula.gateway.waiting import comes
from insula.testing.fleet import VERSION
from insula.testing.supervised import Supervised

STEPS = ["check", "record", "prepare", "create", "start"]


async def test_what_is_asked_for_is_made_and_runs(api: Supervised) -> None:
    answer = await api.ask("create", {"name": "shop", "displayName": "Shop", "labels": ["sales"]})
    data = answer.json()["data"]
    assert (data["status"], data["name"], data["displayName"]) == ("preparing", "shop", "Shop")
    job = await api.done(answer)
    assert (job["status"], job["progress"], job["kind"]) == ("succeeded", 1.0, "applications.create")
    assert [step["name"] for step in job["steps"]] == STEPS
    async with await api.signed_in() as client:
        assert (await client.get(f"/jobs:get/{job['id']}")).json()["data"]["undoable"] is True
    shop = await api.shown("shop")
    assert (shop["status"], shop["statuses"], shop["wanted"]) == ("running", {"local": "running"}, "running")
    assert (shop["version"], shop["labels"], shop["jobId"]) == (VERSION, ["sales"], None)
    assert shop["url"] == "http://apps.example.com:13000/apps/shop/admin/"


async def test_one_without_a_name_is_given_one_and_shows_it(api: Supervised) -> None:
    answer = await api.ask("create", {})
    data = answer.json()["data"]
    assert data["name"].startswith("a_")
    assert len(data["name"]) == 13
    assert data["displayName"] == data["name"]
    assert (await api.done(answer))["status"] == "succeeded"


async def test_its_creator_becomes_its_first_user(api: Supervised) -> None:
    async with await api.signed_in() as client:
        answer = await client.post("/applications:create", json={"name": "shop"})
        mine = (await client.get("/auth:check")).json()["data"]
    await api.done(answer)
    root = next(c for c in api.environment.commands if c.verb is Verb.CREATE).arguments["root"]
    assert (root["email"], root["username"], root["nickname"]) == ("ada@example.com", "ada", "Ada")
    assert root["password_hash"].startswith("$argon2")
    assert root["subject"]
    assert answer.json()["data"]["createdById"] == mine["id"]


async def test_main_s_first_administrator_does_where_the_local_one_asks(api: Supervised) -> None:
    await api.make("shop")
    root = next(c for c in api.environment.commands if c.verb is Verb.CREATE).arguments["root"]
    assert root["email"] == "ada@example.com"


async def test_nobody_reads_a_secret_in_any_answer(api: Supervised) -> None:
    secret = "quite-a-secret-password"
    database = {"dialect": "postgres", "host": "db.example.com", "username": "u", "password": secret}
    answer = await api.ask("create", {"name": "shop", "options": {"database": database}})
    job = await api.done(answer)
    told = [answer.text, str(job), str(await api.shown("shop"))]
    told += [(await api.ask(action)).text for action in ("list", "listPinned")]
    told += [(await api.ask("update", {"pinned": True}, filterByTk="shop")).text]
    stamp = api.records.get("shop").stamp
    for text in told:
        assert "shop" in text or "[]" in text
        for hidden in (secret, stamp, "credentials", "dataKey", "fingerprint", "$argon2"):
            assert hidden not in text
    prepared = next(c for c in api.environment.commands if c.verb is Verb.PREPARE)
    assert prepared.configuration is not None
    assert prepared.configuration.database["password"] == secret


async def test_a_failure_shows_step_and_error_and_is_gone_on_with(api: Supervised) -> None:
    api.environment.failures[Verb.CREATE] = "NO_TABLES"
    job = await api.done(await api.ask("create", {"name": "shop"}))
    assert job["status"] == "failed"
    assert "create was told to fail" in job["error"]
    assert [step["status"] for step in job["steps"]] == [*["succeeded"] * 3, "failed", "waiting"]
    shop = await api.shown("shop")
    assert (shop["status"], shop["jobId"]) == ("error", job["id"])
    assert shop["failure"]["step"] == "create"
    api.environment.failures.clear()
    async with api.client() as client:
        await client.post(f"/jobs:retry/{job['id']}")
    assert (await api.ended(job["id"]))["status"] == "succeeded"
    assert (await api.shown("shop"))["status"] == "running"
    assert [verb for verb, _ in api.environment.carried].count(Verb.PREPARE) == 1


@pytest.mark.parametrize("verb", [Verb.PREPARE, Verb.CREATE, Verb.START])
async def test_a_failed_one_is_taken_back_without_a_trace(api: Supervised, verb: Verb) -> None:
    api.environment.failures[verb] = "BROKEN"
    job = await api.done(await api.ask("create", {"name": "shop", "cname": "shop.example.com"}))
    assert job["status"] == "failed"
    api.environment.failures.clear()
    async with api.client() as client:
        assert (await client.post(f"/jobs:undo/{job['id']}")).status_code == 200
    assert (await api.ended(job["id"]))["status"] == "undone"
    assert await api.shown("shop") is None
    assert (api.environment.databases, api.environment.filled, api.environment.running) == ({}, set(), set())
    again = await api.make("shop", cname="shop.example.com")
    assert again["status"] == "running"


async def test_what_belongs_to_another_is_left_when_a_job_is_taken_back(api: Supervised) -> None:
    api.environment.databases["shop"] = "the stamp of another"
    job = await api.done(await api.ask("create", {"name": "shop"}))
    assert job["status"] == "failed"
    async with api.client() as client:
        await client.post(f"/jobs:undo/{job['id']}")
    job = await api.ended(job["id"])
    assert job["status"] == "undone"
    assert "left where they are" in str(job["steps"][1]["log"])
    assert api.environment.databases == {"shop": "the stamp of another"}
    assert await api.shown("shop") is None


async def test_what_was_visited_is_not_taken_back(api: Supervised) -> None:
    job = await api.done(await api.ask("create", {"name": "shop"}))
    api.traffic.of("shop").begin()
    async with api.client() as client:
        answer = await client.post(f"/jobs:undo/{job['id']}")
    assert answer.status_code == 409
    assert "visited" in answer.json()["errors"][0]["message"]
    assert (await api.shown("shop"))["status"] == "running"


async def test_the_job_of_an_earlier_one_never_touches_a_later_one_of_its_name(api: Supervised) -> None:
    api.environment.failures[Verb.START] = "BROKEN"
    job = await api.done(await api.ask("create", {"name": "shop"}))
    api.environment.failures.clear()
    await api.ask("destroy", filterByTk="shop", confirm="shop")
    assert (await api.ask("purge", filterByTk="shop", confirm="shop")).status_code == 200
    await api.make("shop", displayName="Another")
    async with api.client() as client:
        await client.post(f"/jobs:retry/{job['id']}")
        assert "is not there any more" in (await api.ended(job["id"]))["error"]
        await client.post(f"/jobs:undo/{job['id']}")
    assert (await api.ended(job["id"]))["status"] == "undone"
    shop = await api.shown("shop")
    assert (shop["displayName"], shop["status"]) == ("Another", "running")


async def test_one_that_is_cancelled_says_so_and_can_be_taken_back(api: Supervised) -> None:
    api.environment.gates[Verb.PREPARE] = asyncio.Event()
    answer = await api.ask("create", {"name": "shop"})
    job = answer.json()["data"]["jobId"]
    while (Verb.PREPARE, "shop") not in api.environment.carried:
        await asyncio.sleep(0)
    async with api.client() as client:
        assert (await client.post(f"/jobs:cancel/{job}")).json()["data"]["status"] == "cancelled"
        shop = await api.shown("shop")
        assert (shop["status"], shop["failure"]["step"]) == ("error", "create")
        assert re.search(rf"cancelled; retry the job {job} .* undo it .* delete", shop["failure"]["message"])
        api.environment.gates.pop(Verb.PREPARE).set()
        await client.post(f"/jobs:undo/{job}")
    assert (await api.ended(job))["status"] == "undone"
    assert api.environment.databases == {}
    assert await api.shown("shop") is None


async def test_visitors_of_one_that_nobody_makes_any_more_are_told_so(
    api: Supervised, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def visited() -> tuple[str, bool, bool]:
        target = await api.records.find("shop")
        assert target is not None
        code, sentence = not_answering(target)
        return code, comes(target), "goes on with it or takes it back" in sentence

    gate = api.environment.gates[Verb.PREPARE] = asyncio.Event()
    answer = await api.ask("create", {"name": "shop"})
    job = answer.json()["data"]["jobId"]
    assert (await visited())[:2] == ("APP_PREPARING", True)
    while (Verb.PREPARE, "shop") not in api.environment.carried:
        await asyncio.sleep(0)
    async with api.client() as client:
        await client.post(f"/jobs:cancel/{job}")
        assert await visited() == ("APP_ERROR", False, True)
        gate.set()
        api.environment.gates[Verb.PREPARE] = held = asyncio.Event()
        await client.post(f"/jobs:retry/{job}")
        assert (await visited())[:2] == ("APP_PREPARING", True)
        held.set()
    assert (await api.ended(job))["status"] == "succeeded"

    async def nobody(*args: Any) -> None:
        raise RuntimeError("nobody is there")

    monkeypatch.setattr("insula.supervisor.creation._root", nobody)  # fails where no environment has a part
    job = (await api.done(await api.ask("create", {"name": "blog"})))["id"]
    target = await api.records.find("blog")
    assert target is not None and not comes(target)
    api.environment.crash()  # whoever comes up anew has seen nothing of it
    target = await api.records.find("blog")
    assert target is not None and not_answering(target)[0] == "APP_ERROR"
    monkeypatch.undo()
    async with api.client() as client:
        await client.post(f"/jobs:undo/{job}")
    assert (await api.ended(job))["status"] == "undone"
    assert await api.records.find("blog") is None


@pytest.mark.parametrize("verb", [Verb.PREPARE, Verb.CREATE])
async def test_one_that_is_deleted_while_it_is_made_is_no_failure(
    api: Supervised, verb: Verb, caplog: pytest.LogCaptureFixture
) -> None:
    gate = api.environment.gates[verb] = asyncio.Event()
    answer = await api.ask("create", {"name": "shop"})
    job = answer.json()["data"]["jobId"]
    while (verb, "shop") not in api.environment.carried:
        await asyncio.sleep(0)
    deleting = asyncio.create_task(api.ask("destroy", filterByTk="shop", confirm="shop"))
    while api.supervisor._control.turns._locks["shop"][1] < 2:
        await asyncio.sleep(0)
    gate.set()
    assert (await deleting).status_code == 200
    ended = await api.ended(job)
    assert (ended["status"], ended["error"]) == (
        "cancelled",
        "the application shop was deleted while it was made; purge it, or undo this job, to take it back",
    )
    assert {step["status"] for step in ended["steps"]} <= {"succeeded", "cancelled", "waiting"}
    assert "Traceback" not in caplog.text
    assert [line for line in caplog.records if line.exc_info] == []
    async with api.client() as client:
        await client.post(f"/jobs:undo/{job}")
    assert (await api.ended(job))["status"] == "undone"
    assert api.environment.databases == {}


async def test_one_that_is_stopped_while_it_starts_is_no_failure(api: Supervised) -> None:
    gate = api.environment.gates[Verb.START] = asyncio.Event()
    answer = await api.ask("create", {"name": "shop"})
    while (Verb.START, "shop") not in api.environment.carried:
        await asyncio.sleep(0)
    api.environment.failures[Verb.START] = "APP_STOPPED"
    gate.set()
    ended = await api.ended(answer.json()["data"]["jobId"])
    assert (ended["status"], "start it, or retry" in ended["error"]) == ("cancelled", True)


async def test_fifty_at_once_are_accepted_and_made_four_at_a_time(api: Supervised) -> None:
    gate = api.environment.gates[Verb.CREATE] = asyncio.Event()
    names = [f"shop{number}" for number in range(50)]
    answers = await asyncio.gather(*(api.ask("create", {"name": name}) for name in names))
    assert [answer.status_code for answer in answers] == [200] * 50
    while sum(verb is Verb.CREATE for verb, _ in api.environment.carried) < 4:
        await asyncio.sleep(0)
    assert sum(verb is Verb.PREPARE for verb, _ in api.environment.carried) == 4
    gate.set()
    jobs = await asyncio.gather(*map(api.done, answers))
    assert {job["status"] for job in jobs} == {"succeeded"}
    assert api.environment.running == set(names)


async def test_of_many_who_want_one_name_one_gets_it(api: Supervised) -> None:
    answers = await asyncio.gather(*(api.ask("create", {"name": "shop"}) for _ in range(8)))
    assert sorted(answer.status_code for answer in answers) == [200, *[409] * 7]
    assert (await api.done(next(a for a in answers if a.status_code == 200)))["status"] == "succeeded"


async def test_record_and_job_are_written_together_or_not_at_all(
    api: Supervised, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*args: Any, **kwargs: Any) -> int:
        raise RuntimeError("the table of jobs is broken")

    monkeypatch.setattr(api.main.jobs, "record", broken)
    assert (await api.ask("create", {"name": "shop"})).status_code == 500
    monkeypatch.undo()
    assert await api.shown("shop") is None
    assert (await api.make("shop"))["status"] == "running"


async def test_who_hangs_up_leaves_nothing_that_nobody_goes_on_with(
    api: Supervised, monkeypatch: pytest.MonkeyPatch
) -> None:
    record, writing, go_on = api.main.jobs.record, asyncio.Event(), asyncio.Event()

    async def slow(*args: Any, **kwargs: Any) -> int:
        writing.set()
        await go_on.wait()
        return await record(*args, **kwargs)

    monkeypatch.setattr(api.main.jobs, "record", slow)
    asking = asyncio.create_task(api.ask("create", {"name": "shop"}))
    await writing.wait()
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)
    go_on.set()
    async with asyncio.timeout(60), api.client() as client:
        while not (found := (await client.get("/jobs:list")).json()["data"]):
            await asyncio.sleep(0.001)
    assert (await api.ended(found[0]["id"]))["status"] == "succeeded"
    assert (await api.shown("shop"))["status"] == "running"


@pytest.mark.parametrize("place", ["create.checked", "create.recorded", "create.prepared", "create.created"])
async def test_wherever_it_is_interrupted_it_goes_on_or_was_never_asked_for(
    api: Supervised, place: str
) -> None:
    failpoints.configure({place: "fail"})
    try:
        answer = await api.ask("create", {"name": "shop"})
        if answer.status_code == 200:
            assert (await api.done(answer))["status"] == "failed"
    finally:
        failpoints.configure({})
    assert len(api.records.all()) == (0 if place == "create.checked" else 1)
    if place == "create.checked":
        assert (await api.make("shop"))["status"] == "running"
        return
    async with api.client() as client:
        (job,) = (await client.get("/jobs:list")).json()["data"]
        if job["status"] == "failed":
            await client.post(f"/jobs:retry/{job['id']}")
        else:  # recorded, and not begun: the next start does
            api.main.jobs.begin(job["id"], "applications.create")
    assert (await api.ended(job["id"]))["status"] == "succeeded"
    assert (await api.shown("shop"))["status"] == "running"


async def test_the_places_of_a_making_are_passed_in_order(
    api: Supervised, monkeypatch: pytest.MonkeyPatch
) -> None:
    passed: list[str] = []

    async def noted(name: str) -> None:
        passed.append(name)

    for module in ("resources", "creation", "making"):
        monkeypatch.setattr(f"insula.supervisor.{module}.reach", noted)
    await api.make("shop")
    assert [name for name in passed if name.startswith("create.")] == [
        *("create.checked", "create.recorded", "create.prepared", "create.created", "create.started"),
    ]


ABANDONED = {
    "name": "shop",
    "options": {"dbConnType": "new_connection", "database": {"dialect": "sqlite", "storage": "shop.sqlite"}},
}


async def test_an_application_is_taken_over_with_its_stamp(api: Supervised) -> None:
    stamp = "5a0b7b3e-3f4e-4f0e-9a52-6a6f2d1c1d11"
    answer = await api.ask("create", {**ABANDONED, "adopt": stamp})
    job = await api.done(answer)
    assert job["status"] == "succeeded"
    assert stamp not in str(job)
    by_verb = {command.verb: command for command in api.environment.commands}
    assert by_verb[Verb.CHECK].arguments == {"adopt": stamp}
    assert by_verb[Verb.PREPARE].arguments == {"adopt": stamp}
    assert by_verb[Verb.CREATE].arguments == {"adopt": stamp, "root": None}


async def test_one_that_was_taken_over_stays_down_where_it_may_not_be_upgraded(api: Supervised) -> None:
    api.environment.failures[Verb.START] = "UPGRADE_NEEDED"
    job = await api.done(await api.ask("create", ABANDONED, adopt="5a0b7b3e"))
    assert (job["status"], job["steps"][-1]["result"]) == ("succeeded", {"status": "stopped"})
    shop = await api.shown("shop")
    assert (shop["status"], shop["wanted"]) == ("stopped", "running")
    assert shop["failure"]["message"] == "start was told to fail"
    api.environment.failures.clear()
    assert (
        await api.ask("upgrade", filterByTk="shop")
    ).status_code == 200  # what the reason says to do is all
    assert (await api.shown("shop"))["status"] == "running"


async def test_the_data_of_one_that_was_taken_over_survive_an_undo(api: Supervised) -> None:
    api.environment.failures[Verb.START] = "BROKEN"
    job = await api.done(await api.ask("create", ABANDONED, adopt="5a0b7b3e"))
    assert job["status"] == "failed"
    async with api.client() as client:
        await client.post(f"/jobs:undo/{job['id']}")
    assert (await api.ended(job["id"]))["status"] == "undone"
    removed = [told.arguments for told in api.environment.commands if told.verb is Verb.REMOVE]
    assert (list(api.environment.databases), removed) == (["shop"], [{"keep": True}])
    assert await api.shown("shop") is None


async def test_creating_does_not_hold_up_other_jobs(api: Supervised) -> None:
    gate = api.environment.gates[Verb.PREPARE] = asyncio.Event()
    answers = [await api.ask("create", {"name": f"shop{number}"}) for number in range(6)]
    done: list[int] = []

    async def step(context: StepContext) -> None:
        done.append(context.job)

    api.main.jobs.register(JobKind("other", "Other", (Step("one", step),)))
    other = await api.main.jobs.submit("other", {})
    assert (await api.ended(other))["status"] == "succeeded"
    assert done == [other]
    gate.set()
    for answer in answers:
        assert (await api.done(answer))["status"] == "succeeded"
