"""Which application a request reaches, from what stands in its line and headers: the contract, as a table."""

import json

import pytest

from insula.fleet.lifecycle import Observed, Wanted
from insula.fleet.process.base import Receive, Scope, Send
from insula.gateway.answers import send_answer
from insula.testing.gateway import HTML, House
from insula.testing.web import boot_of

DOMAIN = (b"host", b"shop.example.com")
HERE = (b"host", b"localhost:13000")
PROXY, STRANGER = "127.0.0.1", "198.51.100.1"


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    name = scope["insula.application"]
    seen = [name, scope["root_path"], scope["path"]]
    await send_answer(send, 200, json.dumps(seen).encode(), b"application/json")


def house() -> House:
    """Main, ``shop`` (with a domain) and ``a_b-1`` run."""
    made = House(echo)
    made.put("shop", Observed.RUNNING)
    made.put("a_b-1", Observed.RUNNING)
    for name in ("main", "shop", "a_b-1"):

        async def answers(scope: Scope, receive: Receive, send: Send, name: str = name) -> None:
            await echo({**scope, "insula.application": name}, receive, send)

        made.process.apps[name] = answers
    return made


@pytest.mark.parametrize(
    ("path", "query", "headers", "by"),
    [
        ("/api/x:y", b"__appName=shop&__appName=a_b-1", (), "__appName"),
        ("/api/x:y", b"", ((b"x-app", b"shop"), HERE, (b"x-app", b"a_b-1")), "X-App"),
        ("/api/__app/shop/x:y", b"", ((b"x-app", b"shop"), (b"x-app", b"shop")), "X-App"),
        ("/apps/shop/admin", b"__appName=shop&__appName=shop", (), "__appName"),
    ],
)
async def test_several_of_one_kind_are_refused(
    path: str, query: bytes, headers: tuple[tuple[bytes, bytes], ...], by: str
) -> None:
    heard = await house().ask(path, *headers, query=query)
    error = heard.json["error"]
    assert (heard.status, error["status"], error["code"]) == (400, 400, "AMBIGUOUS_APPLICATION")
    assert by in error["message"]
    page = await house().ask(path, *headers, *HTML, query=query)
    assert (page.status, b"<h1>" in page.body) == (400, path.startswith("/apps/"))


@pytest.mark.parametrize("path", ["/apps/", "/apps//admin/", "/api/__app/", "/api/__app//x:y"])
async def test_an_address_without_a_name_is_told_what_it_lacks(path: str) -> None:
    heard = await house().ask(path)
    assert (heard.status, heard.json["error"]["code"]) == (404, "APP_NOT_FOUND")
    assert heard.json["error"]["message"] == (
        "This address lacks the name of an application, as in /apps/shop/."
    )


async def test_people_who_name_another_application_on_a_domain_are_told_on_a_page() -> None:
    for method in ("GET", "HEAD"):
        page = await house().ask("/apps/a_b-1/admin/", DOMAIN, *HTML, method=method)
        assert (page.status, page.headers["content-type"]) == (404, "text/html; charset=utf-8")
        assert b"a_b-1 is another" in page.body
    for path, method, headers in (
        ("/apps/a_b-1/admin/", "GET", ()),
        ("/apps/a_b-1/admin/", "POST", HTML),
        ("/api/__app/a_b-1/x:y", "GET", HTML),
    ):
        heard = await house().ask(path, DOMAIN, *headers, method=method)
        assert (heard.status, heard.json["error"]["code"]) == (404, "APP_NOT_FOUND")


@pytest.mark.parametrize(
    ("path", "query", "headers", "expected"),
    [
        ("/api/x:y", b"", (), ["main", "/api", "/x:y"]),
        ("/api/x:y", b"", (HERE,), ["main", "/api", "/x:y"]),
        # sub-path
        ("/api/__app/shop/x:y", b"", (HERE,), ["shop", "/api/__app/shop", "/x:y"]),
        ("/api/__app/a_b-1/x:y/1", b"", (HERE,), ["a_b-1", "/api/__app/a_b-1", "/x:y/1"]),
        ("/api/__app/main/x:y", b"", (HERE,), ["main", "/api/__app/main", "/x:y"]),
        ("/api/__app/shop", b"", (HERE,), ["shop", "/api/__app/shop", "/"]),
        ("/api/__app/shop/", b"", (HERE,), ["shop", "/api/__app/shop", "/"]),
        # query
        ("/api/x:y", b"__appName=shop", (HERE,), ["shop", "/api", "/x:y"]),
        ("/api/x:y", b"a=1&__appName=a_b%2D1&b", (HERE,), ["a_b-1", "/api", "/x:y"]),
        ("/api/x:y", b"__appName=", (HERE,), ["main", "/api", "/x:y"]),
        ("/api/x:y", b"filter=__appName", (HERE,), ["main", "/api", "/x:y"]),
        # header
        ("/api/x:y", b"", (HERE, (b"x-app", b"shop")), ["shop", "/api", "/x:y"]),
        ("/api/x:y", b"", (HERE, (b"x-app", b"a_b%2d1")), ["a_b-1", "/api", "/x:y"]),
        ("/api/x:y", b"", (HERE, (b"x-app", b"")), ["main", "/api", "/x:y"]),
        # path before query before header
        ("/api/__app/shop/x:y", b"__appName=a_b-1", ((b"x-app", b"main"),), ["shop", "/api/__app/shop", "/x:y"]),
        ("/api/x:y", b"__appName=shop", ((b"x-app", b"a_b-1"),), ["shop", "/api", "/x:y"]),
        # domain
        ("/api/x:y", b"", (DOMAIN,), ["shop", "/api", "/x:y"]),
        ("/api/x:y", b"", ((b"host", b"SHOP.Example.COM"),), ["shop", "/api", "/x:y"]),
        ("/api/x:y", b"", ((b"host", b"shop.example.com:8443"),), ["shop", "/api", "/x:y"]),
        ("/api/x:y", b"", ((b"host", b"shop.example.com."),), ["shop", "/api", "/x:y"]),
        ("/api/x:y", b"", ((b"host", b"Shop.example.com.:80"),), ["shop", "/api", "/x:y"]),
        ("/api/__app/shop/x:y", b"", (DOMAIN,), ["shop", "/api/__app/shop", "/x:y"]),
        ("/api/x:y", b"__appName=shop", (DOMAIN, (b"x-app", b"shop")), ["shop", "/api", "/x:y"]),
        # hosts that nobody has
        ("/api/x:y", b"", ((b"host", b"example.com"),), ["main", "/api", "/x:y"]),
        ("/api/x:y", b"", ((b"host", b"www.shop.example.com"),), ["main", "/api", "/x:y"]),
        ("/api/x:y", b"", ((b"host", b"shop.example.com.evil.net"),), ["main", "/api", "/x:y"]),
        ("/api/x:y", b"", ((b"host", b"[::1]:13000"),), ["main", "/api", "/x:y"]),
        ("/api/x:y", b"", ((b"host", b"127.0.0.1"),), ["main", "/api", "/x:y"]),
        ("/api/x:y", b"", ((b"host", b""),), ["main", "/api", "/x:y"]),
    ],
)  # fmt: skip
async def test_who_answers(
    path: str, query: bytes, headers: tuple[tuple[bytes, bytes], ...], expected: list[str]
) -> None:
    heard = await house().ask(path, *headers, query=query)
    assert (heard.status, heard.json) == (200, expected)


@pytest.mark.parametrize(
    ("peer", "headers", "application"),
    [
        (PROXY, ((b"x-forwarded-host", b"shop.example.com"),), "shop"),
        (PROXY, ((b"x-forwarded-host", b"Shop.Example.com:443, inner"),), "shop"),
        (PROXY, ((b"x-hostname", b"shop.example.com"),), "shop"),
        (PROXY, ((b"x-hostname", b"shop.example.com"), (b"x-forwarded-host", b"other.net")), "shop"),
        (PROXY, ((b"x-hostname", b"other.net"), (b"x-forwarded-host", b"shop.example.com")), "shop"),
        (PROXY, ((b"x-forwarded-host", b""),), "main"),
        (PROXY, ((b"x-forwarded-host", b"shop.example.com/x"),), "main"),
        (STRANGER, ((b"x-forwarded-host", b"shop.example.com"),), "main"),
        (STRANGER, ((b"x-hostname", b"shop.example.com"),), "main"),
        ("", ((b"x-hostname", b"shop.example.com"),), "main"),
    ],
)
async def test_only_proxies_that_are_trusted_say_for_which_host(
    peer: str, headers: tuple[tuple[bytes, bytes], ...], application: str
) -> None:
    heard = await house().ask("/api/x:y", HERE, *headers, peer=peer)
    assert heard.json[0] == application


@pytest.mark.parametrize(
    ("path", "query", "headers"),
    [
        # nobody of this name: names are as they are written, capitals and all
        ("/api/__app/SHOP/x:y", b"", (HERE,)),
        ("/api/__app/nosuch/x:y", b"", (HERE,)),
        ("/api/__app//x:y", b"", (HERE,)),
        ("/api/__app/..", b"", (HERE,)),
        ("/api/x:y", b"__appName=Shop", (HERE,)),
        ("/api/x:y", b"__appName=%00", (HERE,)),
        ("/api/x:y", b"__appName=shop%2F", (HERE,)),
        ("/api/x:y", b"", (HERE, (b"x-app", b"SHOP"))),
        ("/api/x:y", b"", (HERE, (b"x-app", b"shop, main"))),
        ("/api/x:y", b"", (HERE, (b"x-app", "shöp".encode()))),
        # a domain belongs to one application, whoever else is named, and however
        ("/api/__app/main/x:y", b"", (DOMAIN,)),
        ("/api/__app/a_b-1/x:y", b"", (DOMAIN,)),
        ("/api/x:y", b"__appName=a_b-1", (DOMAIN,)),
        ("/api/x:y", b"", (DOMAIN, (b"x-app", b"main"))),
        ("/api/__app/shop/x:y", b"__appName=main", (DOMAIN,)),
        ("/api/__app/shop/x:y", b"", (DOMAIN, (b"x-app", b"a_b-1"))),
        ("/apps/a_b-1/admin", b"", (DOMAIN,)),
        ("/apps/main/admin", b"", (DOMAIN,)),
        ("/api/__app/main/__health_check", b"", (DOMAIN,)),
        # what is no page
        ("/apps", b"", (HERE,)),
        ("/apps/", b"", (HERE,)),
        ("/apps//admin", b"", (HERE,)),
        ("/apps/shop/../main/admin", b"", (HERE,)),
        ("/apps/shop/administration", b"", (HERE,)),
        ("/API/x:y", b"", (HERE,)),
        ("//api/x:y", b"", (HERE,)),
    ],
)
async def test_who_is_not_there(path: str, query: bytes, headers: tuple[tuple[bytes, bytes], ...]) -> None:
    heard = await house().ask(path, *headers, query=query)
    assert heard.status == 404
    assert heard.json["error"]["code"] in ("APP_NOT_FOUND", "NOT_FOUND")


@pytest.mark.parametrize(
    ("path", "headers", "name", "base", "api"),
    [
        ("/admin", (HERE,), "main", "/admin", "/api/"),
        ("/admin/", (HERE,), "main", "/admin", "/api/"),
        ("/admin/settings/applications/shop", (HERE,), "main", "/admin", "/api/"),
        ("/apps/shop/admin", (HERE,), "shop", "/apps/shop/admin", "/api/__app/shop/"),
        ("/apps/shop/admin/", (HERE,), "shop", "/apps/shop/admin", "/api/__app/shop/"),
        ("/apps/shop/admin/settings/x", (HERE,), "shop", "/apps/shop/admin", "/api/__app/shop/"),
        ("/admin", (DOMAIN,), "shop", "/admin", "/api/"),
        ("/admin/data/books", (DOMAIN,), "shop", "/admin", "/api/"),
    ],
)
async def test_pages(
    path: str, headers: tuple[tuple[bytes, bytes], ...], name: str, base: str, api: str
) -> None:
    heard = await house().ask(path, *headers, *HTML)
    assert (heard.status, heard.headers["content-type"]) == (200, "text/html; charset=utf-8")
    told = boot_of(heard.body.decode())
    assert (told["app"], told["main"], told["base"], told["api"]) == (name, name == "main", base, api)
    # Main is not on a custom domain, and a page there asks nobody else's server.
    assert told["mainApi"] == (None if DOMAIN in headers else "/api/")


@pytest.mark.parametrize(
    ("path", "query", "headers", "place"),
    [
        ("/", b"", (HERE,), "/admin/"),
        ("/", b"a=1&b=%20", (HERE,), "/admin/?a=1&b=%20"),
        ("/signin", b"redirect=%2Fx", (HERE,), "/admin/?redirect=%2Fx"),
        ("/apps/shop", b"", (HERE,), "/apps/shop/admin/"),
        ("/apps/shop/", b"x=y", (HERE,), "/apps/shop/admin/?x=y"),
        ("/apps/shop/signin", b"", (HERE,), "/apps/shop/admin/"),
        ("/", b"", (DOMAIN,), "/admin/"),
        # One page has one address, from which it finds out where it is.
        ("/apps/shop/admin/data/a b/é", b"", (DOMAIN,), "/admin/data/a%20b/%C3%A9"),
        ("/apps/main/admin", b"", (HERE,), "/admin"),
        ("/apps/main/", b"", (HERE,), "/admin/"),
        ("/admin/data/x", b"__appName=shop", (HERE,), "/apps/shop/admin/data/x?__appName=shop"),
        ("/admin", b"", (HERE, (b"x-app", b"shop")), "/apps/shop/admin"),
        ("/admin//other.example.com/x", b"", (HERE, (b"x-app", b"shop")), "/apps/shop/admin//other.example.com/x"),
    ],
)  # fmt: skip
async def test_other_addresses_of_a_page_lead_to_it(
    path: str, query: bytes, headers: tuple[tuple[bytes, bytes], ...], place: str
) -> None:
    for asked in (HTML, ()):
        heard = await house().ask(path, *headers, *asked, query=query)
        assert (heard.status, heard.headers["location"]) == (302, place)
        assert heard.headers["cache-control"] == "no-store"


async def test_who_is_led_to_a_page_wakes_nobody_yet() -> None:
    made = house()
    made.put("shop", Observed.STOPPED, Wanted.ASLEEP)
    assert (await made.ask("/apps/shop/", *HTML)).status == 302
    assert made.directory.woken == []
    assert (await made.ask("/apps/nosuch/", *HTML)).status == 404


async def test_the_domain_of_one_that_sleeps_wakes_it_and_no_other() -> None:
    made = house()
    made.put("shop", Observed.STOPPED, Wanted.ASLEEP)

    async def wake(application: str) -> None:
        made.put(application, Observed.RUNNING)
        made.process.apps[application] = echo_as_shop

    made.directory.waking = wake
    assert (await made.ask("/api/x:y", DOMAIN)).json == ["shop", "/api", "/x:y"]
    assert made.directory.woken == ["shop"]


async def echo_as_shop(scope: Scope, receive: Receive, send: Send) -> None:
    await echo({**scope, "insula.application": "shop"}, receive, send)


OWN = b"nb_auth_token_shop=own; nb_role_shop=r; nb_csrf_token_shop=c; nb_authenticator_shop=basic"
MAINS = b"nb_auth_token_main=m; nb_role_main=root; nb_csrf_token_main=x; nb_authenticator_main=basic"


@pytest.mark.parametrize(
    ("application", "shares", "sent", "kept"),
    [
        ("shop", False, (OWN,), [OWN]),
        ("shop", False, (MAINS,), []),
        ("shop", True, (MAINS,), [MAINS]),
        ("shop", True, (MAINS + b"; " + OWN,), [MAINS + b"; " + OWN]),
        ("shop", False, (b"theme=dark; " + MAINS + b";" + OWN + b" ; a",), [b"theme=dark; " + OWN + b"; a"]),
        ("shop", True, (b"nb_auth_token_a_b-1=b; nb_auth_token_main=m",), [b"nb_auth_token_main=m"]),
        ("shop", False, (b"nb_auth_token_shop2=b; nb_auth_token_shop =own",), [b"nb_auth_token_shop =own"]),
        ("shop", False, (b"nb_=1; nb_other_shop=2; nb_auth_token_SHOP=3",), []),
        ("shop", False, (b"a=1", MAINS, OWN), [b"a=1", OWN]),
        ("shop", False, (b"snb_auth_token_main=1",), [b"snb_auth_token_main=1"]),
        ("shop", False, (b"x=nb_auth_token_main=1",), [b"x=nb_auth_token_main=1"]),
        ("main", False, (MAINS + b"; " + OWN,), [MAINS]),
        ("a_b-1", False, (OWN + b"; nb_role_a_b-1=q",), [b"nb_role_a_b-1=q"]),
    ],
)
async def test_an_application_gets_its_own_cookies_only(
    application: str, shares: bool, sent: tuple[bytes, ...], kept: list[bytes]
) -> None:
    made = house()
    made.put("shop", Observed.RUNNING, share_session=shares)
    seen: list[list[bytes]] = []

    async def look(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append([value for key, value in scope["headers"] if key == b"cookie"])
        assert (b"accept", b"*/*") in scope["headers"]
        await send_answer(send, 200, b"", b"text/plain")

    made.process.apps[application] = look
    headers = [(b"cookie", value) for value in sent]
    await made.ask(f"/api/__app/{application}/x:y", *headers, (b"accept", b"*/*"))
    assert seen == [kept]
