"""What a caller with a limited scope may write through relations, on every dialect."""

from types import SimpleNamespace

import pytest

from insula.application.access.errors import Denied
from insula.data.associations import Associations
from insula.data.catalog import StaticCatalog
from insula.data.choice import Choice
from insula.data.errors import InvalidValue, RecordNotFound, UnknownField
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


@pytest.fixture
async def world(database: Database) -> SimpleNamespace:
    collections = library()
    await create_tables(database, collections)
    writer = Writer(StaticCatalog(collections), database)
    for number in range(1, 5):
        await writer.create("authors", {"name": f"author {number}"}, scopes=ALL)
    for number in range(1, 5):
        await writer.create("books", {"title": f"book {number}", "authorId": 4}, scopes=ALL)
        await writer.create("tags", {"name": f"tag {number}"}, scopes=ALL)
    return SimpleNamespace(
        writer=writer, links=Associations(writer), through=Through(writer), database=database
    )


async def authors_of_books(world: SimpleNamespace) -> list[int | None]:
    table = world.writer.catalog.get("books").table
    return [row["authorId"] for row in await world.database.run(table.select().order_by(table.c.id))]


async def test_only_records_in_view_are_linked(world: SimpleNamespace) -> None:
    scopes = Limited({"books update": Scope(), "books view": Scope(), "authors view": LOW, "tags view": LOW})
    await world.writer.update("books", {"author": 2, "tags": ["tag 1"]}, keys=[1], scopes=scopes)
    for values in ({"author": 3}, {"author": {"id": 3}}, {"tags": ["tag 3"]}, {"tags": [{"id": 3}]}):
        with pytest.raises(InvalidValue):
            await world.writer.update("books", values, keys=[1], scopes=scopes)
    for values in ({"author": {"name": "new"}}, {"tags": [{"name": "new"}]}):
        with pytest.raises(Denied):
            await world.writer.update("books", values, keys=[1], scopes=scopes)
    with pytest.raises(InvalidValue):
        await world.links.add("books", 1, "tags", ["tag 3"], scopes=scopes)
    assert (await authors_of_books(world))[0] == 2


async def test_links_that_are_columns_of_the_others_need_their_update(world: SimpleNamespace) -> None:
    scopes = Limited({"authors update": Scope(), "authors view": Scope(), "books view": Scope()})
    with pytest.raises(Denied):
        await world.links.add("authors", 1, "books", [1], scopes=scopes)
    scopes = Limited({**scopes.scopes, "books update": LOW})
    with pytest.raises(InvalidValue):
        await world.links.add("authors", 1, "books", [3], scopes=scopes)
    await world.links.set("authors", 4, "books", [], scopes=scopes)
    assert await authors_of_books(world) == [None, None, 4, 4]
    titles = Limited({**scopes.scopes, "books update": Scope(None, frozenset({"title"}))})
    with pytest.raises(UnknownField):
        await world.links.set("authors", 1, "books", [1], scopes=titles)
    inverse = Limited({**scopes.scopes, "books update": Scope(None, frozenset({"title", "author"}))})
    await world.links.set("authors", 1, "books", [1], scopes=inverse)
    assert (await authors_of_books(world))[0] == 1


async def test_the_relation_itself_must_be_open(world: SimpleNamespace) -> None:
    scopes = Limited({"books update": Scope(LOW.filter, frozenset({"title"})), "tags view": Scope()})
    with pytest.raises(UnknownField):
        await world.links.add("books", 1, "tags", ["tag 1"], scopes=scopes)
    with pytest.raises(UnknownField):
        await world.writer.update("books", {"tags": ["tag 1"]}, keys=[1], scopes=scopes)
    open_ = Limited({**scopes.scopes, "books update": LOW})
    await world.links.add("books", 2, "tags", ["tag 1"], scopes=open_)
    with pytest.raises(RecordNotFound):
        await world.links.add("books", 3, "tags", ["tag 1"], scopes=open_)


async def test_new_records_need_no_more_than_create(world: SimpleNamespace) -> None:
    scopes = Limited(
        {
            "authors create": Scope(),
            "authors view": Scope(),
            "books create": Scope(None, frozenset({"title", "tags", "authorId"})),
            "profiles create": Scope(),
            "tags create": Scope(),
            "tags view": LOW,
        }
    )
    values = {"name": "n", "books": [{"title": "t", "tags": [{"name": "x"}]}], "profile": {"text": "p"}}
    await world.writer.create("authors", values, scopes=scopes)
    assert (await authors_of_books(world))[-1] == 5
    book = await world.through.create("authors", 1, "books", {"title": "t"}, scopes=scopes)
    assert book == {"id": 6}
    with pytest.raises(UnknownField):
        await world.through.create("authors", 1, "books", {"title": "t", "isbn": "1"}, scopes=scopes)


async def test_values_written_along_stay_in_their_scope(world: SimpleNamespace) -> None:
    scopes = Limited(
        {
            "books update": Scope(),
            "books view": Scope(),
            "authors view": Scope(),
            "authors update": Scope(LOW.filter, frozenset({"name"})),
        }
    )
    along = {"choice": Choice.of(deep=["author"]), "scopes": scopes}
    await world.writer.update("books", {"author": {"id": 1, "name": "x"}}, keys=[1], **along)
    with pytest.raises(RecordNotFound):
        await world.writer.update("books", {"author": {"id": 3, "name": "x"}}, keys=[1], **along)
    with pytest.raises(UnknownField):
        await world.writer.update("books", {"author": {"id": 1, "rank": 1}}, keys=[1], **along)
    assert (await authors_of_books(world))[0] == 1


async def test_records_through_a_relation_stay_in_their_scope(world: SimpleNamespace) -> None:
    scopes = Limited(
        {
            "authors view": LOW,
            "books view": Scope(),
            "books update": LOW,
            "books destroy": LOW,
        }
    )
    with pytest.raises(RecordNotFound):
        await world.through.update("authors", 4, "books", {"title": "x"}, keys=[1], scopes=scopes)
    opened = Limited({**scopes.scopes, "authors view": Scope()})
    every = parse_filter({"id": {"$gt": 0}})
    changed = await world.through.update("authors", 4, "books", {"title": "x"}, filter=every, scopes=opened)
    assert sorted(row["id"] for row in changed) == [1, 2]
    assert await world.through.destroy("authors", 4, "books", filter=every, scopes=opened) == 2
