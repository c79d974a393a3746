"""Which application a request is for: the rules of the contract, one by one."""

from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as some

from insula.gateway.errors import AmbiguousApplication, OtherApplication
from insula.gateway.selector import Asked, Choice, deciding, host_name, select

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


PARTS = some.sampled_from(
    [
        *(
            "/",
            "/api",
            "/api/",
            "__app",
            "_",
            "/apps",
            "/apps/",
            "shop",
            "depot",
            "/a",
            "/x",
            "%5f",
            "%2F",
            ":list",
        )
    ]
)
QUERIES = some.sampled_from(["", "?x=/1", "?__appName=depot", "?filter=%7B"])
TARGETS = some.builds(
    lambda parts, query: f"/{''.join(parts)}{query}", some.lists(PARTS, max_size=6), QUERIES
)


@given(TARGETS, TARGETS, some.sampled_from(["/api/", "/", "/own/api/"]))
def test_what_begins_alike_is_for_the_same_application(first: str, second: str, api: str) -> None:
    decides = deciding(first.encode(), api.encode()).decode()
    assert first.startswith(decides)
    if not decides:
        return
    rest = second.lstrip("/")
    other = decides + rest
    if "__" in other[len(decides) - 1 :]:
        return
    chosen = [
        select(Asked(unquote(path), query.encode(), (), ("a",)), api, {}.get)
        for path, _, query in (target.partition("?") for target in (first, other))
    ]
    assert chosen[0].application == chosen[1].application
    assert (chosen[0].kind == "page") is (chosen[1].kind == "page")


@pytest.mark.parametrize(
    ("target", "decides"),
    [
        (b"/api/__app/shop/items:list?x", b"/api/__app/shop/"),
        (b"/apps/shop/admin", b"/apps/shop/"),
        (b"/api/items:list", b"/api/i"),
        (b"/x", b"/x"),
        (b"/api/__app/shop", b""),
        (b"/apps/shop?/", b""),
        (b"/api", b""),
        (b"/", b""),
        (b"/api/items:list?__appName=shop", b""),
        (b"/api/__app/%73hop/x", b""),
    ],
)
def test_little_of_a_target_decides(target: bytes, decides: bytes) -> None:
    assert deciding(target, b"/api/") == decides
