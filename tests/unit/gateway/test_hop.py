"""What a front door proves of where a request comes from, and what is not taken for a proof."""

import ipaddress

import pytest

from insula.core.names import MAIN
from insula.gateway.errors import OtherApplication
from insula.gateway.hop import HEADER, KEPT, WINDOW_MIN, Hops, Told
from insula.gateway.selector import Asked, Choice, select
from insula.gateway.trust import TrustedProxies

TOLD = Told("shop", "203.0.113.9", "https", "shop.example.com")
KEY = bytes(range(32))
STRANGER = "198.51.100.7"
NOW_S = 1_800_000_000.0


def at(minutes: float, key: bytes = KEY) -> Hops:
    """A gateway whose clock is apart by so much."""
    return Hops(key, lambda: NOW_S + minutes * 60)


def request(told: Told = TOLD) -> dict[bytes, bytes]:
    """The headers of a request that a front door forwards."""
    name, value = at(0).header(told)
    return {name: value, b"host": b"worker:80", b"x-forwarded-host": b"shop.example.com:8443"}


@pytest.mark.parametrize(
    "told", [TOLD, Told("main", "::1", "http", ""), Told("a-b", "", "http", "a_b"), Told("x", "", "", "")]
)
def test_what_is_told_is_what_was_said(told: Told) -> None:
    hops = at(0)
    value = at(0).header(told)[1]
    assert [hops.told(value), hops.told(value)] == [told, told]


@pytest.mark.parametrize("apart", [-WINDOW_MIN, -3.5, 0, 7, WINDOW_MIN])
def test_clocks_may_be_apart_by_minutes(apart: float) -> None:
    assert at(apart).told(at(0).header(TOLD)[1]) == TOLD


@pytest.mark.parametrize("apart", [-WINDOW_MIN - 1, WINDOW_MIN + 1, 60 * 24])
def test_a_proof_is_no_longer_one_when_its_time_is_over(apart: float) -> None:
    assert at(apart).told(at(0).header(TOLD)[1]) is None


def test_one_that_was_read_before_grows_old_as_well() -> None:
    passed_s = 0.0
    hops = Hops(KEY, lambda: NOW_S + passed_s)
    value = at(0).header(TOLD)[1]
    assert hops.told(value) == TOLD
    passed_s = (WINDOW_MIN + 1) * 60
    assert hops.told(value) is None
    assert hops.header(TOLD)[1] != value


def test_what_is_altered_proves_nothing() -> None:
    value = at(0).header(TOLD)[1]
    assert at(0, bytes(32)).told(value) is None
    for said, instead in (
        (b"shop ", b"depot "),
        (b"203.0.113.9", b"203.0.113.8"),
        (b"https", b"http"),
        (b"shop.example.com", b"depot.example.com"),
        (str(int(NOW_S) // 60).encode(), str(int(NOW_S) // 60 + 5).encode()),
        (value[-4:], b"0000" if value[-4:] != b"0000" else b"1111"),
    ):
        assert said in value
        assert at(0).told(value.replace(said, instead)) is None
    for broken in (
        b"",
        b" ",
        b"https",
        b"a b c",
        b"a b c d e",
        b"a b c d e f",
        "é é é é é é".encode("latin-1"),
    ):
        assert at(0).told(broken) is None


def test_what_is_remembered_is_bounded() -> None:
    front, behind = at(0), at(0)
    for number in range(KEPT + 10):
        told = TOLD._replace(client=f"c{number}")
        assert behind.told(front.header(told)[1]) == told
    assert max(len(kept) for kept in (front._made, behind._read)) <= KEPT


def test_a_front_door_is_believed_wherever_it_stands_and_a_stranger_is_not() -> None:
    networks = [ipaddress.ip_network("127.0.0.0/8")]
    found = TrustedProxies(networks, at(0)).origin(STRANGER, "http", request())
    assert (found.client, found.scheme, found.host) == (TOLD.client, "https", "shop.example.com:8443")
    assert (found.hosts, found.application) == (("shop.example.com",), "shop")
    missing = {name: value for name, value in request().items() if name != HEADER}
    for proxies, headers in (
        (TrustedProxies(networks), request()),
        (TrustedProxies(networks, at(0, bytes(32))), request()),
        (TrustedProxies(networks, at(WINDOW_MIN + 2)), request()),
        (TrustedProxies(networks, at(0)), missing),
    ):
        found = proxies.origin(STRANGER, "http", headers)
        assert (found.client, found.scheme, found.hosts) == (STRANGER, "http", ("worker",))
        assert found.application == ""


def test_only_what_is_proved_is_believed_of_the_host() -> None:
    forged = {**request(), b"x-forwarded-host": b"evil.example.com"}
    found = TrustedProxies([], at(0)).origin(STRANGER, "http", forged)
    assert (found.host, found.hosts) == ("shop.example.com", ("shop.example.com",))


def choice(path: str, proved: str, *, query: bytes = b"", named: bytes = b"", domain: str = "") -> Choice:
    """What a gateway behind a front door chooses that knows one domain."""
    asked = Asked(path, query, (named,) if named else (), (domain or "worker",), proved)
    return select(asked, "/api/", {"shop.example.com": "shop"}.get)


def test_what_a_front_door_has_chosen_is_not_chosen_again() -> None:
    assert choice("/api/__app/shop/items:list", "shop") == choice("/api/__app/shop/items:list", "")
    assert choice("/api/items:list", "shop", named=b"shop") == choice("/api/items:list", "", named=b"shop")
    assert choice("/api/items:list", "shop", domain="shop.example.com").own_host
    # Its domain was changed a moment ago: this gateway does not know the new one, or still knows the old one.
    assert choice("/api/items:list", "shop", domain="new.example.com").application == "shop"
    assert choice("/api/items:list", "depot", domain="shop.example.com").application == "depot"
    assert choice("/api/items:list", "", domain="new.example.com").application == MAIN


@pytest.mark.parametrize(
    ("path", "query", "named"),
    [
        ("/api/__app/depot/items:list", b"", b""),
        ("/apps/depot/admin", b"", b""),
        ("/api/items:list", b"__appName=depot", b""),
        ("/api/items:list", b"", b"depot"),
    ],
)
@pytest.mark.parametrize("domain", ["", "shop.example.com"])
def test_a_proof_is_good_for_one_application(path: str, query: bytes, named: bytes, domain: str) -> None:
    with pytest.raises(OtherApplication):
        choice(path, "shop", query=query, named=named, domain=domain)
