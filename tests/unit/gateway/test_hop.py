"""What a front door proves of where a request comes from, and what is not taken for a proof."""

import ipaddress

import pytest

from insula.gateway.hop import HEADER, Hops, Told
from insula.gateway.trust import TrustedProxies

TOLD = Told("203.0.113.9", "https", "shop.example.com")
KEY = bytes(range(32))
STRANGER = "198.51.100.7"


def request(hops: Hops, told: Told = TOLD, request_id: str = "r1") -> dict[bytes, bytes]:
    """The headers of a request that a front door forwards."""
    name, value = hops.header(told, request_id)
    return {name: value, b"x-request-id": request_id.encode(), b"x-forwarded-host": b"shop.example.com:8443"}


@pytest.mark.parametrize("told", [TOLD, Told("::1", "http", ""), Told("", "http", "a_b")])
def test_what_is_told_is_what_was_said(told: Told) -> None:
    assert Hops(KEY).told(request(Hops(KEY), told)) == told


def test_what_has_no_proof_tells_nothing() -> None:
    hops, good = Hops(KEY), request(Hops(KEY))
    assert hops.told({}) is None
    assert Hops(bytes(32)).told(good) is None
    assert hops.told({**good, b"x-request-id": b"another"}) is None
    assert hops.told({**good, HEADER: good[HEADER].replace(b"203", b"204")}) is None
    for broken in (b"", b" ", b"https", b"a b c", b"a b c d e", "é é é é".encode("latin-1")):
        assert hops.told({**good, HEADER: broken}) is None


def test_a_front_door_is_believed_wherever_it_stands_and_a_stranger_is_not() -> None:
    networks = [ipaddress.ip_network("127.0.0.0/8")]
    good = {**request(Hops(KEY)), b"host": b"worker:80"}
    found = TrustedProxies(networks, Hops(KEY)).origin(STRANGER, "http", good)
    assert (found.client, found.scheme, found.host) == (TOLD.client, "https", "shop.example.com:8443")
    assert found.hosts == ("shop.example.com",)
    for proxies in (TrustedProxies(networks), TrustedProxies(networks, Hops(bytes(32)))):
        found = proxies.origin(STRANGER, "http", good)
        assert (found.client, found.scheme, found.hosts) == (STRANGER, "http", ("worker",))


def test_only_what_is_proved_is_believed_of_the_host() -> None:
    forged = {**request(Hops(KEY)), b"host": b"worker:80", b"x-forwarded-host": b"evil.example.com"}
    found = TrustedProxies([], Hops(KEY)).origin(STRANGER, "http", forged)
    assert (found.host, found.hosts) == ("shop.example.com", ("shop.example.com",))
