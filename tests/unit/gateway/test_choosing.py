"""Which of several environments a request goes to: what it names, what was chosen before, what is up."""

from types import SimpleNamespace
from typing import Any, cast

import pytest

from insula.fleet.traffic import Traffic
from insula.gateway import choosing
from insula.gateway.course import Place
from insula.gateway.forward.route import Answer, Asked, Tcp, Unix, Upstream
from insula.gateway.outward import Outward
from insula.gateway.pages import Templates
from insula.gateway.trust import Origin

PORTS = {"w1": 1001, "w2": 1002, "w3": 1003}
PAGE = "/apps/shop/admin/"


def asked(target: str = PAGE, scheme: str = "http", **headers: str) -> Asked:
    """A person's request, unless it says otherwise."""
    path, _, query = target.partition("?")
    fields = [(b"host", b"a"), (b"accept", headers.pop("accept", "text/html").encode())]
    fields += [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    origin = Origin("127.0.0.1", scheme, "a", ("a",))
    raw = target.encode()
    return Asked("GET", raw, path, query.encode(), fields, dict(fields), "", origin, "id", False)


def outward(*up: str) -> Outward:
    """A route to an application that runs in these environments."""

    def where(application: str, wanted: str) -> Place | None:
        if application != "shop" or not up or (wanted and wanted not in up):
            return None
        name = wanted or up[0]
        others = tuple(other for other in up if other != name)
        return Place(name, f"http://127.0.0.1:{PORTS[name]}", others=others, title="The Shop")

    directory: Any = SimpleNamespace(application_of=lambda host: None)
    return Outward(
        "/api/", directory, where, Unix("main"), cast(Any, None), Traffic(), lambda name: None, Templates()
    )


async def goes(request: Asked, *up: str) -> str | Answer:
    """To which environment; else what is answered."""
    told: Any = outward(*up)(request)
    if not isinstance(told, Answer | Upstream):
        told = await told
    if isinstance(told, Answer):
        return told
    assert isinstance(told.address, Tcp)
    return next(name for name, port in PORTS.items() if port == told.address.port)


@pytest.mark.parametrize(
    ("request_", "environment"),
    [
        (asked(x_environment="w2"), "w2"),
        (asked("/api/__app/shop/app:getInfo?__environment=w2", accept="*/*"), "w2"),
        (asked("/api/__app/shop/app:getInfo?__environment=w1", x_environment="w2"), "w2"),
        (asked(cookie="insula_environment_shop=w2"), "w2"),
        (asked(cookie="a=b; insula_environment_shop=w2; c=d", accept="*/*"), "w2"),
        (asked(cookie="insula_environment_shop=w2", x_environment="w1"), "w1"),
        (asked(cookie="insula_environment_shop=w3", accept="*/*"), "w1"),
        (asked(cookie="insula_environment_shop2=w2", accept="*/*"), "w1"),
        (asked(cookie="xinsula_environment_shop=w2", accept="*/*"), "w1"),
        (asked("/api/__app/shop/app:getInfo"), "w1"),
        (asked(accept="*/*"), "w1"),
    ],
)
async def test_of_several(request_: Asked, environment: str) -> None:
    assert await goes(request_, "w1", "w2") == environment


async def test_of_one_there_is_nothing_to_choose() -> None:
    assert await goes(asked(), "w2") == "w2"
    assert await goes(asked(cookie="insula_environment_shop=w1"), "w2") == "w2"


@pytest.mark.parametrize("up", [("w1",), ("w1", "w3")])
async def test_one_that_is_named_is_never_taken_for_another(up: tuple[str, ...]) -> None:
    for request_ in (
        asked("/api/__app/shop/app:getInfo?__environment=w2"),
        asked(x_environment="w2"),
        asked(f"{PAGE}?__environment=w2"),
    ):
        answer = await goes(request_, *up)
        assert isinstance(answer, Answer)
        assert answer.status == 503
    assert await goes(asked(f"{PAGE}?x=__environment"), "w1") == "w1"


@pytest.mark.parametrize("cookie", ["", "insula_environment_shop=w3", "insula_environment_other=w2"])
async def test_people_who_have_not_chosen_what_is_up_get_a_page(cookie: str) -> None:
    page = await goes(asked(f"{PAGE}?tab=1", cookie=cookie), "w1", "w2")
    assert isinstance(page, Answer)
    assert page.status == 200
    for name in ("w1", "w2"):
        assert f'href="?tab=1&amp;__environment={name}"'.encode() in page.body
    assert b"w3" not in page.body


@pytest.mark.parametrize(
    ("request_", "people"),
    [
        (asked(x_environment="w3", accept="*/*"), False),
        (asked("/api/__app/shop/app:getInfo?__environment=w3"), False),
        (asked(f"{PAGE}?__environment=w3"), True),
        (asked(x_environment="<b>"), True),
    ],
)
async def test_who_names_one_that_is_not_up_is_told_so(request_: Asked, people: bool) -> None:
    answer = await goes(request_, "w1", "w2")
    assert isinstance(answer, Answer)
    assert answer.status == 503
    assert b"does not run in the environment" in answer.body
    assert b"<b>" not in answer.body
    assert answer.body.startswith(b"<!doctype html>" if people else b'{"error": {')
    assert (b"ENVIRONMENT_UNAVAILABLE" in answer.body) is not people


@pytest.mark.parametrize(
    ("target", "location"),
    [
        (f"{PAGE}?__environment=w2", PAGE),
        (f"{PAGE}?a=1&__environment=w2&b=%26&a=2", f"{PAGE}?a=1&b=%26&a=2"),
        ("//evil.example/apps/shop/admin?__environment=w2", None),
        ("/\\evil.example/apps/shop/admin?__environment=w2", None),
    ],
)
async def test_a_choice_is_remembered_and_taken_from_the_address(target: str, location: str | None) -> None:
    answer = choosing.remember(asked(target), "shop", "w2")
    headers = dict(answer.headers)
    assert answer.status == 302
    place = headers[b"location"].decode()
    assert place == location or (location is None and place.startswith("/evil.example/"))
    assert "__environment" not in place
    cookie = headers[b"set-cookie"].decode()
    assert cookie.startswith("insula_environment_shop=w2; Path=/; Max-Age=")
    assert cookie.endswith("; HttpOnly; SameSite=Lax")
    assert headers[b"cache-control"] == b"no-store"


def test_over_https_the_choice_is_kept_there() -> None:
    answer = choosing.remember(asked(f"{PAGE}?__environment=w2", "https"), "shop", "w2")
    assert dict(answer.headers)[b"set-cookie"].endswith(b"; Secure")


async def test_the_page_of_one_that_is_down_leads_to_those_that_are_up() -> None:
    answer = await goes(asked("/apps/shop/admin?a=b", accept="text/html", x_environment="w3"), "w1", "w2")
    assert isinstance(answer, Answer)
    page = bytes(answer.body).decode()
    assert answer.status == 503
    assert "<h1>The Shop is not available</h1>" in page
    assert '<a href="?a=b&amp;__environment=w1">w1</a>' in page
    assert '<a href="?a=b&amp;__environment=w2">w2</a>' in page


async def test_it_is_asked_in_the_language_that_was_chosen_in_the_pages() -> None:
    request_ = asked(cookie="insula_language=fr", accept_language="es")
    answer = await goes(request_, "w1", "w2")
    assert isinstance(answer, Answer)
    assert "<h1>Où voulez-vous aller\xa0?</h1>".encode() in answer.body
    assert b"The Shop fonctionne dans" in answer.body
    assert dict(answer.headers)[b"vary"] == b"Accept-Language, Cookie"


async def test_who_wants_one_that_is_not_up_is_told_in_their_language() -> None:
    answer = await goes(asked(f"{PAGE}?__environment=w3", accept_language="zh"), "w1", "w2")
    assert isinstance(answer, Answer)
    assert "<h1>The Shop 暂不可用</h1>".encode() in answer.body
