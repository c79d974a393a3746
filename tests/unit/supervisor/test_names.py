"""Names and domains that applications may have."""

import re

import pytest

from insula.supervisor.errors import InvalidDomain, InvalidName
from insula.supervisor.names import check_domain, check_name, new_name


@pytest.mark.parametrize("name", ["a", "shop", "a_7zkxoarusnx", "x-y_z9", "a" * 63, "mainly", "apis"])
def test_a_good_name_is_taken_as_it_is(name: str) -> None:
    assert check_name(name) == name


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("", "at least one character"),
        (None, "must be text"),
        (7, "must be text"),
        ("a" * 64, "longer than 63"),
        ("main", "reserved"),
        ("local", "reserved"),
        ("new", "reserved"),
        ("api", "reserved"),
        ("Main", "reserved"),
        ("__x", 'must not begin with "__"'),
        ("__proto__", 'must not begin with "__"'),
        ("Shop", "small letter"),
        ("shoP", "small letters"),
        ("1shop", "must begin with a small letter"),
        ("_shop", "must begin with a small letter"),
        ("-shop", "must begin with a small letter"),
        ("sh op", "small letters"),
        ('sh"op', "small letters"),
        ("sh'op", "small letters"),
        ("sh/op", "small letters"),
        ("sh\\op", "small letters"),
        ("../etc", "small letter"),
        ("sh.op", "small letters"),
        ("shöp", "small letters"),
        ("ѕhop", "small letter"),
        ("shop\n", "small letters"),
        ("shop\0", "small letters"),
        ("sh\ud800op", "small letters"),
        ("٣shop", "small letter"),
    ],
)
def test_a_bad_name_is_refused_with_the_rule_that_it_breaks(name: object, told: str) -> None:
    with pytest.raises(InvalidName, match=re.escape(told)) as caught:
        check_name(name)
    assert caught.value.code == "VALIDATION_ERROR"


def test_who_gives_no_name_gets_one_that_is_good() -> None:
    made = {new_name() for _ in range(100)}
    assert len(made) == 100
    assert all(re.fullmatch(r"a_[a-z0-9]{11}", check_name(name)) for name in made)


@pytest.mark.parametrize(
    ("domain", "taken"),
    [
        ("shop.example.com", "shop.example.com"),
        ("Shop.Example.COM", "shop.example.com"),
        ("shop.example.com.", "shop.example.com"),
        ("intranet", "intranet"),
        ("xn--mnchen-3ya.de", "xn--mnchen-3ya.de"),
        ("", None),
        (None, None),
    ],
)
def test_a_domain_is_kept_in_small_letters(domain: object, taken: str | None) -> None:
    assert check_domain(domain) == taken


@pytest.mark.parametrize(
    "domain",
    [
        *(
            7,
            "https://shop.example.com",
            "shop.example.com:8080",
            "shop.example.com/x",
            "sh op.com",
            "-a.com",
            "a-.com",
        ),
        *(
            "a..com",
            ".com",
            "*.example.com",
            "münchen.de",
            "a" * 64 + ".com",
            "a." * 127 + "aa",
            "localhost",
            "127.0.0.1",
        ),
        *("::1", "0x7f.1", "a.com\n", "a_b.com", "user@a.com", "."),
    ],
)
def test_what_is_no_host_name_of_its_own_is_refused(domain: object) -> None:
    with pytest.raises(InvalidDomain):
        check_domain(domain)
