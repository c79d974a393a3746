"""The command line without a server: its reference page, its words, its exit codes."""

import io
import json
import os
import socket
import stat
import subprocess
import sys
from pathlib import Path

import click
import pytest

from insula.application.api.in_flight import SLOW_DEADLINE_S
from insula.cli import client, main
from insula.cli.client import CHANGE_TIMEOUT_S
from insula.cli.commands import insula, run_command
from insula.cli.files import writing
from insula.cli.output import show, show_one, show_page
from insula.cli.reference import reference
from insula.cli.values import parse_values
from insula.core.errors import InsulaError, Kind
from insula.server.command import command
from insula.server.exits import Exit, of_error, of_status
from insula.server.storage import SOCKET_FILE


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


_UNWRITTEN = "/nonexist/x can not be written: No such file or directory."
_UNREAD = "/nonexist/x can not be read: No such file or directory."


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
        (["collections", "list"], Exit.UNAVAILABLE, "No server answers"),
        (["records", "list", "a"], Exit.UNAVAILABLE, "No server answers"),
        (["records", "create", "a", "b"], Exit.USAGE, "write name=text, or name:=JSON"),
        (["records", "create", "a", "b:={"], Exit.USAGE, "is no JSON"),
        (["records", "create", "a", "b:=1e400"], Exit.USAGE, "is no JSON"),
        (["records", "create", "a", "b:=NaN"], Exit.USAGE, "is no JSON"),
        (["records", "create", "a", 'b:="\\ud800"'], Exit.USAGE, "is no JSON"),
        (["records", "create", "a", "b:=" + "[" * 3000], Exit.USAGE, "is no JSON"),
        (["records", "list", "tags:destroy"], Exit.USAGE, "'tags:destroy' is no name of a collection"),
        (["records", "get", "tags/1/x", "2"], Exit.USAGE, "is no name of a collection"),
        (["records", "list", ""], Exit.USAGE, "is no name of a collection"),
        (["records", "export", "--collection", "a", "-o", "/nonexist/x"], Exit.INVALID, _UNWRITTEN),
        (["records", "export", "--collection", "a", "-o", "."], Exit.INVALID, "Is a directory"),
        (["records", "import", "/nonexist/x", "--collection", "a"], Exit.INVALID, _UNREAD),
        (["records", "import", ".", "--collection", "a"], Exit.INVALID, "Is a directory"),
        (["jobs", "show", "0"], Exit.USAGE, "0 is not in the range"),
        (["jobs", "list"], Exit.UNAVAILABLE, "No server answers"),
        (["apps", "logs", ""], Exit.USAGE, "Write the name of an application, or main."),
        (["apps", "stop", ""], Exit.USAGE, "Write the name of an application."),
        (["apps", "start", "shop", ""], Exit.USAGE, "Write the name of an application."),
        (["apps", "show", ""], Exit.USAGE, "Write the name of an application."),
        (["apps", "purge", "", "--confirm", ""], Exit.USAGE, "Write the name of an application."),
        (["apps", "logs", "main"], Exit.MISSING, "Nothing was logged for main here."),
        (["users", "create", "--password", "x"], Exit.USAGE, "needs --email or --username"),
        (["users", "list"], Exit.UNAVAILABLE, "No server answers"),
        (["users", "reset-password", "a", "--password", "short"], Exit.UNAVAILABLE, "No server answers"),
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


def test_settings_check_says_what_a_start_would_have_against_them(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setenv("STORAGE_PATH", str(tmp_path / "not" / "yet" / "there"))
    assert run_command(["settings", "check"]) == Exit.DONE
    assert [*tmp_path.iterdir()] == []  # nothing is made
    (tmp_path / "file").touch()
    monkeypatch.setenv("STORAGE_PATH", str(tmp_path / "file" / "folder"))
    monkeypatch.setenv("APPEND_PRESET_BUILT_IN_PLUGINS", "nonsense,users")
    capsys.readouterr()
    assert run_command(["settings", "check"]) == Exit.INVALID
    said = capsys.readouterr().err
    assert "where no files can be kept (Not a directory)" in said
    assert "APPEND_PRESET_BUILT_IN_PLUGINS names what is no plugin here (nonsense)" in said


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


def test_each_object_of_a_list_has_a_line_and_no_line_is_filled_up(
    capsys: pytest.CaptureFixture[str],
) -> None:
    steps = [
        {"name": "prepare", "status": "succeeded", "progress": 1.0, "error": None},
        {"name": "install", "status": "failed", "progress": 0.0, "error": "a\nlong " + "story " * 200},
    ]
    show_one({"id": 7, "steps": steps, "options": {"a": 1}, "labels": []}, as_json=False)
    printed = capsys.readouterr().out
    assert [line.split() for line in printed.splitlines()[:2]] == [
        ["id", "7"],
        ["steps", "prepare:", "status", "succeeded,", "progress", "1.0"],
    ]
    assert (
        printed.splitlines()[2].strip().startswith("install: status failed, progress 0.0, error a·long story")
    )
    assert printed.splitlines()[3].split() == ["options", '{"a":', "1}"]
    show([{"a": "short", "b": None}, {"a": "much longer", "b": "x"}], "ab", as_json=False)
    printed += capsys.readouterr().out
    assert not [line for line in printed.splitlines() if line != line.rstrip()]


def test_without_a_terminal_a_password_is_read_or_its_lack_is_said(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    create = ["users", "create", "--username", "a"]
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    assert run_command(create) == Exit.INVALID
    told = "insula: A password must be given: by --password-file, or as a line on standard input.\n"
    assert capsys.readouterr().err == told
    monkeypatch.setattr("sys.stdin", io.StringIO("garden of many paths\n"))
    assert run_command(create) == Exit.UNAVAILABLE
    assert "No server answers" in capsys.readouterr().err
    Path("empty").touch()
    assert run_command([*create, "--password-file", "empty"]) == Exit.INVALID
    assert capsys.readouterr().err == "insula: The password file is empty.\n"
    Path("bytes").write_bytes(b"\xff\xfe")
    assert run_command([*create, "--password-file", "bytes"]) == Exit.INVALID
    assert capsys.readouterr().err == "insula: The password can not be read: it is no text in UTF-8.\n"


def test_every_kind_of_error_has_an_exit_code() -> None:
    for kind in Kind:
        error = type("Some", (InsulaError,), {"__doc__": "Some.", "kind": kind})()
        assert of_error(error) is not Exit.DONE
    assert [of_status(n) for n in (400, 401, 404, 409, 413, 429, 500, 503)] == [3, 7, 6, 5, 3, 4, 1, 4]
    assert of_status(409, ["SERVER_UNREACHABLE"]) is Exit.UNAVAILABLE
    assert of_status(409, ["SERVER_UNREACHABLE", "LOGIN_REFUSED"]) is Exit.CONFLICT


def started(*words: str, stdout: int) -> "subprocess.Popen[str]":
    command = [sys.executable, "-c", "from insula.cli import main; main()", *words]
    return subprocess.Popen(command, stdout=stdout, stderr=subprocess.PIPE, text=True)


@pytest.mark.parametrize("words", [("version",), ("settings", "reference")])
def test_a_reader_who_has_enough_is_no_failure(words: tuple[str, ...]) -> None:
    """As ``head`` has, whether the output fills the pipe or fits into a buffer."""
    theirs, ours = os.pipe()
    os.close(theirs)
    process = started(*words, stdout=ours)
    os.close(ours)
    _, said = process.communicate(timeout=60)
    assert (process.returncode, said) == (Exit.DONE, "")


def test_ctrl_c_while_it_is_loading_is_told_as_later(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Interrupted:
        def find_spec(self, name: str, *_: object) -> None:
            if name == "insula.cli.commands":
                raise KeyboardInterrupt

    monkeypatch.delitem(sys.modules, "insula.cli.commands")
    monkeypatch.setattr(sys, "meta_path", [Interrupted(), *sys.meta_path])
    monkeypatch.setattr(sys, "argv", ["insula", "version"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == Exit.INTERRUPTED
    assert capsys.readouterr().err == "insula: Ended before it was done.\n"


def test_below_a_page_stands_how_many_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    page = {"data": [{"a": 1}], "meta": {"count": 3, "page": 1, "totalPage": 3}}
    show_page(page, "things", as_json=False)
    assert capsys.readouterr() == ("a\n1\n", "3 things, page 1 of 3\n")
    show_page(page, "things", as_json=True)
    shown = capsys.readouterr()
    assert (json.loads(shown.out), shown.err) == (page["data"], "3 things, page 1 of 3\n")
    show_page({"data": [], "meta": {"count": 0, "page": 1, "totalPage": 0}}, "things", as_json=True)
    assert capsys.readouterr().err == ""
    for count, told in ((0, "0 things\n"), (1, "1 thing\n"), (2, "2 things\n")):
        show_page(
            {"data": [], "meta": {"count": count, "page": 1, "totalPage": min(count, 1)}},
            "things",
            as_json=False,
        )
        assert capsys.readouterr().err == told


def test_what_is_written_replaces_a_file_only_when_it_is_whole(tmp_path: Path) -> None:
    target = tmp_path / "out.csv"
    target.write_text("before")
    link = tmp_path / "link.csv"
    link.symlink_to(target)
    with pytest.raises(ValueError, match="half"), writing(str(link)) as sink:
        sink.write(b"after")
        raise ValueError("half")
    assert target.read_text() == "before"
    with writing(str(link)) as sink:
        sink.write(b"after")
    assert target.read_text() == "after"
    assert link.is_symlink()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["link.csv", "out.csv"]


def test_what_is_written_is_for_the_readers_of_the_file_before(tmp_path: Path) -> None:
    target = tmp_path / "out.csv"
    for mode in (0o600, 0o640):
        target.write_text("before")
        target.chmod(mode)
        with writing(str(target)) as sink:
            (draft,) = tmp_path.glob(".*")
            assert stat.S_IMODE(draft.stat().st_mode) == mode
            sink.write(b"after")
        assert stat.S_IMODE(target.stat().st_mode) == mode
        assert target.read_text() == "after"
    (tmp_path / "plain").touch()
    with writing(str(tmp_path / "new")) as sink:
        sink.write(b"new")
    assert (tmp_path / "new").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_a_draft_follows_no_link_that_lies_in_wait(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("insula.cli.files.secrets.token_hex", lambda _: "foreseen")
    victim = tmp_path / "victim"
    victim.write_text("mine")
    (tmp_path / ".insula-foreseen").symlink_to(victim)
    with pytest.raises(click.exceptions.Exit), writing(str(tmp_path / "out")):
        pytest.fail("it must not be opened")
    assert victim.read_text() == "mine"


def test_a_change_may_take_as_long_as_the_server_lets_it() -> None:
    assert CHANGE_TIMEOUT_S > SLOW_DEADLINE_S


@pytest.mark.parametrize(
    ("body", "said"), [(None, "within 0 s.\n"), ({}, "within 0 s. What it has begun goes on")]
)
def test_of_a_change_without_an_answer_it_is_said_that_it_goes_on(
    body: object,
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name in ("TIMEOUT_S", "CHANGE_TIMEOUT_S"):
        monkeypatch.setattr(client, name, 0.05)
    (tmp_path / "storage").mkdir()
    with socket.socket(socket.AF_UNIX) as mute, click.Context(insula):
        mute.bind(str(tmp_path / "storage" / SOCKET_FILE))
        mute.listen()
        with pytest.raises(click.exceptions.Exit):
            client.Client().call("collections:destroy", body=body)
    assert said in capsys.readouterr().err


def test_the_command_to_type(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("sys.prefix", str(tmp_path / ".venv"))
    assert command() == ".venv/bin/insula"
    monkeypatch.setattr("sys.prefix", "/opt/insula")
    assert command() == "/opt/insula/bin/insula"
    found = tmp_path / "insula"
    found.touch(0o755)
    assert command() == "insula"
