"""What errors say is there in every language of the pages."""

import ast
import json
import re
from collections.abc import Iterator
from string import Formatter

import pytest
from pages import error_classes
from sources import PACKAGE, trees

from insula.core.errors import InsulaError
from insula.core.translation import OF_A_STEP, PART, TRANSLATED

FOR_PEOPLE = tuple(
    f"insula.{name}"
    for name in (
        "application.access",
        "application.api",
        "data",
        "database.provision",
        "plugins",
        "supervisor",
    )
)
"""Where it is refused what people ask for."""
REFUSING = (
    "ValueError",
    "WrongSetting",
    "_refusal",
    "refuse",
    "_refuse",
    "wrong",
    "_wrong",
    "invalid",
    "_invalid",
)
"""Calls that are given a reason."""
DEFECTS = {
    "a connection budget needs at least one connection",
    "a fingerprint is made of letters, digits, dots, dashes and underscores",
    "a selection says which rows it means",
    'the list "{}" has no values yet; compare with one bound array instead',
    "nothing of {} is to be written",
    "{} has no RETURNING for {}",
    "{} is no relation",
    "{} values for {} places",
}
"""Reasons of which nobody is told: they are for those who write the code."""
LONGEST = 1000
"""Characters of a text that may be a sentence."""


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


def shape(template: str) -> str:
    """A template without the names of its details."""
    return re.sub(
        r"(\{\})+", "{}", re.sub(r"\{[^{}]*\}", "{}", template.replace("{{", "\x01").replace("}}", "\x02"))
    )


def shapes(node: ast.expr) -> Iterator[str]:
    """What may be said by an expression that is written out, or filled in where it stands."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield shape(node.value.replace("{", "{{").replace("}", "}}"))
    elif isinstance(node, ast.JoinedStr):
        written = (part.value if isinstance(part, ast.Constant) else None for part in node.values)
        yield shape(
            "".join(
                "{}" if text is None else str(text).replace("{", "{{").replace("}", "}}") for text in written
            )
        )
    elif isinstance(node, ast.IfExp):
        yield from shapes(node.body)
        yield from shapes(node.orelse)


def said() -> set[str]:
    """The shape of all that is written anywhere in the code, be it filled in there or later."""
    found = {
        shape(line)
        for error in error_classes()
        for line in ((error.__doc__ or "").split("\n", 1)[0], error.told)
    }
    for tree in trees().values():
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and len(node.value) < LONGEST:
                found.add(shape(node.value))
            if isinstance(node, ast.expr):
                found.update(shapes(node))
    return found


def test_nothing_is_translated_that_nobody_says() -> None:
    there = said() | {PART, OF_A_STEP}
    assert [english for english in catalogue("fr") if shape(english) not in there] == []


def reasons() -> dict[str, str]:
    """What is told of a refusal beside the names and values in it: place → shape."""
    found = {}
    for module, tree in trees().items():
        if not module.startswith(FOR_PEOPLE):
            continue
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call):
                continue
            told = [keyword.value for keyword in node.keywords if keyword.arg in ("reason", "remedy")]
            if ast.unparse(node.func).rpartition(".")[2] in REFUSING:
                told += node.args
            for text in (text for value in told for text in shapes(value)):
                if " " in text.strip() and re.search("[a-z]{2}", text):
                    found[f"{module}:{node.lineno}"] = text
    return found


def test_every_reason_is_translated() -> None:
    """A part of a sentence stands there by itself, so that it fits behind whatever it is told of."""
    there = {shape(english) for english in catalogue("fr")}
    assert {text for text in reasons().values() if text not in there} == DEFECTS
