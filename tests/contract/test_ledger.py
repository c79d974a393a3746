"""The contract of ledgers, run on every adapter and dialect."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from insula.core import clock
from insula.core.ids import random_id
from insula.database.budget import ConnectionBudget
from insula.database.options import DatabaseOptions
from insula.database.provision.ensure import ensure_database
from insula.fleet.command import Command, Outcome, Verb
from insula.fleet.configuration import Configuration
from insula.fleet.ledger.base import Kept, Ledger, after
from insula.fleet.lifecycle import Wanted
from insula.fleet.seal import Seal
from insula.server.errors import LedgerSealed
from insula.server.ledger import DatabaseLedger
from insula.testing.ledger import MemoryLedger

KEY = bytes(range(32))
SHOP = Configuration("shop", "stamp", database={"password": "s3cr3t"}, data_key="s3cr3t")


def command(verb: Verb, configuration: Configuration | None = SHOP) -> Command:
    return Command(verb, "shop", random_id(8), configuration)


@pytest.fixture(params=["sqlite", "postgres", "mariadb"])
def database_options(request: pytest.FixtureRequest, tmp_path: Path) -> DatabaseOptions:
    if request.param == "sqlite":
        return DatabaseOptions("sqlite", storage=tmp_path / "worker.sqlite")
    server = request.getfixturevalue("postgresql" if request.param == "postgres" else "mariadb")
    return DatabaseOptions(
        request.param,
        host=server.host,
        port=server.port,
        user=server.user,
        password=server.password,
        database=f"test_{random_id(8)}",
    )


@pytest.fixture
async def database_ledger(
    database_options: DatabaseOptions, budget: ConnectionBudget
) -> AsyncIterator[DatabaseLedger]:
    await ensure_database(database_options, budget)
    made = DatabaseLedger(database_options, budget, Seal(KEY))
    await made.open()
    yield made
    await made.close()


@pytest.fixture(params=["memory", "database"])
def ledger(request: pytest.FixtureRequest, database_ledger: DatabaseLedger) -> Ledger:
    return MemoryLedger() if request.param == "memory" else database_ledger


async def test_what_came_of_a_command_is_remembered(ledger: Ledger) -> None:
    prepare = command(Verb.PREPARE)
    assert await ledger.outcome(prepare.request_id) is None
    outcome = Outcome(prepare.request_id, result={"database": {"password": "s3cr3t"}})
    await ledger.keep(prepare, outcome)
    await ledger.keep(prepare, outcome)
    assert await ledger.outcome(prepare.request_id) == outcome
    assert list(await ledger.applications()) == []


@pytest.mark.parametrize("verb", [Verb.CHECK, Verb.CONNECT])
async def test_what_changes_nothing_is_not_remembered(ledger: Ledger, verb: Verb) -> None:
    stop = command(Verb.STOP)
    await ledger.keep(stop, Outcome(stop.request_id))
    elsewhere = Configuration("shop", "stamp", database={"host": "elsewhere"})
    look = command(verb, elsewhere)
    await ledger.keep(look, Outcome(look.request_id))
    assert await ledger.outcome(look.request_id) is None
    assert after(look, Outcome(look.request_id), Kept(SHOP, Wanted.STOPPED)) == Kept(SHOP, Wanted.STOPPED)
    assert list(await ledger.applications()) == [Kept(SHOP, Wanted.STOPPED)]


async def test_the_last_command_says_what_an_application_is(ledger: Ledger) -> None:
    async def done(
        verb: Verb, configuration: Configuration | None = SHOP, code: str = "", **arguments: bool
    ) -> list[Kept]:
        given = Command(verb, "shop", random_id(8), configuration, arguments)
        await ledger.keep(given, Outcome(given.request_id, code))
        return list(await ledger.applications())

    assert await done(Verb.CREATE) == [Kept(SHOP, Wanted.RUNNING)]
    assert await done(Verb.STOP, None) == [Kept(SHOP, Wanted.STOPPED)]
    assert await done(Verb.UPGRADE) == [Kept(SHOP, Wanted.STOPPED)]
    assert await done(Verb.START, code="APP_ERROR") == [Kept(SHOP, Wanted.STOPPED)]
    assert await done(Verb.STOP, None, asleep=True) == [Kept(SHOP, Wanted.ASLEEP)]
    changed = Configuration("shop", "stamp", display_name="The shop")
    assert await done(Verb.START, changed) == [Kept(changed, Wanted.RUNNING)]
    assert await done(Verb.REMOVE) == []
    assert await done(Verb.STOP, None) == []


async def test_what_is_kept_is_there_after_a_restart_and_nobody_reads_it(
    database_ledger: DatabaseLedger, database_options: DatabaseOptions, budget: ConnectionBudget
) -> None:
    start = command(Verb.START)
    await database_ledger.keep(start, Outcome(start.request_id, result={"n": 1}))
    again = DatabaseLedger(database_options, budget, Seal(KEY))
    await again.open()
    assert await again.outcome(start.request_id) == Outcome(start.request_id, result={"n": 1})
    assert list(await again.applications()) == [Kept(SHOP, Wanted.RUNNING)]
    await again.close()
    stranger = DatabaseLedger(database_options, budget, Seal(None))
    with pytest.raises(LedgerSealed, match=r"\(shop\) can not be opened with this APP_KEY"):
        await stranger.open()
    await stranger.close()


async def test_what_is_too_old_to_come_again_is_forgotten(
    database_ledger: DatabaseLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new = command(Verb.START), command(Verb.START)
    two_days_ago = clock.now() - timedelta(days=2)
    monkeypatch.setattr("insula.server.ledger.now", lambda: two_days_ago)
    await database_ledger.keep(old, Outcome(old.request_id))
    monkeypatch.undo()
    monkeypatch.setattr("insula.server.ledger.PRUNE_EVERY", 0)
    database_ledger._until_pruned = 0
    await database_ledger.keep(new, Outcome(new.request_id))
    assert await database_ledger.outcome(old.request_id) is None
    assert await database_ledger.outcome(new.request_id) is not None


async def test_a_domain_is_handed_from_one_to_another_in_any_order(ledger: Ledger) -> None:
    domain = "shop.example.com"
    shop = replace(SHOP, domain=domain)
    blog = replace(SHOP, application="blog")
    told = [("shop", shop), ("blog", blog), ("blog", replace(blog, domain=domain)), ("shop", SHOP)]
    for name, configuration in told:
        start = Command(Verb.START, name, random_id(8), configuration)
        await ledger.keep(start, Outcome(start.request_id))
    assert ledger.application_of(domain) == "blog"
