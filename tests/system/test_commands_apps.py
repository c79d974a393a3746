"""The command line for applications, against a real server."""

import asyncio
import json
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from insula.core.ids import random_id
from insula.server.exits import Exit
from insula.testing import servers
from insula.testing.databases import administer
from insula.testing.instance import Instance, Run, at_a_terminal

PATIENCE_S = 60.0
SOON_S = 15.0
"""Far less than a request is held."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Instance]:
    folder: Path = tmp_path_factory.mktemp("apps")
    with Instance(folder / "s") as made:
        made.start()
        yield made
        assert made.stop() == 0


def shown(run: Run, name: str) -> dict[str, Any]:
    done = run("apps", "show", name, "--json")
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.mark.timeout(300)
def test_a_life_on_the_command_line(run: Run, server: Instance) -> None:
    done = run(
        "apps", "create", "shop", "--display-name", "The shop", "--label", "a", "--label", "b", "--with-main"
    )
    record = shown(run, "shop")
    (address,) = record["addresses"]
    assert address.endswith("/apps/shop/admin/")
    assert (done.returncode, done.stdout) == (0, f"shop is running.\n{address}\n"), done.stderr
    assert (record["displayName"], record["labels"], record["status"]) == ("The shop", ["a", "b"], "running")
    assert record["options"]["startMode"] == "withMain"
    assert "The shop" in run("apps", "list").stdout
    assert [one["name"] for one in json.loads(run("apps", "list", "--json").stdout)] == ["shop"]

    password = "a quite different passphrase 7"
    done = run("users", "reset-password", "root@example.com", "--app", "shop", "--password", password)
    assert done.returncode == 0, done.stderr
    answer = httpx.post(
        f"{server.address}/api/__app/shop/auth:signIn",
        json={"account": "root@example.com", "password": password},
    )
    assert answer.status_code == 200, answer.text
    server.sign_in().close()  # main's stays as it was

    for verb, told, status in (
        ("stop", "shop is stopped.\n", "stopped"),
        ("start", "shop is started.\n", "running"),
        ("restart", "shop is restarted.\n", "running"),
        ("upgrade", "shop is upgraded.\n", "running"),
        ("sleep", "shop sleeps.\n", "stopped"),
    ):
        done = run("apps", verb, "shop")
        assert (done.returncode, done.stdout) == (0, told), done.stderr
        assert shown(run, "shop")["status"] == status

        done = run("apps", verb, "shop", "--json")
        assert (done.returncode, done.stderr) == (0, ""), done.stderr
        assert [(one["name"], one["status"]) for one in json.loads(done.stdout)] == [("shop", status)]

    done = run("apps", "logs", "shop", "--lines", "1000")
    assert done.returncode == 0, done.stderr
    done = run("apps", "delete", "shop", "--confirm", "shap")
    assert (done.returncode, done.stdout) == (Exit.INVALID, "")
    done = run("apps", "delete", "shop", input="")
    assert (done.returncode, done.stdout) == (Exit.INVALID, "")
    assert "--confirm shop" in done.stderr
    done = run("apps", "delete", "shop", input="shop\n")
    assert done.returncode == 0, done.stderr
    done = run("apps", "restore", "shop")
    assert (done.returncode, done.stdout) == (0, "shop is restored, and stopped.\n"), done.stderr
    assert run("apps", "delete", "shop", "--confirm", "shop").returncode == 0
    done = run("apps", "purge", "shop", "--confirm", "shop")
    assert (done.returncode, done.stdout) == (0, "shop is gone, with its data.\n"), done.stderr
    assert run("apps", "show", "shop").returncode == Exit.MISSING
    assert run("apps", "logs", "shop").returncode == Exit.MISSING
    assert run("apps", "logs", "../shop").returncode == Exit.INVALID


def test_one_that_is_only_forgotten_leaves_its_database(run: Run) -> None:
    assert run("apps", "create", "old").returncode == 0
    assert run("apps", "delete", "old", "--confirm", "old").returncode == 0
    done = run("apps", "purge", "old", "--confirm", "old", "--keep-data")
    assert (done.returncode, done.stdout) == (0, "old is gone, its data stay where they are.\n"), done.stderr
    assert run("apps", "show", "old").returncode == Exit.MISSING
    again = run("apps", "create", "old")
    assert again.returncode == Exit.CONFLICT, again.stdout
    assert "nothing in it is touched for another" in again.stderr


def test_what_is_said_is_changed_and_nothing_else(run: Run) -> None:
    assert run("apps", "create", "changing", "--label", "a", "--icon", "house").returncode == 0
    before = shown(run, "changing")
    words = (
        "--display-name Another --domain other.example.com --icon= --label b --label c --pinned --with-main"
    )
    more = "--sleep-after 3600 --manual-upgrade --share-session --not-in-launcher --not-in-switcher"
    done = run("apps", "update", "changing", *words.split(), *more.split())
    assert (done.returncode, done.stdout) == (0, "changing is changed.\n"), done.stderr
    after = shown(run, "changing")
    expected = {
        "displayName": "Another", "cname": "other.example.com", "icon": None, "labels": ["b", "c"], "pinned": True
    }  # fmt: skip
    assert {key: after[key] for key in expected} == expected
    options = {"startMode": "withMain", "sleepAfter": 3600, "autoUpgrade": False, "shareSession": True}
    options |= {"inLauncher": False, "inSwitcher": False}
    assert after["options"] == before["options"] | options
    back = "--domain= --not-pinned --on-first-visit --sleep-after 0 --auto-upgrade --own-session"
    seen = "--in-launcher --in-switcher"
    assert run("apps", "update", "changing", *back.split(), *seen.split()).returncode == 0
    last = shown(run, "changing")
    assert (last["cname"], last["displayName"], last["pinned"]) == (None, "Another", False)
    assert last["options"] == before["options"] | {"sleepAfter": None}


def test_what_can_not_be_changed_is_refused(run: Run) -> None:
    assert run("apps", "create", "lasting").returncode == 0
    for words, code, told in (
        ((), Exit.USAGE, "Say what to change"),
        (("--environment", "elsewhere"), Exit.INVALID, "elsewhere"),
        (("--domain", "not a host"), Exit.INVALID, "must be a host name"),
        (("--host", "db.example.com"), Exit.INVALID, "database"),
    ):
        done = run("apps", "update", "lasting", *words)
        assert (done.returncode, done.stdout) == (code, ""), done.stderr
        assert told in done.stderr
    assert run("apps", "update", "nobody", "--pinned").returncode == Exit.MISSING


def test_what_is_found_of_a_domain_is_said(run: Run) -> None:
    done = run("apps", "create", "with-domain", "--domain", "shop.invalid")
    own, below = shown(run, "with-domain")["addresses"]
    assert own.startswith("http://shop.invalid:")
    assert below.endswith("/apps/with-domain/admin/")
    assert (done.returncode, done.stdout) == (0, f"with-domain is running.\n{own}\n{below}\n"), done.stderr
    assert "shop.invalid has no address yet" in done.stderr


def test_a_job_is_followed_by_its_number(run: Run) -> None:
    done = run("apps", "create", "later", "--no-wait", "--json")
    assert done.returncode == 0, done.stderr
    job = json.loads(done.stdout)["jobId"]
    done = run("jobs", "wait", str(job))
    assert (done.returncode, done.stdout) == (0, f"Job {job} is succeeded.\n"), done.stderr
    assert shown(run, "later")["status"] == "running"
    done = run("apps", "create", "now", "--wait")
    assert (done.returncode, done.stdout.splitlines()[0]) == (0, "now is running."), done.stderr


def test_people_at_a_terminal_see_how_far_a_creation_is(server: Instance, tmp_path: Path) -> None:
    code, told = at_a_terminal(server, tmp_path, "apps", "create", "seen")
    assert code == 0, told
    assert re.search(r"Creating seen\s+\[#+\]\s+100%", told), told


def test_what_can_not_be_made_is_told_before_it_is_tried(run: Run, tmp_path: Path) -> None:
    secret = tmp_path / "password"
    secret.write_text("wrong\n")
    asked = (
        "far",
        "--dialect",
        "postgres",
        "--host",
        "127.0.0.1",
        "--port",
        "1",
        "--username",
        "somebody",
        "--password-file",
        str(secret),
    )
    done = run("apps", "check", *asked)
    assert done.returncode == Exit.INVALID
    assert "127.0.0.1" in done.stdout
    done = run("apps", "create", *asked)
    assert done.returncode != 0
    assert "Traceback" not in done.stderr
    assert run("apps", "show", "far").returncode == Exit.MISSING
    done = run("apps", "check", "near", "--json")
    assert done.returncode == 0, done.stderr
    assert all(finding["level"] != "error" for finding in json.loads(done.stdout))


def test_a_right_that_is_missing_is_told_with_the_statement_that_gives_it(
    run: Run, postgresql: servers.Server, tmp_path: Path
) -> None:
    """By ``check`` and by ``create``; and it is the statement that does it."""
    name = f"poor_{random_id(6).lower()}"
    (tmp_path / "password").write_text("weak\n")
    asyncio.run(administer(postgresql, f"CREATE ROLE {name} LOGIN PASSWORD 'weak'"))
    at = ("--dialect", "postgres", "--host", postgresql.host, "--port", str(postgresql.port))
    asked = (name, *at, "--username", name, "--password-file", "password")
    checked = run("apps", "check", *asked, "--json")
    assert checked.returncode == Exit.INVALID
    (wrong,) = [each for each in json.loads(checked.stdout) if each["level"] == "error"]
    statement = f'ALTER ROLE "{name}" CREATEDB'
    assert wrong["remedy"].startswith(statement)
    for verb in ("check", "create"):
        done = run("apps", verb, *asked)
        assert done.returncode != 0
        assert statement in " ".join((done.stdout + done.stderr).split()), done.stdout + done.stderr
    asyncio.run(administer(postgresql, statement))
    assert run("apps", "check", *asked).returncode == 0
    asyncio.run(administer(postgresql, f"DROP ROLE {name}"))


@pytest.mark.parametrize("name", ["main", "Shop", "a" * 64, "a/b", "a'b", "ä", ""])
def test_names_that_are_none(run: Run, name: str) -> None:
    done = run("apps", "create", name)
    assert done.returncode == Exit.INVALID, done.stderr
    assert done.stderr.startswith("insula: ")


def test_of_several_each_is_told_for_itself(run: Run) -> None:
    assert run("apps", "create", "one").returncode == 0
    done = run("apps", "stop", "one", "nobody")
    assert (done.returncode, done.stdout) == (Exit.MISSING, "one is stopped.\n")
    assert "nobody" in done.stderr
    done = run("apps", "start", "one", "nobody", "--json")
    assert (done.returncode, [one["name"] for one in json.loads(done.stdout)]) == (Exit.MISSING, ["one"])


def test_programs_are_answered_with_what_the_server_says(run: Run) -> None:
    def answered(*words: str) -> dict[str, Any]:
        done = run(*words, "--json")
        assert (done.returncode, done.stderr) == (0, ""), done.stderr
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    job = str(answered("apps", "create", "read")["jobId"])
    assert answered("jobs", "wait", job)["status"] == "succeeded"
    assert answered("apps", "update", "read", "--display-name", "Well read")["displayName"] == "Well read"
    assert answered("apps", "delete", "read", "--confirm", "read")["wanted"] == "deleted"
    assert not answered("apps", "purge", "read", "--confirm", "read")["left"]


def test_a_making_is_cancelled_gone_on_with_and_taken_back(install: Callable[..., Instance]) -> None:
    """Whoever visits meanwhile is told at once that nobody makes it any more."""
    testing = {"INSULA_TESTING": "true"}
    server = install(**testing, INSULA_FAILPOINTS="create.prepared=delay:60", INSULA_STOP_TIMEOUT_S="1")
    server.start()
    done = server.command("apps", "create", "shop", "--no-wait", "--json")
    job = str(json.loads(done.stdout)["jobId"])
    done = server.command("jobs", "cancel", job)
    assert (done.returncode, "cancelled" in done.stdout) == (0, True), done.stderr
    for address, accept in (("/api/__app/shop/app:getInfo", "*/*"), ("/apps/shop/admin/", "text/html")):
        began = time.monotonic()
        told = httpx.get(f"{server.address}{address}", headers={"Accept": accept}, timeout=PATIENCE_S)
        assert (told.status_code, "goes on with it or takes it back" in told.text) == (503, True)
        assert "retry-after" not in told.headers
        assert time.monotonic() - began < SOON_S
    shop = json.loads(server.command("apps", "show", "shop", "--json").stdout)
    assert (shop["status"], f"the job {job}" in shop["failure"]["message"]) == ("error", True)
    server.stop()
    server.settings = {"DB_DIALECT": "sqlite"}
    server.start()
    told = httpx.get(f"{server.address}/api/__app/shop/app:getInfo", timeout=PATIENCE_S)
    assert (told.status_code, told.json()["error"]["code"]) == (503, "APP_ERROR")
    done = server.command("jobs", "retry", job, "--wait")
    assert done.returncode == 0, done.stderr
    assert httpx.get(f"{server.address}/apps/shop/__health_check", timeout=PATIENCE_S).text == "ok"
    assert server.stop() == 0
    server.settings = {**server.settings, **testing, "INSULA_FAILPOINTS": "create.created=fail"}
    server.start()
    failed = server.command("apps", "create", "blog")
    assert (failed.returncode, "jobs undo" in failed.stderr) == (Exit.DEFECT, True), failed.stderr
    (job,) = re.findall(r"jobs undo (\d+)", failed.stderr)
    assert server.command("jobs", "undo", job, "--wait").returncode == 0
    assert server.command("apps", "show", "blog").returncode == Exit.MISSING
    assert not (server.storage / "apps" / "blog").exists()
    assert server.stop() == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("apps", "create", "press", "--label", ""), 'The field "labels" of an application must have no empty ones. It is given by --label.'),
        (("apps", "create", "press", "--display-name", "\u200b"), "It is given by --display-name."),
        (("users", "create", "--username", "ada", "--nickname", "x" * 300, "--password", "a passphrase 7"), "It is given by --nickname."),
    ],
)  # fmt: skip
def test_errors_name_the_option_by_which_a_field_is_given(
    run: Run, words: tuple[str, ...], said: str
) -> None:
    done = run(*words)
    assert done.returncode == Exit.INVALID
    assert said in done.stderr
