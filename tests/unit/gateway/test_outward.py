"""What a Supervisor's route tells the door: where, how long that holds, and for which other requests."""

from collections.abc import Awaitable, Mapping
from typing import Any, cast

import pytest

from insula.fleet.traffic import Traffic
from insula.gateway import hop
from insula.gateway.course import Place
from insula.gateway.elsewhere import FORWARD
from insula.gateway.entry import Gateway
from insula.gateway.forward.route import Answer, Asked, Failure, Tcp, Told, Unix, Upstream
from insula.gateway.hop import Hops
from insula.gateway.outward import Outward
from insula.gateway.pages import Templates
from insula.gateway.trust import Origin
from insula.testing.gateway import Known

MAIN = Unix("/main.sock")
SHOP = "/api/__app/shop/items:list"
KEY = bytes(32)


class House:
    """A route, and what it finds where."""

    def __init__(self, hops: Hops | None = None) -> None:
        self.places: dict[tuple[str, str], Place] = {}
        self.directory = Known()
        self.traffic = Traffic()
        self.suspected: list[str] = []
        self.comes_up: Mapping[tuple[str, str], Place] = {}
        """What runs as soon as somebody has asked for what does not run."""
        self.route = Outward(
            "/api/",
            self.directory,
            lambda application, wanted: self.places.get((application, wanted)),
            MAIN,
            cast(Gateway, self._wake),
            self.traffic,
            self.suspected.append,
            Templates(),
            hops,
        )

    async def _wake(self, scope: Any, receive: Any, send: Any) -> None:
        self.places.update(self.comes_up)
        scope[FORWARD] = True

    def ask(self, target: str = SHOP, host: str = "a", **headers: str) -> Upstream:
        """Where a request goes."""
        told = self.tell(target, host, **headers)
        assert isinstance(told, Upstream)
        return told

    def tell(self, target: str, host: str = "a", **headers: str) -> Told | Awaitable[Told]:
        """Whatever is told of a request."""
        path, _, query = target.partition("?")
        fields = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
        origin = Origin("203.0.113.9", "https", host, (host,))
        return self.route(
            Asked(
                *("GET", target.encode(), path, query.encode(), fields, dict(fields)),
                *("10.0.0.1", origin, "r1", False),
            )
        )


def one(url: str = "http://one:81", *others: str, share_session: bool = False) -> Place:
    return Place("one", url, share_session, others)


@pytest.mark.parametrize(
    ("url", "address", "base"),
    [
        ("http://one:81", Tcp("one", 81), b""),
        ("http://one", Tcp("one", 80), b""),
        ("https://one", Tcp("one", 443, True), b""),
        ("http://[::1]:81/base/", Tcp("::1", 81), b"/base"),
    ],
)
def test_an_address_is_what_an_environment_says(url: str, address: Tcp, base: bytes) -> None:
    house = House()
    house.places["shop", ""] = one(url)
    told = house.ask()
    assert (told.address, told.base, told.prefix) == (address, base, b"/api/__app/shop/")
    assert told.cookies is not None
    assert b"nb_auth_token_main" not in told.cookies
    house.places["shop", ""] = one(url, share_session=True)
    assert b"nb_auth_token_main" in (house.ask().cookies or ())


def test_what_was_told_holds_until_something_changes() -> None:
    house = House()
    house.places["shop", ""] = one()
    first, again, main = house.ask(), house.ask("/api/__app/shop/x"), house.ask("/api/users:list")
    assert main.address == MAIN
    assert first.standing is again.standing is main.standing
    assert first.standing is not None
    assert first.standing.holds
    house.route.changed()
    assert not first.standing.holds
    later = house.ask()
    assert later.standing is not None
    assert later.standing.holds


def test_what_names_no_application_is_told_of_alike_only_where_it_is() -> None:
    house = House()
    house.places["shop", ""] = one()
    assert house.ask("/api/users:list").prefix == b"/api/u"
    assert house.ask("/api/users:list?__appName=shop").prefix == b""
    assert house.ask("/api/users:list", x_app="shop").prefix == b"/api/u"
    house.directory.domains["shop.example.com"] = "shop"
    told = house.ask("/admin/", host="shop.example.com")
    assert (told.address, told.prefix) == (Tcp("one", 81), b"/ad")


def test_of_several_environments_programs_are_told_alike_and_people_may_be_asked() -> None:
    house = House()
    house.places["shop", ""] = one("http://one:81", "two")
    house.places["shop", "two"] = Place("two", "http://two:82", False, ("one",))
    assert house.ask().prefix == b"/api/__app/shop/"
    assert house.ask("/apps/shop/admin").prefix == b""
    assert house.ask(x_environment="two")[0] == Tcp("two", 82)
    assert house.ask(SHOP + "?__environment=two").prefix == b""
    assert house.ask(cookie="insula_environment_shop=two").address == Tcp("two", 82)


async def test_what_has_come_up_is_told_of_as_what_runs() -> None:
    house = House()
    house.comes_up = {
        ("shop", ""): one("http://one:81", "two"),
        ("shop", "two"): Place("two", "http://two:82", False, ("one",)),
    }
    people = {"accept": "text/html"}
    asked = [
        house.tell("/apps/shop/admin", **people),
        house.tell(SHOP),
        house.tell(SHOP, x_environment="two"),
    ]
    page, first, second = [await told for told in asked if isinstance(told, Awaitable)]
    assert isinstance(page, Answer)
    assert (page.status, b"__environment=one" in page.body, b"__environment=two" in page.body) == (
        200,
        True,
        True,
    )
    assert (cast(Upstream, first).address, cast(Upstream, second).address) == (Tcp("one", 81), Tcp("two", 82))


def test_a_proof_names_the_application() -> None:
    house = House(Hops(KEY))
    house.places["shop", ""] = one()
    ((name, value),) = house.ask(host="b").headers
    assert name == hop.HEADER
    assert Hops(KEY).told(value) == hop.Told("shop", "203.0.113.9", "https", "b")
    assert house.ask(host="b").headers == ((name, value),)
    assert house.ask("/api/users:list").headers == ()


def test_requests_are_counted_by_application_and_failures_told() -> None:
    house = House()
    house.places["shop", ""] = one()
    watch = house.ask().watch
    assert watch is not None
    counts = house.traffic.of("shop")
    assert counts.in_flight == 0
    for status in (200, 500, 0):
        watch.begun()
        assert counts.in_flight == 1
        watch.ended(status, 0.001)
    assert (counts.in_flight, counts.requests, counts.errors) == (0, 3, 1)
    watch.begun()
    watch.upgraded()
    assert (counts.in_flight, counts.sockets) == (0, 1)
    watch.parted()
    assert (counts.sockets, counts.requests) == (0, 4)
    asked = Asked("POST", SHOP.encode(), SHOP, b"", [], {}, "", Origin("", "http", "a", ("a",)), "r1", False)
    assert watch.failed(asked, Failure.BUSY, "") is None
    assert house.suspected == []
    answer = watch.failed(asked, Failure.UNREACHABLE, "")
    assert isinstance(answer, Answer)
    assert (answer.status, house.suspected) == (503, ["one"])
