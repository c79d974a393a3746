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
    assert in_language("copy: nobody knows this", "fr") == "copy: nobody knows this"
    assert filled(UNKNOWN, {"application": "shop"}, "de") == "There is no application 'shop' here."


@pytest.mark.parametrize("language", TRANSLATED)
def test_what_is_told_inside_of_a_sentence_is_translated_with_it(language: str) -> None:
    told = 'The field "{field}" of "{collection}" {reason}.'
    there = filled(told, {"field": "qty", "collection": "orders", "reason": "is required"}, language)
    assert "qty" in there and "orders" in there and "required" not in there
    assert in_language('The field "qty" of "orders" is required.', language) == there


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_part_that_was_made_a_sentence_is_translated_as_one(language: str) -> None:
    there = in_language("Give another path.", language)
    assert there != "Give another path." and there[-1] in ".。"
    assert there[:-1].lower() == in_language("give another path", language).lower()
    statement = in_language("An administrator can make it: CREATE DATABASE x", language)
    assert statement.endswith("CREATE DATABASE x") and "administrator" not in statement


@pytest.mark.parametrize("language", TRANSLATED)
def test_names_are_never_translated(language: str) -> None:
    assert "«start»" in filled("«{field}»", {"field": "start"}, language)
    assert "is required" in filled("There is no job {job}.", {"job": "is required"}, language)


@pytest.mark.parametrize("language", TRANSLATED)
def test_braces_that_are_meant_stay(language: str) -> None:
    text = 'must be an object such as {"settings": {"name": "value"}}'
    assert in_language(text, language) != text
    assert in_language(text, language).count('{"settings": {"name": "value"}}') == 1


def test_what_a_step_failed_of_is_translated_behind_its_name() -> None:
    text = "copy: an internal error (OSError); the log has more"
    assert in_language(text, ENGLISH) == text
    assert in_language(text, "fr") == "copy\xa0: une erreur interne (OSError)\xa0; le journal en dit plus"
