"""Databases that can not be had, taken ones and adopted ones: a whole process on real servers."""

import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from insula.testing import servers
from insula.testing.databases import connected
from insula.testing.instance import Instance, database_settings

SLOWEST_S = 20.0
"""A server that hangs is given up after ``CONNECT_TIMEOUT_S`` (10 s)."""


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def instance(
    request: pytest.FixtureRequest, postgresql: servers.Server, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Instance]:
    """Main on a file, or on a database."""
    server = postgresql if request.param == "postgres" else None
    settings = database_settings(server, f"real_{time.monotonic_ns()}")
    with Instance(tmp_path_factory.mktemp("real") / "storage", settings) as found:
        found.start()
        yield found
        assert found.stop() == 0


@pytest.fixture
def client(instance: Instance) -> Iterator[httpx.Client]:
    with instance.sign_in() as found:
        yield found


@pytest.fixture
async def admin(postgresql: servers.Server) -> Any:
    """A superuser's connection to the server."""
    async with connected(postgresql) as connection:
        yield connection


def service(server: servers.Server, **other: Any) -> dict[str, Any]:
    return {
        "dialect": "postgres",
        "host": server.host,
        "port": server.port,
        "username": server.user,
        "password": server.password,
        **other,
    }


def unique(prefix: str) -> str:
    return f"{prefix}{time.monotonic_ns()}"


def ask(
    client: httpx.Client, name: str, database: Any, connection: str = "new_database", **more: Any
) -> httpx.Response:
    options = {"dbConnType": connection, "database": database}
    return client.post("/applications:create", json={"name": name, "options": options, **more})


def make(instance: Instance, client: httpx.Client, answer: httpx.Response) -> dict[str, Any]:
    assert answer.status_code == 200, answer.text
    job = instance.wait_for_job(client, answer.json()["data"]["jobId"])
    assert job["status"] == "succeeded", job["error"]
    found: dict[str, Any] = client.get(f"/applications:get/{answer.json()['data']['name']}").json()["data"]
    return found


def refused(client: httpx.Client, answer: httpx.Response, name: str, status: int = 409) -> dict[str, Any]:
    """The first error of a refusal; nothing was recorded."""
    assert answer.status_code == status, answer.text
    assert client.get(f"/applications:get/{name}").json()["data"] is None
    error: dict[str, Any] = answer.json()["errors"][0]
    return error


def gone(client: httpx.Client, name: str, **params: str) -> None:
    for verb in ("destroy", "purge"):
        answer = client.post(f"/applications:{verb}/{name}", params={"confirm": name, **params})
        assert answer.status_code == 200, answer.text


async def test_a_database_that_is_someone_else_s(
    client: httpx.Client, postgresql: servers.Server, admin: Any
) -> None:
    name = unique("theirs_")
    await admin.execute(f'CREATE DATABASE "{name}"')
    async with connected(postgresql, name) as theirs:
        await theirs.execute("CREATE TABLE payroll (id int)")
    error = refused(client, ask(client, name, service(postgresql)), name)
    assert error["code"] == "DATABASE_EXISTS"
    assert "payroll" in error["message"]


async def test_a_database_of_another_application(
    instance: Instance, client: httpx.Client, postgresql: servers.Server
) -> None:
    name = unique("shop")
    make(instance, client, ask(client, name, service(postgresql)))
    other = unique("other")
    error = refused(client, ask(client, other, service(postgresql, database=name)), other)
    assert error["code"] == "OWNED_BY_ANOTHER"
    assert client.get(f"/applications:get/{name}").json()["data"]["status"] == "running"
    gone(client, name)


async def test_a_password_that_is_wrong(client: httpx.Client, postgresql: servers.Server) -> None:
    name = unique("shop")
    answer = ask(client, name, service(postgresql, password="a wrong password"))
    error = refused(client, answer, name)
    assert error["code"] == "LOGIN_REFUSED"
    assert "a wrong password" not in answer.text


async def test_a_user_without_the_privilege(
    client: httpx.Client, postgresql: servers.Server, admin: Any
) -> None:
    user, name = unique("weak_"), unique("shop")
    await admin.execute(f"CREATE ROLE \"{user}\" LOGIN PASSWORD 'weak password'")
    answer = ask(client, name, service(postgresql, username=user, password="weak password"))
    error = refused(client, answer, name)
    assert error["code"] == "PRIVILEGE_MISSING"
    assert "CREATEDB" in error["message"]
    await admin.execute(f'ALTER ROLE "{user}" CREATEDB')
    checked = client.post(
        "/applications:check",
        json={
            "name": name,
            "options": {"database": service(postgresql, username=user, password="weak password")},
        },
    )
    assert checked.json()["data"]["ok"] is True


async def test_no_server(client: httpx.Client, postgresql: servers.Server) -> None:
    name = unique("shop")
    error = refused(client, ask(client, name, service(postgresql, port=servers.free_port())), name)
    assert error["code"] == "SERVER_UNREACHABLE"


async def test_a_server_that_hangs_holds_nobody_up(client: httpx.Client, postgresql: servers.Server) -> None:
    name, answers = unique("shop"), []
    with socket.create_server(("127.0.0.1", 0)) as silent:
        database = service(postgresql, port=silent.getsockname()[1])
        began = time.monotonic()
        asking = threading.Thread(target=lambda: answers.append(ask(client, name, database)))
        asking.start()
        assert client.get("/applications:list").status_code == 200
        asking.join(SLOWEST_S)
        assert not asking.is_alive()
    assert time.monotonic() - began < SLOWEST_S
    assert refused(client, answers[0], name)["code"] == "SERVER_UNREACHABLE"


async def test_a_file_outside_of_the_storage_folder_is_wrong_input(
    instance: Instance, client: httpx.Client
) -> None:
    name = unique("shop")
    answer = ask(client, name, {"dialect": "sqlite", "storage": "/etc/passwd"}, "new_database")
    error = refused(client, answer, name, status=400)
    assert error["code"] == "STORAGE_UNFIT"
    folder = instance.storage.resolve()
    assert error["message"] == f"The file /etc/passwd is not inside of {folder}. Give a path in that folder."


async def test_main_s_own_database_is_nobody_else_s(
    instance: Instance, client: httpx.Client, postgresql: servers.Server
) -> None:
    name, settings = unique("shop"), instance.settings
    if settings["DB_DIALECT"] == "sqlite":
        database: dict[str, Any] = {"dialect": "sqlite", "storage": str(instance.storage / "main.sqlite")}
    else:
        database = service(postgresql, database=settings["DB_DATABASE"])
    error = refused(client, ask(client, name, database, "new_connection"), name)
    assert error["code"] in ("OWNED_BY_ANOTHER", "STORAGE_UNFIT")
    assert client.get("/applications:list").status_code == 200


async def test_a_new_connection_makes_nothing_but_tables_and_drops_nothing_else(
    instance: Instance, client: httpx.Client, postgresql: servers.Server, admin: Any
) -> None:
    name = unique("shop")
    error = refused(client, ask(client, name, service(postgresql, database=name), "new_connection"), name)
    assert error["code"] == "DATABASE_NOT_FOUND"
    await admin.execute(f'CREATE DATABASE "{name}"')
    made = make(instance, client, ask(client, name, service(postgresql, database=name), "new_connection"))
    assert made["status"] == "running"
    assert "password" not in made["options"]["database"]
    gone(client, name)
    async with connected(postgresql, name) as left:
        tables = await left.fetch("SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 2200")
    assert [row["relname"] for row in tables] == []


async def test_an_application_is_taken_over_by_its_stamp_alone(
    instance: Instance, client: httpx.Client, postgresql: servers.Server, admin: Any
) -> None:
    place, first, second = unique("place_"), unique("first"), unique("second")
    await admin.execute(f'CREATE DATABASE "{place}"')
    database = service(postgresql, database=place)
    make(instance, client, ask(client, first, database, "new_connection"))
    with_people = f"{instance.address}/api/__app/{first}/auth:signIn"
    person = {"account": "root@example.com", "password": instance.environment["INIT_ROOT_PASSWORD"]}
    assert httpx.post(with_people, json=person).status_code == 200
    error = refused(client, ask(client, second, database, "new_connection"), second)
    assert error["code"] == "HOLDS_APPLICATION"
    stamp = error["message"].partition("adopt=")[2].partition(";")[0]
    living = ask(client, second, database, "new_connection", adopt=stamp)
    assert (
        f"the application {first}, which is looked after here" in refused(client, living, second)["message"]
    )
    gone(client, first, keepData="true")
    wrong = ask(client, second, database, "new_connection", adopt="5a0b7b3e-3f4e-4f0e-9a52-6a6f2d1c1d11")
    assert refused(client, wrong, second)["code"] == "HOLDS_APPLICATION"
    made = make(instance, client, ask(client, second, database, "new_connection", adopt=stamp))
    assert made["status"] == "running"
    signed = httpx.post(f"{instance.address}/api/__app/{second}/auth:signIn", json=person)
    assert signed.status_code == 200, signed.text
    gone(client, second)


async def test_fifty_at_once_all_run(instance: Instance, client: httpx.Client) -> None:
    names = [unique("many") + str(number) for number in range(50)]
    answers: list[httpx.Response] = []
    asking = [
        threading.Thread(target=lambda name=name: answers.append(ask(client, name, {}))) for name in names
    ]
    for thread in asking:
        thread.start()
    for thread in asking:
        thread.join()
    assert [answer.status_code for answer in answers] == [200] * 50
    for answer in answers:
        assert instance.wait_for_job(client, answer.json()["data"]["jobId"])["status"] == "succeeded"
    found = client.get("/applications:list", params={"pageSize": 200, "filter": '{"status": "running"}'})
    assert {row["name"] for row in found.json()["data"]} >= set(names)
    for name in names:
        assert httpx.get(f"{instance.address}/api/__app/{name}/__health_check").text == "ok"
    answer = client.post("/applications:stop", json={"filterByTk": names})
    assert {row["status"] for row in answer.json()["data"]} == {"stopped"}
