"""Whose word is taken for where a request comes from.

``X-Forwarded-*`` and ``X-Hostname`` are believed from the networks of ``APP_TRUSTED_PROXIES`` and from
nobody else. Behind several proxies the client is the last address that no trusted proxy stands behind.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from insula.core.ids import request_id as new_request_id
from insula.gateway.hop import HEADER as PROOF
from insula.gateway.hop import Hops
from insula.gateway.selector import host_name

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_HOST = re.compile(r"[A-Za-z0-9._-]+(?::\d{1,5})?|\[[0-9A-Fa-f:.]+\](?::\d{1,5})?")
"""What can be a host: a proxy may hand on what a client has written."""

_REQUEST_ID = re.compile(rb"[A-Za-z0-9._:-]{1,64}")
"""What is taken over from a client's ``X-Request-Id``: nothing that could forge a line of the log."""

REMEMBERED_PEERS = 1024
"""Addresses whose answer is kept, so that a known peer costs one dict look-up."""


DIRECT: Final = b"x-insula-direct"
"""Set by the front door, for pages that stand behind it in the same process, where ``is_direct`` says so."""
_PROXIED: Final = frozenset(
    (b"forwarded", b"via", b"x-forwarded-for", b"x-forwarded-host", b"x-forwarded-proto", b"x-real-ip")
)
"""What proxies add: then it does not come from this machine, whatever the address says."""


def is_direct(peer: str, headers: Mapping[bytes, bytes]) -> bool:
    """Whether a program on this machine asks, and no proxy has handed it on."""
    try:
        address = ipaddress.ip_address(peer)
    except ValueError:
        return False
    return (getattr(address, "ipv4_mapped", None) or address).is_loopback and not _PROXIED & headers.keys()


class Origin(NamedTuple):
    """Where a request really comes from, as far as can be believed."""

    client: str
    scheme: str
    """``http`` or ``https``."""
    host: str
    """As the client wrote it, port included."""
    hosts: tuple[str, ...]
    """Host names by which an application may be known, in the order of belief."""
    application: str = ""
    """Which our front door has chosen and proved; empty: it is to be chosen."""


class TrustedProxies:
    """Answers whether a peer is one of our proxies."""

    def __init__(self, networks: Sequence[Network], hops: Hops | None = None) -> None:
        """``hops``: whoever proves by them to be our front door is believed, wherever it stands."""
        self._hops = hops
        self._networks = tuple(networks)
        self._known: dict[str, bool] = {}

    def __contains__(self, address: str) -> bool:
        known = self._known.get(address)
        if known is None:
            if len(self._known) >= REMEMBERED_PEERS:
                self._known.clear()
            known = self._known[address] = self._is_trusted(address)
        return known

    def _is_trusted(self, address: str) -> bool:
        try:
            parsed = ipaddress.ip_address(address)
        except ValueError:
            return False
        mapped = getattr(parsed, "ipv4_mapped", None)
        return any((mapped or parsed) in network for network in self._networks)

    def origin(self, peer: str, scheme: str, headers: dict[bytes, bytes]) -> Origin:
        """The origin of a request that ``peer`` sent. ``headers`` are the last of each name, lower case."""
        proof = headers.get(PROOF)
        if proof is not None and self._hops is not None and (told := self._hops.told(proof)) is not None:
            host = _first_host(headers.get(b"x-forwarded-host"))
            if host_name(host) != told.host:  # the header beside the proof is not a part of it
                host = told.host
            return Origin(told.client, told.scheme, host, (told.host,), told.application)
        if peer not in self:
            host = headers.get(b"host", b"").decode("latin-1")
            return Origin(peer, scheme, host, (host_name(host),))
        return self.told(scheme, headers, peer)

    def told(self, scheme: str, headers: dict[bytes, bytes], peer: str = "") -> Origin:
        """The origin of a request, as whoever sent it says, who is believed."""
        host = headers.get(b"host", b"").decode("latin-1")
        hosts = [host_name(host)]
        if forwarded := _first_host(headers.get(b"x-forwarded-host")):
            host = forwarded
            hosts.insert(0, host_name(host))
        if named := _first_host(headers.get(b"x-hostname")):
            hosts.insert(0, host_name(named))
        if (proto := headers.get(b"x-forwarded-proto", b"").decode("latin-1").lower()) in ("http", "https"):
            scheme = proto
        chain = headers.get(b"x-forwarded-for")
        client = self._client(peer, chain.decode("latin-1")) if chain else peer
        return Origin(client, scheme, host, tuple(hosts))

    def _client(self, peer: str, chain: str) -> str:
        """Walk the chain from our side until someone stands there who is none of our proxies."""
        client = peer
        for node in reversed([part.strip() for part in chain.split(",")]):
            address = node.strip("[]") if node.count(":") != 1 else node.partition(":")[0]
            try:
                client = str(ipaddress.ip_address(address))
            except ValueError:
                break
            if client not in self:
                break
        return client


def given_request_id(given: bytes | None) -> bytes | None:
    """The one that a client gives its request, where it can be taken over."""
    return given if given and _REQUEST_ID.fullmatch(given) else None


def request_id(given: bytes | None) -> str:
    """The one that a client gives its request, where it can be taken over, else a new one."""
    taken = given_request_id(given)
    return new_request_id() if taken is None else taken.decode()


def _first_host(value: bytes | None) -> str:
    """The first of the hosts in a header, as the client wrote it; nothing where it is none."""
    if not value:
        return ""
    first = value.decode("latin-1").partition(",")[0].strip()
    return first if _HOST.fullmatch(first) else ""
