"""The command line without a server: its reference page, its words, its exit codes."""

import errno
from pathlib import Path

import click
import pytest

from insula.cli.commands import insula, run_command
from insula.cli.output import show, show_one
from insula.cli.reference import reference
from insula.cli.values import parse_values
from insula.core.errors import InsulaError, Kind
from insula.server.exits import Exit, of_error, of_status


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No settings but a storage folder that no server has used."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("STORAGE_PATH", str(tmp_path / "storage"))


def test_the_reference_page_is_current() -> None:
    page = Path(__file__).parents[3] / "docs/reference/cli.md"
    told = "run: python -m insula.cli.reference > docs/reference/cli.md"
    assert page.read_text(encoding="utf-8") == reference(), told


def test_every_command_and_option_says_what_it_is() -> None:
    def walk(command: click.Command, path: str) -> None:
        assert command.help, path
        for parameter in command.params:
            if isinstance(parameter, click.Option) and parameter.name not in ("page", "page_size", "kind"):
                assert parameter.help, f"{path} {parameter.name}"
        for name, member in getattr(command, "commands", {}).items():
            walk(member, f"{path} {name}")

    walk(insula, "insula")


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["version"], Exit.DONE, ""),
        (["--help"], Exit.DONE, ""),
        (["nonsense"], Exit.USAGE, "No such command"),
        (
            ["collections", "create", "a", "--field", "year"],
            Exit.USAGE,
            "write NAME:TYPE, such as year:integer",
        ),
        (["collections", "drop", "a"], Exit.USAGE, "Missing option '--confirm'"),
        (["collections", "drop", "a", "--confirm", "b"], Exit.INVALID, "Nothing is dropped"),
        (["collections", "list"], Exit.UNAVAILABLE, "no server answers"),
        (["records", "list", "a"], Exit.UNAVAILABLE, "no server answers"),
        (["records", "create", "a", "b"], Exit.USAGE, "write name=text, or name:=JSON"),
        (["records", "create", "a", "b:={"], Exit.USAGE, "is no JSON"),
        (["users", "list"], Exit.UNAVAILABLE, "no server answers"),
        (["users", "reset-password", "a", "--password", "short"], Exit.INVALID, "take at least 8"),
    ],
)
def test_exit_codes(words: list[str], code: Exit, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(words) == code
    assert said in capsys.readouterr().err


def test_wrong_settings_end_a_command_with_their_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("APP_PORT", "abc")
    assert run_command(["collections", "list"]) == Exit.INVALID
    assert 'insula: APP_PORT is "abc"; write a number' in capsys.readouterr().err


def test_settings_check_masks_secrets_and_says_what_is_wrong(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_command(["settings", "check"]) == Exit.DONE
    monkeypatch.setenv("DB_PASSWORD", "s3cr3t-s3cr3t")
    monkeypatch.setenv("TZ", "Mars/Olympus")
    assert run_command(["settings", "check", "--json"]) == Exit.INVALID
    printed = capsys.readouterr()
    assert "s3cr3t" not in printed.out + printed.err
    assert "***" in printed.out
    assert "Mars/Olympus" in printed.err


def test_values_of_records() -> None:
    assert parse_values(["a=1", "b:=1", "c==", "d:=[1]", "e="]) == {
        "a": "1",
        "b": 1,
        "c": "=",
        "d": [1],
        "e": "",
    }


def test_control_characters_do_not_reach_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    show(
        [{"a": "\x1b[31mred\x07", "b": None, "c": True, "d": ["x", "y"], "e": {"k": 1}}],
        "abcde",
        as_json=False,
    )
    show_one({"[bold]a": "[red]b\n"}, as_json=False)
    printed = capsys.readouterr().out
    assert "\x1b" not in printed
    assert "\x07" not in printed
    assert "[red]b·" in printed
    assert "[bold]a" in printed
    assert "x, y" in printed


def test_every_kind_of_error_has_an_exit_code() -> None:
    for kind in Kind:
        error = type("Some", (InsulaError,), {"__doc__": "Some.", "kind": kind})()
        assert of_error(error) is not Exit.DONE
    assert [of_status(n) for n in (400, 401, 404, 409, 413, 429, 500, 503)] == [3, 7, 6, 5, 3, 4, 1, 4]


def test_a_reader_who_has_enough_is_no_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise BrokenPipeError(errno.EPIPE, "broken pipe")

    replaced: list[int] = []
    monkeypatch.setattr(insula, "main", broken)
    monkeypatch.setattr("insula.cli.commands.os.dup2", lambda source, _: replaced.append(source))
    assert run_command(["version"]) == Exit.DONE
    (descriptor,) = replaced
    import os

    os.close(descriptor)
