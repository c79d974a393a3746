"""What is hidden from a caller is neither linked, nor probed for, nor let go by their writes; on every dialect."""

from types import SimpleNamespace
from typing import Any

import pytest

from insula.data.associations import Associations
from insula.data.catalog import StaticCatalog
from insula.data.errors import Conflict
from insula.data.filters.parse import parse_filter
from insula.data.scope import Scope, Unrestricted
from insula.data.through import Through
from insula.data.writing import Writer
from insula.database.executor import Database
from insula.testing.library import create_tables, library
from insula.testing.scopes import Limited

ALL = Unrestricted()
LOW = Scope(parse_filter({"id": {"$lt": 3}}))
"""Records with the keys 1 and 2."""
EVERYTHING = {
    f"{name} {action}": Scope()
    for name in ("books", "authors", "tags", "profiles", "bookTags")
    for action in ("view", "create", "update", "destroy")
}
FEW = Limited({**EVERYTHING, "books view": LOW, "authors view": LOW, "tags view": LOW, "profiles view": LOW})
"""Everything may be written; of everything the first two are seen."""


@pytest.fixture
async def world(database: Database) -> SimpleNamespace:
    """Four authors, four books of the fourth, each with all four tags; four profiles of the authors 4 to 1."""
    collections = library()
    await create_tables(database, collections)
    writer = Writer(StaticCatalog(collections), database)
    for number in range(1, 5):
        await writer.create("authors", {"name": f"author {number}"}, scopes=ALL)
        await writer.create("tags", {"name": f"tag {number}"}, scopes=ALL)
    for number in range(1, 5):
        tags = [f"tag {one}" for one in range(1, 5)]
        await writer.create("books", {"title": f"book {number}", "authorId": 4, "tags": tags}, scopes=ALL)
        await writer.create("profiles", {"text": "p", "authorId": 5 - number}, scopes=ALL)
    return SimpleNamespace(
        writer=writer, links=Associations(writer), through=Through(writer), database=database
    )


async def column(world: SimpleNamespace, collection: str, name: str) -> list[Any]:
    table = world.writer.catalog.get(collection).table
    return [row[name] for row in await world.database.run(table.select().order_by(table.c.id))]


async def tags_of(world: SimpleNamespace, book: int) -> list[str]:
    table = world.writer.catalog.get("bookTags").table
    rows = await world.database.run(table.select().where(table.c.bookId == book))
    return sorted(row["tagName"] for row in rows)


async def test_links_that_are_not_seen_stay(world: SimpleNamespace) -> None:
    await world.links.set("books", 1, "tags", ["tag 2"], scopes=FEW)
    assert await tags_of(world, 1) == ["tag 2", "tag 3", "tag 4"]
    await world.writer.update("books", {"tags": []}, keys=[2], scopes=FEW)
    assert await tags_of(world, 2) == ["tag 3", "tag 4"]
    await world.links.set("authors", 4, "books", [], scopes=FEW)
    assert await column(world, "books", "authorId") == [None, None, 4, 4]
    await world.writer.update("books", {"tags": []}, keys=[2], scopes=ALL)
    assert await tags_of(world, 2) == []


async def test_a_record_has_not_two_of_what_it_has_one(world: SimpleNamespace) -> None:
    # profile 4 is of author 1, and hidden
    new = {"text": "new"}
    for write in (
        world.through.create("authors", 1, "profile", new, scopes=FEW),
        world.links.set("authors", 1, "profile", 2, scopes=FEW),
        world.writer.update("authors", {"profile": new}, keys=[1], scopes=FEW),
    ):
        with pytest.raises(Conflict):
            await write
    await world.writer.update("authors", {"profile": None}, keys=[1], scopes=FEW)
    assert await column(world, "profiles", "authorId") == [4, 3, 2, 1]
    await world.links.set("authors", 3, "profile", 1, scopes=FEW)
    assert await column(world, "profiles", "authorId") == [3, None, 2, 1]
