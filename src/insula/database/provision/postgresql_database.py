"""A PostgreSQL database of its own: copied from a template by the server, and dropped.

A database can not be made in a transaction. So it is made as ``insula_draft_<id of its stamp>``, a name that says
whose it is, and gets its stamp and its own name together, in one transaction: whoever is killed in between leaves a
draft, which the next order with this stamp drops and makes again. Dropping goes the same way back: it is renamed to
``insula_gone_<id>`` and its stamp compared in one transaction, then dropped by the name that nobody else gives.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import TYPE_CHECKING, Final
from weakref import WeakValueDictionary

from insula.core.clock import monotonic
from insula.core.failpoints import reach
from insula.database.ending import to_the_end
from insula.database.errors import DatabaseError, PermissionDenied
from insula.database.provision.base import Order, Report, refuse_owner
from insula.database.provision.errors import InUse
from insula.database.provision.ownership import Stamp
from insula.database.provision.postgresql_catalog import (
    Server,
    end_sessions,
    joined,
    look_at_server,
    sessions,
    sql_state,
)
from insula.database.provision.postgresql_checks import check_database
from insula.database.provision.postgresql_inside import fill
from insula.database.provision.postgresql_place import Place, run
from insula.database.provision.postgresql_template import (
    EXISTS,
    PREFIX,
    build,
    drop_older,
    is_finished,
    template_name,
)

if TYPE_CHECKING:
    from insula.database.executor import Database
    from insula.database.provision.template import Template

_log = logging.getLogger(__name__)

ROUNDS: Final = 6
"""How often it is looked again where somebody else made or finished something in between, or has the template open."""
PAUSE_S: Final = 0.05
"""Before a third look, and twice as long before each that follows: 0.75 s in all."""
LEAVE_S: Final = 3.0
"""How long sessions of our own role that are being ended may take to be gone."""
_POLL_S: Final = 0.02
_IN_USE: Final = "55006"
_MISSING: Final = "3D000"
_HAS_STRATEGY: Final = 150000
"""From this version on it can be said how a database is copied."""

_turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
"""By server and name, of a template or a draft: one task makes it; those who wait hold no connection meanwhile."""


def _turn(order: Order, name: str) -> asyncio.Lock:
    return _turns.setdefault(f"{order.options.host} {order.options.port} {name}", asyncio.Lock())


async def make(place: Place, template: Template) -> None:
    """See ``Provision.prepare``."""
    copies = True
    # Orders with the same stamp have the same draft: side by side they would drop it under one another.
    async with _turn(place.order, place.draft):
        for number in range(ROUNDS):
            if number > 1:  # at once again only after the template was looked after
                await asyncio.sleep(PAUSE_S * 2 ** (number - 2))
            async with place.elsewhere() as database:
                server, done = await _try(place, template, database, copies=copies)
            if done:
                return
            if place.order.options.database in server.databases:
                await fill(place, template)
                return
            copies = await _build_template(place, template)
    raise InUse(what=place.order.named, who="somebody who makes and drops it at the same time")


async def _try(place: Place, template: Template, database: Database, *, copies: bool) -> tuple[Server, bool]:
    """Make it, unless it is there, or the template is not though it ``copies`` that; and whether it is done."""
    order, source = place.order, template_name(place.order, template)
    server = await look_at_server(database, [order.options.database, place.draft, source])
    report = Report()
    check_database(place, server, report)
    report.settle()
    row = server.databases.get(order.options.database)
    if row is not None:
        stamp = Stamp.parse(row.comment)
        return server, stamp is not None and stamp.id == order.stamp.id
    finished = is_finished(server, source)
    if copies and not finished:
        return server, False
    if place.draft in server.databases:
        await _drop(place, database, place.draft)
    try:
        await run(database, _creation(place, server, source if finished else None))
        if not finished:
            await _run_script(place, template)
        await reach("prepare.drafted")
        await _name(place, database)
    except BaseException as error:
        await to_the_end(_drop_draft(place, database))
        if isinstance(error, EXISTS) or _somebody_was_in_between(error):
            return server, False
        raise
    return server, True


def _creation(place: Place, server: Server, source: str | None) -> str:
    """The statement that makes the draft."""
    draft = place.quote(place.draft)
    if source is None:
        return f"CREATE DATABASE {draft} ENCODING 'UTF8' TEMPLATE template0"
    # Where the server does not wait for its disk, copying files is faster than writing all of it into the log.
    how = "WAL_LOG" if server.synced else "FILE_COPY"
    strategy = f" STRATEGY {how}" if server.version >= _HAS_STRATEGY else ""
    return f"CREATE DATABASE {draft} TEMPLATE {place.quote(source)}{strategy}"


async def _run_script(place: Place, template: Template) -> None:
    """What the role may not copy is made in the draft, in one transaction."""
    draft = place.on(place.draft)
    try:
        async with draft.transaction() as transaction:
            for statement in joined(template.statements):
                await transaction.execute(statement, {})
    finally:
        await draft.close()


async def _name(place: Place, database: Database) -> None:
    """Give the draft its stamp and its name, both or none."""
    draft = place.quote(place.draft)
    stamp = f"COMMENT ON DATABASE {draft} IS {place.mark}"
    await run(database, f"{stamp}; ALTER DATABASE {draft} RENAME TO {place.name}")


def _somebody_was_in_between(error: BaseException) -> bool:
    return isinstance(error, DatabaseError) and sql_state(error) in (_MISSING, _IN_USE)


async def _drop_draft(place: Place, database: Database) -> None:
    # One that stays bears the stamp in its name, and the next order with this stamp drops it.
    with contextlib.suppress(DatabaseError):
        await _drop(place, database, place.draft)


async def _drop(place: Place, database: Database, name: str) -> None:
    await run(database, f"DROP DATABASE IF EXISTS {place.quote(name)}")


async def _build_template(place: Place, template: Template) -> bool:
    """Make the template where it is not finished; whether it can be copied now."""
    name = template_name(place.order, template)
    async with _turn(place.order, name), place.elsewhere() as database:
        pattern = PREFIX.replace("_", r"\_") + "%"
        server = await look_at_server(database, [name], pattern)
        if is_finished(server, name):
            return True
        try:
            await build(place.order, template, place.dialect, place.on, database)
        except PermissionDenied as error:
            _log.info("no template can be made (%s): databases are filled by a script", error.message)
            return False
        server = await look_at_server(database, [name], pattern)
        await drop_older(place.order, name, server, place.dialect, database)
        return is_finished(server, name)


async def drop(place: Place) -> None:
    """See ``Provision.remove``."""
    order = place.order
    async with place.elsewhere() as database:
        server = await look_at_server(database, [order.options.database])
        if row := server.databases.get(order.options.database):
            _compare(place, row.comment)
            await _end_own_sessions(place, database)
            if server.creates:
                await _rename_to_gone(place, database)
                await reach("remove.renamed")
            else:  # who may not make databases may not rename them, nor can have made another of this name
                await _drop(place, database, order.options.database)
        for left in (place.gone, place.draft):
            await _drop(place, database, left)


def _compare(place: Place, comment: str | None) -> None:
    """Raises OwnedByAnother."""
    stamp = Stamp.parse(comment)
    if stamp is None or stamp.id != place.order.stamp.id:
        raise refuse_owner(place.order, stamp)


async def _rename_to_gone(place: Place, database: Database) -> None:
    """From now on nobody can connect to it; undone where it turns out to bear another stamp."""
    try:
        async with database.transaction() as transaction:
            await run(transaction, f"ALTER DATABASE {place.name} RENAME TO {place.quote(place.gone)}")
            server = await look_at_server(transaction, [place.gone])
            _compare(place, server.databases[place.gone].comment)
    except DatabaseError as error:
        if sql_state(error) == _IN_USE:
            raise InUse(
                what=place.order.named, who="someone who came just now", remedy="try again"
            ) from error
        if sql_state(error) != _MISSING:
            raise


async def _end_own_sessions(place: Place, database: Database) -> None:
    """End what our own role has left connected: a process that was killed, and whose end the server did not notice.

    Sessions of other roles stay: ``DROP DATABASE … WITH (FORCE)`` would end them as well, where the role may, and
    fail where it may not. Raises InUse, naming them.
    """
    deadline = monotonic() + LEAVE_S
    while found := await sessions(database, place.order.options.database):
        others = [row for row in found if not row["own"]]
        if others or monotonic() > deadline:
            who = ", ".join(
                f'"{row["user"]}" ({row["application"] or row["pid"]})' for row in others or found
            )
            raise InUse(what=place.order.named, who=who, remedy="end their sessions, then try again")
        await end_sessions(database, [row["pid"] for row in found])
        await asyncio.sleep(_POLL_S)
