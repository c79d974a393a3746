"""Which application a request is for: the rules of the contract, one by one."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from insula.gateway.errors import AmbiguousApplication, OtherApplication
from insula.gateway.selector import Asked, Choice, host_name, select

DOMAINS = {"shop.example.com": "shop"}


def choose(path: str, query: bytes = b"", header: str = "", *hosts: str, api: str = "/api/") -> Choice:
    return select(
        Asked(path, query, (header.encode("utf-8", "surrogatepass"),) if header else (), hosts),
        api,
        DOMAINS.get,
    )


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        (choose("/api/users:list"), ("main", "api", "/users:list", "/api")),
        (choose("/api/"), ("main", "api", "/", "/api")),
        (choose("/api/__app/a/users:list"), ("a", "api", "/users:list", "/api/__app/a")),
        (choose("/api/__app/a"), ("a", "api", "/", "/api/__app/a")),
        (choose("/api/__app//x"), ("", "api", "/x", "/api/__app/")),
        (choose("/api/x:y", b"__appName=a"), ("a", "api", "/x:y", "/api")),
        (choose("/api/x:y", b"p=1&__appName=a%2Db"), ("a-b", "api", "/x:y", "/api")),
        (choose("/api/x:y", b"__appName="), ("main", "api", "/x:y", "/api")),
        (choose("/api/x:y", b"", "a"), ("a", "api", "/x:y", "/api")),
        (choose("/api/__app/a/x:y", b"__appName=b", "c"), ("a", "api", "/x:y", "/api/__app/a")),
        (choose("/api/x:y", b"__appName=b", "c"), ("b", "api", "/x:y", "/api")),
        (choose("/api/x:y", b"", "", "shop.example.com"), ("shop", "api", "/x:y", "/api")),
        (choose("/api/x:y", b"", "", "unknown.example.com"), ("main", "api", "/x:y", "/api")),
        (choose("/api/x:y", b"", "", "inner", "shop.example.com"), ("shop", "api", "/x:y", "/api")),
        (choose("/api/x:y", b"", "shop", "shop.example.com"), ("shop", "api", "/x:y", "/api")),
        (choose("/api/__health_check"), ("main", "health", "/__health_check", "/api")),
        (choose("/api/__app/a/__health_check"), ("a", "health", "/__health_check", "/api/__app/a")),
        (choose("/__health_check"), ("main", "health", "/__health_check", "")),
        (choose("/apps/a/__health_check"), ("a", "health", "/__health_check", "/apps/a")),
        (choose("/apps/a/admin"), ("a", "page", "/admin", "/apps/a")),
        (choose("/apps/a/admin/"), ("a", "page", "/admin/", "/apps/a")),
        (choose("/apps/a"), ("a", "page", "/", "/apps/a")),
        (choose("/"), ("main", "page", "/", "")),
        (choose("/setup"), ("main", "page", "/setup", "")),
        (choose("/admin/x", b"", "", "shop.example.com"), ("shop", "page", "/admin/x", "")),
        (choose("/apix"), ("main", "page", "/apix", "")),
        (choose("/v1/api/x:y", api="/v1/api/"), ("main", "api", "/x:y", "/v1/api")),
        (choose("/v1/api/__app/a/x:y", api="/v1/api/"), ("a", "api", "/x:y", "/v1/api/__app/a")),
    ],
)
def test_choice(choice: Choice, expected: tuple[str, str, str, str]) -> None:
    assert tuple(choice)[:4] == expected


@pytest.mark.parametrize(
    ("path", "query", "header"),
    [
        ("/api/__app/other/x:y", b"", ""),
        ("/api/x:y", b"__appName=other", ""),
        ("/api/x:y", b"", "other"),
        ("/api/__app/shop/x:y", b"", "other"),
        ("/api/x:y", b"", "main"),
        ("/apps/other/admin", b"", ""),
    ],
)
def test_a_custom_domain_belongs_to_one_application(path: str, query: bytes, header: str) -> None:
    with pytest.raises(OtherApplication):
        choose(path, query, header, "shop.example.com")


@pytest.mark.parametrize(
    ("query", "named"),
    [
        (b"__appName=a&__appName=b", ()),
        (b"__appName=a&__appName=a", ()),
        (b"__appName=a&%5f_appName=b", ()),
        (b"", (b"a", b"b")),
        (b"", (b"a", b"a")),
        (b"__appName=c", (b"a", b"b")),
    ],
)
@pytest.mark.parametrize("host", ["localhost", "shop.example.com"])
def test_several_of_one_kind_are_ambiguous(query: bytes, named: tuple[bytes, ...], host: str) -> None:
    with pytest.raises((AmbiguousApplication, OtherApplication)) as raised:
        select(Asked("/api/x:y", query, named, (host,)), "/api/", DOMAINS.get)
    assert raised.type is AmbiguousApplication


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        ("Shop.Example.COM:8080", "shop.example.com"),
        ("shop.example.com.", "shop.example.com"),
        ("[::1]:80", "[::1]"),
        ("", ""),
        (" a ", "a"),
    ],
)
def test_host_name(raw: str, name: str) -> None:
    assert host_name(raw) == name


@given(some.text(), some.binary(), some.text(), some.lists(some.sampled_from([*DOMAINS, "x", ""])))
def test_any_input_is_a_choice_or_a_known_error(
    path: str, query: bytes, header: str, hosts: list[str]
) -> None:
    try:
        choice = choose("/" + path, query, header, *hosts)
    except (OtherApplication, AmbiguousApplication):
        assert "shop.example.com" in hosts
    else:
        assert choice.path.startswith("/")
