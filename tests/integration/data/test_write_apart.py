"""Databases whose statements give nothing back of what they wrote: it is read again, in the same transaction.

MySQL is one of them; here a MariaDB is asked for no more than that.
"""

from collections.abc import AsyncIterator
from decimal import Decimal

import pytest

from insula.data.catalog import StaticCatalog
from insula.data.changes import Change
from insula.data.errors import Conflict
from insula.data.filters.tree import Condition
from insula.data.scope import Unrestricted
from insula.data.writing import Writer
from insula.database.budget import ConnectionBudget
from insula.database.dialects import dialect
from insula.database.engine import open_database
from insula.testing.databases import own_database
from insula.testing.library import collection, column, create_tables
from insula.testing.servers import Server

ALL = Unrestricted()
THINGS = collection(
    "things",
    column("id", "bigInt", primary_key=True, auto_increment=True),
    column("name", "string", unique=True),
    column("price", "decimal", options={"precision": 8, "scale": 2}),
    column("sort", "sort"),
)
TAGS = collection("tags", column("code", "string", primary_key=True), column("text", "text"))


@pytest.fixture
async def writer(mariadb: Server, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Writer]:
    async with own_database(mariadb) as options:
        known = dialect(options.dialect)
        monkeypatch.setattr(type(known), "returning", frozenset())
        await known.ensure(options, ConnectionBudget())
        database = open_database(options, ConnectionBudget())
        await create_tables(database, [THINGS, TAGS])
        yield Writer(StaticCatalog([THINGS, TAGS]), database)
        await database.close()


async def test_records_are_given_back_as_stored(writer: Writer) -> None:
    seen: list[Change] = []
    writer.observers.append(seen.append)
    first = await writer.create("things", {"name": "a", "price": "1.005"}, scopes=ALL)
    assert first == {"id": 1, "name": "a", "price": Decimal("1.01"), "sort": 1}
    second = await writer.create("things", {"id": 7, "name": "b"}, scopes=ALL)
    assert (second["id"], second["sort"]) == (7, 2)
    assert (await writer.create("things", {"name": "c"}, scopes=ALL))["id"] == 8
    assert await writer.create("tags", {"code": "x", "text": "y"}, scopes=ALL) == {"code": "x", "text": "y"}
    (changed,) = await writer.update("things", {"name": "z"}, keys=[7], scopes=ALL)
    assert changed["name"] == "z"
    with pytest.raises(Conflict):
        await writer.update("things", {"name": "a"}, keys=[7], scopes=ALL)
    some = Condition(("name",), "$in", ["a", "c"])
    assert await writer.destroy("things", filter=some, scopes=ALL) == 2
    assert [(change.action, change.keys) for change in seen if change.collection == "things"] == [
        ("create", (1,)),
        ("create", (7,)),
        ("create", (8,)),
        ("update", (7,)),
        ("destroy", (1, 8)),
    ]
    assert await writer.destroy("things", keys=[1, 8], scopes=ALL) == 0
