"""The command line against a real server."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from insula.server.exits import Exit
from insula.testing.instance import Instance, Run, at_a_terminal

PATIENCE_S = 60.0
PASSPHRASE = "garden of many forking paths"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Instance]:
    folder: Path = tmp_path_factory.mktemp("commands")
    with Instance(folder / "s") as made:
        made.start()
        yield made
        assert made.stop() == 0


def test_text_in_another_encoding_is_told(run: Run) -> None:
    done = run("records", "create", "roles", "name=\udcff")
    assert (done.returncode, done.stderr) == (Exit.USAGE, "insula: What was typed is no text in UTF-8.\n")
    assert run("records", "create", "roles", "name=far", "title=東").returncode == 0
    done = run("records", "get", "roles", "far", PYTHONIOENCODING="latin-1")
    assert done.returncode == Exit.INVALID
    assert done.stderr.endswith("can not be written in latin-1; set PYTHONIOENCODING=utf-8.\n")


def test_a_file_comes_from_standard_input_and_its_job_is_shown(run: Run) -> None:
    done = run("records", "import", "-", "--collection", "cities", input="name,people\nOslo,700000\n")
    assert done.returncode == 0, done.stderr
    assert done.stdout == "1 record was imported into cities.\n"
    assert done.stderr == ""
    (job,) = json.loads(run("jobs", "list", "--json").stdout)
    assert (job["title"], job["status"], job["progress"]) == ("Import into cities", "succeeded", 1)
    assert "100%" in run("jobs", "list").stdout
    number = str(job["id"])
    assert json.loads(run("jobs", "show", number, "--json").stdout)["id"] == job["id"]
    assert run("jobs", "show", "999").returncode == Exit.MISSING
    for verb in ("cancel", "retry", "undo"):
        refused = run("jobs", verb, number)
        assert refused.returncode == Exit.CONFLICT, refused.stderr
        assert refused.stderr.startswith("insula: ")
        assert len(refused.stderr.splitlines()) == 1


def test_an_import_of_nothing_says_so(run: Run) -> None:
    done = run("records", "import", "-", "--collection", "empty", input="name,people\n")
    assert done.stdout == "0 records were imported into empty.\n"


def test_an_export_into_a_file_is_whole_or_not_there(run: Run, tmp_path: Path) -> None:
    run("collections", "create", "tags", "--field", "name:string")
    run("records", "create", "tags", "name=red")
    assert run("records", "export", "--collection", "tags", "--fields", "name", "-o", "t.csv").returncode == 0
    assert (tmp_path / "t.csv").read_text().split() == ["name", "red"]
    missing = run("records", "export", "--collection", "nothing", "-o", "none.csv")
    assert missing.returncode == Exit.MISSING
    assert [path.name for path in tmp_path.iterdir()] == ["t.csv"]


def test_no_argument_becomes_another_address(run: Run) -> None:
    run("collections", "create", "colours", "--field", "name:string")
    run("records", "create", "colours", "name=red")
    assert run("records", "list", "colours?filter={}").returncode == Exit.MISSING
    assert run("records", "list", "colours#x").returncode == Exit.MISSING
    assert run("records", "get", "colours:destroy", "1").returncode == Exit.USAGE
    assert run("records", "delete", "colours", "1/../2").returncode != 0
    assert "red" in run("records", "list", "colours").stdout


def test_a_user_is_made_with_roles_and_signs_in(run: Run, server: Instance) -> None:
    done = run(
        "users", "create", "--email", "eve@example.com", "--username", "eve", "--role", "admin",
        "--role", "member", "--password", "garden of many forking paths",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    listed = json.loads(run("users", "list", "--json").stdout)
    (eve,) = [user for user in listed if user["username"] == "eve"]
    assert (eve["nickname"], sorted(eve["roles"])) == ("eve", ["admin", "member"])
    server.sign_in("eve@example.com", "garden of many forking paths").close()
    again = run("users", "create", "--username", "eve", "--password", "garden of many forking paths")
    assert again.returncode == Exit.CONFLICT
    weak = run("users", "create", "--username", "bob", "--password", "a")
    assert weak.returncode == Exit.INVALID
    assert "Traceback" not in weak.stderr


def test_a_password_is_reset_for_whoever_signs_in_by_that_name(run: Run, server: Instance) -> None:
    for words in (["--username", "carol"], ["--username", "dave", "--email", "carol@example.com"]):
        assert run("users", "create", *words, "--password", PASSPHRASE).returncode == 0
    assert run("users", "reset-password", "Carol", "--password", PASSPHRASE + " 2").returncode == 0
    server.sign_in("carol", PASSPHRASE + " 2").close()
    server.sign_in("dave", PASSPHRASE).close()
    assert (
        run("users", "reset-password", "CAROL@example.com", "--password", PASSPHRASE + " 3").returncode == 0
    )
    server.sign_in("dave", PASSPHRASE + " 3").close()
    assert run("users", "reset-password", "caro", "--password", PASSPHRASE).returncode == Exit.MISSING


def test_without_a_terminal_a_password_comes_from_a_file_or_standard_input(
    run: Run, server: Instance, tmp_path: Path
) -> None:
    (tmp_path / "password").write_text(PASSPHRASE + "\n")
    assert run("users", "create", "--username", "fay", "--password-file", "password").returncode == 0
    server.sign_in("fay", PASSPHRASE).close()
    done = run("users", "reset-password", "fay", input=PASSPHRASE + " 2\n")
    assert (done.returncode, done.stderr) == (0, "")
    server.sign_in("fay", PASSPHRASE + " 2").close()
    done = run("users", "reset-password", "fay", input="")
    assert (done.returncode, done.stderr.count("\n")) == (Exit.INVALID, 1)
    assert "by --password-file, or as a line on standard input" in done.stderr
    # that there is nobody is said before anything is asked for
    done = run("users", "reset-password", "nobody", input="")
    assert (done.returncode, done.stderr) == (Exit.MISSING, "insula: There is no user nobody in main.\n")


def test_output_onto_a_full_disk_is_one_sentence(run: Run, server: Instance) -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-c", "from insula.cli import main; main()", "users", "list", "--json"],
            env=server.environment,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )
    assert done.returncode == Exit.INVALID
    assert done.stderr == "insula: The output can not be used: No space left on device.\n"


def test_people_at_a_terminal_see_how_far_an_import_is(server: Instance, tmp_path: Path) -> None:
    (tmp_path / "many.csv").write_text("name\n" + "x\n" * 1000)
    words = ("records", "import", "many.csv", "--collection", "many")
    code, seen = at_a_terminal(server, tmp_path, *words)
    assert code == 0, seen
    for label in ("Sending", "Importing"):
        assert re.search(rf"{label}\s+\[#+\]\s+100%", seen), seen
