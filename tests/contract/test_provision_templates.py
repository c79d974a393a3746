"""The templates that databases and files are copied from: how long they live, and that nobody takes them for more."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest
import sqlalchemy as sa

from insula.core.ids import random_id
from insula.database.budget import ConnectionBudget
from insula.database.engine import open_database
from insula.database.errors import TableMissing
from insula.database.options import DatabaseOptions
from insula.database.provision import errors
from insula.database.provision.base import Order
from insula.database.provision.by_dialect import provision
from insula.database.provision.ownership import Stamp, read_stamp
from insula.database.provision.postgresql_template import template_name
from insula.database.provision.template import Template
from insula.testing.databases import connected
from insula.testing.provisioning import BOOKS, order, template
from insula.testing.servers import Server

WAY = provision("postgres")


@pytest.fixture
async def admin(postgresql: Server) -> AsyncIterator[asyncpg.Connection]:
    async with connected(postgresql) as connection:
        yield connection


@pytest.fixture
async def role(admin: asyncpg.Connection) -> str:
    name = f"maker_{random_id(6)}"
    await admin.execute(f"CREATE ROLE {name} LOGIN CREATEDB PASSWORD 'x'")
    return name


@pytest.fixture
def given(postgresql: Server, role: str, tmp_path: Path) -> Order:
    """An order of an installation that made none before."""
    at = DatabaseOptions(
        "postgres",
        host=postgresql.host,
        port=postgresql.port,
        user=role,
        password="x",
        database=f"copy_{random_id(8)}",
    )
    return order("new_database", at, at.on_database("main of all"), tmp_path, installation=random_id(8))


def next_one(asked: Order) -> Order:
    """Another application of the same installation."""
    options = replace(asked.options, database=f"copy_{random_id(8)}")
    return replace(asked, stamp=Stamp("next", str(uuid4())), options=options)


async def templates(admin: asyncpg.Connection, role: str) -> set[str]:
    rows = await admin.fetch(
        "SELECT datname FROM pg_database WHERE datname ~ '^insula_' AND pg_get_userbyid(datdba) = $1", role
    )
    return {row["datname"] for row in rows}


async def books(asked: Order) -> list[int]:
    database = open_database(asked.options, asked.budget)
    try:
        return [row["id"] for row in await database.run(sa.select(BOOKS))]
    finally:
        await database.close()


def version(number: int) -> Template:
    return template("postgres", sa.insert(BOOKS).values(id=number))


async def test_the_older_one_stays_until_the_new_one_is_made(
    given: Order, admin: asyncpg.Connection, role: str
) -> None:
    first = {template_name(given, version(1))}
    await WAY.prepare(given, version(1))
    assert await templates(admin, role) == first
    broken = template("postgres", sa.text("SELECT * FROM nowhere"))
    with pytest.raises(TableMissing):
        await WAY.prepare(next_one(given), broken)
    assert await templates(admin, role) == first
    other = next_one(given)
    await WAY.prepare(other, version(2))
    assert await templates(admin, role) == {template_name(given, version(2))}
    assert [await books(given), await books(other)] == [[1], [2]]
    elsewhere = replace(next_one(given), installation="another")
    await WAY.prepare(elsewhere, version(3))
    assert len(await templates(admin, role)) == 2


async def test_many_at_once_build_it_once(given: Order, admin: asyncpg.Connection, role: str) -> None:
    many = [next_one(given) for _ in range(12)]
    await asyncio.gather(*(WAY.prepare(each, version(1)) for each in many))
    assert [await read_stamp(each.options, each.budget) for each in many] == [each.stamp for each in many]
    assert await templates(admin, role) == {template_name(given, version(1))}
    assert given.budget.used == 0


async def test_half_made_it_is_brought_to_its_end(given: Order, admin: asyncpg.Connection, role: str) -> None:
    name = template_name(given, version(1))
    await admin.execute(f'CREATE DATABASE "{name}" OWNER {role}')
    await WAY.prepare(given, version(1))
    assert await books(given) == [1]


async def test_it_is_nobodys_application_and_nobody_gets_in(given: Order) -> None:
    await WAY.prepare(given, version(1))
    at = replace(given.options, database=template_name(given, version(1)))
    taking = replace(next_one(given), options=at)
    assert [problem.code for problem in (await WAY.check(taking)).problems] == ["OWNED_BY_ANOTHER"]
    for attempt in (WAY.prepare(taking, version(1)), WAY.remove(taking, ())):
        with pytest.raises(errors.OwnedByAnother):
            await attempt
    assert await read_stamp(at, ConnectionBudget()) is None
    tables = replace(taking, what="new_connection")
    assert (await WAY.check(tables)).problems
    await WAY.prepare(next_one(given), version(1))


async def test_who_may_not_copy_runs_the_script(given: Order, admin: asyncpg.Connection, role: str) -> None:
    await WAY.prepare(given, version(1))
    await admin.execute(f'ALTER DATABASE "{template_name(given, version(1))}" OWNER TO insula')
    other = next_one(given)
    await WAY.prepare(other, version(1))
    assert await read_stamp(other.options, other.budget) == other.stamp
    assert await books(other) == [1]
    assert await templates(admin, role) == set()
    await WAY.remove(other, ())


async def test_one_that_was_dropped_is_made_again(given: Order, admin: asyncpg.Connection, role: str) -> None:
    await WAY.prepare(given, version(1))
    await admin.execute(f'DROP DATABASE "{template_name(given, version(1))}"')
    await WAY.prepare(next_one(given), version(1))
    assert await templates(admin, role) == {template_name(given, version(1))}


async def test_of_files_too(tmp_path: Path) -> None:
    way = provision("sqlite")
    main = DatabaseOptions("sqlite", storage=tmp_path / "main.sqlite")
    made = []
    for number in (1, 1, 2):
        at = DatabaseOptions("sqlite", storage=tmp_path / "apps" / str(len(made)) / "a.sqlite")
        asked = order("new_database", at, main, tmp_path)
        extra = sa.insert(BOOKS).values(id=number)
        await way.prepare(asked, template("sqlite", extra))
        made.append(asked)
        assert len(list((tmp_path / "templates").iterdir())) == 1
    assert [await books(each) for each in made] == [[1], [1], [2]]
    assert all((each.options.storage or Path()).stat().st_mode & 0o777 == 0o600 for each in made)
