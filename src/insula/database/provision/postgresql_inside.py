"""A schema of its own, or tables alone, in a PostgreSQL database: made and dropped in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from insula.database.errors import DatabaseMissing
from insula.database.provision.base import CREATE_TIMEOUT_S, Report, refuse_owner
from insula.database.provision.ownership import KEPT_TABLE, Stamp, stamped, write_owner
from insula.database.provision.postgresql_catalog import Scene, joined, look_around
from insula.database.provision.postgresql_checks import check_inside, comments_of
from insula.database.provision.postgresql_place import Place, run

if TYPE_CHECKING:
    from insula.database.executor import Transaction
    from insula.database.provision.template import Template

LOCK: Final = "provision"


async def fill(place: Place, template: Template) -> None:
    """Stamp and tables. A database of the order's own that is there, empty and without a stamp gets them too."""
    order = place.order
    whole = order.what == "new_database"
    async with (
        place.inside() as database,
        database.transaction(statement_timeout_s=CREATE_TIMEOUT_S) as transaction,
    ):
        await transaction.lock(LOCK)
        scene = await look_around(transaction, None if whole else order.options.schema, whole=whole)
        report = Report()
        verdict = check_inside(place, scene, report)
        report.settle()
        if verdict.made:
            return
        if verdict.adopted:
            await _adopt(place, scene, transaction)
            return
        if order.what == "new_schema" and not scene.has_schema:
            await run(transaction, f"CREATE SCHEMA {place.schema}")
        for statement in joined(template.statements):
            await transaction.execute(statement, {})
        await run(transaction, f"COMMENT ON {_bearer(place)} IS {place.mark}")


async def drop(place: Place, tables: Sequence[str]) -> None:
    """See ``Provision.remove``."""
    order = place.order
    try:
        async with (
            place.inside() as database,
            database.transaction(statement_timeout_s=CREATE_TIMEOUT_S) as transaction,
        ):
            await transaction.lock(LOCK)
            scene = await look_around(transaction, order.options.schema, whole=False)
            if not (scene.has_schema if order.what == "new_schema" else scene.has_table):
                return
            _compare(place, scene)
            await run(transaction, str(place.dialect.lock_timeout))
            if order.what == "new_schema":
                await run(transaction, f"DROP SCHEMA {place.schema} CASCADE")
            else:
                named = ", ".join(f"{place.schema}.{place.quote(name)}" for name in tables)
                await run(transaction, f"DROP TABLE IF EXISTS {named}")
                await _forget(place, scene, transaction)
    except DatabaseMissing:
        return


async def _adopt(place: Place, scene: Scene, transaction: Transaction) -> None:
    """Every mark that it bears says from now on whose it is."""
    await write_owner(transaction, place.order.stamp)
    if stamped(scene.database_comment) is not None:
        await run(transaction, f"COMMENT ON DATABASE {place.name} IS {place.mark}")
    if stamped(scene.schema_comment) is not None:
        await run(transaction, f"COMMENT ON SCHEMA {place.schema} IS {place.mark}")
    await run(transaction, f"COMMENT ON {_bearer(place)} IS {place.mark}")


def _bearer(place: Place) -> str:
    """What bears the stamp."""
    what = place.order.what
    if what == "new_database":
        return f"DATABASE {place.name}"
    return (
        f"SCHEMA {place.schema}"
        if what == "new_schema"
        else f"TABLE {place.schema}.{place.quote(KEPT_TABLE)}"
    )


def _compare(place: Place, scene: Scene) -> None:
    """Raises OwnedByAnother unless it bears the order's stamp, and neither it nor what it stands in another one."""
    comments = comments_of(place.order, scene)
    owner = scene.kept.owner if scene.kept else None
    if Stamp.parse(comments[-1]) is None:
        raise refuse_owner(place.order, owner)
    found = [Stamp.parse(comment) for comment in comments if stamped(comment) is not None]
    for stamp in (*found, *([owner] if owner else [])):
        if stamp is None or stamp.id != place.order.stamp.id:
            raise refuse_owner(place.order, stamp)


async def _forget(place: Place, scene: Scene, transaction: Transaction) -> None:
    """Take the order's stamp from what an adopted application stood in, so that another one can be made there."""
    if stamped(scene.database_comment) is not None:
        await run(transaction, f"COMMENT ON DATABASE {place.name} IS NULL")
    if stamped(scene.schema_comment) is not None:
        await run(transaction, f"COMMENT ON SCHEMA {place.schema} IS NULL")
