"""Where people reach an application: the same wherever it is told."""

import pytest

from insula.fleet.address import address


@pytest.mark.parametrize(
    ("entry", "domain", "expected"),
    [
        ("http://localhost:13000", None, "http://localhost:13000/apps/shop"),
        ("https://apps.example.com/", None, "https://apps.example.com/apps/shop"),
        ("https://apps.example.com", "shop.example.com", "https://shop.example.com"),
        ("http://localhost:13000", "shop.example.com", "http://shop.example.com:13000"),
    ],
)
def test_it_is_its_domain_or_below_the_main_application(
    entry: str, domain: str | None, expected: str
) -> None:
    assert address(entry, "shop", domain) == expected
