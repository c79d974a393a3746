"""Where a domain leads, as far as can be seen from here."""

import asyncio
from typing import Any

import pytest

from insula.supervisor import domains
from insula.supervisor.domains import look_up

URL = "https://main.example.com"


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[str]]:
    """Host → addresses, in place of DNS."""
    known: dict[str, list[str]] = {}

    async def found(self: Any, host: str, port: Any, **_: Any) -> list[Any]:
        if host == "slow.example.com":
            await asyncio.Event().wait()
        if host not in known:
            raise OSError("no such name")
        return [(0, 0, 0, "", (address, 0)) for address in known[host]]

    monkeypatch.setattr(asyncio.BaseEventLoop, "getaddrinfo", found)
    return known


async def test_it_leads_here(names: dict[str, list[str]]) -> None:
    names["shop.example.com"] = ["127.0.0.1"]
    finding = await look_up("shop.example.com", URL)
    assert (finding.level, finding.code) == ("ok", "DOMAIN_RESOLVES")


async def test_it_leads_where_main_s_name_leads_too(names: dict[str, list[str]]) -> None:
    names["shop.example.com"] = ["192.0.2.1", "192.0.2.9"]
    names["main.example.com"] = ["192.0.2.9"]
    assert (await look_up("shop.example.com", URL)).code == "DOMAIN_RESOLVES"


async def test_it_leads_elsewhere(names: dict[str, list[str]]) -> None:
    names["shop.example.com"] = ["192.0.2.1", "2001:db8::1"]
    finding = await look_up("shop.example.com", URL)
    assert (finding.level, finding.code) == ("warning", "DOMAIN_ELSEWHERE")
    assert "192.0.2.1, 2001:db8::1" in finding.message


async def test_it_leads_nowhere_or_nobody_says(
    names: dict[str, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(domains, "RESOLVE_TIMEOUT_S", 0.01)
    for domain in ("shop.example.com", "slow.example.com"):
        finding = await look_up(domain, URL)
        assert (finding.level, finding.code) == ("warning", "DOMAIN_UNRESOLVED")
        assert domain in finding.remedy
