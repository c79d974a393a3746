"""Where an application's database is: what is kept of that, and what changes under it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from insula.application.stored import read_stored, write_stored
from insula.core.ids import random_id
from insula.data.filters.tree import Condition
from insula.data.scope import Unrestricted
from insula.fleet.lifecycle import Observed
from insula.server.declared import Settings
from insula.server.host import Host
from insula.server.roles.single import Single
from insula.supervisor import seals
from insula.supervisor.errors import CommandFailed
from insula.testing.servers import Server
from insula.testing.whole import drop, make

PASSWORD = "correct horse battery"


@asynccontextmanager
async def installed(folder: Path, **given: Any) -> AsyncIterator[Single]:
    """An installation in a folder, while it runs."""
    settings = Settings(
        storage_path=str(folder), init_root_email="root@example.com", init_root_password=PASSWORD, **given
    )
    fleet = Single(Host(settings, folder, makes=True), [].append)
    try:
        await fleet.start()
        yield fleet
    finally:
        await fleet.stop()


@pytest.fixture
async def role(postgresql: Server) -> AsyncIterator[str]:
    """A role that makes databases, with the password ``first``; all that it made goes with it."""
    name = f"keeper_{random_id(6)}"
    admin = await asyncpg.connect(
        host=postgresql.host, port=postgresql.port, user=postgresql.user, password=postgresql.password,
        database="postgres",
    )  # fmt: skip
    try:
        await admin.execute(f"CREATE ROLE \"{name}\" LOGIN CREATEDB PASSWORD 'first'")
        yield name
        owned = "SELECT datname FROM pg_database d JOIN pg_roles r ON r.oid = datdba WHERE rolname = $1"
        for row in await admin.fetch(owned, name):
            await admin.execute(f'ALTER DATABASE "{row["datname"]}" WITH IS_TEMPLATE false')
            await admin.execute(f'DROP DATABASE "{row["datname"]}" WITH (FORCE)')
        await admin.execute(f'DROP ROLE "{name}"')
    finally:
        await admin.close()


async def test_a_storage_folder_that_is_moved_takes_its_files_along(tmp_path: Path) -> None:
    before, after = tmp_path / "before", tmp_path / "after"
    before.mkdir()
    async with installed(before) as fleet:
        await make(fleet, "shop", {"dbConnType": "new_database"})
        assert fleet.records.get("shop").options["database"]["storage"] == "apps/shop/shop.sqlite"
    before.rename(after)
    async with installed(after) as fleet:
        await fleet.supervisor.start("shop", actor="a test")
        assert fleet.process.status("shop").observed is Observed.RUNNING
        await drop(fleet, "shop")
    assert not list(after.rglob("shop.sqlite"))
    assert not before.exists()


@pytest.mark.parametrize("connection", ["new_database", "new_schema"])
async def test_a_new_password_of_mains_role_holds_for_those_on_mains_server(
    tmp_path: Path, postgresql: Server, role: str, connection: str
) -> None:
    where: dict[str, Any] = {
        "db_dialect": "postgres",
        "db_host": postgresql.host,
        "db_port": postgresql.port,
        "db_database": f"main_{role}",
        "db_user": role,
    }
    async with installed(tmp_path, **where, db_password="first") as fleet:
        name = f"shop_{role}" if connection == "new_database" else "shop"
        kind = "database" if connection == "new_database" else "schema"
        await make(fleet, "shop", {"dbConnType": connection, "database": {kind: name}})
        entry = fleet.records.get("shop")
        assert not {"host", "port", "username", "password"} & entry.options["database"].keys()
        assert entry.credentials == ""
    own = await asyncpg.connect(
        host=postgresql.host, port=postgresql.port, user=role, password="first", database=f"main_{role}"
    )
    await own.execute(f"ALTER ROLE \"{role}\" PASSWORD 'second'")
    await own.close()
    async with installed(tmp_path, **where, db_password="second") as fleet:
        await fleet.supervisor.start("shop", actor="a test")
        assert fleet.process.status("shop").observed is Observed.RUNNING
        await drop(fleet, "shop")


async def age(fleet: Single, name: str, **database: Any) -> None:
    """Write the record as earlier versions did: all of the address, and a copy of the password."""
    main, entry = fleet.records.main, fleet.records.get(name)
    options = {**entry.options, "database": {**entry.options["database"], **database}}
    password = options["database"].pop("password", None)
    secret = {} if password is None else {"password": password}
    await fleet.records.change(
        name, None, options=options, credentials=seals.seal_credentials(main, name, secret)
    )
    stored = await read_stored(main.repository)
    assert stored is not None
    plugins = stored.fingerprint["plugins"]
    plugins["app-supervisor"][1] = 0
    ours = Condition(("plugin",), "$eq", "app-supervisor")
    async with main.repository.transaction() as on:
        await write_stored(main.repository, {"fingerprint": stored.fingerprint}, on)
        await main.repository.destroy("migrations", filter=ours, scopes=Unrestricted(), on=on)


async def test_a_folder_of_an_earlier_version_may_be_moved_too(tmp_path: Path) -> None:
    before, after = tmp_path / "before", tmp_path / "after"
    before.mkdir()
    async with installed(before) as fleet:
        for name in ("shop", "blog"):
            await make(fleet, name, {"dbConnType": "new_database"})
            await age(fleet, name, storage=str(before / "apps" / name / f"{name}.sqlite"))
    async with installed(before) as fleet:  # upgraded where it was
        assert fleet.records.get("shop").options["database"]["storage"] == "apps/shop/shop.sqlite"
        await age(fleet, "shop", storage=str(before / "apps" / "shop" / "shop.sqlite"))
    before.rename(after)
    async with installed(after) as fleet:  # upgraded after it was moved
        for name in ("shop", "blog"):
            await fleet.supervisor.start(name, actor="a test")
            assert fleet.process.status(name).observed is Observed.RUNNING
            assert fleet.records.get(name).options["database"]["storage"] == f"apps/{name}/{name}.sqlite"
            await drop(fleet, name)
    assert not before.exists()


async def test_a_new_password_of_mains_role_holds_for_those_of_an_earlier_version_too(
    tmp_path: Path, postgresql: Server, role: str
) -> None:
    where: dict[str, Any] = {
        "db_dialect": "postgres",
        "db_host": postgresql.host,
        "db_port": postgresql.port,
        "db_database": f"main_{role}",
        "db_user": role,
    }
    copied = {"host": postgresql.host, "port": postgresql.port, "username": role, "password": "first"}
    superuser = {"username": postgresql.user, "password": postgresql.password}
    async with installed(tmp_path, **where, db_password="first") as fleet:
        await make(fleet, "shop", {"dbConnType": "new_schema"})
        own = {**copied, **superuser, "schema": "blog", "database": f"main_{role}", "dialect": "postgres"}
        await make(fleet, "blog", {"dbConnType": "new_schema", "database": own})
        await age(fleet, "shop", **copied)
        await age(fleet, "blog", **superuser)
    own_connection = await asyncpg.connect(
        host=postgresql.host, port=postgresql.port, user=role, password="first", database=f"main_{role}"
    )
    await own_connection.execute(f"ALTER ROLE \"{role}\" PASSWORD 'second'")
    await own_connection.close()
    async with installed(tmp_path, **where, db_password="second") as fleet:
        for name in ("shop", "blog"):
            await fleet.supervisor.start(name, actor="a test")
            assert fleet.process.status(name).observed is Observed.RUNNING
        shop, blog = fleet.records.get("shop"), fleet.records.get("blog")
        assert not {"host", "port", "username"} & shop.options["database"].keys()
        assert (shop.credentials, blog.options["database"]["username"]) == ("", postgresql.user)
        for name in ("shop", "blog"):
            await drop(fleet, name)


async def test_a_connection_that_does_not_lead_to_its_own_database_is_refused(
    tmp_path: Path, postgresql: Server, role: str
) -> None:
    service = {
        "dialect": "postgres",
        "host": postgresql.host,
        "port": postgresql.port,
        "username": role,
        "password": "first",
    }
    async with installed(tmp_path) as fleet:
        for name in ("shop", "blog"):
            database = {**service, "database": f"{name}_{role}"}
            await make(fleet, name, {"dbConnType": "new_database", "database": database})
        await fleet.supervisor.sleep("shop", actor="a test")
        before = fleet.records.get("shop")
        for wrong in ({"password": "third"}, {"username": "nobody_there"}, {"port": 1, "password": "first"}):
            with pytest.raises(CommandFailed, match="could not connect .*step connect"):
                await fleet.supervisor.update("shop", {"options": {"database": wrong}}, actor="a test")
            assert fleet.records.get("shop") == before
        another = {**before.options["database"], "database": f"blog_{role}"}
        await fleet.records.change("shop", None, options={**before.options, "database": another})
        with pytest.raises(CommandFailed, match="belongs to the application blog") as raised:
            given = {"options": {"database": {"password": "first"}}}
            await fleet.supervisor.update("shop", given, actor="a test")
        assert raised.value.cause_code == "OWNED_BY_ANOTHER"
        await fleet.records.change("shop", None, options=before.options)
        right = {"host": "127.0.0.1" if postgresql.host == "localhost" else "localhost", "password": "first"}
        await fleet.supervisor.update("shop", {"options": {"database": right}}, actor="a test")
        await fleet.supervisor.start("shop", actor="a test")
        assert fleet.records.get("shop").options["database"]["host"] == right["host"]
        for name in ("shop", "blog"):
            await drop(fleet, name)
