"""Live changes over a real server, heard by a real client: who may hear what, and when a connection ends."""

from __future__ import annotations

import ast
import asyncio
import inspect
import json
import socket
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any, cast

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from insula.application import live, live_socket
from insula.application.jobs.kinds import JobKind, Step, StepContext
from insula.core.translation import TRANSLATED, filled, in_language
from insula.server.listeners import Listener
from insula.server.protocol import Limits
from insula.testing.estate import Estate, domain
from insula.testing.people import ROOT_PASSWORD, Head, accepted

WITHIN_S = 30.0
LONGEST_REASON_BYTES = 123
"""Of a close frame (RFC 6455, 5.5)."""


class Page:
    """One end of a connection, with what was said to it."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection

    async def say(self, **message: Any) -> None:
        await self.connection.send(json.dumps(message))

    async def heard(self) -> dict[str, Any]:
        async with asyncio.timeout(WITHIN_S):
            found: dict[str, Any] = json.loads(await self.connection.recv())
        return found

    async def enter(self, head: Head, *topics: str, **more: Any) -> None:
        """Say who it is, and what it wants to hear of."""
        await self.say(token=head["authorization"][7:], **more)
        assert await self.heard() == {"type": "ready"}
        await self.subscribe(*topics)

    async def subscribe(self, *topics: str) -> None:
        for topic in topics:
            await self.say(subscribe=[topic])
            assert await self.heard() == {"type": "subscribed", "topics": [topic]}

    async def ended(self) -> tuple[int, str]:
        """Code and reason of the end, which comes next."""
        async with asyncio.timeout(WITHIN_S):
            with pytest.raises(ConnectionClosed) as caught:
                await self.connection.recv()
        assert caught.value.rcvd is not None
        return caught.value.rcvd.code, caught.value.rcvd.reason


class World:
    """An estate behind a real socket."""

    def __init__(self, estate: Estate, port: int) -> None:
        self.estate = estate
        self.port = port

    @asynccontextmanager
    async def page(
        self, path: str = "/ws", headers: Mapping[str, str] | None = None, **more: Any
    ) -> AsyncIterator[Page]:
        address = f"ws://127.0.0.1:{self.port}{path}"
        async with connect(address, additional_headers=headers or {}, compression=None, **more) as connection:
            yield Page(connection)

    async def refusal(self, path: str, headers: Mapping[str, str] | None = None) -> tuple[int, str]:
        """Status and code of the answer to who is not talked to."""
        with pytest.raises(InvalidStatus) as caught:
            async with self.page(path, headers):
                pass
        answer = json.loads(caught.value.response.body)
        error = answer["error"] if "error" in answer else answer["errors"][0]
        return caught.value.response.status_code, error["code"]

    async def write(self, name: str, path: str, head: Head, /, **body: Any) -> Any:
        async with self.estate.browser() as web:
            return accepted(await web.post(f"/api/__app/{name}/{path}", json=body, headers=head))


Limited = Callable[..., Any]


@pytest.fixture
async def world(estate: Estate) -> AsyncIterator[World]:
    async with serving(estate, Limits()) as found:
        yield found


@asynccontextmanager
async def serving(estate: Estate, limits: Limits) -> AsyncIterator[World]:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        listener = Listener(cast(Any, estate.gateway), bound, limits)
        await listener.open()
        try:
            yield World(estate, bound.getsockname()[1])
        finally:
            await listener.drain(1.0)


async def model(world: World, name: str = "main") -> Head:
    """A collection of notes; gives the head of root."""
    head = await world.estate.sign_in(name)
    fields = [{"name": "t", "type": "string"}]
    await world.write(name, "collections:create", head, name="notes", fields=fields, createdBy=True)
    return head


async def test_changes_of_records_are_told_with_their_keys(world: World) -> None:
    head = await model(world)
    async with world.page() as page:
        await page.enter(head, "records:notes")
        made = await world.write("main", "notes:create", head, t="a")
        changed = {"type": "changed", "topic": "records:notes"}
        assert await page.heard() == {**changed, "action": "create", "keys": [made["id"]]}
        await world.write("main", f"notes:update/{made['id']}", head, t="b")
        assert await page.heard() == {**changed, "action": "update", "keys": [made["id"]]}
        await page.say(unsubscribe=["records:notes"])
        assert (await page.heard())["type"] == "unsubscribed"
        await world.write("main", f"notes:destroy/{made['id']}", head)
        await page.subscribe("records:notes")
        made = await world.write("main", "notes:create", head, t="a")
        assert (await page.heard())["keys"] == [made["id"]]


async def test_what_is_modelled_is_told_without_saying_what(world: World) -> None:
    head = await model(world)
    async with world.page() as page:
        await page.enter(head, "collections")
        told = {"type": "changed", "topic": "collections", "action": "update"}
        await world.write("main", "collections:create", head, name="secrets", fields=[])
        assert await page.heard() == told
        await world.write("main", "collections/secrets/fields:create", head, name="t", type="string")
        assert await page.heard() == told
        await world.write("main", "collections:destroy/secrets", head)
        assert await page.heard() == told


ADDRESSES = ["/ws?__appName=shop", "/apps/shop/ws", "/api/__app/shop/ws", "/api/ws?__appName=shop"]


@pytest.mark.parametrize("path", ADDRESSES)
async def test_an_application_tells_its_own_changes_alone(world: World, path: str) -> None:
    await world.estate.add("shop")
    mains, shops = await model(world), await model(world, "shop")
    async with world.page(path) as page:
        await page.enter(shops, "records:notes")
        await world.write("main", "notes:create", mains, t="a")
        made = await world.write("shop", "notes:create", shops, t="b")
        assert (await page.heard())["keys"] == [made["id"]]
        await world.write("main", "notes:create", mains, t="a")
        await world.write("shop", f"notes:destroy/{made['id']}", shops)
        assert (await page.heard())["action"] == "destroy"


async def test_by_header_and_domain_too(world: World) -> None:
    await world.estate.add("shop")
    head = await model(world, "shop")
    for headers in ({"x-app": "shop"}, {"x-hostname": domain("shop")}):
        async with world.page("/ws", headers) as page:
            await page.enter(head, "records:notes")
    assert await world.refusal("/ws?__appName=main", {"x-hostname": domain("shop")}) == (404, "APP_NOT_FOUND")


async def test_a_token_of_a_neighbour_is_of_no_use(world: World) -> None:
    await world.estate.add("shop")
    tokens = {name: await world.estate.sign_in(name) for name in ("main", "shop")}
    for path, head in (("/ws", tokens["shop"]), ("/apps/shop/ws", tokens["main"])):
        async with world.page(path) as page:
            await page.say(token=head["authorization"][7:])
            assert await page.ended() == (live_socket.SIGN_IN, "INVALID_TOKEN")
        assert await world.refusal(path, head) == (401, "INVALID_TOKEN")


async def test_where_there_is_nothing_to_talk_to(world: World) -> None:
    assert await world.refusal("/apps/nobody/ws") == (404, "APP_NOT_FOUND")
    assert await world.refusal("/api/other") == (404, "NOT_FOUND")
    shop = await world.estate.add("shop")
    world.estate.process.apps.pop("shop")
    assert (await world.refusal("/apps/shop/ws"))[0] == 503
    world.estate.process.apps["shop"] = shop
    await shop.stop()
    assert await world.refusal("/apps/shop/ws") == (503, "APP_STOPPED")


async def test_a_cookie_counts_for_a_page_of_the_same_host_alone(world: World) -> None:
    here = f"http://127.0.0.1:{world.port}"
    async with world.estate.browser(here) as web:
        body = {"account": "root", "password": ROOT_PASSWORD}
        accepted(await web.post("/api/auth:signIn", json=body))
        cookie = "; ".join(f"{c.name}={c.value}" for c in web.cookies.jar)
    async with world.page("/api/ws", {"cookie": cookie, "origin": here}) as page:
        assert await page.heard() == {"type": "ready"}
    for origin in ({"origin": "http://evil.example"}, {"origin": "null"}, {}):
        assert await world.refusal("/api/ws", {"cookie": cookie, **origin}) == (403, "FOREIGN_ORIGIN")


async def test_what_one_may_not_list_one_may_not_hear(world: World) -> None:
    await model(world)
    await world.estate.make("main", "anna", "member")
    async with world.page() as page:
        await page.enter(await world.estate.sign_in("main", "anna"), "records:notes", "jobs")
        for topic, code in (
            ("records:users", "NO_PERMISSION"),
            ("records:sessions", "NOT_FOUND"),
            ("records:nothing", "NOT_FOUND"),
            ("applications", "NOT_FOUND"),
            ("anything", "NOT_FOUND"),
        ):
            await page.say(subscribe=[topic])
            said = await page.heard()
            assert (said["type"], said["topic"], said["code"]) == ("refused", topic, code)


async def test_sentences_are_told_in_the_language_that_was_asked_for(world: World) -> None:
    head = await world.estate.sign_in("main")
    main = world.estate.main
    main.jobs.register(JobKind("test.work", "Import records", (Step("work", _nothing),)))
    topic = "records:nothing"
    async with world.page() as page, world.page(headers={"x-locale": "fr-FR"}) as french:
        await page.enter(head, locale="es-ES")
        await french.enter(head)
        said = []
        for one in (page, french):
            await one.say(subscribe=[topic])
            said.append((await one.heard())["message"])
        await page.say(subscribe=[topic], locale="en-US")
        english = (await page.heard())["message"]
        assert said == [in_language(english, language) for language in ("es", "fr")]
        assert english not in said
        await french.subscribe("jobs")
        await main.jobs.submit("test.work", {}, created_by=1)
        assert (await french.heard())["rows"][0]["title"] == "Importer des enregistrements"
        await page.say(locale="fr-FR")
        await page.say(subscribe=1)
        assert await page.ended() == (live_socket.WRONG, "Ce message n’est pas connu ici.")


@pytest.mark.parametrize("language", TRANSLATED)
def test_why_a_connection_ends_fits_into_its_last_frame(language: str) -> None:
    tree = ast.parse(inspect.getsource(live_socket))
    ends = [
        call.args[1].value
        for call in ast.walk(tree)
        if isinstance(call, ast.Call)
        and ast.unparse(call.func) == "Parted"
        and isinstance(call.args[1], ast.Constant)
    ]
    assert len(ends) == 5
    for template in ends:
        told = filled(str(template), {"most": live.MOST_TOPICS}, language)
        assert len(told.encode()) <= LONGEST_REASON_BYTES, told


async def _nothing(context: StepContext) -> None:
    """A step that does nothing."""


async def test_a_page_hears_what_the_role_may_hear_that_it_looks_through(world: World) -> None:
    root = await model(world)
    scoped = {"actions": ["view:own", "create"]}
    await world.write("main", "roles:create", root, name="clerk", strategy=scoped, snippets=[])
    here = f"http://127.0.0.1:{world.port}"
    async with world.estate.browser(here) as web:
        body = {"account": "root", "password": ROOT_PASSWORD}
        accepted(await web.post("/api/auth:signIn", json=body))
        signed_in = "; ".join(f"{c.name}={c.value}" for c in web.cookies.jar if c.name != "nb_role_main")

    def looking(role: str) -> Mapping[str, str]:
        return {"cookie": f"{signed_in}; nb_role_main={role}", "origin": here}

    changed = {"type": "changed", "topic": "records:notes", "action": "create"}
    async with world.page("/api/ws", looking("clerk")) as page:
        assert await page.heard() == {"type": "ready"}
        await page.say(subscribe=["records:users"])
        assert (await page.heard())["code"] == "NO_PERMISSION"
        await page.say(subscribe=["records:notes"])
        assert (await page.heard())["type"] == "subscribed"
        await world.write("main", "notes:create", root, t="a")
        assert await page.heard() == changed
        await world.write("main", "roles:destroy/clerk", root)  # they see with their own rights, and go on
        await world.write("main", "notes:create", root, t="b")
        assert await page.heard() == {**changed, "keys": [2]}
    async with world.page("/api/ws", looking("nobody")) as page:
        assert await page.heard() == {"type": "ready"}
        await page.say(subscribe=["records:users"])
        assert (await page.heard())["type"] == "subscribed"


async def test_keys_outside_of_a_scope_are_not_told(world: World) -> None:
    root = await model(world)
    await world.write("main", "roles:create", root, name="own", strategy={"actions": ["view:own", "create"]})
    await world.estate.make("main", "anna", "own")
    async with world.page() as page:
        await page.enter(await world.estate.sign_in("main", "anna"), "records:notes")
        await world.write("main", "notes:create", root, t="a")
        assert await page.heard() == {"type": "changed", "topic": "records:notes", "action": "create"}


async def test_a_right_that_is_taken_away_is_gone_at_once(world: World) -> None:
    root = await model(world)
    await world.write("main", "roles:create", root, name="reader", strategy={"actions": ["view"]})
    await world.estate.make("main", "anna", "reader")
    async with world.page() as page:
        await page.enter(await world.estate.sign_in("main", "anna"), "records:notes")
        await world.write("main", "roles:update/reader", root, strategy={"actions": []})
        await world.write("main", "notes:create", root, t="a")
        said = await page.heard()
        assert (said["type"], said["code"]) == ("refused", "NO_PERMISSION")


@pytest.mark.parametrize("how", ["sign out", "blocked", "role"])
async def test_a_connection_ends_with_its_session(world: World, how: str) -> None:
    root = await model(world)
    number = await world.estate.make("main", "anna", "member", "admin")
    head = await world.estate.sign_in("main", "anna")
    async with world.page() as page:
        await page.enter(head, "records:notes", role="admin")
        if how == "sign out":
            await world.write("main", "auth:signOut", head)
        elif how == "blocked":
            await world.write("main", f"users:update/{number}", root, blocked=True)
        else:
            await world.write("main", f"users:update/{number}", root, roles=["member"])
        await world.write("main", "notes:create", root, t="a")
        code = "ROLE_NOT_FOUND_ERR" if how == "role" else "BLOCKED_TOKEN"
        assert await page.ended() == (live_socket.SIGN_IN, code)


async def test_a_session_of_main_that_is_shared_ends_here_too(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_socket, "LOOK_S", 0.05)
    await world.estate.add("shop", shares=True)
    head = await world.estate.sign_in("main")
    async with world.page("/apps/shop/ws") as page:
        await page.enter(head, "jobs")
        await world.write("main", "auth:signOut", head)
        assert await page.ended() == (live_socket.SIGN_IN, "BLOCKED_TOKEN")


async def test_a_connection_ends_when_the_application_stops(world: World) -> None:
    shop = await world.estate.add("shop")
    async with world.page("/apps/shop/ws") as silent, world.page("/apps/shop/ws") as page:
        await page.enter(await world.estate.sign_in("shop"), "jobs")
        await shop.stop()
        assert (await page.ended())[0] == live_socket.STOPPING
        assert (await silent.ended())[0] == live_socket.STOPPING


async def test_who_does_not_say_who_they_are_is_not_waited_for(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_socket, "TOKEN_S", 0.05)
    async with world.page() as page:
        assert (await page.ended())[0] == live_socket.SIGN_IN


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("{", 4400),
        ('{"subscribe": 1}', 4400),
        (b"\xff\xfe", 4400),
        (json.dumps({"subscribe": ["jobs"] * 10_000}), 1009),
        (json.dumps({"subscribe": [f"records:{n}" for n in range(1000)]}), None),
    ],
)
async def test_what_is_no_message_ends_the_connection(world: World, said: Any, code: int | None) -> None:
    async with world.page() as page:
        await page.enter(await world.estate.sign_in("main"), "jobs")
        await page.connection.send(said)
        if code is None:
            for _ in range(1000):
                assert (await page.heard())["type"] == "refused"
        else:
            assert (await page.ended())[0] == code


async def test_no_more_topics_and_connections_than_there_may_be(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_socket, "MOST_TOPICS", 1)
    monkeypatch.setattr(live, "MOST_SUBSCRIBERS", 1)
    head = await world.estate.sign_in("main")
    async with world.page() as page:
        await page.enter(head, "jobs")
        assert await world.refusal("/ws", head) == (503, "OVERLOADED")
        await page.say(subscribe=["records:roles"])
        assert (await page.ended())[0] == live_socket.WRONG


async def test_strangers_take_no_place_of_those_who_are_known(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "MOST_STRANGERS", 1)
    head = await world.estate.sign_in("main")
    async with world.page() as stranger:
        assert await world.refusal("/ws") == (503, "OVERLOADED")
        assert await world.refusal("/ws", {"authorization": "Bearer nonsense"}) == (401, "INVALID_TOKEN")
        async with world.page("/ws", head) as page:
            assert await page.heard() == {"type": "ready"}
        await stranger.enter(head, "jobs")
        async with world.page() as page:
            await page.enter(head, "jobs")


async def test_the_progress_of_a_job_arrives_within_a_second(world: World) -> None:
    main = world.estate.main
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def work(context: StepContext) -> None:
        begun.set()
        await go_on.wait()

    main.jobs.register(JobKind("test.work", "Work", (Step("work", work),)))
    await world.estate.make("main", "anna", "member")
    head = await world.estate.sign_in("main")
    async with world.page() as page, world.page() as stranger:
        await page.enter(head, "jobs")
        await stranger.enter(await world.estate.sign_in("main", "anna"), "jobs")
        job = await main.jobs.submit("test.work", {}, created_by=1)
        await begun.wait()
        seen = []
        async with asyncio.timeout(1.0):
            while "running" not in seen:
                seen += [row["status"] for row in (await page.heard())["rows"] if row["id"] == job]
        go_on.set()
        async with asyncio.timeout(1.0):
            while "succeeded" not in seen:
                rows = (await page.heard())["rows"]
                seen += [row["status"] for row in rows if row["id"] == job]
        # Of what is not theirs, others hear nothing: the next that they hear is their own.
        number = (await main.repository.find_one("jobs", job, scopes=live_everything()))["createdById"]  # type: ignore[index]
        assert number == 1
        await stranger.say(subscribe=["records:nothing"])
        assert (await stranger.heard())["type"] == "refused"


def live_everything() -> Any:
    from insula.application.access.people import EVERYTHING

    return EVERYTHING


async def test_a_reader_that_takes_nothing_is_cut_off_and_told_to_read_anew(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_socket, "SEND_S", 0.2)
    head = await world.estate.sign_in("main")
    main = world.estate.main
    async with world.page(max_queue=1) as page:
        await page.enter(head, "records:roles")
        page.connection.transport.pause_reading()  # type: ignore[attr-defined]
        async with asyncio.timeout(WITHIN_S * 4):
            while len(main.live):
                main.live.publish("records:roles", "update", [f"{n:01000d}" for n in range(live.MOST_KEYS)])
                await asyncio.sleep(0)
        page.connection.transport.resume_reading()  # type: ignore[attr-defined]
        with pytest.raises(ConnectionClosed):
            while True:
                await page.heard()
        assert page.connection.close_code in (live_socket.SLOW, 1006)


async def test_a_silent_client_is_parted_from(estate: Estate) -> None:
    async with serving(estate, Limits(ping_s=0.05, pong_s=1.0)) as world:
        head = await estate.sign_in("main")
        async with world.page(ping_interval=None) as page:
            await page.enter(head, "jobs")
            page.connection.transport.pause_reading()  # type: ignore[attr-defined]
            async with asyncio.timeout(WITHIN_S):
                while len(estate.main.live):
                    await asyncio.sleep(0.01)
            page.connection.transport.resume_reading()  # type: ignore[attr-defined]


async def test_many_changes_wait_as_one(world: World) -> None:
    """What waits does not grow with what happens."""
    subscriber = live.Subscriber(None)
    for number in range(3):
        subscriber.tell(live.News("records:notes", "update", (number, number + 1)))
    assert subscriber.take() == [live.News("records:notes", "update", (0, 1, 2, 3))]
    subscriber.tell(live.News("records:notes", "update", tuple(range(live.MOST_KEYS + 1))))
    subscriber.tell(live.News("records:notes", "update", (1,)))
    assert subscriber.take() == [live.News("records:notes", "update", ())]
    assert subscriber.take() == []
