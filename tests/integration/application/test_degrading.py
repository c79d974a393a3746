"""What an application does when a plugin fails under it, or when it is told to stop half way, on both dialects."""

import asyncio
from collections.abc import Collection
from typing import Annotated, Any, ClassVar

import msgspec
import pytest

from insula.application.application import Application, State
from insula.application.collections import PLUGINS
from insula.application.errors import PluginFailed, UpgradeNeeded
from insula.application.hooks import hook
from insula.application.jobs.kinds import JobKind, Step, StepContext
from insula.application.plugin import Plugin
from insula.data.metadata import LOCK as METADATA_LOCK
from insula.data.schema_journal import changing
from insula.data.schema_plan import plan_removal
from insula.data.schema_sync import SchemaSync
from insula.data.scope import Unrestricted
from insula.database.errors import DatabaseClosed, TableMissing
from insula.testing.applications import Library, MakeApplication, client_of, collection, field

ALL = Unrestricted()


class Settings(msgspec.Struct, frozen=True):
    colour: Annotated[str, msgspec.Meta(max_length=10)] = "red"


class Base(Plugin):
    """Notes what happens to it, fails in a hook when told, and waits in ``load`` and ``unload`` when told."""

    name = "base"
    title = description = "Base"
    settings = Settings

    def __init__(self) -> None:
        self.seen: list[str] = []
        self.fails = False
        self.may_load = asyncio.Event()
        self.may_load.set()
        self.loading = asyncio.Event()

    async def load(self, application: Application) -> None:
        self.loading.set()
        await self.may_load.wait()
        self.seen.append("load")

    async def unload(self, application: Application) -> None:
        self.seen.append("unload")

    @hook
    def records_changed(self) -> None:
        if self.fails:
            raise RuntimeError("no base today")


class Needed(Base):
    """As the base, but no application runs without it."""

    required = True


class Above(Base):
    """Needs the base."""

    name = "above"
    title = description = "Above"
    requires = ("base",)


async def running(make: MakeApplication, *plugins: Plugin, **options: Any) -> Application:
    application = make(Library(), *plugins, **options)
    await application.install()
    await application.start()
    return application


async def test_a_plugin_that_fails_in_a_hook_is_unloaded_with_those_that_need_it(
    make: MakeApplication,
) -> None:
    base, above = Base(), Above()
    application = await running(make, base, above)
    base.fails = True
    await application.repository.create("books", {"title": "x"}, scopes=ALL)
    manager = application.plugin_manager
    assert manager.loaded == {"library"}
    assert "no base today" in manager.failed["base"]
    assert manager.failed["above"] == "it needs base, which is off"
    assert application.state is State.RUNNING
    await application.stop()
    assert base.seen == above.seen == ["load", "unload"]


async def test_a_required_plugin_that_fails_in_a_hook_puts_the_application_in_error(
    make: MakeApplication,
) -> None:
    needed = Needed()
    application = await running(make, needed)
    needed.fails = True
    await application.repository.create("books", {"title": "x"}, scopes=ALL)
    assert application.state is State.ERROR
    assert "no base today" in application.cause
    async with client_of(application) as client:
        assert (await client.get("/books:list")).status_code == 503
        needed.fails = False
        await application.start()
        assert application.state is State.RUNNING
        assert (await client.get("/books:list")).status_code == 200
    await application.stop()
    assert needed.seen == ["load", "unload"] * 2


async def test_a_stop_that_was_cancelled_is_taken_up_by_the_next(make: MakeApplication) -> None:
    base = Base()
    application = await running(make, base)
    base.may_load.clear()
    base.loading.clear()
    change = asyncio.create_task(application.plugin_manager.change_settings("base", {"colour": "blue"}))
    await base.loading.wait()
    stop = asyncio.create_task(application.stop())
    while application.state is not State.STOPPING:
        await asyncio.sleep(0)
    stop.cancel()
    with pytest.raises(asyncio.CancelledError):
        await stop
    assert application.state is State.STOPPING
    base.may_load.set()
    await application.stop()
    await change
    assert application.state is State.STOPPED
    assert base.seen == ["load", "unload", "load", "unload"]
    with pytest.raises(DatabaseClosed):
        await application.repository.count("books", scopes=ALL)


async def test_new_settings_count_although_the_one_who_gave_them_has_gone(make: MakeApplication) -> None:
    base = Base()
    application = await running(make, base)
    base.may_load.clear()
    base.loading.clear()
    asker = asyncio.create_task(application.plugin_manager.change_settings("base", {"colour": "blue"}))
    await base.loading.wait()
    asker.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asker
    base.may_load.set()
    await application.plugin_manager.change_settings("base", {})
    assert "base" in application.plugin_manager.loaded
    assert application.plugin_manager.settings("base", Settings) == Settings("blue")
    await application.stop()


async def test_nothing_counts_that_was_not_committed(make: MakeApplication) -> None:
    application = await running(make, Base())
    async with changing(application.database) as transaction:
        await SchemaSync(transaction.dialect).apply(transaction, plan_removal([PLUGINS]))
    manager = application.plugin_manager
    with pytest.raises(TableMissing):
        await manager.change_settings("base", {"colour": "blue"})
    assert manager.settings("base", Settings) == Settings("red")
    with pytest.raises(TableMissing):
        await manager.disable("base")
    assert "base" in manager.enabled
    assert "base" in manager.loaded
    await application.stop()


class Fails(Plugin):
    """Makes a table, and fails to fill it."""

    name = "fails"
    title = description = "Fails"
    collections = (collection("halves", field("text", "string")),)

    async def install(self, application: Application, transaction: Any, root: Any) -> None:
        await application.repository.create("books", {"title": "half"}, scopes=ALL, on=transaction)
        raise RuntimeError("the moon is full")


class FailsCounted(Fails):
    """Counts how often it is tried."""

    tries: ClassVar[int] = 0

    async def install(self, application: Application, transaction: Any, root: Any) -> None:
        FailsCounted.tries += 1
        await super().install(application, transaction, root)


class FailsAbove(Plugin):
    """Needs the one that fails."""

    name = "fails-above"
    title = description = "Above"
    requires = ("fails",)


async def test_an_optional_plugin_that_can_not_be_installed_is_off_and_the_application_runs(
    make: MakeApplication,
) -> None:
    await (await running(make)).stop()
    for auto_upgrade in (True, False, True):
        application = make(Library(), Fails(), FailsAbove(), auto_upgrade=auto_upgrade)
        await application.start()
        assert application.state is State.RUNNING
        assert application.plugin_manager.failed.keys() == {"fails", "fails-above"}
        assert "the moon is full" in application.plugin_manager.failed["fails"]
        assert await application.repository.count("books", scopes=ALL) == 0
        with pytest.raises(TableMissing):
            await application.repository.count("halves", scopes=ALL)
        await application.stop()

    class Mended(Fails):
        async def install(self, *_: Any) -> None: ...

    application = make(Library(), Mended(), FailsAbove())
    await application.start()
    assert application.plugin_manager.failed.keys() == {"fails", "fails-above"}
    await application.plugin_manager.enable("fails-above")
    assert application.plugin_manager.failed == {}
    await application.stop()
    application = make(Library(), Mended(), FailsAbove())
    await application.start()
    assert application.plugin_manager.failed == {}
    assert await application.repository.count("halves", scopes=ALL) == 0
    await application.stop()


async def test_whoever_looks_after_it_is_told_which_plugins_have_failed(make: MakeApplication) -> None:
    await (await running(make)).stop()
    told: list[list[str]] = []

    def degraded(failed: Collection[str]) -> None:
        told.append(sorted(failed))

    application = make(Library(), Fails(), FailsAbove())
    application.on_degraded = degraded
    await application.upgrade()
    assert told == [["fails", "fails-above"]]
    await application.start()
    assert told[-1] == ["fails", "fails-above"]
    await application.plugin_manager.disable("fails-above")
    assert told[-1] == ["fails"]
    await application.plugin_manager.disable("fails")
    assert told[-1] == []
    application.plugin_manager.fail("library", "it is closed")
    assert told[-1] == ["library"]
    await application.plugin_manager.enable("library")
    assert told[-1] == []
    await application.stop()


async def test_a_plugin_that_failed_makes_no_start_an_upgrade_until_its_code_changes(
    make: MakeApplication,
) -> None:
    await (await running(make)).stop()
    FailsCounted.tries = 0
    for _ in range(3):
        application = make(Library(), FailsCounted())
        await application.start()
        assert FailsCounted.tries == 1
        assert application.plugin_manager.failed.keys() == {"fails"}
        await application.stop()
    application = make(Library(), type("Newer", (FailsCounted,), {"version": "99.0"})())
    await application.start()
    assert FailsCounted.tries == 2
    await application.stop()


async def test_an_application_that_failed_interrupts_its_jobs_and_tells_its_owner(
    make: MakeApplication,
) -> None:
    application = await running(make)
    begun, told = asyncio.Event(), []

    async def never_ends(context: StepContext) -> None:
        begun.set()
        await asyncio.Event().wait()

    application.jobs.register(JobKind("endless", "Endless", (Step("one", never_ends),)))
    job = await application.jobs.submit("endless", {})
    await begun.wait()
    application.on_failure = told.append
    error = PluginFailed(plugin="library", reason="it is closed")
    application.fail(error)
    await application.jobs.submit("endless", {})
    assert (await application.jobs.finished(job)).status == "running"
    assert told == [error]
    assert application.state is State.ERROR
    await application.stop()


async def test_an_application_that_has_stopped_says_so(make: MakeApplication) -> None:
    application = await running(make)
    await application.stop()
    with pytest.raises(RuntimeError, match="main has stopped for good"):
        await application.start()
    async with client_of(application) as client:
        assert (await client.get("books:list")).status_code == 503


async def test_a_load_that_was_cancelled_is_taken_back(make: MakeApplication) -> None:
    base = Base()
    application = make(Library(), base)
    await application.install()
    base.may_load.clear()
    starting = asyncio.create_task(application.start())
    await base.loading.wait()
    starting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await starting
    assert base.seen == ["unload"]
    await application.stop()


async def test_a_required_plugin_that_can_not_be_installed_leaves_everything_as_it_was(
    make: MakeApplication,
) -> None:
    class FailsRequired(Fails):
        required = True

    await (await running(make)).stop()
    application = make(Library(), FailsRequired())
    with pytest.raises(RuntimeError, match="moon"):
        await application.start()
    assert application.state is State.ERROR
    await application.stop()
    before = make(Library(), auto_upgrade=False)
    await before.start()
    await before.stop()


async def test_a_plugin_disabled_since_needs_no_upgrade(make: MakeApplication) -> None:
    application = await running(make, Base())
    await application.plugin_manager.disable("base")
    await application.stop()
    again = make(Library(), Base(), auto_upgrade=False)
    await again.start()
    assert again.plugin_manager.loaded == {"library"}
    await again.plugin_manager.enable("base")
    await again.stop()
    newer = type("Newer", (Base,), {"version": "99.0"})()
    application = make(Library(), newer, auto_upgrade=False)
    with pytest.raises(UpgradeNeeded):
        await application.start()
    await application.stop()


async def test_enabling_what_fails_leaves_the_row_as_it_was(make: MakeApplication) -> None:
    class Broken(Base):
        enabled_by_default = False

        async def load(self, application: Application) -> None:
            raise RuntimeError("no base today")

    application = await running(make, Broken())
    with pytest.raises(PluginFailed, match="no base today"):
        await application.plugin_manager.enable("base")
    assert "base" not in application.plugin_manager.enabled
    row = await application.repository.find_one("plugins", "base", scopes=ALL)
    assert row is None or not row["enabled"]
    await application.stop()


@pytest.mark.parametrize(("deadline_s", "kept"), [(30.0, True), (0.05, False)])
async def test_stopping_waits_for_a_change_of_tables_or_undoes_it(
    make: MakeApplication, deadline_s: float, kept: bool
) -> None:
    application = await running(make, stop_deadline_s=deadline_s)
    values = {"name": "mine", "type": "string", "interface": "input"}
    other = make(Library())
    async with other.database.transaction() as holder:
        await holder.lock(METADATA_LOCK)
        change = asyncio.create_task(application.metadata.create_field("books", values))
        await asyncio.sleep(0)
        stop = asyncio.create_task(application.stop())
        while application.state is not State.STOPPING:
            await asyncio.sleep(0)
        if not kept:
            await asyncio.wait((change,))
    await stop
    await other.stop()
    assert application.state is State.STOPPED
    assert change.done()
    assert change.cancelled() is not kept
    again = make(Library())
    await again.start()
    assert ("mine" in again.metadata.get("books").fields) is kept
    await again.stop()
