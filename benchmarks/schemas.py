"""Many applications with a schema each in one PostgreSQL database, against one: statements per second, and memory.

Below HTTP, where the difference is greatest: lists of 20 rows, single rows and updates, by 16 tasks, on five tables of
100 rows in each schema. Slices of one and of many alternate; the median of their ratios counts.
"""

import asyncio
import random
import statistics
import time

import harness
import psutil
import sqlalchemy as sa
from harness import servers

from insula.database.budget import ConnectionBudget
from insula.database.dialects import dialect
from insula.database.engine import open_database
from insula.database.executor import Database
from insula.database.options import DatabaseOptions
from insula.database.provision.ensure import ensure_database
from insula.database.provision.postgresql_catalog import plain
from insula.database.statement import Statement

SCHEMAS = 200
ROWS = 100
TASKS = 16
WARM_UP_S = 12.0
SLICE_S = 0.7
SLICES = 14
GOAL = 0.95
BACKENDS_GOAL_MB = 1000.0
TABLES = [
    sa.Table(
        f"things{number}",
        sa.MetaData(),
        sa.Column("id", sa.BigInteger, primary_key=True),
        *(sa.Column(f"column{other}", sa.String) for other in range(8)),
        schema="insula_schema",
    )
    for number in range(5)
]
ID, VALUE = sa.bindparam("id"), sa.bindparam("value")


def statements() -> list[Statement]:
    """Of each table: a list, one row, and a change."""
    made = []
    for table in TABLES:
        made.append(sa.select(table).where(table.c.id > ID).order_by(table.c.id).limit(20))
        made.append(sa.select(table).where(table.c.id == ID))
        made.append(sa.update(table).where(table.c.id == ID).values(column1=VALUE))
    return [dialect("postgres").compile(each) for each in made]


async def furnish(handle: Database) -> None:
    """The tables of one schema, with their rows."""
    prefix = handle.schema_prefix
    for table in TABLES:
        create = handle.compile(sa.schema.CreateTable(table)).text(prefix)
        values = ", ".join("'value ' || i" for _ in range(8))
        rows = f"INSERT INTO {prefix}{table.name} SELECT i, {values} FROM generate_series(1, {ROWS}) i"
        await handle.execute(plain(f"{create}; {rows}; ANALYZE {prefix}{table.name}"), {})


async def rate(handles: list[Database], texts: list[Statement], seconds: float) -> float:
    """Statements per second."""
    ends, done, chance = time.monotonic() + seconds, 0, random.Random(1)

    async def one() -> None:
        nonlocal done
        while time.monotonic() < ends:
            handle, text = chance.choice(handles), chance.choice(texts)
            values = {"id": chance.randrange(1, ROWS), "value": "another"}
            if text.writes:
                await handle.execute(text, values)
            else:
                await handle.fetch(text, values)
            done += 1

    await asyncio.gather(*(one() for _ in range(TASKS)))
    return done / seconds


def backends_mb(server: servers.Server) -> float:
    """What is the server's processes' own."""
    children = psutil.Process(server.process.pid).children()
    return float(sum(child.memory_full_info().uss for child in children)) / 1e6


async def measure(server: servers.Server) -> None:
    budget = ConnectionBudget()
    options = [
        DatabaseOptions(
            "postgres",
            host=server.host,
            port=server.port,
            user=server.user,
            password=server.password,
            database="schemas",
            schema=f"app{number}",
        )
        for number in range(SCHEMAS)
    ]
    for each in options:
        await ensure_database(each, ConnectionBudget())
    handles = [open_database(each, budget) for each in options]
    for handle in handles:
        await furnish(handle)
    texts = statements()
    await rate(handles[:1], texts, SLICE_S)
    await rate(handles, texts, WARM_UP_S)
    ratios = []
    for _ in range(SLICES):
        before, many = await rate(handles[:1], texts, SLICE_S), await rate(handles, texts, SLICE_S)
        ratios.append(many * 2 / (before + await rate(handles[:1], texts, SLICE_S)))
    memory = backends_mb(server)
    for handle in handles:
        await handle.close()
    ratio = statistics.median(ratios)
    harness.report(
        "many schemas", ratio, "of one", peer="-", goal=f">= {GOAL}", met=ratio >= GOAL, schemas=SCHEMAS
    )
    goal = f"<= {BACKENDS_GOAL_MB:.0f} MB"
    met = memory <= BACKENDS_GOAL_MB
    harness.report("many schemas, backends", memory, "MB", peer="-", goal=goal, met=met, schemas=SCHEMAS)


if __name__ == "__main__":
    with harness.postgresql() as server:
        asyncio.run(measure(server))
