"""Cookies in a browser: what they look like, where they are sent, and what a write by cookie has to prove."""

from collections.abc import AsyncIterator
from http.cookies import SimpleCookie
from typing import Any

import httpx
import pytest

from insula.application.application import Application
from insula.application.registry import Registry
from insula.testing.applications import Library, MakeApplication
from insula.testing.databases import TWO_DIALECTS
from insula.testing.people import PASSWORD, ROOT, ROOT_PASSWORD, People, accepted, refusal

pytestmark = pytest.mark.parametrize("database_options", TWO_DIALECTS, indirect=True)

CSRF = (403, "INVALID_CSRF_TOKEN")
NAMES = ("auth_token", "csrf_token", "page_csrf_token", "authenticator", "role")


class Mounted:
    """Hands requests on as a server does that has stripped a prefix."""

    def __init__(self, application: Application, prefix: str, scheme: str = "http") -> None:
        self._application, self._prefix, self._scheme = application, prefix, scheme

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        path = scope["path"].removeprefix(self._prefix)
        believed = {"path": path, "root_path": self._prefix, "scheme": self._scheme}
        await self._application({**scope, **believed}, receive, send)


def browser(application: Application, prefix: str, scheme: str = "http") -> httpx.AsyncClient:
    transport = httpx.ASGITransport(Mounted(application, prefix, scheme))
    return httpx.AsyncClient(transport=transport, base_url=f"{scheme}://test{prefix}")


async def enter(web: httpx.AsyncClient, **more: Any) -> dict[str, SimpleCookie]:
    """Sign in; gives the cookies of the answer by kind."""
    answer = await web.post("/auth:signIn", json={"account": "root", "password": ROOT_PASSWORD}, **more)
    accepted(answer)
    found = {}
    for line in answer.headers.get_list("set-cookie"):
        cookie = SimpleCookie(line)
        (name,) = cookie
        found[name.removeprefix("nb_").rpartition("_")[0]] = cookie[name]
    return found  # type: ignore[return-value]


@pytest.fixture
async def neighbour(make: MakeApplication) -> AsyncIterator[Application]:
    """An application that is not the main one."""
    made = make(Library(), *Registry.discover().plugins.values(), name="sales")
    await made.install(ROOT)
    await made.start()
    yield made
    await made.stop()


async def test_attributes_of_the_cookies(house: Application) -> None:
    async with browser(house, "/api", "https") as web:
        cookies = await enter(web)
        assert tuple(cookies) == NAMES
        for kind, cookie in cookies.items():
            assert cookie["samesite"] == "Lax"
            assert cookie["path"] == ("/admin" if kind == "page_csrf_token" else "/api/")
            assert cookie["max-age"] == str(house.access.sessions.policy.idle_s)
            assert cookie["secure"] is True
            assert bool(cookie["httponly"]) is (kind == "auth_token"), kind
            assert cookie["domain"] == ""
        assert cookies["role"].value == "root"
        assert cookies["authenticator"].value == "basic"
        assert len(cookies["csrf_token"].value) >= 32
        assert cookies["page_csrf_token"].value == cookies["csrf_token"].value


async def test_over_plain_http_cookies_are_not_secure(house: Application) -> None:
    async with browser(house, "/api") as web:
        assert all(cookie["secure"] == "" for cookie in (await enter(web)).values())


ADDRESSED: list[tuple[str, dict[str, Any], str]] = [
    ("/api/__app/sales", {}, "/api/__app/sales/"),
    ("/insula/v1/__app/sales", {}, "/insula/v1/__app/sales/"),
    ("/api", {"headers": {"x-app": "sales"}}, "/api/__app/sales/"),
    ("/api", {"params": {"__appName": "sales"}}, "/api/__app/sales/"),
    # Not named: it has a domain of its own.
    ("/api", {}, "/api/"),
]


async def test_cookies_go_to_their_application_alone(neighbour: Application) -> None:
    for prefix, more, path in ADDRESSED:
        async with browser(neighbour, prefix) as web:
            page = "/admin" if path == "/api/" else "/apps/sales"
            assert {cookie["path"] for cookie in (await enter(web, **more)).values()} == {path, page}
            assert {cookie.name for cookie in web.cookies.jar} == {f"nb_{kind}_sales" for kind in NAMES}


async def test_main_keeps_its_path_when_it_is_named(make: MakeApplication) -> None:
    made = make(*Registry.discover().plugins.values(), main=True)
    await made.install(ROOT)
    await made.start()
    async with browser(made, "/api/__app/main") as web:
        assert {cookie["path"] for cookie in (await enter(web)).values()} == {"/api/", "/admin"}
    await made.stop()


async def test_signing_out_clears_with_the_same_attributes(house: Application) -> None:
    async with browser(house, "/api", "https") as web:
        cookies = await enter(web)
        proof = {"x-csrf-token": cookies["csrf_token"].value}
        answer = await web.post("/auth:signOut", headers=proof)
        cleared = answer.headers.get_list("set-cookie")
        assert len(cleared) == 5
        for line in cleared:
            path = "/admin" if line.startswith("nb_page_") else "/api/"
            assert f"; Path={path}; Max-Age=0; SameSite=Lax" in line and "=;" in line and "Secure" in line


async def test_reads_by_cookie_need_no_proof(people: People, web: httpx.AsyncClient) -> None:
    await enter(web)
    for address in ("/auth:check", "/books:list", "/books:count", "/users:list", "/roles:check"):
        accepted(await web.get(address))
    # A read by POST is a read.
    accepted(await web.post("/books:query", json={"measures": [{"field": "id", "aggregation": "count"}]}))


WRITES: list[tuple[str, str, Any]] = [
    ("POST", "/books:create", {"title": "A"}),
    ("PUT", "/books/1", {"title": "A"}),
    ("PATCH", "/books/1", {"title": "A"}),
    ("DELETE", "/books/1", None),
    ("POST", "/books/1/tags:add", [1]),
    ("POST", "/books:move", {"sourceId": 1, "targetId": 2}),
    ("POST", "/auth:signOut", None),
    ("POST", "/auth:changePassword", {"oldPassword": ROOT_PASSWORD, "newPassword": ROOT_PASSWORD}),
    ("POST", "/users:create", {"username": "eve", "password": PASSWORD}),
    ("POST", "/pm:update/auth", {"settings": {"signUp": True}}),
    ("POST", "/books:import", "title\nA\n"),
]


async def test_a_write_by_cookie_needs_proof(people: People, web: httpx.AsyncClient) -> None:
    for method, address, body in WRITES:
        web.cookies.clear()
        cookies = await enter(web)
        proof = cookies["csrf_token"].value
        given: dict[str, Any] = {"content": body} if isinstance(body, str) else {"json": body}
        altered = ("A" if proof[0] != "A" else "B") + proof[1:]
        for head in ({}, {"x-csrf-token": ""}, {"x-csrf-token": altered}, {"x-csrf-token": proof[:-1]}):
            answer = await web.request(method, address, headers=head, **given)
            assert refusal(answer) == CSRF
            assert "nb_csrf_token_main" in answer.text
        # What was refused was not done, nor did it sign anyone out.
        accepted(await web.get("/auth:check"))
        answer = await web.request(method, address, headers={"x-csrf-token": proof}, **given)
        assert refusal(answer) != CSRF


async def test_a_planted_cookie_proves_nothing(people: People, web: httpx.AsyncClient) -> None:
    """A neighbour on the same host can set cookies, but does not know the session's proof."""
    await enter(web)
    head = {"cookie": f"nb_auth_token_main={web.cookies['nb_auth_token_main']}; nb_csrf_token_main=planted"}
    web.cookies.clear()
    answer = await web.post("/books:create", json={"title": "A"}, headers={**head, "x-csrf-token": "planted"})
    assert refusal(answer) == CSRF


async def test_the_proof_of_another_session_is_none(people: People, web: httpx.AsyncClient) -> None:
    other = (await enter(web))["csrf_token"].value
    web.cookies.clear()
    token = (await enter(web))["auth_token"].value
    web.cookies.clear()
    head = {"cookie": f"nb_auth_token_main={token}; nb_csrf_token_main={other}", "x-csrf-token": other}
    assert refusal(await web.post("/books:create", json={"title": "A"}, headers=head)) == CSRF


async def test_a_bearer_needs_no_proof(people: People, web: httpx.AsyncClient) -> None:
    head = await people.root()
    accepted(await web.post("/books:create", json={"title": "A"}, headers=head))
    # Also where the browser sends cookies along.
    await enter(web)
    accepted(await web.post("/books:create", json={"title": "B"}, headers=head))
    # But a bearer that is of no use is not made up for by a cookie.
    bad = {"authorization": "Bearer x"}
    assert refusal(await web.get("/auth:check", headers=bad)) == (401, "INVALID_TOKEN")


async def test_the_cookie_of_another_application_is_not_accepted(
    house: Application, people: People, web: httpx.AsyncClient
) -> None:
    from insula.application.access.tokens import Tokens

    own = (await enter(web))["auth_token"].value
    web.cookies.clear()
    # Under the name of another application it is not looked at.
    head = {"cookie": f"nb_auth_token_sales={own}"}
    assert refusal(await web.get("/auth:check", headers=head)) == (401, "EMPTY_TOKEN")
    foreign = Tokens("sales", house.secrets).mint(house.access.tokens.read(own))
    head = {"cookie": f"nb_auth_token_main={foreign}"}
    answer = await web.get("/auth:check", headers=head)
    assert refusal(answer) == (401, "INVALID_TOKEN")
    assert len(answer.headers.get_list("set-cookie")) == 5, "the browser is told to forget it"


async def test_the_role_of_the_page_is_in_its_cookie(people: People, web: httpx.AsyncClient) -> None:
    await people.make("ann", "member", "admin")
    accepted(await web.post("/auth:signIn", json={"account": "ann", "password": PASSWORD}))
    assert accepted(await web.get("/roles:check"))["role"] == "member"
    token = web.cookies["nb_auth_token_main"]
    web.cookies.clear()
    for wanted, found in (("admin", "admin"), ("root", "member"), ("anonymous", "member"), ("%00", "member")):
        head = {"cookie": f"nb_auth_token_main={token}; nb_role_main={wanted}"}
        assert accepted(await web.get("/roles:check", headers=head))["role"] == found
    # The header wins over the cookie.
    head = {"cookie": f"nb_auth_token_main={token}; nb_role_main=admin", "x-role": "member"}
    assert accepted(await web.get("/roles:check", headers=head))["role"] == "member"


async def test_who_gives_rights_sees_as_people_in_a_role_do(people: People, web: httpx.AsyncClient) -> None:
    """In a role that they do not hold, by the cookie of the page alone, and in none that may do more than theirs."""
    root = await people.root()
    accepted(
        await web.post("/roles:create", json={"name": "keeper", "snippets": ["pm.acl.roles"]}, headers=root)
    )
    lists = {"name": "clerk", "snippets": ["pm.users"]}
    accepted(await web.post("/roles:create", json=lists, headers=root))
    await people.make("kim", "keeper")
    tokens = {}
    for name, password in (("root", ROOT_PASSWORD), ("kim", PASSWORD)):
        accepted(await web.post("/auth:signIn", json={"account": name, "password": password}))
        tokens[name] = web.cookies["nb_auth_token_main"]
        web.cookies.clear()
    for name, wanted, found, users in (
        ("root", "member", "member", 403),
        ("root", "clerk", "clerk", 200),
        ("root", "gone", "root", 200),
        ("kim", "anonymous", "anonymous", 403),
        ("kim", "clerk", "keeper", 403),
        ("kim", "root", "keeper", 403),
    ):
        head = {"cookie": f"nb_auth_token_main={tokens[name]}; nb_role_main={wanted}"}
        assert accepted(await web.get("/roles:check", headers=head))["role"] == found, (name, wanted)
        assert (await web.get("/users:list", headers=head)).status_code == users, (name, wanted)


async def test_a_key_in_a_cookie_is_a_key(people: People, web: httpx.AsyncClient) -> None:
    root = await people.root()
    key = accepted(await web.post("/apiKeys:create", json={"name": "robot"}, headers=root))["token"]
    head = {"cookie": f"nb_auth_token_main={key}"}
    accepted(await web.get("/books:list", headers=head))
    assert refusal(await web.post("/books:create", json={"title": "A"}, headers=head)) == CSRF


async def test_a_page_that_keeps_the_token_alone_is_given_the_cookies(
    house: Application, people: People
) -> None:
    ann = await people.add("ann", "member", "admin")
    async with browser(house, "/api") as web:
        accepted(await web.post("/auth:syncCookies", headers={**ann, "x-role": "admin"}))
        assert {cookie.name for cookie in web.cookies.jar} == {f"nb_{kind}_main" for kind in NAMES}
        assert accepted(await web.get("/auth:check"))["username"] == "ann"
        assert accepted(await web.get("/roles:check"))["role"] == "admin"
        # The cookies are worth what a sign-in's are: a write needs its proof, and ends with the session.
        assert refusal(await web.post("/auth:signOut")) == CSRF
        accepted(await web.post("/auth:signOut", headers={"x-csrf-token": web.cookies["nb_csrf_token_main"]}))
        assert not web.cookies
        assert refusal(await web.post("/auth:syncCookies", headers=ann)) == (401, "BLOCKED_TOKEN")
        assert refusal(await web.post("/auth:syncCookies")) == (401, "EMPTY_TOKEN")
    root = await people.root()
    key = accepted(await people.web.post("/apiKeys:create", json={"name": "robot"}, headers=root))["token"]
    robot = {"authorization": f"Bearer {key}"}
    assert refusal(await people.web.post("/auth:syncCookies", headers=robot)) == (403, "NEEDS_SESSION")
