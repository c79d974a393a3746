"""The way in, spoken to as ASGI."""

import contextlib
import json
import logging

import pytest

from insula.core import log
from insula.fleet.lifecycle import Observed
from insula.fleet.process.base import Receive, Scope, Send
from insula.gateway.answers import send_answer
from insula.gateway.hop import Hops, Told
from insula.testing.gateway import HTML, House


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    seen = {
        "path": scope["path"],
        "root": scope["root_path"],
        "local": scope["insula.local"],
        "client": scope["client"][0],
        "scheme": scope["scheme"],
        "host": scope["insula.host"],
        "id": scope["insula.request_id"],
        "log": [log.application.get(), log.request_id.get()],
    }
    await send_answer(send, 200, json.dumps(seen).encode(), b"application/json")


async def raising(scope: Scope, receive: Receive, send: Send) -> None:
    raise RuntimeError("a defect")


async def raising_late(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    raise RuntimeError("a defect")


async def test_a_running_application_gets_its_own_path_and_the_believed_origin() -> None:
    heard = await House(echo).ask(
        "/api/users:list",
        (b"host", b"inner"),
        (b"x-forwarded-for", b"198.51.100.7"),
        (b"x-forwarded-proto", b"https"),
        (b"x-forwarded-host", b"insula.example.com"),
        peer="127.0.0.1",
    )
    assert heard.json["path"] == "/users:list"
    assert heard.json["root"] == "/api"
    assert (heard.json["client"], heard.json["scheme"], heard.json["host"]) == (
        "198.51.100.7",
        "https",
        "insula.example.com",
    )
    assert heard.json["log"] == ["main", heard.headers["x-request-id"]]


async def test_what_a_front_door_proves_is_not_shown_to_applications() -> None:
    seen: list[bytes] = []

    async def look(scope: Scope, receive: Receive, send: Send) -> None:
        seen.extend(name for name, _ in scope["headers"])
        await send_answer(send, 200, b"", b"text/plain")

    heard = await House(look).ask("/api/users:list", (b"x-insula-hop", b"proof"), (b"x-own", b"1"))
    assert heard.status == 200
    assert b"x-own" in seen
    assert b"x-insula-hop" not in seen


async def test_a_proof_says_where_a_request_comes_from_and_for_which_application() -> None:
    house = House(echo, hops=Hops(bytes(32)))
    house.put("shop", Observed.RUNNING)
    proof = Hops(bytes(32)).header(Told("shop", "203.0.113.9", "https", "a"))
    proved = await house.ask("/api/__app/shop/x:y", proof)
    assert (proved.status, proved.json["client"]) == (200, "203.0.113.9")
    replayed = await house.ask("/api/__app/main/x:y", proof)
    assert (replayed.status, replayed.json["error"]["code"]) == (404, "APP_NOT_FOUND")
    stranger = await House(echo).ask("/api/x:y", proof)
    assert stranger.json["client"] == "198.51.100.1"


async def test_no_header_makes_a_request_local() -> None:
    house = House(echo)
    forged = await house.ask(
        "/api/x:y", (b"insula.local", b"true"), (b"x-insula-local", b"1"), peer="127.0.0.1"
    )
    assert forged.json["local"] is False
    operator = await house.ask("/api/x:y", (b"x-forwarded-for", b"198.51.100.7"), local=True)
    assert (operator.json["local"], operator.json["client"]) == (True, "local")


@pytest.mark.parametrize("given", [b"abc-1.2_3:4", b"x" * 64])
async def test_a_harmless_request_id_is_kept(given: bytes) -> None:
    heard = await House(echo).ask("/api/x:y", (b"x-request-id", given))
    assert heard.headers["x-request-id"] == given.decode()
    assert heard.json["id"] == given.decode()


@pytest.mark.parametrize("given", [b"", b"a b", b"a\nb", b"x" * 65, "é".encode()])
async def test_any_other_request_id_is_replaced(given: bytes) -> None:
    heard = await House(echo).ask("/api/x:y", (b"x-request-id", given))
    assert len(heard.headers["x-request-id"]) == 16


async def test_errors_are_told_in_the_language_of_the_request() -> None:
    house = House(echo)
    english = (await house.ask("/api/__app/shop/users:list")).json["error"]
    for tag, sentence in (
        (b"fr-FR", "L’application shop est arrêtée, jusqu’à ce que quelqu’un la démarre."),
        (b"zh-CN", "应用 shop 已停止，需有人启动。"),
        (b"de-DE", english["message"]),
    ):
        heard = await house.ask("/api/__app/shop/users:list", (b"x-locale", tag))
        assert heard.status == 503
        assert heard.json["error"] == {**english, "message": sentence}
    missing = await house.ask("/api/__app/nosuch/users:list", (b"x-locale", b"es-ES"))
    assert missing.json["error"]["message"] == "Aquí no existe la aplicación 'nosuch'."


async def test_an_unknown_application_is_404_at_once() -> None:
    house = House(echo)
    for heard in (
        await house.ask("/api/__app/nosuch/users:list"),
        await house.ask("/api/users:list", (b"x-app", b"nosuch")),
        await house.ask("/api/users:list", query=b"__appName=nosuch"),
        await house.ask("/api/__app//users:list"),
        await house.ask("/api/__app/nosuch/__health_check"),
    ):
        assert heard.status == 404
        assert heard.json["error"]["code"] == "APP_NOT_FOUND"
        assert heard.headers["x-request-id"]


async def test_another_application_on_a_custom_domain_is_404() -> None:
    heard = await House(echo).ask("/api/users:list", (b"host", b"shop.example.com"), (b"x-app", b"main"))
    assert (heard.status, heard.json["error"]["code"]) == (404, "APP_NOT_FOUND")


async def test_health() -> None:
    house = House(echo)
    for path in ("/api/__health_check", "/__health_check", "/api/__app/main/__health_check"):
        heard = await house.ask(path)
        assert (heard.status, heard.body) == (200, b"ok")


async def test_a_defect_is_500_in_the_gateways_shape_and_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    house = House(echo)
    house.process.apps["main"] = raising
    heard = await house.ask("/api/x:y")
    assert (heard.status, heard.json["error"]["code"]) == (500, "INTERNAL_ERROR")
    assert heard.headers["x-request-id"] in heard.json["error"]["message"]
    assert "a defect" not in heard.body.decode()
    assert "a defect" in caplog.text


async def test_a_defect_after_the_head_breaks_the_connection() -> None:
    house = House(echo)
    house.process.apps["main"] = raising_late
    with contextlib.suppress(RuntimeError):
        await house.ask("/api/x:y")
        pytest.fail("the error must reach the server, which closes the connection")


async def test_the_access_log_has_method_path_status_and_no_query(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    await House(echo, access_log=True).ask("/api/users:list", query=b"token=abcdef")
    assert "GET /api/users:list 200" in caplog.text
    assert "abcdef" not in caplog.text


async def test_pages_for_people_and_errors_for_programs() -> None:
    house = House(echo)
    nothing = await house.ask("/nothing", (b"host", b"h"), *HTML)
    assert (nothing.status, nothing.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert "script-src" not in nothing.headers["content-security-policy"]
    assert "default-src 'none'" in nothing.headers["content-security-policy"]
    assert (await house.ask("/nothing")).json["error"]["code"] == "NOT_FOUND"
    assert (await house.ask("/apps/nosuch/admin")).json["error"]["code"] == "APP_NOT_FOUND"
    assert (await house.ask("/", method="POST")).status == 405


async def test_what_is_shown_is_escaped() -> None:
    heard = await House(echo).ask("/apps/<script>alert(1)</script>/admin", *HTML)
    assert heard.status == 404
    assert b"<script>" not in heard.body


async def test_the_first_page_tells_when_the_database_does_not_answer() -> None:
    house = House(echo)
    page = await house.ask("/admin/", *HTML)
    assert page.status == 200
    assert b'id="insula"' in page.body
    house.database_answers = False
    page = await house.ask("/admin/", *HTML)
    assert page.status == 503
    assert page.headers["retry-after"]
    assert b"its database does not answer" in page.body
    assert b'id="insula"' not in page.body
