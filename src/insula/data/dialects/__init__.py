"""What the data layer says differently to each kind of database: one file of words per dialect, one contract.

A module is imported when its dialect is used.
"""

from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

from insula.database.errors import UnknownDialect

if TYPE_CHECKING:
    from insula.data.dialects.base import Words

_MODULES = {
    "sqlite": "insula.data.dialects.sqlite",
    "postgres": "insula.data.dialects.postgresql",
    "mariadb": "insula.data.dialects.mariadb",
    "mysql": "insula.data.dialects.mysql",
}
"""Name as in ``DB_DIALECT`` → the module whose ``WORDS`` it has."""


@cache
def words(dialect: str) -> "Words":
    """The words of a dialect; one stateless object per process. Raises UnknownDialect."""
    try:
        module = _MODULES[dialect]
    except KeyError:
        raise UnknownDialect(name=dialect, known=", ".join(_MODULES)) from None
    found: Words = import_module(module).WORDS
    return found
