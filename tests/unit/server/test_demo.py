"""What the programs of a demo are started with."""

import shutil
import socket
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from insula.server import demo, settings
from insula.server.demo import ENVIRONMENTS, PORTS, SUPERVISOR, Demo
from insula.server.errors import RedisNotInstalled, SettingsWrong

REDIS = {"APP_SUPERVISOR_REDIS_URL": "redis://r1:1/2", "APP_COMMAND_REDIS_URL": "redis://:secret@r2:3"}
MEMBERS = (SUPERVISOR, *ENVIRONMENTS)
SERVER = {
    "DB_DIALECT": "postgres",
    "DB_HOST": "db",
    "DB_DATABASE": "insula",
    "DB_USER": "u",
    "DB_PASSWORD": "p",
}


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """In a folder without ``.env``."""
    monkeypatch.chdir(tmp_path)
    yield


def plan(**given: str) -> Demo:
    return demo.plan("d", {"PATH": "/bin", **REDIS, **given})


def environments(planned: Demo) -> dict[str, dict[str, str]]:
    return {program.name: dict(program.environment) for program in planned.stages[-1]}


def test_each_has_a_folder_a_port_and_a_role(tmp_path: Path) -> None:
    given = environments(plan(APP_MODE="single", STORAGE_PATH="elsewhere", APP_PORT="1", TZ="Asia/Tokyo"))
    assert [*given] == [*MEMBERS]
    assert [given[name]["APP_MODE"] for name in MEMBERS] == ["supervisor", "worker", "worker"]
    assert [given[name]["STORAGE_PATH"] for name in MEMBERS] == [
        str(tmp_path / "d" / name) for name in MEMBERS
    ]
    assert len({given[name]["APP_PORT"] for name in MEMBERS}) == 3
    assert {given[name]["INSULA_HOST"] for name in MEMBERS} == {"127.0.0.1"}
    assert {given[name]["TZ"] for name in MEMBERS} == {"Asia/Tokyo"}
    for name in ENVIRONMENTS:
        assert given[name]["ENVIRONMENT_NAME"] == name
        assert given[name]["ENVIRONMENT_URL"] == f"http://localhost:{given[name]['APP_PORT']}"
        assert given[name]["ENVIRONMENT_PROXY_URL"] == f"http://127.0.0.1:{given[name]['APP_PORT']}"


def test_they_are_settings_as_any_process_takes_them(tmp_path: Path) -> None:
    for environment in environments(plan()).values():
        reading = settings.read(environment, tmp_path)
        assert (reading.wrong, reading.warnings) == ({}, [])


def test_without_a_server_each_has_files_of_its_own(tmp_path: Path) -> None:
    given = environments(plan(DB_STORAGE="one-for-all.sqlite"))
    assert {given[name]["DB_STORAGE"] for name in MEMBERS} == {
        str(tmp_path / "d" / name / "main.sqlite") for name in MEMBERS
    }


def test_on_a_server_each_has_a_database_of_its_own() -> None:
    given = environments(plan(**SERVER))
    assert [given[name]["DB_DATABASE"] for name in MEMBERS] == [
        "insula_supervisor",
        "insula_env_a",
        "insula_env_b",
    ]
    assert all("DB_STORAGE" not in given[name] for name in MEMBERS)


def test_a_server_is_also_taken_from_the_file(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("".join(f"{name}={text}\n" for name, text in SERVER.items()))
    assert environments(plan())["env_a"]["DB_DATABASE"] == "insula_env_a"


def test_what_is_wrong_is_said_before_anything_starts() -> None:
    with pytest.raises(SettingsWrong, match="DB_USER is not set"):
        plan(**(SERVER | {"DB_USER": ""}))


def test_a_redis_that_is_named_is_used() -> None:
    planned = plan()
    assert planned.stages[0] == ()
    for environment in environments(planned).values():
        assert environment.items() >= REDIS.items()


def test_else_one_is_started_that_keeps_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: f"/usr/bin/{name}" if name == "valkey-server" else None)
    planned = plan(APP_SUPERVISOR_REDIS_URL="")
    ((redis,),) = planned.stages[:1]
    assert redis.command[0] == "/usr/bin/valkey-server"
    assert redis.command[-4:] == ("--save", "", "--appendonly", "no")
    port = redis.command[redis.command.index("--port") + 1]
    for environment in environments(planned).values():
        assert environment["APP_SUPERVISOR_REDIS_URL"] == f"redis://127.0.0.1:{port}/0"
        assert environment["APP_COMMAND_REDIS_URL"] == REDIS["APP_COMMAND_REDIS_URL"]


def test_where_none_is_installed_it_is_said_how_to_get_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(RedisNotInstalled, match="apt-get install redis-server"):
        plan(APP_COMMAND_REDIS_URL="")


def test_the_key_is_made_once_for_all(tmp_path: Path) -> None:
    keys = {e["APP_SUPERVISOR_AES_SECRET_KEY"] for e in environments(plan()).values()}
    assert keys == {e["APP_SUPERVISOR_AES_SECRET_KEY"] for e in environments(plan()).values()}
    (key,) = keys
    assert len(bytes.fromhex(key)) == 32
    assert stat.S_IMODE((tmp_path / "d" / "command_key").stat().st_mode) == 0o600


def test_a_port_in_use_is_left_to_its_owner() -> None:
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            other.bind(("127.0.0.1", PORTS["env_a"]))
            other.listen()
        except OSError:  # somebody else's, which is as good
            other.close()
        given = environments(plan())
    assert given["env_a"]["APP_PORT"] != str(PORTS["env_a"])
