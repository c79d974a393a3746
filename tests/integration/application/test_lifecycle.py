"""Installing, starting, stopping and upgrading an application, on both dialects."""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from insula.application import install, versions
from insula.application.application import State
from insula.application.errors import (
    AlreadyInstalled,
    MigrationFailed,
    NewerDatabase,
    NotInstalled,
    OwnedByAnother,
    UpgradeNeeded,
    WrongKey,
)
from insula.application.plugin import Migration, Plugin
from insula.application.registry import Registry
from insula.data.schema_sync import SchemaSync
from insula.data.scope import Unrestricted
from insula.database.dialects import dialect
from insula.database.executor import Database, Transaction
from insula.database.options import DatabaseOptions
from insula.database.provision.by_dialect import provision
from insula.testing.applications import BOOKS, Library, MakeApplication, client_of, collection, field
from insula.testing.provisioning import order

ALL = Unrestricted()


class Notes(Plugin):
    """The first version: notes with a text."""

    name = "notes"
    title = description = "Notes"
    collections = (collection("notes", field("text", "string")),)


async def fill_length(transaction: Transaction, sync: SchemaSync) -> None:
    notes = NotesTwo.collections[0].table
    await transaction.run(notes.update().values(length=5))


async def double_length(transaction: Transaction, sync: SchemaSync) -> None:
    notes = NotesTwo.collections[0].table
    await transaction.run(notes.update().values(length=notes.c.length * 2))


async def fails(transaction: Transaction, sync: SchemaSync) -> None:
    await double_length(transaction, sync)
    raise RuntimeError("the moon is full")


class NotesTwo(Plugin):
    """The second version: a column more, another table, and two migrations."""

    name = "notes"
    title = description = "Notes"
    version = "2.0.0"
    collections = (
        collection("notes", field("text", "string"), field("length", "integer", index=True)),
        collection("labels", field("name", "string", unique=True)),
    )
    migrations = (Migration(1, "fill length", fill_length), Migration(2, "double length", double_length))


class NotesBroken(NotesTwo):
    """As the second, but its last migration fails."""

    migrations = (Migration(1, "fill length", fill_length), Migration(2, "fails", fails))


class NotesBrokenRequired(NotesBroken):
    """Its failure stops the application."""

    required = True


@pytest.fixture
async def old(make: MakeApplication) -> None:
    """A database of the first version with a note in it, and a field that people added."""
    application = make(Notes(), Library())
    await application.install()
    await application.start()
    await application.repository.create("notes", {"text": "hello"}, scopes=ALL)
    await application.metadata.create_field("notes", {"name": "mine", "type": "string", "interface": "input"})
    await application.repository.update("notes", {"mine": "kept"}, keys=[1], scopes=ALL)
    await application.stop()


async def test_starting_and_stopping_twice_does_nothing_more(make: MakeApplication) -> None:
    application = make(Library())
    await application.install()
    await application.start()
    await application.start()
    states = [application.state]
    await application.stop()
    await application.stop()
    assert [*states, application.state] == [State.RUNNING, State.STOPPED]


async def test_an_empty_database_is_not_started(make: MakeApplication) -> None:
    application = make(Library())
    with pytest.raises(NotInstalled):
        await application.start()
    assert application.state is State.ERROR
    assert "install" in application.cause
    await application.stop()


async def test_installing_twice_is_refused(make: MakeApplication) -> None:
    application = make(Library())
    await application.install()
    with pytest.raises(AlreadyInstalled):
        await application.install()
    await application.stop()


async def test_two_that_install_at_once_make_one(make: MakeApplication) -> None:
    both = [make(Library()), make(Library())]
    results = await asyncio.gather(*(a.install() for a in both), return_exceptions=True)
    assert sorted(type(result).__name__ for result in results) == ["AlreadyInstalled", "NoneType"]
    for application in both:
        await application.stop()


async def test_installing_into_a_template(
    make: MakeApplication, database_options: DatabaseOptions, tmp_path: Path
) -> None:
    if database_options.storage is not None:
        database_options.storage.unlink(missing_ok=True)
    prepared = install.template(Registry([Library()]), (), dialect(database_options.dialect))
    what = "new_schema" if database_options.schema else "new_database"
    main = replace(database_options, database="main of all", schema=None, storage=None)
    asked = order(what, database_options, main, tmp_path)
    await provision(database_options.dialect).prepare(asked, prepared)
    application = make(Library())
    await application.install()
    await application.start()
    await application.repository.create("books", {"title": "x"}, scopes=ALL)
    with pytest.raises(AlreadyInstalled):
        await application.install()
    await application.stop()


async def test_what_fails_while_installing_leaves_nothing(make: MakeApplication) -> None:
    class Fails(Plugin):
        name = "fails"
        title = description = ""

        async def install(self, *_: Any) -> None:
            raise RuntimeError("no")

    application = make(Library(), Fails())
    with pytest.raises(RuntimeError):
        await application.install()
    with pytest.raises(NotInstalled):
        await application.start()
    await application.stop()
    again = make(Library())
    await again.install()
    await again.start()
    await again.stop()


async def test_a_database_of_another_application_is_not_touched(make: MakeApplication) -> None:
    application = make(Library())
    await application.install()
    await application.stop()
    other = make(Library(), name="other")
    with pytest.raises(OwnedByAnother):
        await other.start()
    with pytest.raises(OwnedByAnother):
        await other.install()
    await other.stop()
    stranger = make(Library(), owner_id="someone else")
    with pytest.raises(OwnedByAnother):
        await stranger.start()
    await stranger.stop()


async def test_another_app_key_opens_nothing(make: MakeApplication) -> None:
    application = make(Library())
    await application.install()
    await application.stop()
    other = make(Library(), key="another key of thirty-two letters")
    with pytest.raises(WrongKey):
        await other.start()
    await other.stop()


async def test_a_current_database_costs_no_migration_query(
    make: MakeApplication, monkeypatch: pytest.MonkeyPatch
) -> None:
    application = make(Library())
    await application.install()
    asked: list[str] = []
    find = application.repository.find

    async def counting(collection: str, *args: Any, **kwargs: Any) -> Any:
        asked.append(collection)
        return await find(collection, *args, **kwargs)

    monkeypatch.setattr(application.repository, "find", counting)
    await application.start()
    assert "migrations" not in asked
    assert asked.count("insula") == asked.count("plugins") == 1
    await application.stop()


async def test_upgrading_adds_what_is_new_and_runs_migrations_once(make: MakeApplication, old: None) -> None:
    for _ in range(2):
        application = make(NotesTwo(), Library())
        await application.start()
        note = await application.repository.find_one("notes", 1, scopes=ALL)
        assert note == {"id": 1, "text": "hello", "length": 10, "mine": "kept"}
        await application.repository.find("labels", scopes=ALL)
        await application.stop()


async def test_two_that_upgrade_at_once_do_it_once(make: MakeApplication, old: None) -> None:
    both = [make(NotesTwo(), Library()), make(NotesTwo(), Library())]
    await asyncio.gather(*(application.start() for application in both))
    for application in both:
        note = await application.repository.find_one("notes", 1, scopes=ALL)
        assert note is not None
        assert note["length"] == 10
        await application.stop()


async def test_a_failing_migration_turns_its_plugin_off_and_changes_nothing(
    make: MakeApplication, old: None
) -> None:
    application = make(NotesBroken(), Library())
    await application.start()
    assert application.state is State.RUNNING
    assert "moon" in application.plugin_manager.failed["notes"]
    async with client_of(application) as client:
        refused = await client.get("/notes:list")
        assert (refused.status_code, refused.json()["errors"][0]["code"]) == (503, "PLUGIN_FAILED")
        assert (await client.get("/books:list")).status_code == 200
        rows = (await client.get("/pm:list")).json()["data"]
        (row,) = [row for row in rows if row["name"] == "notes"]
        assert (row["enabled"], row["working"]) == (True, False)
        assert "moon" in row["error"]
        tried = await client.post("/pm:enable/notes")
        assert (tried.status_code, tried.json()["errors"][0]["code"]) == (503, "PLUGIN_FAILED")
        assert "moon" in tried.json()["errors"][0]["message"]
        assert "moon" in application.plugin_manager.failed["notes"]
    await application.stop()

    mended = make(NotesTwo(), Library())
    await mended.start()
    assert "moon" in mended.plugin_manager.failed["notes"]
    await mended.plugin_manager.enable("notes")
    note = await mended.repository.find_one("notes", 1, scopes=ALL)
    assert note is not None
    assert note["length"] == 10
    await mended.stop()


async def test_a_failing_migration_of_a_required_plugin_stops_the_start(
    make: MakeApplication, old: None
) -> None:
    application = make(NotesBrokenRequired(), Library())
    with pytest.raises(MigrationFailed) as raised:
        await application.start()
    assert application.state is State.ERROR
    for word in ("notes", "2", "moon"):
        assert word in raised.value.message
        assert word in application.cause
    await application.stop()
    before = make(Notes(), Library())
    await before.start()
    note = await before.repository.find_one("notes", 1, scopes=ALL)
    assert note == {"id": 1, "text": "hello", "mine": "kept"}
    await before.stop()


async def test_a_newer_database_is_refused(
    make: MakeApplication, old: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    upgraded = make(NotesTwo(), Library())
    await upgraded.start()
    await upgraded.stop()
    application = make(Notes(), Library())
    with pytest.raises(NewerDatabase, match="newer"):
        await application.start()
    await application.stop()
    monkeypatch.setattr(versions, "__version__", "0.0.1")
    application = make(NotesTwo(), Library())
    with pytest.raises(NewerDatabase):
        await application.start()
    await application.stop()


async def test_upgrading_waits_to_be_asked_where_the_options_say_so(make: MakeApplication, old: None) -> None:
    application = make(NotesTwo(), Library(), auto_upgrade=False)
    with pytest.raises(UpgradeNeeded):
        await application.start()
    await application.upgrade()
    await application.start()
    assert application.state is State.RUNNING
    await application.stop()


async def test_a_plugin_that_is_new_in_the_code_is_installed(make: MakeApplication) -> None:
    application = make(Library())
    await application.install()
    await application.stop()
    application = make(Library(), NotesTwo())
    await application.start()
    assert application.plugin_manager.loaded == {"library", "notes"}
    await application.repository.create("notes", {"text": "x"}, scopes=ALL)
    await application.stop()


async def test_nothing_is_answered_unless_it_runs(make: MakeApplication) -> None:
    application = make(Library())
    await application.install()
    async with client_of(application) as client:
        assert (await client.get("/books:list")).status_code == 503
        await application.start()
        assert (await client.get("/books:list")).status_code == 200
        await application.stop()
        refused = await client.get("/books:list")
        assert (refused.status_code, refused.json()["errors"][0]["code"]) == (503, "APP_STOPPED")


async def test_built_in_collections_are_shared(make: MakeApplication, database: Database) -> None:
    library = Library()
    one = make(library)
    await one.install()
    await one.start()
    assert one.metadata.get("books") is BOOKS
    await one.stop()
