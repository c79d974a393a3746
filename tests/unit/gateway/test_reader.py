"""In which language a page is rendered: chosen in the pages, else as the browser asks, else English."""

import pytest

from insula.core.translation import ENGLISH, preferred
from insula.gateway.reader import language_of_reader


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("", "en"),
        ("fr", "fr"),
        ("fr-CA", "fr"),
        ("ZH-cn", "zh"),
        ("zh-Hans-CN", "zh"),
        ("de", "en"),
        ("de, es;q=0.5", "es"),
        ("de-DE,de;q=0.9,fr;q=0.8,en;q=0.7", "fr"),
        ("en;q=0.3, zh ; q=0.9", "zh"),
        ("fr;q=0.5,es;q=0.5", "fr"),
        ("fr;q=0, es;q=0.001", "es"),
        ("fr;q=0", "en"),
        ("*", "en"),
        ("*;q=0.5, fr;q=0.1", "fr"),
        ("fr;q=2, es;q=0.1", "es"),
        ("fr;q=0.12345, es;q=0.1", "es"),
        ("fr;level=1, es;q=0.1", "es"),
        ("french, es;q=0.1", "es"),
        ("../fr,;;=,\x00", "en"),
        ("de," * 10_000 + "fr", "en"),
    ],
)
def test_as_the_browser_asks(accepted: str, language: str) -> None:
    assert preferred(accepted) == language
    assert language_of_reader([(b"accept-language", accepted.encode("latin-1"))]) == language


@pytest.mark.parametrize(
    ("cookie", "language"),
    [
        (b"insula_language=fr", "fr"),
        (b"a=b; insula_language=zh-CN; c=d", "zh"),
        (b"insula_language=en", "en"),
        (b"insula_language=de", "es"),
        (b"insula_language=", "es"),
        (b"xinsula_language=fr", "es"),
        (b"insula_language=\xff", "es"),
    ],
)
def test_what_was_chosen_in_the_pages_goes_first(cookie: bytes, language: str) -> None:
    asked = (b"accept-language", b"es")
    assert language_of_reader([asked, (b"cookie", cookie)]) == language
    assert language_of_reader([(b"cookie", cookie), asked]) == language


def test_who_asks_for_nothing_reads_english() -> None:
    assert language_of_reader([(b"host", b"localhost")]) == ENGLISH
