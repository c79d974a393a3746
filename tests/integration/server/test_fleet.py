"""Applications of a whole installation: made, up, asleep, down, upgraded and gone, on files, databases and schemas."""

import asyncio
import gc
import re
import weakref
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import httpx
import pytest

from insula import __version__
from insula.application.application import Application
from insula.application.errors import PluginFailed
from insula.application.stored import read_stored, write_stored
from insula.data.query import Query
from insula.data.scope import Unrestricted
from insula.database.ending import to_the_end
from insula.fleet.configuration import Configuration
from insula.fleet.lifecycle import Observed, Wanted
from insula.server.provisioner import LocalProvisioner
from insula.server.roles import hosting as whole_server
from insula.server.roles.single import Single
from insula.supervisor.errors import CommandFailed
from insula.testing.applications import client_of
from insula.testing.whole import FIRST_USER, drop, make

O = Observed
Running = Callable[[], AbstractAsyncContextManager[Single]]
EVERYTHING = Unrestricted()
FILE: Mapping[str, Any] = {"database": {"dialect": "sqlite"}}


def application(fleet: Single, name: str) -> Application:
    found = fleet.process.running(name)
    assert isinstance(found, Application)
    return found


async def until(fleet: Single, name: str, observed: Observed) -> None:
    async with asyncio.timeout(20):
        while fleet.process.status(name).observed is not observed:
            await asyncio.sleep(0.01)


async def answers(fleet: Single, name: str) -> dict[str, Any]:
    async with client_of(application(fleet, name)) as client:
        heard = await client.get("/app:getInfo")
    assert heard.status_code == 200
    found: dict[str, Any] = heard.json()["data"]
    return found


async def test_a_whole_life(fleet: Single, options: dict[str, Any]) -> None:
    supervisor = fleet.supervisor
    await make(fleet, "shop", options, displayName="The shop")
    assert (await answers(fleet, "shop"))["name"] == "shop"
    assert application(fleet, "shop").options.display_name == "The shop"
    await supervisor.sleep("shop", actor="a test")
    assert fleet.process.running("shop") is None
    woken = await fleet.records.wake("shop")
    assert woken is not None
    assert woken.status.observed is O.RUNNING
    await supervisor.restart("shop", actor="a test")
    await supervisor.upgrade("shop", actor="a test")
    assert (await answers(fleet, "shop"))["name"] == "shop"
    await supervisor.stop("shop", actor="a test")
    await supervisor.start("shop", actor="a test")
    await drop(fleet, "shop")
    assert fleet.process.status("shop").observed is O.NOT_FOUND
    assert await fleet.records.find("shop") is None
    await make(fleet, "shop", options)  # nothing is in its way
    await drop(fleet, "shop")


async def test_nothing_is_known_any_more_of_one_that_is_purged_without_its_data(fleet: Single) -> None:
    await make(fleet, "shop", FILE)
    database = fleet.host.folder / fleet.records.get("shop").options["database"]["storage"]
    await fleet.supervisor.destroy("shop", confirm="shop", actor="a test")
    await fleet.supervisor.purge("shop", confirm="shop", actor="a test", keep_data=True)
    assert fleet.process.status("shop").observed is O.NOT_FOUND
    assert "shop" not in fleet.process.statuses()
    assert "shop" not in fleet.traffic.all()
    assert database.exists()


async def test_its_first_user_is_a_copy_of_its_maker(fleet: Single, options: dict[str, Any]) -> None:
    await make(fleet, "shop", options)
    repository = application(fleet, "shop").repository
    (user,) = (await repository.find("users", Query(), scopes=EVERYTHING)).rows
    assert {key: user[key] for key in ("email", "username", "nickname", "sub")} == {
        **{key: FIRST_USER[key] for key in ("email", "username", "nickname")},
        "sub": FIRST_USER["subject"],
    }
    stored = await read_stored(repository)
    assert stored is not None
    assert stored.owner == {"application": "shop", "id": fleet.records.get("shop").stamp}
    assert stored.secrets.keys() == {"signingKey"}, "its data key is main's to keep"
    await drop(fleet, "shop")


async def test_nothing_of_it_is_left_once_it_has_stopped(fleet: Single, options: dict[str, Any]) -> None:
    await make(fleet, "shop", options)
    await answers(fleet, "shop")
    await fleet.supervisor.sleep("shop", actor="a test")
    gc.collect()
    gc.disable()
    try:
        await fleet.supervisor.start("shop", actor="a test")
        await answers(fleet, "shop")
        found = application(fleet, "shop")
        alive = [weakref.ref(part) for part in (found, found.repository, found.metadata, found.database)]
        del found
        await fleet.supervisor.stop("shop", actor="a test")
        await asyncio.sleep(0)
        assert [part() for part in alive] == [None] * 4
    finally:
        gc.enable()
    await drop(fleet, "shop")


async def test_nothing_of_it_is_left_after_a_start_that_failed(fleet: Single) -> None:
    await make(fleet, "shop", FILE)
    await fleet.supervisor.sleep("shop", actor="a test")
    opened: list[weakref.ref[Application]] = []

    async def broken(self: Application) -> None:
        opened.append(weakref.ref(self))
        raise PluginFailed(plugin="users", reason="it does not want to")

    gc.collect()
    gc.disable()
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Application, "_start", broken)
            with pytest.raises(CommandFailed, match="it does not want to"):
                await fleet.supervisor.start("shop", actor="a test")
        await asyncio.sleep(0)
        assert [each() for each in opened] == [None]
    finally:
        gc.enable()
    status = fleet.process.status("shop")
    assert (status.observed, status.step, status.cause) == (
        O.ERROR,
        "initialize",
        'The plugin "users" of this application is off: it does not want to.',
    )


async def test_after_main_come_those_that_start_with_it_and_a_broken_one_blocks_nobody(
    running: Running, tmp_path: Path
) -> None:
    with_main = {**FILE, "startMode": "withMain"}
    async with running() as fleet:
        for name in ("one", "two", "three", "broken", "halted"):
            await make(fleet, name, with_main)
        await make(fleet, "later", FILE)
        await fleet.supervisor.stop("halted", actor="a test")
    (tmp_path / "apps" / "broken" / "broken.sqlite").write_bytes(b"no database" * 1000)
    async with running() as fleet:
        assert fleet.process.running("main") is not None
        await asyncio.gather(*(until(fleet, name, O.RUNNING) for name in ("one", "two", "three")))
        await until(fleet, "broken", O.ERROR)
        assert fleet.process.status("later").observed is O.NOT_FOUND
        assert fleet.process.status("halted").observed is O.NOT_FOUND
        assert fleet.records.get("later").wanted is Wanted.ASLEEP
        assert fleet.records.get("broken").wanted is Wanted.RUNNING


async def test_stopping_stops_all_side_by_side_and_changes_nothing_that_is_wanted(running: Running) -> None:
    names = [f"a{number}" for number in range(8)]
    moves: list[tuple[str, Observed]] = []
    async with running() as fleet:
        for name in names:
            await make(fleet, name, FILE)
        end = fleet.discovery.watch(lambda _, name, status: moves.append((name, status.observed)))
    end()
    stopped = [name for name, observed in moves if observed is O.STOPPED]
    begun = [name for name, observed in moves if observed is O.COMMANDING]
    assert sorted(stopped[:-1]) == names
    assert (stopped[-1], begun[-1]) == ("main", "main")
    assert moves.index((begun[7], O.COMMANDING)) < moves.index((stopped[0], O.STOPPED))
    async with running() as fleet:
        assert {fleet.records.get(name).wanted for name in names} == {Wanted.ASLEEP}


async def test_a_database_that_hangs_while_it_is_made_keeps_nobody_from_stopping(
    running: Running, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(whole_server, "LAST_WORDS_S", -1.9)  # of the 2 s that requests in flight have
    let_go, begun = asyncio.Event(), asyncio.Event()

    async def hanging(self: LocalProvisioner, configuration: Configuration, adopt: Any = None) -> Any:
        begun.set()
        await to_the_end(let_go.wait())

    monkeypatch.setattr(LocalProvisioner, "prepare", hanging)
    async with asyncio.timeout(20):
        async with running() as fleet:
            await fleet.supervisor.create({"name": "shop"}, actor="a test")
            making = asyncio.create_task(fleet.supervisor.prepare("shop"))
            await begun.wait()
    assert fleet.process.status("main").observed is O.STOPPED
    assert "a command could not be ended in time" in caplog.text
    with pytest.raises(CommandFailed, match="does not answer"):
        await making
    let_go.set()


async def test_one_that_hangs_keeps_nobody_from_stopping(
    running: Running, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(whole_server, "LAST_WORDS_S", -1.9)  # of the 2 s that requests in flight have
    let_go, stop = asyncio.Event(), Application.stop

    async def hanging(self: Application) -> None:
        if self.name == "hangs":
            await let_go.wait()
        await stop(self)

    async with running() as fleet:
        await make(fleet, "hangs", FILE)
        await make(fleet, "shop", FILE)
        monkeypatch.setattr(Application, "stop", hanging)
    assert {name: status.observed for name, status in fleet.process.statuses().items()} == {
        "main": O.STOPPED,
        "shop": O.STOPPED,
        "hangs": O.COMMANDING,
    }
    assert "these have not stopped in time: hangs" in caplog.text
    let_go.set()
    await until(fleet, "hangs", O.STOPPED)


async def test_an_older_one_is_upgraded_by_itself_or_says_which_version_it_has_and_which_is_wanted(
    fleet: Single, options: dict[str, Any]
) -> None:
    supervisor = fleet.supervisor

    async def make_older() -> None:
        await supervisor.start("shop", actor="a test")
        repository = application(fleet, "shop").repository
        stored = await read_stored(repository)
        assert stored is not None
        async with repository.transaction() as transaction:
            older = {**stored.fingerprint, "core": "0.0.1"}
            await write_stored(repository, {"fingerprint": older}, transaction)
        await supervisor.stop("shop", actor="a test")

    await make(fleet, "shop", {**options, "autoUpgrade": True})
    await make_older()
    await supervisor.start("shop", actor="a test")
    await supervisor.update("shop", {"options": {"autoUpgrade": False}}, actor="a test")
    await make_older()
    with pytest.raises(CommandFailed, match=rf"older version \(0\.0\.1\) than this one \({__version__}\)"):
        await supervisor.start("shop", actor="a test")
    status = fleet.process.status("shop")
    assert (status.observed, status.step) == (O.STOPPED, "")
    assert re.search(rf"\(0\.0\.1\) .*\({__version__}\).*insula apps upgrade shop", status.cause)
    assert fleet.process.running("shop") is None
    await supervisor.upgrade("shop", actor="a test")
    assert fleet.process.status("shop").observed is O.RUNNING
    await drop(fleet, "shop")


async def test_one_whose_database_bears_another_stamp_is_not_started(fleet: Single) -> None:
    await make(fleet, "one", FILE)
    await make(fleet, "two", FILE)
    for name in ("one", "two"):
        await fleet.supervisor.stop(name, actor="a test")
    folder = fleet.host.folder / "apps"
    (folder / "one" / "one.sqlite").write_bytes((folder / "two" / "two.sqlite").read_bytes())
    with pytest.raises(CommandFailed, match="belongs to the application two"):
        await fleet.supervisor.start("one", actor="a test")
    status = fleet.process.status("one")
    assert (status.observed, status.step) == (O.ERROR, "prepare")


async def test_it_says_in_its_database_where_it_runs_until_it_stops(
    fleet: Single, options: dict[str, Any]
) -> None:
    async def home() -> Any:
        repository = application(fleet, "shop").repository
        rows = (await repository.find("insula", Query(page_size=None), scopes=EVERYTHING)).rows
        return {row["key"]: row["value"] for row in rows}.get("home")

    await make(fleet, "shop", options)
    async with asyncio.timeout(60):
        while not (found := await home()):
            await asyncio.sleep(0.01)
    assert found["installation"] == fleet.main.application.identifier
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fleet.hosting.homes, "enter", lambda application: None)
        await fleet.supervisor.restart("shop", actor="a test")
    assert await home() == {}
    await drop(fleet, "shop")


async def test_main_vouches_for_its_people_where_an_application_shares_its_session(fleet: Single) -> None:
    main = fleet.main.application
    (root,) = (await main.repository.find("users", Query(), scopes=EVERYTHING)).rows
    async with httpx.AsyncClient(transport=httpx.ASGITransport(main), base_url="http://test") as client:
        body = {"account": "root@example.com", "password": "correct horse battery"}
        token = (await client.post("/auth:signIn", json=body)).json()["data"]["token"]
    heard: dict[str, int] = {}
    for name, shares in (("open", True), ("closed", False)):
        supervisor = fleet.supervisor
        await supervisor.create({"name": name, "options": {"shareSession": shares}}, actor="a test")
        await supervisor.prepare(name)
        await supervisor.install(name, root={**FIRST_USER, "subject": root["sub"]})
        await supervisor.start(name, actor="a test")
        transport = httpx.ASGITransport(application(fleet, name))
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            answer = await client.get("/auth:check", headers={"Authorization": f"Bearer {token}"})
            heard[name] = answer.status_code
        await drop(fleet, name)
    assert heard == {"open": 200, "closed": 401}


def web_of(asked: Application) -> httpx.AsyncClient:
    """A client that is nobody."""
    return httpx.AsyncClient(transport=httpx.ASGITransport(asked), base_url="http://test")


async def test_a_shared_session_lets_in_whose_roles_may_enter(fleet: Single) -> None:
    """The launcher's rule, looked at with every request."""
    await make(fleet, "club", {**FILE, "shareSession": True})
    main = fleet.main.application

    async def ask(path: str, body: Any, head: Mapping[str, str] | None = None) -> Any:
        async with web_of(main) as client:
            answer = await client.post(path, json=body, headers=head or {})
        assert answer.status_code == 200, answer.text
        return answer.json().get("data")

    async def signed_in(account: str, password: str) -> dict[str, str]:
        said = await ask("/auth:signIn", {"account": account, "password": password})
        return {"Authorization": f"Bearer {said['token']}"}

    root = await signed_in("root@example.com", "correct horse battery")
    for name in ("seller", "clerk"):
        await ask("/roles:create", {"name": name}, root)
    eve = {"username": "eve", "password": "correct horse battery 2", "roles": ["seller", "clerk"]}
    number = (await ask("/users:create", eve, root))["id"]
    of_eve = await signed_in("eve", "correct horse battery 2")

    async def heard(head: Mapping[str, str]) -> tuple[int, str]:
        async with web_of(application(fleet, "club")) as client:
            answer = await client.get("/auth:check", headers=head)
        return answer.status_code, "" if answer.is_success else answer.json()["errors"][0]["code"]

    shut, open_ = (401, "NOT_LET_IN"), (200, "")
    assert await heard(root) == open_
    assert await heard(of_eve) == shut
    async with web_of(
        application(fleet, "club")
    ) as client:  # where people sign in is open to them all the same
        assert (await client.get("/systemSettings:get", headers=of_eve)).status_code == 200
    for verb, names, expected in (
        ("set", ["club"], open_),
        ("remove", ["club"], shut),
        ("set", ["*"], open_),
        ("set", [], shut),
        ("add", ["club"], open_),
    ):
        await ask(f"/roles/clerk/applications:{verb}", names, root)
        assert await heard(of_eve) == expected, (verb, names)
    await ask(f"/users/{number}/roles:set", ["seller"], root)
    assert await heard(of_eve) == shut
    await ask(f"/users/{number}/roles:set", ["seller", "clerk"], root)
    assert await heard(of_eve) == open_
    await ask("/roles:destroy/clerk", {}, root)
    await ask("/roles:create", {"name": "clerk"}, root)  # another of the name
    await ask(f"/users/{number}/roles:set", ["seller", "clerk"], root)
    assert await heard(of_eve) == shut
    await ask(f"/users/{number}/roles:set", ["admin"], root)
    assert await heard(of_eve) == open_
    await drop(fleet, "club")


async def test_many_are_made_visited_and_stopped_at_once(fleet: Single) -> None:
    names = [f"a{number}" for number in range(30)]
    await asyncio.gather(*(make(fleet, name, FILE) for name in names))
    await asyncio.gather(*(fleet.supervisor.sleep(name, actor="a test") for name in names))
    visits = [fleet.records.wake(name) for name in names for _ in range(10)]
    woken = await asyncio.gather(*visits)
    assert {target.status.observed for target in woken if target} == {O.RUNNING}
    heard = await asyncio.gather(*(answers(fleet, name) for name in names))
    assert [found["name"] for found in heard] == names
    for _ in range(3):
        verbs = [
            asyncio.create_task(verb(name, actor="a test"))
            for name in names
            for verb in (fleet.supervisor.restart, fleet.supervisor.sleep, fleet.supervisor.start)
        ]
        for task in verbs[::7]:
            task.cancel()
        ended = await asyncio.gather(*verbs, return_exceptions=True)
        assert [each for each in ended if isinstance(each, Exception)] == []
    await asyncio.gather(*(drop(fleet, name) for name in names))
    assert fleet.process.statuses().keys() == {"main"}
