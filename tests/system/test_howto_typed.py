"""The how-tos typed word by word on an installation of their own; only names and ports are those of the test."""

import asyncio
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest

from insula.core.ids import random_id
from insula.database.options import DatabaseOptions
from insula.testing import servers
from insula.testing.databases import run_on
from insula.testing.fleet_client import FleetClient, connection_values
from insula.testing.instance import Instance, database_settings

HOWTO = Path(__file__).parent.parent.parent / "docs" / "howto"
PASSWORD = "a passphrase of theirs 7"
TIMEOUT_S = 60.0


def blocks(page: str, kind: str = "") -> list[str]:
    """The code blocks of a page of one kind, without what indents them."""
    found = re.findall(rf"^( *)```{kind}\n(.*?)^ *```$", (HOWTO / page).read_text(), re.MULTILINE | re.DOTALL)
    return [re.sub(rf"^{indent}", "", text, flags=re.MULTILINE) for indent, text in found]


def inline(page: str, begins: str) -> list[str]:
    """What stands in code style in the lines of a page and begins so."""
    return re.findall(rf"`({re.escape(begins)}[^`\n]*)`", (HOWTO / page).read_text())


def mixed(text: str, words: Mapping[str, str]) -> str:
    """The text with the words of the test in place of those of the page, each of which has to be there."""
    for word, ours in words.items():
        assert word in text, word
        text = text.replace(word, ours)
    return text


class Typed:
    """A folder where ``make start`` would work, and what is typed there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / ".venv").mkdir()
        (folder / ".venv" / "bin").symlink_to(Path(sys.executable).parent)

    def line(self, command: str, *, given: str | None = None, **more: str) -> str:
        """What a command prints. Fails with what it says."""
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", command],
            cwd=self.folder,
            env={"PATH": os.environ["PATH"], "HOME": str(self.folder), **more},
            input=given,
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def starts(self, port: int) -> None:
        """``make start`` works in this folder, with its ``.env``, until the end of this."""
        settings = {"PATH": os.environ["PATH"], "HOME": str(self.folder), "APP_PORT": str(port)}
        with (self.folder / "log").open("wb") as log:
            process = subprocess.Popen(
                [".venv/bin/insula", "start"], cwd=self.folder, env=settings, stdout=log, stderr=log
            )
        try:
            servers.wait_until_open(port, process, self.folder / "log")
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=TIMEOUT_S) as client:
                while client.get("/api/__health_check").status_code != httpx.codes.OK:
                    assert process.poll() is None, (self.folder / "log").read_text()
        finally:
            servers.stop(process)
        assert process.returncode == 0, (self.folder / "log").read_text()


@pytest.fixture
def typed(tmp_path: Path) -> Iterator[Typed]:
    yield Typed(tmp_path)
    (tmp_path / ".venv" / "bin").unlink()


def root_of(server: servers.Server, dialect: str, database: str) -> DatabaseOptions:
    return DatabaseOptions(
        dialect,
        host=server.host,
        port=server.port,
        user=server.user,
        password=server.password,
        database=database,
    )


def test_run_on_mariadb(typed: Typed, mariadb: servers.Server) -> None:
    """The user that the page has an administrator make can do with the rights that it is given."""
    page, name = "run-on-mariadb.md", f"insula_{random_id(6)}"
    (settings,), (statements,) = blocks(page, "sh"), blocks(page, "sql")
    ours = {"…": "secret", "3306": str(mariadb.port), "=insula": f"={name}"}
    (typed.folder / ".env").write_text(mixed(settings, ours))
    admin = root_of(mariadb, "mariadb", "mysql")
    for statement in mixed(statements, {"…": "secret", "insula": name}).split(";\n"):
        if statement.strip():
            asyncio.run(run_on(admin, statement.strip().rstrip(";")))
    try:
        (check,) = set(inline(page, ".venv/bin/insula settings check"))
        told = typed.line(check)
        assert "DB_DATABASE" in told
        assert "secret" not in told
        typed.starts(servers.free_port())
        assert asyncio.run(run_on(admin, f"SELECT 1 FROM {name}.applications")) == 0
    finally:
        asyncio.run(run_on(admin, f"DROP DATABASE IF EXISTS {name}"))
        asyncio.run(run_on(admin, f"DROP USER '{name}'@'%'"))


def test_run_on_postgresql(typed: Typed, postgresql: servers.Server) -> None:
    page, name = "run-on-postgresql.md", f"insula_{random_id(6)}"
    (settings,) = blocks(page, "sh")
    ours = {"…": "secret", "5432": str(postgresql.port), "=insula": f"={name}"}
    (typed.folder / ".env").write_text(mixed(settings, ours))
    admin = root_of(postgresql, "postgres", "postgres")
    asyncio.run(run_on(admin, f"CREATE ROLE \"{name}\" LOGIN CREATEDB PASSWORD 'secret'"))
    try:
        (check,) = set(inline(page, ".venv/bin/insula settings check"))
        assert "secret" not in typed.line(check)
        typed.starts(servers.free_port())
    finally:
        for database in (name,):
            asyncio.run(run_on(admin, f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)'))
        asyncio.run(run_on(admin, f'DROP OWNED BY "{name}"'))


def test_behind_a_proxy(typed: Typed) -> None:
    (settings,) = blocks("behind-a-proxy.md", "sh")
    (typed.folder / ".env").write_text(settings)
    told = typed.line(".venv/bin/insula settings check")
    assert "10.1.0.0/16" in told
    assert "https://insula.example.com" in told


def test_start_stop_and_repair(typed: Typed) -> None:
    """A forgotten password, with and without a running server; and as a service, in its folder."""
    (forgotten,) = blocks("start-stop-and-repair.md", "sh")
    (*_, as_service) = blocks("run-as-a-service.md", "sh")
    account = {"INIT_ROOT_EMAIL": "ada@example.com", "INIT_ROOT_USERNAME": "ada"}
    with Instance(typed.folder / "storage", {"DB_DIALECT": "sqlite", **account}) as instance:
        instance.start()
        for number in range(2):
            given = f"{PASSWORD} {number}\n"
            assert "ada@example.com" in typed.line(forgotten, given=given)
            if number:
                instance.start()
            instance.sign_in("ada", given.strip()).close()
            if number == 0:
                sudo = typed.folder / "bin" / "sudo"
                sudo.parent.mkdir()
                sudo.write_text('#!/bin/sh\ntest "$1 $2" = "-u insula" && shift 2 && exec env "$@"\n')
                sudo.chmod(0o755)
                places = {"/opt/insula": str(typed.folder), "/var/lib/insula": str(instance.storage)}
                path = f"{sudo.parent}:{os.environ['PATH']}"
                assert "ada@example.com" in typed.line(mixed(as_service, places), PATH=path)
            assert instance.stop() == 0


@pytest.fixture(params=["sqlite", "postgres", "mariadb"])
def fleet(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[FleetClient]:
    kind: str = request.param
    server = None
    if kind != "sqlite":
        server = request.getfixturevalue("postgresql" if kind == "postgres" else "mariadb")
    settings = database_settings(server, f"howto_{random_id(8)}", kind)
    with Instance(tmp_path / "storage", settings) as instance:
        instance.start()
        with FleetClient(instance) as made:
            yield made
        assert instance.stop() == 0


def test_make_and_look_after_applications(fleet: FleetClient, postgresql: servers.Server) -> None:
    """Each request and each body of the page, in its order."""
    page, name, other = "applications.md", f"shop_{random_id(6).lower()}", f"blog_{random_id(6).lower()}"

    def ask(request: str, body: str = "") -> Any:
        method, path = mixed(request, {"shop": name} if "shop" in request else {}).split()
        answer = fleet.client.request(
            method, f"{fleet.instance.address}{path}", json=json.loads(body or "{}")
        )
        assert answer.status_code == 200, (request, answer.text)
        return answer.json()["data"]

    def made(data: Any) -> None:
        job = fleet.instance.wait_for_job(fleet.client, data["jobId"])
        assert job["status"] == "succeeded", job

    create, schema, elsewhere, lives, domain, deleting, adopting = blocks(page)
    post, body = create.split("\n", 1)
    called = body.replace("shop", name)
    assert ask(f"POST /api/{inline(page, 'applications:check')[0]}", called)["ok"] is True
    made(ask(post, called))
    shown = fleet.get(name)
    assert (shown["status"], shown["displayName"]) == ("running", "Shop")
    assert httpx.get(shown["url"].replace("localhost:13000", "127.0.0.1")).status_code in (200, 503)
    for request in lives.strip().splitlines():
        ask(request)
    assert fleet.get(name)["wanted"] == "asleep"
    for options in inline(page, '{"options": {"s'):
        ask("POST /api/applications:update/shop", options)
    kept = fleet.get(name)["options"]
    assert (kept["startMode"], kept["sleepAfter"]) == ("withMain", 3600)
    request, cname = domain.strip().split("\n")
    (changed,) = ask(request, cname)
    assert changed["addresses"][0].startswith("http://shop.example.com")
    made(ask(post, json.dumps({"name": other})))
    (many,) = inline(page, '{"filterByTk"')
    many = many.replace('"shop"', f'"{name}"').replace('"blog"', f'"{other}"')
    assert {one["status"] for one in ask("POST /api/applications:stop", many)} == {"stopped"}
    ask("POST /api/applications:start/shop")
    (pinned,) = inline(page, '{"pinned"')
    ask("POST /api/applications:update/shop", pinned)
    assert [one["name"] for one in ask("GET /api/applications:listPinned")] == [name]
    assert [event["reason"] for event in ask("GET /api/applications:history/shop")]
    for request in deleting.strip().splitlines():
        ask(request)
    assert fleet.get(name)["wanted"] == "stopped"
    ask("POST /api/applications:destroy/shop?confirm=shop")
    (purge,) = inline(page, "applications:purge")
    ask(f"POST /api/{purge}")
    assert fleet.get(name) is None
    if fleet.instance.settings["DB_DIALECT"] == "postgres":
        made(ask(post, schema.replace("shop", name)))
        fleet.call("destroy", name, confirm=name)
        fleet.call("purge", name, confirm=name)
    taken_over(fleet, elsewhere, adopting, postgresql)
    fleet.call("destroy", other, confirm=other)
    fleet.call("purge", other, confirm=other)


def taken_over(fleet: FleetClient, elsewhere: str, adopting: str, postgresql: servers.Server) -> None:
    """On another server, then forgotten and taken over by its stamp, as the page has it."""
    place = f"place_{random_id(6).lower()}"
    admin = root_of(postgresql, "postgres", "postgres")
    asyncio.run(run_on(admin, f"CREATE DATABASE {place}"))
    body = json.loads(elsewhere)
    assert body["options"]["database"].keys() == {"dialect", "host", "username", "password", "database"}
    body["options"]["database"] = connection_values(postgresql, "postgres", database=place)
    first = fleet.call("create", body=body)
    assert fleet.instance.wait_for_job(fleet.client, first["jobId"])["status"] == "succeeded"
    fleet.call("destroy", "shop", confirm="shop")
    fleet.call("purge", "shop", confirm="shop", keepData="true")
    refused = fleet.ask("create", body=body)
    stamp = re.search(r"adopt=([\w-]+)", refused.text)
    assert refused.status_code == 409 and stamp is not None
    method, path = adopting.strip().replace("<stamp>", stamp[1]).split()
    again = fleet.client.request(method, f"{fleet.instance.address}{path}", json=body)
    assert again.status_code == 200, again.text
    job = again.json()["data"]["jobId"]
    assert fleet.instance.wait_for_job(fleet.client, job)["status"] == "succeeded"
    fleet.call("destroy", "shop", confirm="shop")
    fleet.call("purge", "shop", confirm="shop")
    asyncio.run(run_on(admin, f"DROP DATABASE {place}"))


def test_let_people_in(typed: Typed) -> None:
    """Each request of the page, those that others need first; then a person with the role, who sees what the page says."""
    page = "let-people-in.md"
    settings, entered, role, resource, scope = blocks(page)
    with Instance(typed.folder / "storage") as instance:
        instance.start()
        with instance.sign_in() as client:

            def ask(block: str) -> Any:
                request, body = block.strip().split("\n", 1)
                method, path = request.split()
                answer = client.request(method, f"{instance.address}{path}", json=json.loads(body))
                assert answer.status_code == 200, (request, answer.text)
                return answer.json()["data"]

            fields = [{"name": word, "type": "string"} for word in ("number", "total", "team", "secret")]
            ask("POST /api/collections:create\n" + json.dumps({"name": "invoices", "fields": fields}))
            team = {"name": "team", "type": "string"}
            ask("POST /api/collections/users/fields:create\n" + json.dumps(team))
            for block in (settings, scope, role, resource):
                ask(block)
            assert ask(entered) == ["*"]
            shown = client.get("/pm:get/auth").json()["data"]["settings"]
            assert shown.items() >= json.loads(settings.split("\n", 1)[1])["settings"].items()
            for of in ("north", "south"):
                ask("POST /api/invoices:create\n" + json.dumps({"number": of, "team": of, "secret": "s"}))
            person = {"username": "ada", "password": PASSWORD, "roles": ["clerk"], "team": "north"}
            ask("POST /api/users:create\n" + json.dumps(person))
            (key,) = inline(page, '{"name": "robot"')
            assert ask("POST /api/apiKeys:create\n" + key.replace("clerk", "root"))["token"]
        with instance.sign_in("ada", PASSWORD) as ada:
            (row,) = ada.get("/invoices:list").json()["data"]
            assert (row["number"], "secret" in row) == ("north", False)
        assert instance.stop() == 0
