"""An application that has stopped is freed at once, with all that it held, on both dialects."""

import gc
import weakref
from collections.abc import AsyncIterator

import pytest

from insula.application.application import State
from insula.testing.applications import Library, MakeApplication, client_of


@pytest.fixture
async def installed(make: MakeApplication) -> AsyncIterator[None]:
    """There is an application, and no garbage is collected while the test runs: what is in a cycle stays."""
    application = make(Library())
    await application.install()
    await application.stop()
    del application
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize("beside", [(), ("another environment",)])
async def test_nothing_of_it_is_left_once_it_has_stopped(
    make: MakeApplication, beside: tuple[str, ...]
) -> None:
    application = make(Library(), beside=beside)
    await application.start()
    await application.metadata.create_collection(
        {"name": "things", "fields": [{"name": "a", "type": "string", "interface": "input"}]}
    )
    async with client_of(application) as client:
        assert (await client.post("/things:create", json={"a": "x"})).status_code == 200
        assert (await client.get("/things:list?filter[a]=x")).json()["meta"]["count"] == 1
        assert (await client.get("/books:list?appends=author")).status_code == 200
        assert (await client.get("/none:list")).status_code == 404
    del client
    parts = {
        "metadata": application.metadata,
        "collection": application.metadata.get("things"),
        "repository": application.repository,
        "reader": application.repository.reader,
        "writer": application.repository.writer,
        "database": application.database,
        "access": application.access,
        "plugins": application.plugin_manager,
        "jobs": application.jobs,
    }
    alive = {name: weakref.ref(part) for name, part in parts.items()} | {
        "application": weakref.ref(application)
    }
    parts.clear()
    await application.stop()
    assert application.state is State.STOPPED
    del application
    assert [name for name, part in alive.items() if part() is not None] == []
