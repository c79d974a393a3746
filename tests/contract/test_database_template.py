"""Creating an application's database from a template, on every dialect."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from insula.database import errors
from insula.database.budget import ConnectionBudget
from insula.database.dialects import dialect
from insula.database.engine import open_database
from insula.database.options import DatabaseOptions
from insula.database.provision.template import Template, create_from_template

TABLES = [
    sa.Table(
        f"table {i}", sa.MetaData(), sa.Column("id", sa.Integer, primary_key=True), schema="insula_schema"
    )
    for i in range(5)
]


def template(options: DatabaseOptions, *extra: sa.sql.base.Executable) -> Template:
    compile_ = dialect(options.dialect).compile
    elements = [
        *(sa.schema.CreateTable(table) for table in TABLES),
        sa.insert(TABLES[0]).values(id=7),
        *extra,
    ]
    return Template("1.0-abc", [compile_(element) for element in elements])


async def test_two_from_one_template(
    database_options: DatabaseOptions, budget: ConnectionBudget, tmp_path: Path
) -> None:
    prepared = template(database_options)
    options = [database_options, other(database_options)]
    await asyncio.gather(
        *(create_from_template(prepared, each, budget, tmp_path / "kept") for each in options)
    )
    for each in options:
        database = open_database(each, budget)
        assert await database.run(sa.select(TABLES[0])) == [{"id": 7}]
        assert await database.run(sa.select(TABLES[4])) == []
        await database.run(sa.insert(TABLES[4]).values(id=1))
        await database.close()
        with pytest.raises((errors.InvalidStorage, errors.ObjectExists)):
            await create_from_template(prepared, each, budget, tmp_path / "kept")
        database = open_database(each, budget)
        assert await database.run(sa.select(TABLES[4])) == [{"id": 1}]
        await database.close()
    if database_options.dialect == "sqlite":
        assert [path.name for path in (tmp_path / "kept").iterdir()] == ["1.0-abc.sqlite"]
    assert budget.used == 0


async def test_nothing_half_made(
    database_options: DatabaseOptions, budget: ConnectionBudget, tmp_path: Path
) -> None:
    broken = template(database_options, sa.text("SELECT * FROM nowhere"))
    with pytest.raises(errors.TableMissing):
        await create_from_template(broken, database_options, budget, tmp_path / "kept")
    if database_options.storage is not None:
        assert not database_options.storage.exists()
        assert list((tmp_path / "kept").iterdir()) == []
    await create_from_template(template(database_options), database_options, budget, tmp_path / "kept")


def test_fingerprints_are_names_of_files() -> None:
    with pytest.raises(ValueError, match="fingerprint"):
        Template("../x", [])


def other(options: DatabaseOptions) -> DatabaseOptions:
    """The same place, another name."""
    if options.storage is not None:
        return replace(options, storage=options.storage.with_name("other.sqlite"))
    if options.schema is not None:
        return replace(options, schema=options.schema + " too")
    return replace(options, database=options.database + "_too")
