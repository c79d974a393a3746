"""All dialects by name. A module is imported, and with it the driver, only when its dialect is used."""

from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

from insula.database.errors import UnknownDialect

if TYPE_CHECKING:
    from insula.database.dialects.base import Dialect

_MODULES = {
    "sqlite": "insula.database.dialects.sqlite",
    "postgres": "insula.database.dialects.postgresql",
    "mariadb": "insula.database.dialects.mariadb",
    "mysql": "insula.database.dialects.mysql",
}
"""Name as in ``DB_DIALECT`` → the module whose ``DIALECT`` it is."""

NAMES = tuple(_MODULES)


@cache
def dialect(name: str) -> "Dialect":
    """The dialect ``name``; one stateless object per process. Raises UnknownDialect."""
    try:
        module = _MODULES[name]
    except KeyError:
        raise UnknownDialect(name=name, known=", ".join(NAMES)) from None
    found: Dialect = import_module(module).DIALECT
    return found
