"""A Redis that nobody else uses, since it forgets everything; and how long is searched for what goes wrong."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from insula.database.budget import ConnectionBudget
from insula.database.dialects import dialect
from insula.database.options import DatabaseOptions
from insula.fleet.ledger.base import Ledger
from insula.fleet.seal import Seal
from insula.server.ledger import DatabaseLedger
from insula.testing import servers
from insula.testing.modelled_fleet.site import ReadLedger

settings.register_profile(
    "deep",
    max_examples=1_000,
    stateful_step_count=12,
    deadline=None,
    print_blob=True,
    suppress_health_check=list(HealthCheck),
)


async def _in_file(file: Path) -> Ledger:
    options, budget = DatabaseOptions("sqlite", storage=file), ConnectionBudget()
    await dialect("sqlite").ensure(options, budget)
    ledger = DatabaseLedger(options, budget, Seal(bytes(32)))
    await ledger.open()
    return ledger


@pytest.fixture(scope="module")
def ledger() -> ReadLedger:
    """Ledgers as those of real environments."""
    return _in_file


@pytest.fixture(scope="module")
def own_redis() -> Iterator[servers.Server]:
    with servers.redis() as server:
        yield server
