"""Two processes and one database: the second one is told who has it, on every dialect."""

import asyncio
import errno
import os
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from insula.database.budget import ConnectionBudget
from insula.database.dialects import dialect
from insula.database.errors import DatabaseInUse, InvalidStorage
from insula.database.executor import Database
from insula.database.options import DatabaseOptions
from insula.database.provision import claim as module
from insula.database.provision.claim import SessionClaim, claim
from insula.database.provision.ensure import ensure_database

MARIADB = ("mariadb", "mysql")
KEEPALIVES = (
    "SELECT current_setting('tcp_keepalives_idle')::int + current_setting('tcp_keepalives_interval')::int"
    " * current_setting('tcp_keepalives_count')::int AS s, current_setting('tcp_user_timeout') AS unsaid"
)


def fails(error: DatabaseInUse) -> None:
    raise AssertionError(error)


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "TAKE_WITHIN_S", 0.0)
    monkeypatch.setattr(module, "LOOK_EVERY_S", 0.01)


async def test_the_second_is_told_who_has_it_until_it_is_given_back(
    database: Database, database_options: DatabaseOptions
) -> None:
    one, two = (
        claim(database_options, ConnectionBudget(), fails),
        claim(database_options, ConnectionBudget(), fails),
    )
    await one.take()
    # MariaDB does not tell a program's name unless it collects statistics
    holder = "connected from 127.0.0.1" if database_options.dialect in MARIADB else f"process {os.getpid()}"
    with pytest.raises(DatabaseInUse, match=holder):
        await two.take()
    await two.release()
    await one.release()
    await two.take()
    await two.release()
    await two.release()


async def test_what_fails_on_a_full_disk_holds_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = DatabaseOptions("sqlite", storage=tmp_path / "shop.sqlite")
    held = claim(options, ConnectionBudget(), fails)
    taken: list[int] = []

    def full(descriptor: int, written: bytes) -> int:
        taken.append(descriptor)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(InvalidStorage, match="can not be locked: no space left on device"):
        await held.take()
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(taken[0])
    monkeypatch.undo()
    other = claim(options, ConnectionBudget(), fails)
    await other.take()
    await other.release()


async def test_another_schema_is_another_database(
    database: Database, database_options: DatabaseOptions
) -> None:
    if database_options.storage is not None:
        other = replace(database_options, storage=database_options.storage.with_name("other.sqlite"))
    elif database_options.dialect in MARIADB:
        other = replace(database_options, database="another_one")
        await ensure_database(other, ConnectionBudget())
    else:
        other = replace(database_options, schema="another_one")
    one, two = claim(database_options, ConnectionBudget(), fails), claim(other, ConnectionBudget(), fails)
    await one.take()
    await two.take()
    await one.release()
    await two.release()


async def end_session(held: SessionClaim) -> None:
    """End the claim's session as an administrator or a failing network does."""
    connection = held._connection
    assert connection is not None
    connection.terminate()
    while held._connection is connection:
        await asyncio.sleep(0.005)


async def test_a_lost_connection_is_made_again(database: Database, database_options: DatabaseOptions) -> None:
    if database_options.storage is not None:
        return  # a lock of the kernel can not be lost
    held = SessionClaim(database_options, ConnectionBudget(), fails)
    await held.take()
    await end_session(held)
    while held._connection is None:
        await asyncio.sleep(0.005)
    with pytest.raises(DatabaseInUse):
        await SessionClaim(database_options, ConnectionBudget(), fails).take()
    await held.release()


async def test_it_is_told_when_another_took_the_database_meanwhile(
    database: Database, database_options: DatabaseOptions, monkeypatch: pytest.MonkeyPatch
) -> None:
    if database_options.storage is not None:
        return  # a lock of the kernel can not be lost
    told: asyncio.Future[DatabaseInUse] = asyncio.get_running_loop().create_future()
    held, other = (
        SessionClaim(database_options, ConnectionBudget(), told.set_result),
        SessionClaim(database_options, ConnectionBudget(), fails),
    )
    await held.take()
    watch, connection = held._watch, held._connection
    assert watch is not None
    assert connection is not None
    watch.cancel()
    await asyncio.wait((watch,))
    connection.terminate()
    monkeypatch.setattr(module, "TAKE_WITHIN_S", 10.0)
    await other.take()
    await held._look(held._database)
    assert "used by another" in told.result().message
    await held.release()
    await other.release()


async def test_the_server_notices_within_half_a_minute_that_this_machine_is_gone(
    database: Database, database_options: DatabaseOptions
) -> None:
    if database_options.storage is not None:
        return  # a file has no network
    if database_options.dialect in MARIADB:
        text, expected = "SELECT @@wait_timeout AS s", {"s": 30}
    else:
        text, expected = KEEPALIVES, {"s": 30, "unsaid": "30000"}
    held = SessionClaim(database_options, ConnectionBudget(), fails)
    await held.take()
    assert held._connection is not None
    (row,) = await held._connection.fetch(text, ())
    assert dict(row) == expected
    await held.release()


async def test_its_connection_is_one_of_the_budget(
    database: Database, database_options: DatabaseOptions
) -> None:
    if database_options.storage is not None:
        return  # a file needs none
    budget = ConnectionBudget(2)
    held, late = claim(database_options, budget, fails), claim(database_options, budget, fails)
    for _ in range(2):
        await held.take()
        assert budget.used == 1
        with pytest.raises(DatabaseInUse):
            await late.take()
        assert budget.used == 1
        await held.release()
        assert budget.used == 0


async def test_a_lost_connection_leaves_its_place_and_waits_for_another(
    database: Database, database_options: DatabaseOptions
) -> None:
    if database_options.storage is not None:
        return  # a lock of the kernel can not be lost
    budget = ConnectionBudget(1)
    held = SessionClaim(database_options, budget, fails)
    await held.take()
    other = dialect(database_options.dialect).open(database_options, budget)
    asking = asyncio.create_task(other.run(sa.text("SELECT 1")))
    await end_session(held)
    await asking
    while held._connection is None:
        await asyncio.sleep(0.005)
    assert budget.used == 1
    await held.release()
    await other.close()
