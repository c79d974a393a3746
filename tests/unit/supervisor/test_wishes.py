"""What people may say of an application, and what they are told when they may not."""

import asyncio
import re
from typing import Any

import pytest

from insula.fleet.command import Verb
from insula.fleet.lifecycle import Wanted
from insula.supervisor import seals
from insula.supervisor.entry import Entry
from insula.supervisor.errors import DomainTaken, InvalidOption
from insula.supervisor.wishes import options_of, read
from insula.testing.fleet import PlayedFleet, played_fleet

WHO = "user 7"


def test_everything_that_may_be_said() -> None:
    wish = read(
        {
            "name": "shop",
            "displayName": "My shop",
            "cname": "Shop.Example.com",
            "pinned": True,
            "icon": "shop",
            "labels": ["a", "b", "a"],
            "environments": ["local"],
            "status": "running",
            "lastVisitAt": None,
            "options": {
                "autoStart": True,
                "dbConnType": "new_connection",
                "database": {
                    "dialect": "postgres",
                    "host": "db",
                    "port": "5432",
                    "password": "s",
                    "schema": "",
                },
                "autoUpgrade": False,
                "shareSession": True,
                "timezone": "Europe/Berlin",
                "sleepAfter": 600,
            },
        }
    )
    assert wish.name == "shop"
    assert wish.credentials == {"password": "s"}
    assert wish.changes == {
        "display_name": "My shop",
        "cname": "shop.example.com",
        "pinned": True,
        "icon": "shop",
        "labels": ("a", "b"),
        "environments": ("local",),
        "options": {
            "startMode": "withMain",
            "dbConnType": "new_connection",
            "database": {"dialect": "postgres", "host": "db", "port": 5432},
            "autoUpgrade": False,
            "shareSession": True,
            "timezone": "Europe/Berlin",
            "sleepAfter": 600,
        },
    }


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"colour": "red"}, "colour"),
        ({"pinned": "yes"}, "pinned"),
        ({"pinned": 1}, "pinned"),
        ({"displayName": "x" * 256}, "displayName"),
        ({"displayName": "a\nb"}, "displayName"),
        ({"displayName": "a\0b"}, "displayName"),
        ({"displayName": "\ud800"}, "displayName"),
        ({"displayName": ["x"]}, "displayName"),
        ({"labels": "x"}, "labels"),
        ({"labels": [1]}, "labels"),
        ({"labels": ["x"] * 51}, "labels"),
        ({"options": []}, "options"),
        ({"options": {"startMode": "never"}}, "options.startMode"),
        ({"options": {"startMode": ["withMain"]}}, "options.startMode"),
        ({"options": {"autoStart": "x"}}, "options.autoStart"),
        ({"options": {"dbConnType": "mongo"}}, "options.dbConnType"),
        ({"options": {"purging": "data"}}, "options.purging"),
        ({"options": {"timezone": "Mars/Base"}}, "options.timezone"),
        ({"options": {"timezone": "../../etc/passwd"}}, "options.timezone"),
        ({"options": {"sleepAfter": 0}}, "options.sleepAfter"),
        ({"options": {"sleepAfter": True}}, "options.sleepAfter"),
        ({"options": {"sleepAfter": 10**12}}, "options.sleepAfter"),
        ({"options": {"database": "x"}}, "options.database"),
        ({"options": {"database": {"port": 70000}}}, "options.database.port"),
        ({"options": {"database": {"port": True}}}, "options.database.port"),
        ({"options": {"database": {"port": "12a"}}}, "options.database.port"),
        ({"options": {"database": {"host": 5}}}, "options.database.host"),
        ({"options": {"database": {"ssl": True}}}, "options.database.ssl"),
    ],
)
def test_what_may_not_be_said_is_named(values: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidOption, match=re.escape(f'"{field}"')):
        read(values)


def test_which_database_it_is_does_not_change_once_it_is_made() -> None:
    before = {"dbConnType": "new_schema", "database": {"dialect": "postgres", "host": "a", "schema": "shop"}}
    made = Entry("shop", Wanted.RUNNING, "stamp", options=before, version="1")
    moved = options_of(made, {"database": {"host": "b", "port": 5433}})
    assert moved["database"] == {"dialect": "postgres", "host": "b", "port": 5433, "schema": "shop"}
    for said in (
        {"dbConnType": "new_database"},
        {"database": {"schema": "other"}},
        {"database": {"dialect": "sqlite"}},
    ):
        with pytest.raises(InvalidOption, match="can not change any more"):
            options_of(made, said)
    unmade = Entry("shop", Wanted.RUNNING, "stamp", options=before)
    assert options_of(unmade, {"database": {"schema": "other"}})["database"]["schema"] == "other"


async def test_an_update_lays_what_is_said_over_what_is_there(fleet: PlayedFleet) -> None:
    server = {"dialect": "postgres", "host": "db", "username": "u", "database": "d"}
    database = {**server, "password": "first secret"}
    await fleet.make(
        "shop", options={"startMode": "withMain", "dbConnType": "new_connection", "database": database}
    )
    entry = await fleet.supervisor.update(
        "shop", {"displayName": "New", "options": {"autoUpgrade": False}, "status": "stopped"}, actor=WHO
    )
    assert (entry.display_name, entry.with_main, entry.wanted) == ("New", True, Wanted.RUNNING)
    assert entry.options["database"]["host"] == "db"
    entry = await fleet.supervisor.update(
        "shop", {"options": {"database": {"password": "second"}}}, actor=WHO
    )
    configuration = fleet.records.configuration(entry)
    assert configuration.database["password"] == "second"
    assert (configuration.connection, configuration.auto_upgrade) == ("new_connection", False)
    with pytest.raises(InvalidOption, match="it is its id"):
        await fleet.supervisor.update("shop", {"name": "other"}, actor=WHO)


async def test_between_the_steps_of_its_making_nobody_parts_an_application_from_what_was_prepared(
    fleet: PlayedFleet,
) -> None:
    server = {"dialect": "postgres", "host": "db", "username": "u"}
    await fleet.supervisor.create({"name": "shop", "options": {"database": server}}, actor=WHO)
    await fleet.supervisor.update("shop", {"options": {"database": {"database": "one"}}}, actor=WHO)
    await fleet.supervisor.prepare("shop")
    for said in (
        {"options": {"database": {"database": "two"}}},
        {"options": {"dbConnType": "new_schema"}},
    ):
        with pytest.raises(InvalidOption, match="can not change any more"):
            await fleet.supervisor.update("shop", said, actor=WHO)
    # the same database, found elsewhere: it is looked at first
    moved = await fleet.supervisor.update("shop", {"options": {"database": {"host": "other"}}}, actor=WHO)
    assert moved.options["database"]["host"] == "other"
    assert fleet.local.commands[-1].verb is Verb.CONNECT
    await fleet.supervisor.install("shop")
    assert fleet.records.get("shop").options["database"] == {**server, "host": "other", "database": "one"}


async def test_of_two_changes_at_once_each_is_checked_with_what_the_other_has_made(
    fleet: PlayedFleet,
) -> None:
    await fleet.supervisor.create({"name": "shop"}, actor=WHO)
    file = {"options": {"dbConnType": "new_connection", "database": {"storage": "shop.sqlite"}}}
    server = {"options": {"database": {"dialect": "postgres", "host": "db", "username": "u"}}}
    first, second = await asyncio.gather(
        *(fleet.supervisor.update("shop", said, actor=WHO) for said in (file, server)), return_exceptions=True
    )
    assert isinstance(second, InvalidOption)
    assert first == fleet.records.get("shop")
    assert fleet.records.get("shop").options["database"] == {"storage": "shop.sqlite"}


async def test_secrets_are_sealed_in_the_record_and_told_to_environments_alone(fleet: PlayedFleet) -> None:
    database = {"host": "db", "password": "first secret"}
    await fleet.make("shop", options={"database": database})
    await fleet.restart()
    kept = await fleet.main.repository.database.fetch(
        fleet.main.repository.database.compile(fleet.main.metadata.get("applications").table.select()), {}
    )
    assert "first secret" not in str(kept)
    assert "first secret" not in repr(fleet.records.get("shop"))
    configuration = fleet.records.configuration(fleet.records.get("shop"))
    assert configuration.database["password"] == "first secret"
    assert len(configuration.data_key) == 44
    assert "first secret" not in repr(configuration)
    assert seals.open_credentials(fleet.main, fleet.records.get("shop")) == {"password": "first secret"}
    started = [command for command in fleet.local.commands if command.verb is Verb.START]
    assert started[-1].configuration == configuration


async def test_language_and_time_zone_can_be_those_of_main_again(fleet: PlayedFleet) -> None:
    await fleet.make("shop", options={"lang": "fr-FR", "timezone": "Europe/Paris"})

    def spoken() -> tuple[str, str]:
        told = fleet.records.configuration(fleet.records.get("shop"))
        return told.lang, told.timezone

    assert spoken() == ("fr-FR", "Europe/Paris")
    await fleet.supervisor.update("shop", {"options": {"lang": None, "timezone": None}}, actor=WHO)
    assert spoken() == (fleet.main.options.lang, fleet.main.options.timezone)


async def test_mains_public_key_goes_only_to_those_that_share_its_session(fleet: PlayedFleet) -> None:
    await fleet.make("own")
    await fleet.make("sharing", options={"shareSession": True})
    assert fleet.records.configuration(fleet.records.get("own")).main_key == ""
    assert len(fleet.records.configuration(fleet.records.get("sharing")).main_key) == 44
    target = await fleet.records.find("sharing")
    assert target is not None and target.share_session


async def test_a_domain_belongs_to_one_at_a_time(fleet: PlayedFleet) -> None:
    await fleet.make("one", cname="Shop.Example.com")
    assert fleet.records.application_of("shop.example.com") == "one"
    with pytest.raises(DomainTaken, match="belongs to the application one"):
        await fleet.make("two", cname="shop.example.com")
    await fleet.make("two")
    with pytest.raises(DomainTaken):
        await fleet.supervisor.update("two", {"cname": "shop.example.com"}, actor=WHO)
    await fleet.supervisor.update("one", {"cname": "one.example.com"}, actor=WHO)
    assert fleet.records.application_of("shop.example.com") is None
    await fleet.supervisor.update("two", {"cname": "shop.example.com"}, actor=WHO)
    assert fleet.records.application_of("shop.example.com") == "two"
    await fleet.supervisor.destroy("two", confirm="two", actor=WHO)
    with pytest.raises(DomainTaken):
        await fleet.supervisor.update("one", {"cname": "shop.example.com"}, actor=WHO)
    await fleet.supervisor.update("one", {"cname": ""}, actor=WHO)
    assert fleet.records.get("one").cname is None


async def test_in_one_environment_local_is_taken_for_granted(fleet: PlayedFleet) -> None:
    assert (await fleet.supervisor.create({"name": "one"}, actor=WHO)).environments == ()
    assert (await fleet.supervisor.create({"name": "two", "environments": ["local"]}, actor=WHO)).places == (
        "local",
    )
    with pytest.raises(InvalidOption, match="mars, which is not there \\(there is local\\)"):
        await fleet.supervisor.create({"name": "three", "environments": ["mars"]}, actor=WHO)


async def test_several_environments_are_named(fleet: PlayedFleet) -> None:
    async with played_fleet(fleet.main, "berlin", "paris") as two:
        with pytest.raises(InvalidOption, match="must name one of berlin, paris"):
            await two.supervisor.create({"name": "shop"}, actor=WHO)
        with pytest.raises(InvalidOption, match="local"):
            await two.supervisor.create({"name": "shop", "environments": ["local"]}, actor=WHO)
        await two.make("shop", environments=["berlin", "paris"])
        assert [sorted(place.running) for place in two.environments.values()] == [["shop"], ["shop"]]
        carried = {name: [verb for verb, _ in place.carried] for name, place in two.environments.items()}
        # its data are made once, by the first; the others look whether they reach them
        assert carried == {
            "berlin": [Verb.PREPARE, Verb.CREATE, Verb.START],
            "paris": [Verb.CONNECT, Verb.START],
        }
    async with played_fleet(fleet.main, "berlin") as one:
        await one.make("other")
        assert one.records.get("other").environments == ("berlin",)
