"""What a write answers of the relations that it wrote, on every dialect."""

from types import SimpleNamespace
from typing import Any

import pytest

from insula.core.errors import InsulaError, Kind
from insula.data.catalog import StaticCatalog
from insula.data.choice import Choice
from insula.data.scope import Scope, Unrestricted
from insula.data.through import Through
from insula.data.writing import Writer
from insula.database.executor import Database
from insula.testing.library import create_tables, library

ALL = Unrestricted()


class Denied(InsulaError):
    """Not this collection."""

    kind = Kind.DENIED


class Closed(Unrestricted):
    """Some collections or fields may be written and not viewed."""

    def __init__(self, **views: Scope | None) -> None:
        super().__init__()
        object.__setattr__(self, "views", views)

    def scope(self, collection: str, action: str) -> Scope:
        views: dict[str, Scope | None] = self.views
        if action != "view" or collection not in views:
            return Scope()
        found = views[collection]
        if found is None:
            raise Denied()
        return found


@pytest.fixture
async def world(database: Database) -> SimpleNamespace:
    collections = library()
    await create_tables(database, collections)
    writer = Writer(StaticCatalog(collections), database)
    return SimpleNamespace(writer=writer, through=Through(writer))


def short(value: Any) -> Any:
    """Records as their title or name alone, with their relations."""
    if isinstance(value, list):
        return [short(item) for item in value]
    if not isinstance(value, dict):
        return value
    kept = {"title", "name", "text", "author", "books", "tags", "profile", "readers"}
    return {name: short(part) for name, part in value.items() if name in kept}


async def test_create_answers_what_it_wrote_with_keys(world: SimpleNamespace) -> None:
    body = {
        "title": "t",
        "author": {"name": "Ada", "profile": {"text": "p"}},
        "tags": [{"name": "a"}, {"name": "b"}],
        "readers": [],
    }
    row = await world.writer.create("books", body, scopes=ALL)
    assert short(row) == body
    assert row["authorId"] == row["author"]["id"] == row["author"]["profile"]["authorId"]
    assert [tag["id"] for tag in row["tags"]] == [1, 2]
    assert row["author"]["profile"]["id"] == 1
    flat = await world.writer.create("books", {"title": "u"}, scopes=ALL)
    assert "tags" not in flat


async def test_update_answers_what_is_related_afterwards(world: SimpleNamespace) -> None:
    await world.writer.create("authors", {"name": "A", "books": [{"title": "x"}, {"title": "y"}]}, scopes=ALL)
    written = {"books": [{"id": 2, "title": "ignored"}, {"title": "z", "tags": [{"name": "n"}]}]}
    rows = await world.writer.update("authors", written, keys=[1], scopes=ALL)
    assert short(rows) == [
        {"name": "A", "books": [{"title": "y", "tags": []}, {"title": "z", "tags": [{"name": "n"}]}]}
    ]
    deep = {"books": [{"id": 2, "title": "new"}]}
    rows = await world.writer.update("authors", deep, keys=[1], choice=Choice.of(deep=["books"]), scopes=ALL)
    assert short(rows) == [{"name": "A", "books": [{"title": "new"}]}]
    rows = await world.writer.update("authors", {"books": None, "profile": None}, keys=[1], scopes=ALL)
    assert short(rows) == [{"name": "A", "books": [], "profile": None}]


async def test_every_way_to_create_answers_so(world: SimpleNamespace) -> None:
    writer, through = world.writer, world.through
    values = {"title": "t", "isbn": "1", "author": {"name": "Ada"}}
    assert short(await writer.first_or_create("books", ["isbn"], values, scopes=ALL)) == {
        "title": "t",
        "author": {"name": "Ada"},
    }
    again = await writer.update_or_create(
        "books", ["isbn"], {"isbn": "1", "tags": [{"name": "a"}]}, scopes=ALL
    )
    assert short(again) == {"title": "t", "tags": [{"name": "a"}]}
    rows = await writer.create_many(
        "books", [{"title": "u", "tags": ["a"]}, {"title": "v", "author": 1}], scopes=ALL
    )
    assert short(rows) == [
        {"title": "u", "tags": [{"name": "a"}], "author": None},
        {"title": "v", "tags": [], "author": {"name": "Ada"}},
    ]
    row = await through.create("authors", 1, "books", {"title": "w", "tags": [{"name": "c"}]}, scopes=ALL)
    assert short(row) == {"title": "w", "tags": [{"name": "c"}]}
    assert row["authorId"] == 1


async def test_nothing_is_answered_that_may_not_be_viewed(world: SimpleNamespace) -> None:
    body = {"title": "t", "author": {"name": "Ada", "profile": {"text": "p"}}, "readers": [{"name": "r"}]}
    hidden = await world.writer.create("books", body, scopes=Closed(people=None, profiles=None))
    assert short(hidden) == {"title": "t", "author": {"name": "Ada"}}
    some = Closed(books=Scope(fields=frozenset({"id", "title"})))
    row = await world.writer.create("books", {"title": "u", "author": {"name": "Bea"}}, scopes=some)
    assert row == {"id": 2, "title": "u"}
    nothing = await world.writer.create(
        "books", {"title": "v", "author": {"name": "Eve"}}, scopes=Closed(books=None)
    )
    assert nothing == {"id": 3}
