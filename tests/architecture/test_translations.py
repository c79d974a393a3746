"""What errors say is there in every language of the pages."""

import json
from string import Formatter

import pytest
from pages import error_classes
from sources import PACKAGE

from insula.core.errors import InsulaError
from insula.core.translation import TRANSLATED


def catalogue(language: str) -> dict[str, str]:
    path = PACKAGE / "core" / "translations" / f"{language}.json"
    found: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
    return found


def details(template: str) -> list[tuple[str, str | None]]:
    """What is filled in, and how."""
    return sorted({(name, how) for _, name, how, _ in Formatter().parse(template) if name is not None})


@pytest.mark.parametrize("language", TRANSLATED)
@pytest.mark.parametrize("error", error_classes(), ids=lambda error: error.__name__)
def test_every_error_is_translated(error: type[InsulaError], language: str) -> None:
    first = (error.__doc__ or "").split("\n", 1)[0]
    assert catalogue(language).get(first), (
        f"{first!r} has no translation in core/translations/{language}.json"
    )
    assert error.told == "" or catalogue(language).get(error.told), error.told


@pytest.mark.parametrize("language", TRANSLATED)
def test_translations_have_the_same_details(language: str) -> None:
    for english, translated in catalogue(language).items():
        assert details(english) == details(translated), english
        assert translated == translated.strip() or english != english.strip(), translated


def test_all_languages_have_the_same_sentences() -> None:
    first, *others = (list(catalogue(language)) for language in TRANSLATED)
    assert all(first == other for other in others)
