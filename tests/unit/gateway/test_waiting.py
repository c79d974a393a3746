"""Applications that are asleep, on their way up, stopped, failed or gone, and who asks for them meanwhile."""

import asyncio
import base64
import hashlib
import re
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from insula.core.errors import InsulaError, Kind
from insula.fleet.command import Verb
from insula.fleet.lifecycle import Observed, Wanted
from insula.fleet.process.base import Receive, Scope, Send
from insula.gateway.answers import send_answer
from insula.gateway.waiting import HELD_AT_MOST, KEPT_BYTES
from insula.testing.gateway import HTML, Client, Heard, House

O, W = Observed, Wanted
API = "/api/__app/shop/users:list"
PAGE = "/apps/shop/admin"


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers path and body."""
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    await send_answer(send, 200, scope["path"].encode() + b" " + body, b"text/plain")


def sleeping(hold_s: float = 20.0) -> House:
    house = House(echo, hold_s=hold_s)
    house.put("shop", O.STOPPED, W.ASLEEP)
    return house


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not holds():
            await asyncio.sleep(0.001)


def gate(house: House, observed: Observed = O.RUNNING) -> asyncio.Event:
    """Let a wake last until the event is set, and end as ``observed``."""
    opened = asyncio.Event()

    async def wake(application: str) -> None:
        await opened.wait()
        house.put(application, observed)

    house.directory.waking = wake
    return opened


async def test_a_visit_wakes_and_is_served() -> None:
    house = sleeping()
    gate(house).set()
    heard = await house.ask(API)
    assert (heard.status, heard.body) == (200, b"/users:list ")
    assert house.directory.woken == ["shop"]
    assert house.waiting.held("shop") == 0
    counts = house.traffic.of("shop")
    assert (counts.requests, counts.errors, counts.in_flight) == (1, 0, 0)


async def test_however_many_come_it_is_woken_once_and_all_are_served() -> None:
    house = sleeping()
    opened = gate(house)
    asked = [asyncio.create_task(house.ask(API)) for _ in range(HELD_AT_MOST)]
    await until(lambda: house.waiting.held("shop") == HELD_AT_MOST)
    assert house.traffic.of("shop").in_flight == HELD_AT_MOST
    one_too_many = await house.ask(API)
    assert (one_too_many.status, one_too_many.json["error"]["code"]) == (503, "APP_PREPARING")
    assert one_too_many.headers["retry-after"]
    assert (await house.ask("/api/users:list")).status == 200, "the neighbours are not held up"
    opened.set()
    assert {heard.status for heard in await asyncio.gather(*asked)} == {200}
    assert house.directory.woken == ["shop"]


async def test_who_hangs_up_lets_go_of_their_place_and_the_wake_goes_on() -> None:
    house = sleeping()
    opened = gate(house)
    leaving, staying = Client(), Client()
    gone = asyncio.create_task(house.ask(API, client=leaving))
    stays = asyncio.create_task(house.ask(API, client=staying))
    await until(lambda: house.waiting.held("shop") == 2)
    leaving.leave()
    assert (await gone).status == 0
    assert house.waiting.held("shop") == 1
    opened.set()
    assert (await stays).status == 200
    assert house.directory.woken == ["shop"]
    assert house.traffic.of("shop").errors == 0


async def test_who_comes_after_all_have_left_wakes_anew() -> None:
    house = sleeping()
    opened = gate(house)
    leaving = Client()
    gone = asyncio.create_task(house.ask(API, client=leaving))
    await until(lambda: house.waiting.held("shop") == 1)
    leaving.leave()
    await gone
    opened.set()
    assert (await house.ask(API)).status == 200
    assert house.directory.woken == ["shop", "shop"]


@pytest.mark.parametrize("parts", [[b"a"], [b"a", b"b", b"c"], [b"x" * KEPT_BYTES, b"y", b"z" * KEPT_BYTES]])
async def test_the_body_of_a_held_request_arrives_whole(parts: list[bytes]) -> None:
    house = sleeping()
    opened = gate(house)
    asked = asyncio.create_task(house.ask(API, method="POST", client=Client(*parts)))
    await until(lambda: house.waiting.held("shop") == 1)
    opened.set()
    assert (await asked).body == b"/users:list " + b"".join(parts)


async def test_programs_get_503_with_the_phase_only_after_the_deadline() -> None:
    house = sleeping(hold_s=0.2)

    async def begin(application: str) -> None:
        house.put(application, O.COMMANDING)
        await asyncio.Event().wait()

    house.directory.waking = begin
    began = asyncio.get_running_loop().time()
    heard = await house.ask(API)
    assert asyncio.get_running_loop().time() - began >= 0.2
    error = heard.json["error"]
    assert (heard.status, error["code"], error["maintaining"]) == (503, "APP_STARTING", True)
    assert error["command"] == {"name": "start"}
    assert heard.headers["retry-after"]


async def test_a_directory_that_comes_back_early_is_asked_again() -> None:
    house = House(echo)
    house.put("shop", O.PREPARING)
    asked = asyncio.create_task(house.ask(API))
    await until(lambda: len(house.directory.woken) >= 2)
    house.put("shop", O.RUNNING)
    assert (await asked).status == 200


async def test_a_start_that_fails_is_told_to_all_who_wait() -> None:
    house = sleeping()
    opened = gate(house, O.ERROR)
    asked = [asyncio.create_task(house.ask(API)) for _ in range(3)]
    await until(lambda: house.waiting.held("shop") == 3)
    opened.set()
    for heard in await asyncio.gather(*asked):
        error = heard.json["error"]
        assert (heard.status, error["code"], error["maintaining"]) == (503, "APP_ERROR", False)
        assert "step prepare" in error["message"]
        assert "starts the application again" in error["message"]
        assert "db.internal" not in error["message"]
        assert "retry-after" not in heard.headers
    assert house.traffic.of("shop").errors == 3


async def test_an_application_that_is_deleted_meanwhile_is_404() -> None:
    house = sleeping()

    async def delete(application: str) -> None:
        house.put(application, O.STOPPED, W.DELETED)

    house.directory.waking = delete
    assert (await house.ask(API)).json["error"]["code"] == "APP_NOT_FOUND"
    house = sleeping()
    house.directory.waking = delete
    page = await house.ask(PAGE, *HTML)
    assert (page.status, page.headers["content-type"]) == (404, "text/html; charset=utf-8")


class Away(InsulaError):
    """The database db.internal does not answer."""

    code = "DATABASE_UNAVAILABLE"
    kind = Kind.UNAVAILABLE
    told = "The database does not answer."


@pytest.mark.parametrize(
    ("error", "status", "code", "told"),
    [
        (Away(), 503, "DATABASE_UNAVAILABLE", "The database does not answer."),
        (RuntimeError("secret"), 500, "INTERNAL_ERROR", "Something went wrong"),
    ],
)
async def test_what_waking_raises_is_told_without_what_is_for_operators(
    error: Exception, status: int, code: str, told: str
) -> None:
    house = sleeping()

    async def fail(_: str) -> None:
        raise error

    house.directory.waking = fail
    heard = await house.ask(API)
    assert (heard.status, heard.json["error"]["code"]) == (status, code)
    assert heard.json["error"]["message"].startswith(told)
    assert "db.internal" not in heard.body.decode()
    assert "secret" not in heard.body.decode()


@pytest.mark.parametrize(
    ("observed", "wanted", "verb", "code", "maintaining"),
    [
        (O.STOPPED, W.STOPPED, None, "APP_STOPPED", False),
        (O.NOT_FOUND, W.STOPPED, None, "APP_STOPPED", False),
        (O.STOPPED, W.RUNNING, None, "APP_STOPPED", False),
        (O.ERROR, W.RUNNING, None, "APP_ERROR", False),
        (O.ERROR, W.STOPPED, None, "APP_ERROR", False),
        (O.COMMANDING, W.STOPPED, Verb.STOP, "APP_COMMANDING", True),
        (O.COMMANDING, W.STOPPED, Verb.UPGRADE, "APP_COMMANDING", True),
    ],
)
async def test_what_does_not_come_up_is_told_at_once(
    observed: Observed, wanted: Wanted, verb: Verb | None, code: str, maintaining: bool
) -> None:
    house = House(echo)
    house.put("shop", observed, wanted, verb=verb or Verb.START, stays_down=wanted is W.RUNNING)
    heard = await house.ask(API)
    error = heard.json["error"]
    assert (heard.status, error["status"], error["code"]) == (503, 503, code)
    assert error["maintaining"] is maintaining
    assert ("retry-after" in heard.headers) is maintaining
    assert "shop" in error["message"]
    page = await house.ask(PAGE, *HTML)
    assert (page.status, b"<h1>" in page.body) == (503, True)
    older = (observed, wanted) == (O.STOPPED, W.RUNNING)
    assert ("is older than this" in error["message"], b"is older than this" in page.body) == (older, older)
    assert house.directory.woken == []


@pytest.mark.parametrize(
    ("observed", "wanted", "verb", "code"),
    [
        (O.STOPPED, W.ASLEEP, None, "APP_PREPARING"),
        (O.NOT_FOUND, W.RUNNING, None, "APP_PREPARING"),
        (O.ERROR, W.ASLEEP, None, "APP_ERROR"),
        (O.PREPARING, W.RUNNING, None, "APP_PREPARING"),
        (O.INITIALIZING, W.RUNNING, None, "APP_INITIALIZING"),
        (O.INITIALIZED, W.RUNNING, None, "APP_INITIALIZED"),
        (O.COMMANDING, W.RUNNING, Verb.START, "APP_STARTING"),
        (O.COMMANDING, W.RUNNING, Verb.STOP, "APP_COMMANDING"),
        (O.COMMANDING, W.RUNNING, Verb.UPGRADE, "APP_COMMANDING"),
    ],
)
async def test_what_is_on_its_way_is_waited_for(
    observed: Observed, wanted: Wanted, verb: Verb | None, code: str
) -> None:
    house = House(echo, hold_s=0.05)
    house.put("shop", observed, wanted, verb=verb or Verb.START)
    heard = await house.ask(API)
    assert (heard.status, heard.json["error"]["code"]) == (503, code)
    assert heard.headers["retry-after"]
    assert house.directory.woken


async def test_health_never_wakes() -> None:
    house = sleeping()
    for path in ("/api/__app/shop/__health_check", "/apps/shop/__health_check"):
        heard = await house.ask(path)
        assert (heard.status, heard.json["error"]["code"]) == (503, "APP_STOPPED")
        assert "asleep" in heard.json["error"]["message"]
        assert "retry-after" not in heard.headers
    house.put("shop", O.COMMANDING)
    assert (await house.ask("/api/__app/shop/__health_check")).json["error"]["code"] == "APP_STARTING"
    assert house.directory.woken == []
    assert "shop" not in house.traffic.all()


async def test_what_is_unknown_or_deleted_is_404_at_once_and_not_counted() -> None:
    house = House(echo)
    house.put("gone", O.STOPPED, W.DELETED)
    for name in ("nosuch", "gone"):
        api = await house.ask(f"/api/__app/{name}/users:list")
        assert (api.status, api.json["error"]["code"]) == (404, "APP_NOT_FOUND")
        page = await house.ask(f"/apps/{name}/admin", *HTML)
        assert (page.status, page.headers["content-type"]) == (404, "text/html; charset=utf-8")
        assert (await house.ask(f"/api/__app/{name}/__health_check")).status == 404
    assert house.directory.woken == []
    assert not house.traffic.all()


async def test_names_that_may_be_made_up_are_not_counted_before_it_is_known_what_there_is() -> None:
    house = House(echo, hold_s=0.01)
    for name in ("nosuch", "shop"):
        house.put(name, O.PREPARING)
        house.directory.targets[name] = replace(house.directory.targets[name], certain=False)

    async def read(name: str) -> None:
        house.directory.targets.pop("nosuch", None)
        house.put("shop", O.RUNNING)

    assert (await house.ask("/api/__app/nosuch/users:list")).status == 503
    assert not house.traffic.all()
    house.directory.waking = read
    assert (await house.ask("/api/__app/nosuch/users:list")).status == 404
    assert not house.traffic.all()
    house.put("shop", O.PREPARING)
    house.directory.targets["shop"] = replace(house.directory.targets["shop"], certain=False)
    assert (await house.ask("/api/__app/shop/users:list")).status == 200
    assert (list(house.traffic.all()), house.traffic.of("shop").requests) == (["shop"], 1)


async def test_people_see_at_once_how_far_it_is_and_then_the_application() -> None:
    house = sleeping()
    opened = gate(house)
    heard = await house.ask(PAGE, *HTML)
    assert (heard.status, heard.headers["retry-after"]) == (503, "1")
    text = heard.body.decode()
    assert '<meta http-equiv="refresh" content="1">' in text
    assert "Shop is on its way" in text
    assert "<dd>preparing</dd>" in text
    # its own script is the only one that may run, and reads this host alone
    (script,) = re.findall(r"<script>(.*)</script>", text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = heard.headers["content-security-policy"]
    for part in ("default-src 'none';", f"script-src 'sha256-{digest}';", "connect-src 'self';"):
        assert part in policy
    assert house.directory.woken == ["shop"]
    opened.set()
    heard = await house.ask(PAGE, *HTML)
    assert (heard.status, b"<title>Shop</title>" in heard.body) == (200, True)


async def test_an_application_that_is_quick_to_start_needs_no_such_page() -> None:
    house = sleeping()
    gate(house).set()
    heard = await house.ask(PAGE, *HTML)
    assert (heard.status, b"<title>Shop</title>" in heard.body) == (200, True)


async def test_people_who_come_when_the_house_is_full_see_the_page_too() -> None:
    house = sleeping()
    opened = gate(house)
    asked = [asyncio.create_task(house.ask(API)) for _ in range(HELD_AT_MOST)]
    await until(lambda: house.waiting.held("shop") == HELD_AT_MOST)
    heard = await house.ask(PAGE, *HTML)
    assert (heard.status, b"on its way" in heard.body) == (503, True)
    opened.set()
    await asyncio.gather(*asked)


async def test_a_page_for_a_program_is_held() -> None:
    house = sleeping()
    opened = gate(house)
    asked = asyncio.create_task(house.ask(PAGE))
    await until(lambda: house.waiting.held("shop") == 1)
    opened.set()
    assert (await asked).status == 200


@pytest.mark.parametrize(("path", "method", "status"), [("/nothing", "GET", 404), ("/admin", "POST", 405)])
async def test_what_is_no_page_wakes_nobody(path: str, method: str, status: int) -> None:
    house = sleeping()
    heard = await house.ask(f"/apps/shop{path}", *HTML, method=method)
    assert heard.status == status
    assert house.directory.woken == []


@pytest.mark.parametrize("ask", [lambda house: house.ask(API), lambda house: house.ask(PAGE, *HTML)])
async def test_a_server_that_stops_leaves_nobody_held(ask: Callable[[House], Awaitable[Heard]]) -> None:
    house = sleeping()
    gate(house)
    asked = asyncio.ensure_future(ask(house))
    await until(lambda: house.waiting.held("shop") == 1)
    asked.cancel()
    await asyncio.wait((asked,))
    assert house.waiting.held("shop") == 0
    assert house.traffic.of("shop").in_flight == 0


async def test_who_is_held_when_the_server_stops_is_answered_at_once() -> None:
    house = sleeping()
    gate(house)
    asked = asyncio.create_task(house.ask(API))
    await until(lambda: house.waiting.held("shop") == 1)
    house.gateway.hold_no_more()
    for heard in (await asked, await house.ask(API)):
        assert (heard.status, heard.headers["retry-after"]) == (503, "1")
    assert house.directory.woken == ["shop"]
