"""Processes that die in the midst of a change, that missed what was told, and that can not take it over."""

import asyncio
import json
import signal
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from insula.application import others
from insula.data import change_log
from insula.data.change_log import CHANGES
from insula.data.metadata import Metadata
from insula.database.options import DatabaseOptions
from insula.testing.people import ROOT
from insula.testing.several import PLACES, Side, in_force, member, side_of

Sides = tuple[Side, Side]
CHILD = Path(__file__).with_name("child.py")


async def killed(options: DatabaseOptions, at: int, path: str, **body: Any) -> bool:
    """Whether the other process was killed in the midst of the change."""
    given = {name: value for name, value in asdict(options).items() if name != "storage"}
    asked = json.dumps({"options": given, "at": at, "path": path, "body": body})
    child = await asyncio.create_subprocess_exec(sys.executable, str(CHILD), asked)
    async with asyncio.timeout(60):
        code = await child.wait()
    assert code in (0, -signal.SIGKILL), code
    return code != 0


async def test_a_process_that_is_killed_in_the_midst_of_a_change_leaves_nothing_of_it(
    options: DatabaseOptions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(others, "MEND_EVERY_S", 0.2)
    first = member(options, PLACES[0])
    await first.install(ROOT)
    await first.stop()
    async with side_of(member(options, PLACES[1])) as b:
        await b.post("/collections:create", name="things", fields=[{"name": "n", "type": "string"}])
        await b.post("/things:create", n="7")
        for at in (4, 8, 12):
            body = {"type": "integer", "unique": True}
            assert await killed(options, at, "/collections/things/fields:update/n", **body)
            assert [row["n"] for row in await b.get("/things:list")] == ["7"]
            await b.post("/things:update/1", n="7")
        await b.post("/collections/things/fields:update/n", type="integer")
        assert [row["n"] for row in await b.get("/things:list")] == [7]
        assert not await killed(options, 1000, "/collections/things/fields:update/n", type="string")
        assert [row["n"] for row in await b.get("/things:list")] == ["7"]


async def test_who_was_away_too_long_reads_everything_anew(sides: Sides) -> None:
    a, b = sides
    head = await a.people.add("ann", "member")
    assert (await b.people.web.get("/auth:check", headers=head)).status_code == 200
    ours = b.application.others
    assert ours is not None
    await ours._looking.acquire()  # as one that is suspended
    await a.post("/collections:create", name="things")
    await a.post("/pm:disable/swagger")
    await a.post("/users:update/2", blocked=True)
    await a.application.database.run(CHANGES.table.delete())
    ours._looking.release()

    async def caught_up() -> bool:
        answers = [await b.client.get(path) for path in ("/things:list", "/swagger:get")]
        answers.append(await b.people.web.get("/auth:check", headers=head))
        return [answer.status_code for answer in answers] == [200, 404, 401]

    await in_force(caught_up)
    await b.post("/pm:enable/swagger")

    async def told() -> bool:
        return (await a.client.get("/swagger:get")).status_code == 200

    await in_force(told)


async def test_what_can_not_be_taken_over_is_tried_again(
    sides: Sides, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    a, b = sides
    await a.post("/collections:create", name="things")
    await b.application.metadata.settled_version()
    load, failures, reason = Metadata.load, 0, f"no room for {id(sides)}"  # the log says nothing twice

    async def failing(metadata: Metadata) -> None:
        nonlocal failures
        if metadata is b.application.metadata and failures < 2:
            failures += 1
            raise RuntimeError(reason)
        await load(metadata)

    monkeypatch.setattr(Metadata, "load", failing)
    await a.post("/collections/things/fields:create", name="text", type="string")

    async def failed_twice() -> bool:
        assert (await b.client.get("/things:list")).status_code == 200
        return failures == 2

    await in_force(failed_twice)
    assert reason in caplog.text

    async def there() -> bool:
        return "text" in b.application.metadata.get("things").fields

    await in_force(there)


async def test_work_that_a_take_over_has_begun_takes_over_itself_later(
    sides: Sides, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a job that goes on here since another process asked for that."""
    a, b = sides
    ours, go_on, begun = b.application.others, asyncio.Event(), list[asyncio.Task[None]]()
    assert ours is not None
    await ours.stop()  # from now on only who asks takes over

    async def work() -> None:
        await go_on.wait()
        await ours.catch_up()

    monkeypatch.setattr(
        b.application.live, "changed", lambda change: begun.append(asyncio.create_task(work()))
    )
    await a.post("/roles:create", name="cook")
    await ours.catch_up()
    assert begun
    await a.post("/collections:create", name="things")
    assert not any(collection.name == "things" for collection in b.application.metadata)
    go_on.set()
    await asyncio.gather(*begun)
    assert any(collection.name == "things" for collection in b.application.metadata)


async def test_rows_are_dropped_when_they_are_old(sides: Sides, monkeypatch: pytest.MonkeyPatch) -> None:
    a, b = sides
    monkeypatch.setattr(change_log, "KEPT_S", 0.0)
    monkeypatch.setattr(change_log, "SWEEP_EVERY", 1)
    for number in range(3):
        await a.post("/collections:create", name=f"things{number}")
    assert len(await a.application.database.run(CHANGES.table.select())) == 1
    assert await b.get("/things2:list") == []


async def test_a_conversion_that_is_refused_leaves_all_as_it_was(sides: Sides) -> None:
    a, b = sides
    await a.post("/collections:create", name="things", fields=[{"name": "n", "type": "string"}])
    await b.post("/things:create", [{"n": str(number)} for number in range(400)] + [{"n": "x"}])
    path = "/collections/things/fields:update/n"
    changing = asyncio.create_task(a.client.post(path, json={"type": "integer"}))
    while not changing.done():
        assert len(await b.get("/things:list?paginate=false")) == 401
        await b.post("/things:update/1", n="7")
    refused = (await changing).json()["errors"][0]
    assert refused["code"] == "CONFLICT", refused
    assert "things.n" in refused["message"]
    assert (await b.get("/things:get/1"))["n"] == "7"
    await b.post("/things:destroy?filter[n]=x")
    await b.post(path, type="integer")
    assert (await a.get("/things:get/1"))["n"] == 7
