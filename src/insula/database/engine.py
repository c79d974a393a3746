"""The way in: options → a handle on a database."""

from insula.database.budget import ConnectionBudget
from insula.database.dialects import dialect
from insula.database.executor import Database
from insula.database.options import DatabaseOptions
from insula.database.traced import traced


def open_database(options: DatabaseOptions, budget: ConnectionBudget) -> Database:
    """A handle on the database of one application.

    Nothing is connected before the first statement. Handles with the same server, database and role share
    one pool of ``budget``, which is the process' budget for that server (a file needs none of it).
    Raises UnknownDialect, InvalidStorage.
    """
    return traced(dialect(options.dialect).open(options, budget))
