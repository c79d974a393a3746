"""An application that runs in two processes over one server database, on each kind of server."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from insula.database.budget import ConnectionBudget
from insula.database.dialects import dialect
from insula.database.options import DatabaseOptions
from insula.testing.databases import own_database, own_schema
from insula.testing.several import Side, two_sides


@pytest.fixture(params=["postgres", "mariadb"])
async def options(request: pytest.FixtureRequest) -> AsyncIterator[DatabaseOptions]:
    """An empty database of nobody else's."""
    if request.param == "postgres":
        async with own_schema(request.getfixturevalue("postgresql")) as found:
            await dialect(found.dialect).ensure(found, ConnectionBudget())
            yield found
    else:
        async with own_database(request.getfixturevalue("mariadb")) as found:
            await dialect(found.dialect).ensure(found, ConnectionBudget())
            yield found


@pytest.fixture
async def sides(options: DatabaseOptions, tmp_path: Path) -> AsyncIterator[tuple[Side, Side]]:
    async with two_sides(options, tmp_path) as found:
        yield found
