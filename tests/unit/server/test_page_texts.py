"""What the rendered pages say: in every language the same sentences, none missing and none unused."""

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from jinja2 import Environment, nodes

import insula
from insula.core.translation import TRANSLATED
from insula.gateway import texts as of_gateway
from insula.server import texts as of_server

SOURCE = Path(insula.__file__).parent
CATALOGUES = SOURCE / "core" / "translations" / "pages"
TEMPLATES = sorted(
    path for part in ("gateway", "server") for path in (SOURCE / part / "templates").glob("*.html")
)
FROM_ELSEWHERE = "TOLD"
"""Those of which the pages know the text alone."""
NAMES_OF_PRODUCT = {"Insula", "· Insula"}


def constants(module: ModuleType) -> Iterator[str]:
    for name, value in vars(module).items():
        if name.isupper():
            match value:
                case dict():
                    yield from value.values()
                case tuple():
                    yield from value
                case _:
                    yield value


def of_template(path: Path) -> Iterator[str]:
    for call in Environment().parse(path.read_text(encoding="utf-8")).find_all(nodes.Call):
        if isinstance(call.node, nodes.Name) and call.node.name == "say":
            assert isinstance(call.args[0], nodes.Const), path
            yield call.args[0].value


def said() -> set[str]:
    in_code = {text for module in (of_gateway, of_server) for text in constants(module)}
    return in_code.union(*map(of_template, TEMPLATES))


def details(text: str) -> list[str]:
    return sorted(re.findall(r"\{(\w*)", text))


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_sentence_is_there_in_every_language(language: str) -> None:
    catalogue: dict[str, str] = json.loads((CATALOGUES / f"{language}.json").read_text(encoding="utf-8"))
    assert set(catalogue) == said()
    for english, translation in catalogue.items():
        assert translation.strip()
        assert details(translation) == details(english), english


@pytest.mark.parametrize("module", [of_gateway, of_server])
def test_every_sentence_of_the_code_is_said_somewhere(module: ModuleType) -> None:
    assert module.__file__ is not None
    folder = Path(module.__file__).parent
    used = {
        node.attr
        for path in folder.glob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "texts"
    }
    assert {name for name in vars(module) if name.isupper()} - {FROM_ELSEWHERE} == used


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_templates_say_nothing_by_themselves(path: Path) -> None:
    left = re.sub(r"\{%.*?%\}|\{\{.*?\}\}|<[^>]*>", "\n", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    assert {line.strip() for line in left.splitlines()} - {""} <= NAMES_OF_PRODUCT
