"""The pages agree with the code, with one another and with the words of the project."""

import re
import tomllib
from pathlib import Path

import pytest
from pages import pages as generated
from sources import ROOT, pages, shown, texts

import insula

DOCS = ROOT / "docs"
KINDS = ("tutorial", "howto", "explanation", "reference", "decisions")
WORDS = [
    "application",
    "main application",
    "environment",
    "supervisor",
    "worker",
    "gateway",
    "fleet",
    "command",
    "job",
    "adapter",
    "plugin",
    "data source",
    "collection",
    "field",
    "record",
    "resource",
    "action",
]
"""What the project calls things. Each is in the glossary."""
OTHER_WORDS = {
    r"(?:multi-?)?tenan(?:t|cy)s?": "application",
    r"sub-?_?app(?:lication)?s?": "application",
    r"child app(?:lication)?s?": "application",
    r"(?:app|application) instances?": "application",
    r"instances? of (?:an|the|each) application": "application",
    r"control plane node": "supervisor",
}
"""Words for the same things → the one to write."""


@pytest.mark.parametrize("name", sorted(generated()))
def test_generated_pages_are_fresh(name: str) -> None:
    assert (DOCS / "reference" / name).read_text() == generated()[name], "run make docs"


@pytest.mark.parametrize("path", pages(), ids=shown)
def test_links_lead_somewhere(path: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", path.read_text()):
        if target.startswith(("http://", "https://", "mailto:")):
            continue
        file, _, heading = target.partition("#")
        reached = (path.parent / file).resolve() if file else path
        assert reached.exists(), target
        assert ROOT in reached.parents, f"{target} leads out of the project"
        if heading:
            assert heading in headings(reached), target


def headings(path: Path) -> set[str]:
    """The anchors that a page has, as forges make them."""
    titles = re.findall(r"^#+ (.+)$", path.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title).strip().lower().replace(" ", "-") for title in titles}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_page_has_an_index_that_names_all(kind: str) -> None:
    index = (DOCS / kind / "README.md").read_text()
    missing = [
        p.name for p in (DOCS / kind).glob("*.md") if p.name != "README.md" and f"({p.name})" not in index
    ]
    assert missing == []


def test_the_front_page_leads_to_every_index() -> None:
    front = (DOCS / "README.md").read_text()
    assert [kind for kind in KINDS if f"({kind}/README.md)" not in front] == []
    assert "(docs/README.md)" in (ROOT / "README.md").read_text()


def test_every_word_of_the_project_is_in_the_glossary() -> None:
    entries = re.findall(r"^\| ([^|]+) \|", (DOCS / "glossary.md").read_text(), re.MULTILINE)
    explained = {word for entry in entries for word in entry.strip().split(", ")}
    assert [word for word in WORDS if word not in explained] == []


@pytest.mark.parametrize("word", OTHER_WORDS)
def test_no_other_word_stands_for_the_same(word: str) -> None:
    pattern = re.compile(rf"(?<![\w-]){word}(?![\w-])", re.IGNORECASE)
    used = [path for path, text in texts().items() if pattern.search(text)]
    assert [path for path in used if not path.startswith("tests/architecture/")] == [], (
        f"write {OTHER_WORDS[word]}"
    )


def test_the_changelog_has_this_version() -> None:
    changes = (ROOT / "CHANGELOG.md").read_text()
    assert re.search(rf"^## (?:Unreleased|\[?{re.escape(insula.__version__)}\]?)", changes, re.MULTILINE)
    assert f"## {insula.__version__} " in changes or f"## {insula.__version__}\n" in changes


def test_the_front_page_says_what_setup_and_license_say() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    front = (ROOT / "README.md").read_text()
    assert f"Python {project['requires-python'].removeprefix('>=')}" in front
    assert front.rstrip().endswith(f"{project['license']}.")


def test_the_makefile_has_what_the_pages_say() -> None:
    targets = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    said = {word for path in pages() for word in re.findall(r"(?:`|```sh\n)make (\w+)", path.read_text())}
    assert said <= targets
    assert targets == {"start", "test", "check", "bench", "docs", "ui", "screenshots"}
