"""A small library as collections: every kind of relation, keys that are counted and keys that people choose."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from insula.data.collection import Collection, Field, Relation
from insula.data.fields import field_type
from insula.data.schema_ddl import Ddl
from insula.data.schema_plan import plan_creation
from insula.database.executor import Database


def column(name: str, type_: str, **settings: Any) -> Field:
    """A field with a column."""
    return Field(name, field_type(type_), **settings)


def number_key() -> Field:
    """The key ``id``, counted by the database."""
    return column("id", "bigInt", primary_key=True, auto_increment=True)


def related(name: str, kind: Any, target: str, foreign_key: str, **settings: Any) -> Field:
    """A relation."""
    own = {word: settings.pop(word) for word in ("interface", "required") if word in settings}
    return Field(name, field_type(kind), relation=Relation(kind, target, foreign_key, **settings), **own)


def collection(name: str, *fields: Field, **options: Any) -> Collection:
    """A collection of exactly these fields."""
    return Collection(name, {field.name: field for field in fields}, options=options)


def library() -> tuple[Collection, ...]:
    """New collections each time, since what is compiled for a collection is kept with it."""
    people = collection("people", number_key(), column("name", "string"))
    authors = collection(
        "authors",
        number_key(),
        column("name", "string", required=True),
        column("born", "dateOnly"),
        column("rank", "integer", default=5),
        column("secret", "password"),
        column("token", "uuid"),
        column("createdAt", "date", interface="createdAt"),
        column("updatedAt", "date", interface="updatedAt"),
        column("createdById", "bigInt"),
        column("updatedById", "bigInt"),
        related("createdBy", "belongsTo", "people", "createdById", interface="createdBy"),
        related("updatedBy", "belongsTo", "people", "updatedById", interface="updatedBy"),
        related("books", "hasMany", "books", "authorId"),
        related("profile", "hasOne", "profiles", "authorId"),
    )
    profiles = collection(
        "profiles",
        number_key(),
        column("text", "text"),
        column("authorId", "bigInt", unique=True),
        related("author", "belongsTo", "authors", "authorId", on_delete="CASCADE"),
    )
    books = collection(
        "books",
        number_key(),
        column("title", "string", required=True),
        column("isbn", "string", unique=True),
        column("price", "decimal", options={"precision": 10, "scale": 2}),
        column("facts", "json"),
        column("authorId", "bigInt"),
        column("shelfCode", "string"),
        related("author", "belongsTo", "authors", "authorId"),
        related("shelf", "belongsTo", "shelves", "shelfCode", target_key="code", on_delete="RESTRICT"),
        related(
            "tags",
            "belongsToMany",
            "tags",
            "bookId",
            target_key="name",
            through="bookTags",
            other_key="tagName",
        ),
        related("readers", "belongsToMany", "people", "bookId", through="loans", other_key="personId"),
    )
    shelves = collection(
        "shelves",
        column("code", "string", primary_key=True),
        related("books", "hasMany", "books", "shelfCode", source_key="code"),
    )
    tags = collection(
        "tags",
        number_key(),
        column("name", "string", unique=True),
        related(
            "books",
            "belongsToMany",
            "books",
            "tagName",
            source_key="name",
            through="bookTags",
            other_key="bookId",
        ),
    )
    book_tags = collection(
        "bookTags",
        number_key(),
        column("bookId", "bigInt"),
        column("tagName", "string"),
        column("weight", "integer"),
        related("book", "belongsTo", "books", "bookId", on_delete="CASCADE"),
        related("tag", "belongsTo", "tags", "tagName", target_key="name", on_delete="CASCADE"),
        indexes=[{"fields": ["bookId", "tagName"], "unique": True}],
    )
    loans = collection(
        "loans",
        number_key(),
        column("bookId", "bigInt"),
        column("personId", "bigInt"),
        related("book", "belongsTo", "books", "bookId", on_delete="CASCADE"),
        related("person", "belongsTo", "people", "personId", on_delete="CASCADE"),
    )
    tasks = collection(
        "tasks",
        number_key(),
        column("name", "string"),
        column("state", "string"),
        column("sort", "sort", options={"scopeKey": "state"}),
        column("place", "sort"),
    )
    return (people, authors, profiles, shelves, books, tags, book_tags, loans, tasks)


async def create_tables(database: Database, collections: Iterable[Collection]) -> None:
    """Make the tables of ``collections``."""
    async with database.transaction() as transaction:
        for step in plan_creation(collections).steps:
            await transaction.run(Ddl(step))
