"""The template database: the tables of a new application, ready to be copied by the server itself.

Built once per fingerprint, role and installation. It is finished when it bears its mark, which names no application,
so that it is never taken for one's; from then on nobody may connect to it. The older one stays until then.
"""

from __future__ import annotations

import hashlib
import logging
from typing import TYPE_CHECKING, Final

from insula.database.errors import DatabaseError, DatabaseMissing, ObjectExists, UniqueViolation
from insula.database.provision.ownership import stamped, template_stamp
from insula.database.provision.postgresql_catalog import Server, joined, look_around, sql_state
from insula.database.statement import plain

if TYPE_CHECKING:
    from collections.abc import Callable

    from insula.database.dialects.base import Dialect
    from insula.database.executor import Database
    from insula.database.provision.base import Order
    from insula.database.provision.template import Template

_log = logging.getLogger(__name__)

PREFIX: Final = "insula_template_"
_DIGEST: Final = 24
_LOCK: Final = "template"
_CLOSED: Final = "55000"
"""The database takes no connections: somebody else has finished it."""
EXISTS = (ObjectExists, UniqueViolation)
"""Somebody else made it in the same moment."""


def template_name(order: Order, template: Template) -> str:
    """The name of the database with this content, for this role and installation."""
    text = f"{template.fingerprint}\0{order.options.user}\0{order.installation}"
    return PREFIX + hashlib.sha256(text.encode()).hexdigest()[:_DIGEST]


def is_finished(server: Server, name: str) -> bool:
    """Whether the template can be copied."""
    row = server.databases.get(name)
    return row is not None and row.owned and stamped(row.comment) is not None


async def build(
    order: Order, template: Template, dialect: Dialect, on: Callable[[str], Database], elsewhere: Database
) -> None:
    """Make it. ``on`` opens a database of the server by name, ``elsewhere`` is one that is there."""
    name = template_name(order, template)
    quoted = dialect.quote(name)
    try:
        await elsewhere.execute(plain(f"CREATE DATABASE {quoted} ENCODING 'UTF8' TEMPLATE template0"), {})
    except EXISTS:
        _log.debug("the template %s is there, perhaps half made", name)
    database = on(name)
    try:
        await _fill(database, template)
    except DatabaseError as error:
        if sql_state(error) == _CLOSED or isinstance(error, DatabaseMissing):
            return
        await database.close()
        await _drop(name, dialect, elsewhere)
        raise
    finally:
        await database.close()
    mark = dialect.literal(template_stamp(template.fingerprint, order.installation))
    done = f"COMMENT ON DATABASE {quoted} IS {mark}; ALTER DATABASE {quoted} WITH ALLOW_CONNECTIONS false"
    await elsewhere.execute(plain(done), {})
    _log.info("a template for new databases was made: %s", name)


async def drop_older(order: Order, name: str, server: Server, dialect: Dialect, elsewhere: Database) -> None:
    """Drop the templates of this installation that ``name`` stands in for; one that is just copied stays."""
    for row in server.databases.values():
        mark = stamped(row.comment) or {}
        ours = row.owned and "template" in mark and mark.get("installation") == order.installation
        if row.name != name and row.name.startswith(PREFIX) and ours:
            await _drop(row.name, dialect, elsewhere)


async def _drop(name: str, dialect: Dialect, elsewhere: Database) -> None:
    try:
        await elsewhere.execute(plain(f"DROP DATABASE IF EXISTS {dialect.quote(name)}"), {})
    except DatabaseError as error:
        _log.info("the template %s stays for now: %s", name, error.message)


async def _fill(database: Database, template: Template) -> None:
    """All or nothing; what another process has filled stays as it is."""
    async with database.transaction() as transaction:
        await transaction.lock(_LOCK)
        if not (await look_around(transaction, None, whole=True)).content:
            for statement in joined(template.statements):
                await transaction.execute(statement, {})
