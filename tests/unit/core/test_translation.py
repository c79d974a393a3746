"""Sentences in other languages."""

import pytest

from insula.core.translation import ENGLISH, TRANSLATED, filled, in_language, language_of

UNKNOWN = "There is no application {application!r} here."


@pytest.mark.parametrize(
    ("tag", "language"),
    [
        ("fr-FR", "fr"),
        ("fr", "fr"),
        ("ES-mx", "es"),
        ("zh-CN", "zh"),
        ("en-US", ENGLISH),
        ("de-DE", ENGLISH),
        ("french", ENGLISH),
        ("../es", ENGLISH),
        ("", ENGLISH),
        (None, ENGLISH),
    ],
)
def test_the_language_of_a_tag(tag: str | None, language: str) -> None:
    assert language_of(tag) == language


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_template_is_filled_in_a_language(language: str) -> None:
    english = filled(UNKNOWN, {"application": "shop"}, ENGLISH)
    assert english == "There is no application 'shop' here."
    there = filled(UNKNOWN, {"application": "shop"}, language)
    assert there != english and "'shop'" in there
    assert in_language(english, language) == there


def test_an_unknown_sentence_or_language_stays_english() -> None:
    assert filled("Nobody wrote {this}.", {"this": "page"}, "fr") == "Nobody wrote page."
    assert in_language("FATAL: no pg_hba.conf entry", "fr") == "FATAL: no pg_hba.conf entry"
    assert filled(UNKNOWN, {"application": "shop"}, "de") == "There is no application 'shop' here."
