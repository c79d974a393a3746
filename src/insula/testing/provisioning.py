"""Orders for the suites of provisioning: one application's database in each place that there can be."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from uuid import uuid4

import sqlalchemy as sa

from insula.core.ids import random_id
from insula.database.budget import ConnectionBudget
from insula.database.dialects import dialect
from insula.database.options import DatabaseOptions
from insula.database.provision.base import Order
from insula.database.provision.ownership import KEPT, Stamp
from insula.database.provision.template import Template

BOOKS = sa.Table(
    "books", sa.MetaData(), sa.Column("id", sa.Integer, primary_key=True), schema="insula_schema"
)
TABLES = ("books", "insula")


def template(name: str, *extra: sa.sql.base.Executable) -> Template:
    """Two tables, one of them the application's own, and what else is to be done."""
    compile_ = dialect(name).compile
    elements = [sa.schema.CreateTable(KEPT), sa.schema.CreateTable(BOOKS), *extra]
    statements = [compile_(element) for element in elements]
    told = [(statement.parts, sorted(statement.constants.items())) for statement in statements]
    return Template(sha256(repr(told).encode()).hexdigest(), statements)


def order(
    what: str, options: DatabaseOptions, main: DatabaseOptions, folder: Path, **changes: object
) -> Order:
    """An order for an application that nobody had before."""
    budget = ConnectionBudget(10, wait_s=10)
    made = Order(
        Stamp(f"a_{random_id(11)}", str(uuid4())),
        what,  # type: ignore[arg-type]
        options,
        main,
        budget,
        folder,
        "an installation",
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def another(given: Order) -> Order:
    """The same place, asked for by another application."""
    return replace(given, stamp=Stamp("another", str(uuid4())))
