"""For tests of applications: a plugin with a few collections, and a client that speaks to the ASGI callable."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx

from insula.application.application import Application
from insula.application.plugin import Plugin
from insula.data.collection import Collection, Field, Relation
from insula.data.fields import field_type

APP_KEY = "0123456789abcdefghijklmnopqrstuv"


def field(name: str, kind: str, **settings: Any) -> Field:
    """A field as metadata would make it."""
    return Field(name, field_type(kind), key=name, **settings)


def relation(name: str, kind: Any, target: str, foreign_key: str, **settings: Any) -> Field:
    """A relation field; ``kind`` is its type."""
    return Field(name, field_type(kind), key=name, relation=Relation(kind, target, foreign_key, **settings))


def collection(name: str, *fields: Field, **options: Any) -> Collection:
    """A collection of ``fields`` with the key ``id``."""
    key = field("id", "bigInt", primary_key=True, auto_increment=True)
    return Collection(name, {item.name: item for item in (key, *fields)}, title=name.title(), options=options)


AUTHORS = collection(
    "authors", field("name", "string", unique=True), relation("books", "hasMany", "books", "authorId")
)
BOOKS = collection(
    "books",
    field("title", "string", required=True),
    field("pages", "integer"),
    field("price", "decimal", options={"precision": 10, "scale": 2}),
    field("bought", "datetimeTz"),
    field("sort", "sort"),
    field("authorId", "bigInt"),
    relation("author", "belongsTo", "authors", "authorId"),
    relation("tags", "belongsToMany", "tags", "bookId", through="booksTags", other_key="tagId"),
)
TAGS = collection("tags", field("name", "string"), simplePaginate=True)
BOOKS_TAGS = collection("booksTags", field("bookId", "bigInt"), field("tagId", "bigInt"))


class Library(Plugin):
    """Some collections to work with."""

    name = "library"
    title = description = "Library"
    collections = (AUTHORS, BOOKS, TAGS, BOOKS_TAGS)


MakeApplication = Callable[..., Application]
"""Makes an application of plugins (positional), ``name``, ``key`` and fields of ``Options``."""


class Local:
    """Marks requests as the local administrator's: this is about the API, not about who may use it."""

    def __init__(self, application: Application) -> None:
        self._application = application

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await self._application({**scope, "insula.local": True}, receive, send)


@asynccontextmanager
async def client_of(application: Application) -> AsyncIterator[httpx.AsyncClient]:
    """A client that is the local administrator."""
    transport = httpx.ASGITransport(Local(application))
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        yield client
