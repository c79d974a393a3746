"""What holds for the house as a whole."""

import re
from pathlib import Path
from string import Formatter

import pytest
from pages import error_classes, pages

from insula.core.errors import InsulaError, Kind

ROOT = Path(__file__).parent.parent.parent
MOST_LINES = 400
LONGER = {"src/insula/server/declared.py": "a table: one entry for each setting"}
"""Module → why it may be longer."""


def sources() -> list[Path]:
    return sorted((ROOT / "src").rglob("*.py"))


def test_modules_are_short_enough_to_hold_in_the_head() -> None:
    long = [
        str(path.relative_to(ROOT)) for path in sources() if len(path.read_text().splitlines()) > MOST_LINES
    ]
    assert [name for name in long if name not in LONGER] == []


@pytest.mark.parametrize("error", error_classes(), ids=lambda error: error.__name__)
def test_every_error_has_a_code_a_kind_and_a_message(error: type[InsulaError]) -> None:
    assert re.fullmatch(r"[A-Z][A-Z0-9_]+", error.code)
    assert isinstance(error.kind, Kind)
    first = (error.__doc__ or "").split("\n", 1)[0]
    assert first.endswith((".", "?", "}")), first
    names = [name for _, name, _, _ in Formatter().parse(first) if name]
    assert all(re.fullmatch(r"[a-z_]+", name) for name in names), names


@pytest.mark.parametrize("name", sorted(pages()))
def test_generated_pages_are_fresh(name: str) -> None:
    assert (ROOT / "docs" / "reference" / name).read_text() == pages()[name], "run make docs"


@pytest.mark.parametrize("path", [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")], ids=str)
def test_links_between_pages_lead_somewhere(path: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)", path.read_text()):
        if not target.startswith(("http://", "https://")):
            assert (path.parent / target).exists(), target


def test_the_project_names_no_folder_of_a_machine() -> None:
    pattern = re.compile(r"/(?:home|root|Users)/[a-z]")
    tracked = [*sources(), *ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), ROOT / "Makefile"]
    assert [str(path) for path in tracked if pattern.search(path.read_text())] == []
