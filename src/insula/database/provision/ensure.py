"""Waiting for a database that is still starting, and creating one that is missing."""

import contextlib
from collections.abc import Callable

from insula.core.patience import WAIT_S, wait_for
from insula.database.budget import ConnectionBudget
from insula.database.dialects import dialect
from insula.database.errors import DatabaseMissing, DatabaseUnavailable, TooManyConnections
from insula.database.options import DatabaseOptions


async def wait_for_database(
    options: DatabaseOptions,
    budget: ConnectionBudget,
    timeout_s: float = WAIT_S,
    report: Callable[[str], None] = lambda line: None,
) -> None:
    """Return once the database's server answers; ``report`` gets a line every 5 s until then.

    A database that is missing counts as an answer (see ``ensure_database``). Raises DatabaseUnavailable or
    TooManyConnections after ``timeout_s``, and at once what waiting does not mend: InvalidPassword,
    PermissionDenied, InvalidStorage.
    """

    async def probe() -> None:
        with contextlib.suppress(DatabaseMissing):
            await dialect(options.dialect).probe(options, budget)

    passing = (DatabaseUnavailable, TooManyConnections)
    too_slow = DatabaseUnavailable(where=options.where, reason="it took too long to connect")
    await wait_for("the database", probe, passing, too_slow, timeout_s, report)


async def ensure_database(options: DatabaseOptions, budget: ConnectionBudget) -> None:
    """Create the database and its schema (or the file) if they are missing and the role may.

    Raises DatabaseMissing or SchemaMissing with the exact statement to run where it may not, InvalidStorage
    for a path that can not be a database, UnsuitableDatabase for one that Insula can not use.
    """
    await dialect(options.dialect).ensure(options, budget)
