"""Whose headers are believed."""

import ipaddress

import pytest

from insula.gateway.trust import Origin, TrustedProxies

PROXIES = TrustedProxies([ipaddress.ip_network(text) for text in ("127.0.0.0/8", "10.0.0.0/8", "::1/128")])
FORWARDED = {
    b"host": b"inner:13000",
    b"x-forwarded-for": b"198.51.100.7",
    b"x-forwarded-proto": b"https",
    b"x-forwarded-host": b"Shop.Example.com",
}


def test_strangers_are_not_believed() -> None:
    headers = FORWARDED | {b"x-hostname": b"main.example.com"}
    assert PROXIES.origin("198.51.100.9", "http", headers) == Origin(
        "198.51.100.9", "http", "inner:13000", ("inner",)
    )


def test_our_proxies_are_believed() -> None:
    assert PROXIES.origin("127.0.0.1", "http", FORWARDED) == Origin(
        "198.51.100.7", "https", "Shop.Example.com", ("shop.example.com", "inner")
    )


def test_x_hostname_chooses_before_x_forwarded_host() -> None:
    origin = PROXIES.origin("127.0.0.1", "http", FORWARDED | {b"x-hostname": b"a.example"})
    assert origin.hosts == ("a.example", "shop.example.com", "inner")


@pytest.mark.parametrize(
    ("chain", "client"),
    [
        (b"198.51.100.7", "198.51.100.7"),
        (b"6.6.6.6, 198.51.100.7", "198.51.100.7"),
        (b"198.51.100.7, 10.0.0.3", "198.51.100.7"),
        (b"6.6.6.6, 198.51.100.7, 10.0.0.3, 10.0.0.4", "198.51.100.7"),
        (b"198.51.100.7:4711", "198.51.100.7"),
        (b"[2001:db8::7]", "2001:db8::7"),
        (b"2001:db8::7", "2001:db8::7"),
        (b"10.0.0.3", "10.0.0.3"),
        (b"unknown", "127.0.0.1"),
        (b"<script>", "127.0.0.1"),
        (b"", "127.0.0.1"),
    ],
)
def test_the_client_is_the_last_address_behind_our_proxies(chain: bytes, client: str) -> None:
    assert PROXIES.origin("127.0.0.1", "http", {b"x-forwarded-for": chain}).client == client


@pytest.mark.parametrize("proto", [b"ftp", b"javascript", b"https,http", b""])
def test_only_known_schemes(proto: bytes) -> None:
    assert PROXIES.origin("127.0.0.1", "http", {b"x-forwarded-proto": proto}).scheme == "http"


@pytest.mark.parametrize(
    ("peer", "trusted"), [("::1", True), ("::ffff:10.1.2.3", True), ("::ffff:8.8.8.8", False), ("", False)]
)
def test_peers(peer: str, trusted: bool) -> None:
    assert (peer in PROXIES) is trusted
    assert (peer in PROXIES) is trusted
