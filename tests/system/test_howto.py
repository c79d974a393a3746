"""What the how-tos tell people to type, done: backup, restore, and every command by its words."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import click
import pytest

from insula.application.access.rules import PERMISSIONS
from insula.application.access.templates import _DATES
from insula.application.api.system import SYSTEM_RESOURCES
from insula.application.jobs.resource import JOBS_RESOURCE
from insula.application.jobs.resource import SNIPPET as JOBS_SNIPPET
from insula.application.registry import Registry
from insula.cli.commands import insula
from insula.core.ids import random_id
from insula.core.names import MAIN
from insula.plugins.acl.built_in import BUILT_IN
from insula.plugins.import_export import openapi
from insula.supervisor.collections import SNIPPET as SUPERVISOR_SNIPPET
from insula.testing import servers
from insula.testing.fleet_client import FleetClient
from insula.testing.instance import Instance, database_settings

ROOT = Path(__file__).parent.parent.parent
PAGES = [*sorted((ROOT / "docs").glob("*/*.md")), ROOT / "README.md"]
HERE = ".venv/bin/insula"
"""What works as it is typed, in the folder where ``make start`` works."""
IN_CONTAINERS = {"run-in-a-container.md"}
"""Pages that type into a container, whose command it is."""


def blocks(page: str) -> list[str]:
    text = (ROOT / "docs" / "howto" / page).read_text()
    return re.findall(r"^ *```sh\n(.*?)^ *```$", text, re.MULTILINE | re.DOTALL)


def shell(script: str, folder: Path, **more: str) -> str:
    """What the script prints. Fails with what it says when any of its commands does."""
    (folder / ".venv").mkdir(exist_ok=True)
    if not (folder / ".venv" / "bin").exists():
        (folder / ".venv" / "bin").symlink_to(Path(sys.executable).parent)
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "HOME": str(folder), **more},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def keep_records(made: Instance, connections: Mapping[str, str]) -> None:
    """One in main, and one in each application, which is made in this way."""
    with FleetClient(made) as fleet:
        for name, connection in connections.items():
            fleet.create(name, connection)
        for name in (MAIN, *connections):
            with fleet.inside(name) as client:
                fields = [{"name": "text", "type": "string"}]
                client.post(
                    "/collections:create", json={"name": "notes", "fields": fields}
                ).raise_for_status()
                client.post("/notes:create", json={"text": f"kept in {name}"}).raise_for_status()


def lose_them(made: Instance, names: Iterable[str]) -> None:
    with FleetClient(made) as fleet:
        for name in (MAIN, *names):
            with fleet.inside(name) as client:
                client.post("/collections:destroy/notes").raise_for_status()
        for name in names:
            fleet.call("destroy", name, confirm=name)
            fleet.call("purge", name, confirm=name)
    assert made.stop() == 0


def find_them(made: Instance, names: Iterable[str]) -> None:
    made.start()
    with FleetClient(made) as fleet:
        for name in (MAIN, *names):
            with fleet.inside(name) as client:
                rows = client.get("/notes:list").json()["data"]
            assert [row["text"] for row in rows] == [f"kept in {name}"]
    assert made.stop() == 0


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path
    (tmp_path / ".venv" / "bin").unlink(missing_ok=True)


def test_backup_and_restore_on_sqlite(folder: Path) -> None:
    backup, restore, *_ = blocks("back-up-and-restore.md")
    applications = {"shop": "new_database"}
    with Instance(folder / "storage") as made:
        made.start()
        keep_records(made, applications)
        place = shell(f"{backup}\necho $backup", folder).strip()
        assert not list((folder / place).rglob("*-wal"))
        assert {"app_key", "main.sqlite"} <= {path.name for path in (folder / place).iterdir()}
        assert (folder / place).stat().st_mode & 0o077 == 0
        lose_them(made, applications)
        shell(restore, folder, backup=place)
        find_them(made, applications)


def test_backup_and_restore_on_postgresql(folder: Path, postgresql: servers.Server) -> None:
    _, _, backup, restore = blocks("back-up-and-restore.md")
    binaries = sorted(Path("/usr/lib/postgresql").glob("*/bin/pg_dump"))
    path = f"{binaries[-1].parent}:{os.environ['PATH']}" if binaries else os.environ["PATH"]
    assert shutil.which("pg_dump", path=path), "the how-to needs pg_dump: apt-get install postgresql-client"
    name = f"backup_{folder.name[-12:]}"
    own = f"own_{random_id(6)}"
    applications = {own: "new_database", f"schema_{random_id(6)}": "new_schema"}
    where = {
        "PGHOST": postgresql.host,
        "PGPORT": str(postgresql.port),
        "PGUSER": postgresql.user,
        "PGPASSWORD": postgresql.password,
        "PATH": path,
    }
    with Instance(folder / "storage", database_settings(postgresql, name)) as made:
        made.start()
        keep_records(made, applications)
        place = shell(f"{backup}\necho $backup", folder, DB_DATABASE=name, **where).strip()
        assert {path.stem for path in (folder / place).glob("*.dump")} == {name, own}
        lose_them(made, applications)
        (folder / "storage" / "app_key").unlink()
        shell(restore, folder, backup=place, **where)
        find_them(made, applications)
    shell(f"dropdb {name}; dropdb {name}-before; dropdb {own}", folder, **where)


def commands() -> list[tuple[str, str]]:
    """Page and words of every command of ours that a page tells to type, but for the reference of commands itself."""
    found = []
    for page in PAGES:
        if page.name in ("cli.md", "settings.md"):
            continue
        text = page.read_text()
        blocks = "\n".join(re.findall(r"^ *```sh\n(.*?)^ *```$", text, re.MULTILINE | re.DOTALL))
        typed = re.findall(
            r"((?:\S*/)?insula (?:apps|environments|settings|users|records|collections|plugins|jobs|demo|start)\b[^\n|>&)]*)",
            blocks,
        )
        typed += re.findall(
            r"`((?:\S*/)?insula (?:apps|environments|settings|users|records|collections|plugins|jobs|demo|start)[^`]*)`",
            text,
        )
        found += [(page.name, words.strip()) for words in typed]
    return found


@pytest.mark.parametrize(("page", "typed"), commands())
def test_every_command_on_a_page_is_one_and_works_as_typed(page: str, typed: str) -> None:
    program, *words = shlex.split(typed)
    if page == "first-application.md" or page in IN_CONTAINERS:
        assert (
            program == "insula"
        )  # the tutorial puts .venv/bin on PATH first, and is run as a whole elsewhere
    elif page != "architecture.md":
        assert program == HERE
    command: click.Command = insula
    while isinstance(command, click.Group) and words and not words[0].startswith("-"):
        found = command.commands.get(words.pop(0))
        assert found is not None, typed
        command = found
    known = {"--help", *(name for option in command.params for name in option.opts)}
    assert {word for word in words if word.startswith("-") and word != "-"} <= known


def test_pages_that_type_commands_are_found() -> None:
    assert {"first-application.md", "start-stop-and-repair.md", "imports.md"} <= {
        page for page, _ in commands()
    }


def test_the_reference_of_permissions_names_all_there_are() -> None:
    text = (ROOT / "docs" / "reference" / "permissions.md").read_text()
    registry = Registry.discover()
    resources = [
        *SYSTEM_RESOURCES,
        JOBS_RESOURCE,
        *(r for p in registry.plugins.values() for r in p.resources),
    ]
    snippets = {action.snippet for resource in resources for action in resource.actions if action.snippet}
    stated = set(re.findall(r"^\| `((?:pm|ui)[\w.-]*)` \|", text, re.MULTILINE))
    assert stated == snippets | {JOBS_SNIPPET, SUPERVISOR_SNIPPET}
    assert {f"`{name}`" for name in PERMISSIONS} <= set(re.findall(r"`[a-z]+`", text))
    assert all(f"`{{{{ $nDate.{name} }}}}`" in text for name in _DATES)
    assert all(f"| `{role['name']}` |" in text for role in BUILT_IN)


def test_the_reference_of_imports_names_all_parameters() -> None:
    text = (ROOT / "docs" / "reference" / "imports.md").read_text()
    stated = set(re.findall(r"^\| `(\w+)`", text, re.MULTILINE))
    described = [*openapi.IMPORT_ANYWHERE["parameters"], *openapi.EXPORT["parameters"]]
    assert {p["name"] for p in described if "name" in p} <= stated


@pytest.mark.parametrize("name", ["insula.service", "insula@.service"])
def test_the_service_file_is_understood(name: str) -> None:
    unit = ROOT / "deploy" / "systemd" / name
    text = unit.read_text()
    assert "ExecStart=/opt/insula/.venv/bin/insula start\n" in text
    lines = [line for line in text.splitlines() if line and not line.startswith(("#", "["))]
    assert all(re.fullmatch(r"[A-Z][A-Za-z]+=\S.*", line) for line in lines)
    if analyze := shutil.which("systemd-analyze"):
        done = subprocess.run(
            [analyze, "verify", str(unit)], capture_output=True, text=True, timeout=30, check=False
        )
        said = [line for line in done.stderr.splitlines() if unit.stem in line]
        # The program is not in /opt/insula here; nothing else may be said.
        assert [line for line in said if "is not executable" not in line] == []
