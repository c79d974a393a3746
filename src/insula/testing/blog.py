"""A small blog with a field of every scalar type and every kind of relation, and what stands in it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from insula.data.collection import Collection
from insula.database.executor import Database
from insula.testing.library import collection, column, related

Rows = Mapping[str, list[dict[str, Any]]]


def blog() -> tuple[Collection, ...]:
    """New collections each time, since what is compiled for a collection is kept with it."""
    users = collection(
        "users",
        column("id", "bigInt", primary_key=True),
        column("name", "string"),
        column("password", "password"),
        column("companyId", "bigInt"),
        related("company", "belongsTo", "companies", "companyId"),
        related("posts", "hasMany", "posts", "authorId"),
        related("profile", "hasOne", "profiles", "userId"),
    )
    companies = collection("companies", column("id", "bigInt", primary_key=True), column("name", "string"))
    profiles = collection(
        "profiles",
        column("id", "bigInt", primary_key=True),
        column("motto", "text"),
        column("userId", "bigInt"),
    )
    tags = collection(
        "tags",
        column("id", "bigInt", primary_key=True),
        column("name", "string"),
        related("posts", "belongsToMany", "posts", "tagId", through="postsTags", other_key="postId"),
    )
    between = collection(
        "postsTags",
        column("postId", "bigInt"),
        column("tagId", "bigInt"),
        column("weight", "integer"),
    )
    posts = collection(
        "posts",
        column("id", "bigInt", primary_key=True),
        column("title", "string"),
        column("body", "text"),
        column("slug", "string"),
        column("qty", "integer"),
        column("big", "bigInt"),
        column("score", "double"),
        column("price", "decimal", options={"precision": 12, "scale": 2}),
        column("done", "boolean"),
        column("at", "datetimeTz"),
        column("wall", "datetimeNoTz"),
        column("day", "dateOnly"),
        column("clock", "time"),
        column("epoch", "unixTimestamp"),
        column("token", "uuid"),
        column("state", "string", options={"uiSchema": {"enum": ["draft", "live"]}}),
        column("meta", "json"),
        column("labels", "array"),
        column("authorId", "bigInt"),
        column("parentId", "bigInt"),
        related("author", "belongsTo", "users", "authorId"),
        related("parent", "belongsTo", "posts", "parentId"),
        related("replies", "hasMany", "posts", "parentId"),
        related("tags", "belongsToMany", "tags", "postId", through="postsTags", other_key="tagId"),
        template="tree",
    )
    return companies, users, profiles, tags, posts, between


def _post(number: int, **values: Any) -> dict[str, Any]:
    """Post ``number`` with the values that follow from its number, and those given."""
    moment = dt.datetime(2026, number, number, 10, 30, number, number * 1000, dt.UTC)
    return {
        "id": number,
        "title": f"Post {number}",
        "body": f"Text of {number}\nwith a second line",
        "slug": f"p_{number}%",
        "qty": number * 10,
        "big": 2**60 + number,
        "score": number / 4,
        "price": Decimal(number) + Decimal("0.25"),
        "done": number % 2 == 1,
        "at": moment,
        "wall": moment.replace(tzinfo=None),
        "day": moment.date(),
        "clock": dt.time(number, 15, 0),
        "epoch": moment.replace(microsecond=0),
        "token": f"00000000-0000-4000-8000-{number:012d}",
        "state": "live" if number > 3 else "draft",
        "meta": {"size": {"w": number, "h": 1.5}, "color": "red" if number < 3 else "blue", "ok": number > 4},
        "labels": ["a", "b"][: number % 3],
        "authorId": 1 + number % 2,
        "parentId": None,
    } | values


_EMPTY = dict.fromkeys(
    (
        *("title", "body", "slug", "qty", "big", "score", "price", "done", "at", "wall", "day", "clock"),
        *("epoch", "token", "state", "meta", "labels", "authorId", "parentId"),
    )
)


def blog_rows() -> Rows:
    """Posts 1 to 5 are full, 2 and 3 stand under 1 and 2; 6 has unusual text; 7 has nothing but its number."""
    odd = _post(6, title="ÄPFEL_100% \\ o'k", body="", meta=[], labels=[], authorId=None, state="gone")
    return {
        "companies": [{"id": 1, "name": "Acme"}, {"id": 2, "name": "Zeta"}],
        "users": [
            {"id": 1, "name": "Ada", "companyId": 2},
            {"id": 2, "name": "Éva", "companyId": None},
            {"id": 3, "name": None, "companyId": 1},
        ],
        "profiles": [{"id": 1, "motto": "go", "userId": 1}],
        "tags": [{"id": 1, "name": "red"}, {"id": 2, "name": "green"}, {"id": 3, "name": None}],
        "postsTags": [
            {"postId": 1, "tagId": 1, "weight": 11},
            {"postId": 1, "tagId": 2, "weight": 12},
            {"postId": 2, "tagId": 2, "weight": 22},
            {"postId": 3, "tagId": 3, "weight": 33},
        ],
        "posts": [
            _post(1),
            _post(2, parentId=1),
            _post(3, parentId=2),
            _post(4),
            _post(5),
            odd,
            {"id": 7} | _EMPTY,
        ],
    }


async def insert_rows(database: Database, collections: Iterable[Collection], rows: Rows) -> None:
    """Put ``rows`` (by collection) into tables that are there."""
    for described in collections:
        table = described.table
        for row in rows.get(described.name, ()):
            values = {name: sa.bindparam(name, type_=table.c[name].type) for name in row}
            await database.execute(database.compile(sa.insert(table).values(values)), row)
