"""What hinders an order on PostgreSQL, each with the exact statement that mends it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from insula.database.dialects import dialect
from insula.database.provision.base import MAIN_AS_OWNER, Order, Report, is_main, refuse_owner
from insula.database.provision.errors import (
    NotThere,
    OwnedByAnother,
    PrivilegeMissing,
    ThereAlready,
    Unsuitable,
)
from insula.database.provision.judge import Verdict, judge
from insula.database.provision.ownership import Stamp, stamped

if TYPE_CHECKING:
    from insula.database.provision.postgresql_catalog import Scene, Server
    from insula.database.provision.postgresql_place import Place

OLDEST: Final = 130000
ENCODING: Final = "UTF8"
RESERVED: Final = "pg_"
"""How PostgreSQL's own schemas begin."""
_MAJOR: Final = 10000


def check_names(order: Order, report: Report) -> None:
    """What can be said without asking the server."""
    if is_main(order):
        report.problems.append(
            OwnedByAnother(what=order.named, owner=MAIN_AS_OWNER, remedy="give another database or schema")
        )
    names = (order.options.database, order.options.schema or "")
    limit = dialect(order.options.dialect).max_identifier_bytes
    if any(len(name.encode()) > limit or "\0" in name for name in names) or not names[0]:
        reason = f"names have 1 to {limit} bytes"
        report.problems.append(Unsuitable(what=order.named, reason=reason, remedy="give a shorter name"))
    if order.what == "new_schema" and not order.options.schema:
        report.problems.append(
            Unsuitable(what=order.named, reason="the schema has no name", remedy="give a schema")
        )
    if order.what != "new_database" and names[1].startswith(RESERVED):
        reason = f"PostgreSQL keeps schemas whose names begin with {RESERVED} for itself"
        report.problems.append(Unsuitable(what=order.named, reason=reason, remedy="give another schema"))


def check_database(place: Place, server: Server, report: Report) -> None:
    """A database of its own, seen from another one: may it be made, or is it there?"""
    order = place.order
    _check_version(order, server.version, report)
    row = server.databases.get(order.options.database)
    user = place.quote(server.user)
    if row is None:
        if server.creates:
            report.good.append(f'The user "{server.user}" may make the database "{order.options.database}".')
            return
        remedy = (
            f"ALTER ROLE {user} CREATEDB  -- or: CREATE DATABASE {place.name} OWNER {user} ENCODING 'UTF8'"
            " TEMPLATE template0"
        )
        report.problems.append(PrivilegeMissing(user=server.user, what="make databases", remedy=remedy))
        return
    stamp = Stamp.parse(row.comment)
    if stamped(row.comment) is not None and (stamp is None or stamp.id != order.stamp.id):
        report.problems.append(refuse_owner(order, stamp))
    elif not row.owned:
        what = f'use the {order.named}, which is there already and belongs to "{row.owner}"'
        remedy = f"give another name; or, where it is meant: ALTER DATABASE {place.name} OWNER TO {user}"
        report.problems.append(PrivilegeMissing(user=server.user, what=what, remedy=remedy))
    _check_encoding(order, row.encoding, report)


def check_inside(place: Place, scene: Scene, report: Report) -> Verdict:
    """A schema, or the tables alone, or a database that is there already; seen from within."""
    order = place.order
    _check_version(order, scene.version, report)
    _check_encoding(order, scene.encoding, report)
    verdict = judge(order, comments_of(order, scene), scene.kept, scene.content)
    if verdict.problem is not None:
        report.problems.append(verdict.problem)
    elif verdict.made:
        report.good.append(f"The {order.named} was made before, for this application.")
    elif verdict.adopted:
        report.good.append(f"The application in the {order.named} can be taken over.")
    else:
        _check_rights(place, scene, report)
    return verdict


def comments_of(order: Order, scene: Scene) -> list[str | None]:
    """The marks of what the order's tables stand in, and last of what bears the order's own."""
    if order.what == "new_database":
        return [scene.database_comment]
    if order.what == "new_schema":
        return [scene.database_comment, scene.schema_comment]
    return [scene.database_comment, scene.schema_comment, scene.table_comment]


def _check_rights(place: Place, scene: Scene, report: Report) -> None:
    order, user = place.order, place.quote(scene.user)
    if order.what == "new_schema" and not scene.has_schema:
        if scene.may_create_schema:
            report.good.append(f'The user "{scene.user}" may make the {order.named}.')
            return
        what = f'make schemas in the database "{scene.database}"'
        remedy = f"GRANT CREATE ON DATABASE {place.name} TO {user}"
        report.problems.append(PrivilegeMissing(user=scene.user, what=what, remedy=remedy))
    elif order.what == "new_schema" and not scene.owns_schema:
        what = f'use the {order.named}, which is there already and belongs to "{scene.schema_owner}"'
        remedy = f"give another name; or, where it is meant: ALTER SCHEMA {place.schema} OWNER TO {user}"
        report.problems.append(PrivilegeMissing(user=scene.user, what=what, remedy=remedy))
    elif not scene.has_schema:
        remedy = f"an administrator can make it: CREATE SCHEMA {place.schema} AUTHORIZATION {user}"
        report.problems.append(NotThere(what=order.named, remedy=remedy))
    elif not scene.may_create:
        what = f"make tables in the schema {place.schema} of the database {place.name}"
        remedy = f"GRANT CREATE, USAGE ON SCHEMA {place.schema} TO {user}"
        report.problems.append(PrivilegeMissing(user=scene.user, what=what, remedy=remedy))
    elif order.what != "new_connection":
        report.notes.append(ThereAlready(what=order.named))
    else:
        report.good.append(f"The {order.named} is empty, and can be used.")


def _check_version(order: Order, version: int, report: Report) -> None:
    if version < OLDEST:
        reason = f"its server is PostgreSQL {version // _MAJOR}, it must be 13 or later"
        report.problems.append(Unsuitable(what=order.named, reason=reason, remedy="use a later server"))


def _check_encoding(order: Order, encoding: str, report: Report) -> None:
    if encoding != ENCODING:
        reason = f"its encoding is {encoding}, it must be {ENCODING}"
        remedy = "make another one: CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0"
        report.problems.append(Unsuitable(what=order.named, reason=reason, remedy=remedy))
