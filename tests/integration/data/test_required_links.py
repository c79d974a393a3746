"""Relations that are required: whatever is written, and whichever way, a record keeps the link that it needs."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import sqlalchemy as sa

from insula.data.errors import InUse, InvalidMetadata, InvalidValue, LinkRequired, MetadataInUse
from insula.data.metadata import Metadata
from insula.data.query import Query
from insula.data.repository import Repository
from insula.data.scope import Unrestricted
from insula.database.errors import NotNullViolation, UniqueViolation
from insula.database.executor import Database
from insula.database.options import DatabaseOptions
from insula.testing.modelled import check_tables, modelled

ALL = Unrestricted()
KINDS = ("hasOne", "hasMany", "belongsToMany")


class World:
    """Posts that may be related to notes; the tables are compared with metadata after the test."""

    def __init__(self, metadata: Metadata, database: Database) -> None:
        self.metadata = metadata
        self.database = database
        self.repository = Repository(metadata, database)

    async def relation(self, collection: str, name: str, kind: str, target: str, **settings: Any) -> None:
        body = {"name": name, "type": kind, "target": target, **settings}
        await self.metadata.create_field(collection, body)

    async def add(self, collection: str, **values: Any) -> Any:
        return (await self.repository.create(collection, values, scopes=ALL))["id"]

    async def notes(self, post: Any, name: str = "notes") -> list[Any]:
        row = await self.repository.find_one("posts", post, Query(appends=(name,)), scopes=ALL)
        assert row is not None
        found = row[name]
        return [one["id"] for one in (found if isinstance(found, list) else [found] if found else [])]

    def rule(self, collection: str, relation: str) -> str:
        found = self.metadata.get(collection).relations[relation].relation
        assert found is not None
        return found.on_delete


@pytest.fixture
async def world(database: Database, database_options: DatabaseOptions) -> AsyncIterator[World]:
    made = World(await modelled(database), database)
    for name in ("posts", "notes"):
        await made.metadata.create_collection({"name": name, "fields": [{"name": "title", "type": "string"}]})
    yield made
    await check_tables(made.metadata, database, database_options)


async def test_a_link_is_required_from_now_on_and_no_more(world: World) -> None:
    """The foreign key takes no null, and its rule is RESTRICT; without ``required`` both are as they were."""
    await world.relation("posts", "note", "belongsTo", "notes", reverseField={"name": "posts"})
    note = await world.add("notes")
    posts = [await world.add("posts") for _ in range(5)]
    with pytest.raises(
        InvalidMetadata, match=r"posts\.note.*records 1, 2, 3 and 2 others have no link; relate"
    ):
        await world.metadata.update_field("posts", "note", {"required": True})
    assert world.rule("posts", "note") == "SET NULL"
    await world.add("posts")
    for post in [*posts, 6]:
        await world.repository.update("posts", {"note": note}, keys=[post], scopes=ALL)
    await world.metadata.update_field("posts", "note", {"required": True})
    assert (world.rule("posts", "note"), world.rule("notes", "posts")) == ("RESTRICT", "RESTRICT")
    with pytest.raises(InUse):
        await world.repository.destroy("notes", keys=[note], scopes=ALL)
    table = world.metadata.get("posts").table
    with pytest.raises(NotNullViolation):
        await world.database.run(table.insert().values(noteId=None))
    sent_back = dict(world.metadata.get("posts").fields["note"].options)
    await world.metadata.update_field("posts", "note", {**sent_back, "required": False, "allowNull": None})
    assert (world.rule("posts", "note"), world.rule("notes", "posts")) == ("SET NULL", "SET NULL")
    await world.repository.destroy("notes", keys=[note], scopes=ALL)
    assert await world.repository.count("posts", scopes=ALL) == 6


async def test_a_rule_that_was_asked_for_stays(world: World) -> None:
    await world.relation("posts", "note", "belongsTo", "notes", onDelete="CASCADE", required=True)
    await world.metadata.update_field("posts", "note", {"required": False})
    assert world.rule("posts", "note") == "CASCADE"
    await world.metadata.update_field("posts", "note", {"onDelete": "RESTRICT"})
    await world.metadata.update_field("posts", "note", {"required": True})
    await world.metadata.update_field("posts", "note", {"required": False})
    assert world.rule("posts", "note") == "RESTRICT"
    await world.metadata.update_field("posts", "note", {"required": True, "onDelete": "SET NULL"})
    assert world.rule("posts", "note") == "RESTRICT"
    await world.metadata.update_field("posts", "note", {"required": False})
    assert world.rule("posts", "note") == "SET NULL"


async def test_the_foreign_key_itself_may_be_required(world: World) -> None:
    await world.relation("posts", "note", "belongsTo", "notes")
    await world.metadata.update_field("posts", "noteId", {"required": True})
    assert world.rule("posts", "note") == "RESTRICT"
    await world.metadata.update_field("posts", "noteId", {"required": False})
    assert world.rule("posts", "note") == "SET NULL"


async def test_a_required_relation_that_goes_leaves_the_key_as_it_was(world: World) -> None:
    await world.relation("posts", "note", "belongsTo", "notes", required=True, reverseField={"name": "posts"})
    await world.metadata.destroy_field("posts", "note")
    assert world.rule("notes", "posts") == "SET NULL"
    await world.add("posts")


@pytest.mark.parametrize("kind", ["belongsTo", *KINDS])
async def test_records_without_a_link_stand_in_the_way(world: World, kind: str) -> None:
    await world.relation("posts", "notes", kind, "notes")
    posts = [await world.add("posts") for _ in range(2)]
    with pytest.raises(InvalidMetadata, match=r"the records 1, 2 have no link; relate them first"):
        await world.metadata.update_field("posts", "notes", {"required": True})
    with pytest.raises(InvalidMetadata, match=r"posts\.more.*the records 1, 2 have no link"):
        await world.relation("posts", "more", kind, "notes", required=True, foreignKey="moreId")
    for post in posts:
        value: Any = {"title": "a"} if kind in ("belongsTo", "hasOne") else [{"title": "a"}]
        await world.repository.update("posts", {"notes": value}, keys=[post], scopes=ALL)
    await world.metadata.update_field("posts", "notes", {"required": True})
    await world.metadata.update_field("posts", "notes", {"required": False})
    await world.add("posts")


@pytest.mark.parametrize("kind", KINDS)
async def test_what_is_written_of_a_record_holds_what_it_needs(world: World, kind: str) -> None:
    many = kind != "hasOne"
    await world.relation("posts", "notes", kind, "notes", required=True)
    for nothing in ({}, {"notes": None}, *([{"notes": []}, {"notes": [None]}] if many else [])):
        with pytest.raises(InvalidValue, match='"notes" of "posts" is required'):
            await world.repository.create("posts", nothing, scopes=ALL)
        with pytest.raises(InvalidValue, match="is required"):
            values = {"title": "x", **nothing}
            await world.repository.update_or_create("posts", ["title"], values, scopes=ALL)
    first = await world.add("notes")
    post = await world.add("posts", title="x", notes=[first] if many else first)
    for nothing in ({"notes": None}, *([{"notes": []}] if many else [])):
        with pytest.raises(InvalidValue, match="is required"):
            await world.repository.update("posts", nothing, keys=[post], scopes=ALL)
        with pytest.raises(InvalidValue, match="is required"):
            values = {"title": "x", **nothing}
            await world.repository.update_or_create("posts", ["title"], values, scopes=ALL)
    row = await world.repository.first_or_create("posts", ["title"], {"title": "x"}, scopes=ALL)
    assert row["id"] == post
    await world.repository.update("posts", {"title": "y"}, keys=[post], scopes=ALL)
    assert await world.notes(post) == [first]


@pytest.mark.parametrize("kind", KINDS)
async def test_actions_at_a_relation_leave_what_a_record_needs(world: World, kind: str) -> None:
    many = kind != "hasOne"
    await world.relation("posts", "notes", kind, "notes", required=True)
    first, second = [await world.add("notes") for _ in range(2)]
    post = await world.add("posts", notes=[first] if many else first)
    at = ("posts", post, "notes")
    with pytest.raises(LinkRequired):
        await world.repository.remove(*at, [first], scopes=ALL)
    with pytest.raises(LinkRequired):
        await world.repository.set(*at, None, scopes=ALL)
    with pytest.raises(LinkRequired):
        await world.repository.toggle(*at, [first], scopes=ALL)
    assert await world.notes(post) == [first]
    await world.repository.set(*at, [second], scopes=ALL)
    assert await world.notes(post) == [second]
    if many:
        await world.repository.toggle(*at, [first, second], scopes=ALL)
        assert await world.notes(post) == [first]
        await world.repository.add(*at, [second], scopes=ALL)
        taken = (world.repository.remove(*at, [one], scopes=ALL) for one in (first, second))
        found = await asyncio.gather(*taken, return_exceptions=True)
        assert [type(one) for one in found if one is not None] == [LinkRequired]
        assert len(await world.notes(post)) == 1


@pytest.mark.parametrize("kind", ["belongsTo", "belongsToMany"])
async def test_a_record_that_is_made_behind_a_relation_has_the_link_back(world: World, kind: str) -> None:
    """Where both sides name each other, each may be made in the body of the other, or at its address."""
    back = {"name": "posts", "required": True}
    await world.relation("posts", "notes", kind, "notes", reverseField=back)
    value: Any = {"title": "a"} if kind == "belongsTo" else [{"title": "a"}]
    post = await world.add("posts", notes=value)
    assert len(await world.notes(post)) == 1
    made = await world.repository.through.create("posts", post, "notes", {"title": "b"}, scopes=ALL)
    assert made["id"] in await world.notes(post)
    with pytest.raises(InvalidValue, match='"posts" of "notes" is required'):
        await world.add("notes", title="alone")


async def test_a_has_one_over_a_field_that_was_there_lets_no_two_share_it(world: World) -> None:
    await world.metadata.create_field("notes", {"name": "home", "type": "bigInt"})
    post = await world.add("posts")
    for _ in range(2):
        await world.add("notes", home=post)
    one = {"foreignKey": "home"}
    with pytest.raises(MetadataInUse, match=r"notes\.home.*can not be unique, for the records 1, 2 have"):
        await world.relation("posts", "note", "hasOne", "notes", **one)
    await world.repository.update("notes", {"home": None}, keys=[2], scopes=ALL)
    await world.relation("posts", "note", "hasOne", "notes", **one)
    again = world.metadata.get("notes").table.insert().values(home=post)
    with pytest.raises(UniqueViolation):
        await world.database.run(again)
    await world.relation("posts", "other", "hasOne", "notes", **one)
    await world.metadata.destroy_field("posts", "note")
    assert world.metadata.get("notes").fields["home"].unique
    await world.metadata.destroy_field("posts", "other")
    key = world.metadata.get("notes").fields["home"]
    assert (key.unique, "madeUnique" in key.options) == (False, False)
    await world.database.run(again)
    assert len(await world.database.run(sa.select(world.metadata.get("notes").table.c.id))) == 3


async def test_a_field_that_people_made_unique_stays_so(world: World) -> None:
    await world.metadata.create_field("notes", {"name": "home", "type": "bigInt", "unique": True})
    await world.relation("posts", "note", "hasOne", "notes", foreignKey="home")
    await world.metadata.destroy_field("posts", "note")
    assert world.metadata.get("notes").fields["home"].unique


async def test_a_key_that_a_has_many_shares_is_not_made_unique(world: World) -> None:
    await world.relation("posts", "notes", "hasMany", "notes")
    await world.relation("posts", "note", "hasOne", "notes", foreignKey="postId")
    assert not world.metadata.get("notes").fields["postId"].unique
