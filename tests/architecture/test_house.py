"""What holds for the code as a whole."""

import ast
import re
from string import Formatter

import pytest
from pages import error_classes
from sources import ROOT, files, shown, texts, trees

from insula.core.errors import InsulaError, Kind
from insula.gateway.errors import (
    ABOUT_TO,
    ASLEEP,
    CODES,
    REMEDIES,
    REMEDY,
    STARTING,
    STAYS_DOWN,
    STOPPED,
    unknown,
)
from insula.server.provisioner import sentence

MORE = (ABOUT_TO, ASLEEP, STARTING, STAYS_DOWN, STOPPED)
MOST_LINES = 400
MOST_LINES_OF_A_FUNCTION = 60
LONGER_FUNCTIONS = {"insula.testing.library.library": "a table: the collections of the example"}
"""Function → why it may be longer."""

Function = (ast.FunctionDef, ast.AsyncFunctionDef)


def is_code(path: str) -> bool:
    return path.startswith(("src/", "tests/", "scripts/", "benchmarks/")) and path.endswith(".py")


def test_modules_are_short_enough_to_hold_in_the_head() -> None:
    lengths = {name: max((n.end_lineno or 0 for n in tree.body), default=0) for name, tree in trees().items()}
    long = {name for name, length in lengths.items() if length > MOST_LINES}
    assert long == set()


def test_functions_are_short_enough_to_hold_in_the_head() -> None:
    long = {
        f"{module}.{node.name}"
        for module, tree in trees().items()
        for node in ast.walk(tree)
        if isinstance(node, Function) and (node.end_lineno or 0) - node.lineno >= MOST_LINES_OF_A_FUNCTION
    }
    assert long == set(LONGER_FUNCTIONS)


def test_public_names_say_what_they_are() -> None:
    """A class or function alone in its module is described by the module."""
    silent = []
    for module, tree in trees().items():
        public = [
            n for n in tree.body if isinstance(n, (*Function, ast.ClassDef)) and not n.name.startswith("_")
        ]
        if not ast.get_docstring(tree):
            silent.append(module)
        if len(public) > 1:
            silent += [f"{module}.{node.name}" for node in public if not ast.get_docstring(node)]
    assert silent == []


def test_every_exception_to_a_rule_has_a_reason() -> None:
    bare = [
        f"{path}:{number}"
        for path, text in texts().items()
        if is_code(path)
        for number, line in enumerate(text.splitlines(), 1)
        if re.search(r"#\s*noqa(?!: [A-Z]+[0-9]+(?:, [A-Z]+[0-9]+)* [-–—] \w)", line)
    ]
    assert bare == []


@pytest.mark.parametrize("error", error_classes(), ids=lambda error: error.__name__)
def test_every_error_has_a_code_a_kind_and_a_message(error: type[InsulaError]) -> None:
    assert re.fullmatch(r"[A-Z][A-Z0-9_]+", error.code)
    assert isinstance(error.kind, Kind)
    first = (error.__doc__ or "").split("\n", 1)[0]
    assert first.endswith((".", "?", "}")), first
    names = [name for _, name, _, _ in Formatter().parse(first) if name]
    assert all(re.fullmatch(r"[a-z_]+", name) for name in names), names


@pytest.mark.parametrize("error", error_classes(), ids=lambda error: error.__name__)
def test_what_callers_are_told_instead_is_a_sentence(error: type[InsulaError]) -> None:
    assert error.told == "" or re.fullmatch(r"[A-Z].*[.]", error.told)


def remedies() -> dict[str, str]:
    """What is said to do, where it is written: place → text, with x for what is filled in."""
    found = {}
    for module, tree in trees().items():
        for node in ast.walk(tree):
            if (isinstance(node, ast.keyword) and node.arg == "remedy") or (
                isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "remedy"
            ):
                text = node.value
            else:
                continue
            if isinstance(text, ast.Constant | ast.JoinedStr):
                parts = text.values if isinstance(text, ast.JoinedStr) else [text]
                words = [str(part.value) if isinstance(part, ast.Constant) else "x" for part in parts]
                found[f"{module}:{text.lineno}"] = "".join(words)
    return {place: text for place, text in found.items() if place.startswith("insula.database.provision")}


def test_what_is_to_be_done_is_told_as_a_sentence_or_ends_in_a_statement_to_run() -> None:
    """They are written as the second half of a sentence, and become one in one place."""
    written = remedies()
    assert len(written) > 30
    statement = r"(?:.*: )?(?:(?:ALTER|CREATE|GRANT) .*|x)"
    for place, text in written.items():
        assert text[-1] not in ".;,", place
        told = sentence(text)
        assert told[0] == text[0].upper(), place
        assert re.fullmatch(r"[A-Z].*[^.]\.", told) or re.fullmatch(statement, told), (place, told)


def test_what_is_told_of_applications_that_do_not_answer_are_sentences() -> None:
    told = [*(text for _, text in CODES.values()), *REMEDIES.values(), REMEDY, *(text for _, text in MORE)]
    for text in (*told, unknown("shop"), unknown("")):
        assert text.endswith((".", "{cause}", "{remedy}")), text
    assert all(text[0].isupper() for _, text in (*CODES.values(), *MORE))


def test_the_project_names_no_folder_of_a_machine() -> None:
    """Where something lies is said from the project's own folder, or is a place every system has."""
    pattern = re.compile(r"(?<![\w.$}~-])/(?:home|root|Users|work|workspace|mnt|tmp)/[\w.-]+")
    found = {path: pattern.findall(text) for path, text in texts().items()}
    assert {path: names for path, names in found.items() if names} == {}


def test_nothing_is_left_for_later() -> None:
    words = re.compile(r"\b(?:" + "|".join(("TO" + "DO", "FIX" + "ME", "X" + "XX", "HA" + "CK")) + r")\b")
    assert [path for path, text in texts().items() if words.search(text)] == []


def test_scripts_can_be_run_and_nothing_else_pretends_to() -> None:
    runnable = {shown(path) for path in files() if path.stat().st_mode & 0o111}
    assert runnable == {".ci/run", "scripts/npm", "scripts/setup"}, "chmod"
    assert (ROOT / "scripts" / "setup").read_text().startswith("#!/usr/bin/env bash\nset -euo pipefail"[:19])


RAW = ("open_raw", "_connect")
"""What opens connections, called by its name alone."""


def test_connections_to_servers_are_opened_by_pools_alone() -> None:
    """So that each has its place in the budget of its server. Whoever needs one leases it."""
    found = [
        f"{module.removeprefix('insula.')}: {called}"
        for module, tree in trees().items()
        if not module.startswith("insula.testing")
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and not ast.unparse(node.func).startswith("sqlite3.")
        and ((called := ast.unparse(node.func)).endswith((".connect", ".create_pool")) or called in RAW)
    ]
    assert sorted(found) == [
        "cli.client: probe.connect",  # a socket, to the server's own command line
        "database.dialects.mysql: open_raw",  # in Mysql.connect
        "database.dialects.mysql: self.connect",  # what a pool opens
        "database.dialects.mysql_opening: _connect",  # in open_raw: with and
        "database.dialects.mysql_opening: _connect",  # without encryption
        "database.dialects.mysql_opening: asyncmy.connect",
        "database.dialects.mysql_opening: open_raw",  # the one aside, under its lock
        "database.dialects.postgresql: asyncpg.connect",  # in Postgresql.connect
        "database.dialects.postgresql: self.connect",  # what a pool opens
        "database.sqlite_file: self.connect",  # files need no place
        "database.threads: self._group.connect",
    ]
