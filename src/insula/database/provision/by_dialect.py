"""How each dialect makes and drops databases. A module is imported only when its dialect is used."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

from insula.database.errors import UnknownDialect

if TYPE_CHECKING:
    from insula.database.provision.base import Provision

_MODULES = {
    "sqlite": "insula.database.provision.sqlite",
    "postgres": "insula.database.provision.postgresql",
    "mariadb": "insula.database.provision.mysql",
    "mysql": "insula.database.provision.mysql",
}
"""Name as in ``DB_DIALECT`` → the module whose ``PROVISION`` it is."""


@cache
def provision(name: str) -> Provision:
    """The way of the dialect ``name``; one object per process. Raises UnknownDialect."""
    try:
        module = _MODULES[name]
    except KeyError:
        raise UnknownDialect(name=name, known=", ".join(_MODULES)) from None
    found: Provision = import_module(module).PROVISION
    return found
