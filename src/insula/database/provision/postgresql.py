"""PostgreSQL (13 and later): databases, schemas and tables for applications."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from insula.database.errors import DatabaseMissing
from insula.database.provision import postgresql_database, postgresql_inside
from insula.database.provision.base import (
    Order,
    Provision,
    Report,
    order_to_look,
    told_as_found,
    try_out,
)
from insula.database.provision.ownership import Stamp, stamped
from insula.database.provision.postgresql_catalog import look_around, look_at_server, marks
from insula.database.provision.postgresql_checks import check_database, check_inside, check_names
from insula.database.provision.postgresql_place import Place

if TYPE_CHECKING:
    from insula.database.budget import ConnectionBudget
    from insula.database.executor import Database
    from insula.database.options import DatabaseOptions
    from insula.database.provision.template import Template


class PostgresqlProvision(Provision):
    """Siblings' way, in the words of PostgreSQL."""

    async def read_stamp(self, options: DatabaseOptions, budget: ConnectionBudget) -> Stamp | None:
        place = Place(order_to_look(options, budget))
        if options.schema is None:
            async with place.elsewhere() as database:
                server = await look_at_server(database, [options.database])
            row = server.databases.get(options.database)
            if row is None or stamped(row.comment) is not None:
                return Stamp.parse(row.comment) if row else None
        try:
            async with place.inside() as database:
                return await self.stamp_in(database, options)
        except DatabaseMissing:
            return None

    async def stamp_in(self, database: Database, options: DatabaseOptions) -> Stamp | None:
        found = await marks(database, options.schema)
        return Stamp.parse(found[0]) if found else None

    async def check(self, order: Order) -> Report:
        report = Report()
        check_names(order, report)
        if report.problems:
            return report
        await try_out(order, report, lambda hasty: _look(Place(hasty), report))
        return report

    async def prepare(self, order: Order, template: Template) -> DatabaseOptions:
        place = _checked(order)
        with told_as_found(order):
            if order.what == "new_database":
                await postgresql_database.make(place, template)
                return replace(order.options, schema=None)
            await postgresql_inside.fill(place, template)
        return order.options

    async def remove(self, order: Order, tables: Sequence[str]) -> None:
        place = _checked(order)
        with told_as_found(order):
            if order.what == "new_database":
                await postgresql_database.drop(place)
            else:
                await postgresql_inside.drop(place, tables)


async def _look(place: Place, report: Report) -> None:
    order = place.order
    whole = order.what == "new_database"
    if whole:
        async with place.elsewhere() as database:
            server = await look_at_server(database, [order.options.database])
        check_database(place, server, report)
        if report.problems or order.options.database not in server.databases:
            return
    async with place.inside() as database, database.transaction() as transaction:
        scene = await look_around(transaction, None if whole else order.options.schema, whole=whole)
    check_inside(place, scene, report)


def _checked(order: Order) -> Place:
    """Raises what is wrong with the names alone."""
    report = Report()
    check_names(order, report)
    report.settle()
    return Place(order)


PROVISION = PostgresqlProvision()
