"""Applications in several processes that start at the same time over few connections."""

import asyncio
from contextlib import AsyncExitStack

import pytest

from insula.application.application import State
from insula.database.budget import ConnectionBudget
from insula.database.dialects import dialect
from insula.testing.databases import own_database, own_schema
from insula.testing.people import ROOT
from insula.testing.several import PLACES, member

LEAST = 2
"""Connections: of the least that may be set, one says whose the database is, and one ends statements of the others."""
AT_ONCE = 4


@pytest.mark.parametrize("kind", ["postgres", "mariadb"])
async def test_all_come_up_over_the_least_connections(request: pytest.FixtureRequest, kind: str) -> None:
    own, server = (own_schema, "postgresql") if kind == "postgres" else (own_database, "mariadb")
    budget = ConnectionBudget(LEAST, wait_s=5.0)
    async with AsyncExitStack() as stack:
        applications = []
        for _ in range(AT_ONCE):
            options = await stack.enter_async_context(own(request.getfixturevalue(server)))
            await dialect(options.dialect).ensure(options, ConnectionBudget())
            application = member(options, PLACES[0], budget=budget)
            stack.push_async_callback(application.stop)
            await application.install(ROOT)
            applications.append(application)
        await asyncio.gather(*(application.start() for application in applications))
        assert {application.state for application in applications} == {State.RUNNING}
