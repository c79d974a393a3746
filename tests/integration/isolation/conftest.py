"""An estate on each dialect, with one registry for all applications."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from insula.application.registry import Registry
from insula.database.budget import ConnectionBudget
from insula.database.dialects import dialect
from insula.database.options import DatabaseOptions
from insula.testing.applications import Library
from insula.testing.clock import HandClock
from insula.testing.databases import own_database, own_schema
from insula.testing.estate import Estate


@pytest.fixture(params=["sqlite", "postgres", "mariadb"])
async def estate(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Estate]:
    """Main alone; the test adds others."""
    async with AsyncExitStack() as stack:

        async def place(name: str) -> DatabaseOptions:
            if request.param == "sqlite":
                options = DatabaseOptions("sqlite", storage=tmp_path / f"{name}.sqlite")
            elif request.param == "postgres":
                options = await stack.enter_async_context(own_schema(request.getfixturevalue("postgresql")))
            else:
                options = await stack.enter_async_context(own_database(request.getfixturevalue("mariadb")))
            await dialect(options.dialect).ensure(options, ConnectionBudget())
            return options

        registry = Registry([Library(), *Registry.discover().plugins.values()])
        estate = Estate(place, tmp_path, registry, HandClock())
        try:
            await estate.add("main")
            yield estate
        finally:
            for application in reversed(estate.applications.values()):
                await application.stop()
