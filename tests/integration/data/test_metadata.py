"""Collections and fields as people model them, on both dialects, with the tables behind them."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from insula.data.errors import (
    CollectionExists,
    FieldExists,
    InvalidMetadata,
    MetadataInUse,
    UnknownCollection,
    UnknownField,
)
from insula.data.metadata import Metadata
from insula.data.metadata_change import MetadataChange
from insula.data.metadata_json import collection_to_json, field_to_json
from insula.database.errors import UniqueViolation
from insula.database.executor import Database, Row
from insula.database.options import DatabaseOptions
from insula.testing.modelled import builtin, check_tables, modelled
from insula.testing.tables import actual


class Model:
    """Metadata whose tables are looked at after the test."""

    def __init__(self, metadata: Metadata, database: Database, options: DatabaseOptions) -> None:
        self.metadata = metadata
        self.database = database
        self.options = options

    async def create(self, name: str, *fields: dict[str, Any], **settings: Any) -> None:
        await self.metadata.create_collection({"name": name, "fields": list(fields), **settings})

    async def has_table(self, name: str) -> bool:
        return await actual(self.database, self.options, name) is not None

    async def add(self, collection: str, **values: Any) -> None:
        await self.database.run(self.metadata.get(collection).table.insert().values(values))

    async def rows(self, collection: str) -> list[Row]:
        return await self.database.run(self.metadata.get(collection).table.select())


@pytest.fixture
async def model(database: Database, database_options: DatabaseOptions) -> AsyncIterator[Model]:
    made = Model(await modelled(database), database, database_options)
    yield made
    await check_tables(made.metadata, database, database_options)


def text(name: str, **settings: Any) -> dict[str, Any]:
    return {"name": name, "type": "string", "interface": "input", **settings}


async def test_a_collection_gets_what_its_words_stand_for(model: Model) -> None:
    await model.create("posts", text("title"), title="Posts", createdBy=True, updatedBy=True, sortable=True)
    fields = model.metadata.get("posts").fields
    assert {name: field.type.name for name, field in fields.items()} == {
        "id": "bigInt",
        "title": "string",
        "createdAt": "date",
        "updatedAt": "date",
        "sort": "sort",
        "createdBy": "belongsTo",
        "createdById": "bigInt",
        "updatedBy": "belongsTo",
        "updatedById": "bigInt",
    }
    assert fields["id"].primary_key
    assert fields["createdAt"].interface == "createdAt"


async def test_a_name_is_made_up_where_none_is_given(model: Model) -> None:
    made = await model.metadata.create_collection({})
    assert made.name.startswith("t_")
    field = await model.metadata.create_field(made.name, {"type": "text"})
    assert field.name.startswith("f_")


async def test_the_second_collection_of_a_name_is_refused(model: Model) -> None:
    await model.create("posts")
    for name in ("posts", "Posts", "users", "USERS", "secrets", "collections", "auth"):
        with pytest.raises(CollectionExists):
            await model.create(name)


async def test_of_two_creates_at_once_one_wins(model: Model) -> None:
    other = Metadata(model.database, builtin())
    await other.load()
    tries = (model.metadata, model.metadata, other)
    results = await asyncio.gather(
        *(metadata.create_collection({"name": "posts"}) for metadata in tries), return_exceptions=True
    )
    assert sorted(type(result).__name__ for result in results) == ["Collection", *["CollectionExists"] * 2]
    await model.metadata.load()


async def test_a_table_that_metadata_does_not_know_is_not_adopted(model: Model) -> None:
    await model.create("posts")
    for table in ("fields", "collections"):
        await model.database.run(model.metadata.get(table).table.delete())
    await model.metadata.load()
    with pytest.raises(CollectionExists):
        await model.create("posts", text("title"))
    assert model.metadata.find("posts") is None


@pytest.mark.parametrize(
    "name",
    [
        'a"b',
        "a'b",
        "a/b",
        "a b",
        "a\0b",
        "a\nb",
        "x" * 200,
        "1a",
        "ä",
        "",
        " ",
        "sqlite_x",
        "pg_x",
        "insula",
        "__proto__",
        5,
    ],
)
async def test_names_that_can_be_none_are_refused_with_the_rule(model: Model, name: Any) -> None:
    if name != "":
        with pytest.raises(InvalidMetadata, match=r"must (have|not begin)"):
            await model.create(name)
    await model.create("posts")
    if name != "":
        with pytest.raises(InvalidMetadata, match=r"must (have|not begin)"):
            await model.metadata.create_field("posts", text(name))


async def test_keywords_are_names_like_any_other(model: Model) -> None:
    await model.create("select", text("from"), text("order", unique=True), text("group", index=True))
    await model.add("select", **{"from": "a", "order": "b", "group": "c"})
    await model.metadata.update_field("select", "from", {"unique": True, "allowNull": False})


@pytest.mark.parametrize(
    ("field", "reason"),
    [
        ({"name": "a", "type": "nonsense"}, "string, text, integer"),
        ({"name": "a"}, "type that is known"),
        ({"name": "a", "type": ["string"]}, "type that is known"),
        (text("a", length=0), "length"),
        (text("a", length="9"), "length"),
        (text("a", defaultValue="x" * 300), "defaultValue that must not be longer"),
        (text("a", defaultValue=1), "defaultValue that must be text"),
        (text("a", unique="yes"), "true or false for unique"),
        (text("a", uiSchema={"enum": 5}), "list for uiSchema.enum"),
        ({"name": "a", "type": "decimal", "precision": 99}, "precision"),
        ({"name": "a", "type": "decimal", "precision": 3, "scale": 5}, "scale"),
        ({"name": "a", "type": "json", "unique": True}, "no index"),
        ({"name": "a", "type": "integer", "defaultValue": "12abc"}, "whole number"),
        ({"name": "a", "type": "bigInt", "autoIncrement": True}, "primary key"),
        ({"name": "a", "type": "string", "interface": "createdAt"}, "needs a type"),
        ({"name": "a", "type": "belongsTo", "target": "nothing"}, 'no "nothing"'),
        ({"name": "a", "type": "belongsTo", "target": "secrets"}, 'no "secrets"'),
        ({"name": "a", "type": "belongsTo", "target": "users", "targetKey": "nickname"}, "unique field"),
        ({"name": "a", "type": "belongsTo", "target": "users", "foreignKey": "a"}, "another name"),
        ({"name": "a", "type": "belongsTo", "target": "users", "foreignKey": "title"}, "as a foreign key"),
        ({"name": "a", "type": "belongsTo", "target": "users", "onDelete": "EXPLODE"}, "onDelete"),
        ({"name": "a", "type": "sort", "scopeKey": "nothing"}, "scopeKey"),
        ({"name": "a", "type": "string", "scopeKey": ["name"]}, "scopeKey"),
        ({"name": "a", "type": "integer", "scopeKey": {}}, "scopeKey"),
        ({"name": "a", "type": "string", "uiSchema": {"x": "\0"}}, "NUL"),
        (5, "object"),
    ],
)
async def test_wrong_settings_are_refused_with_the_reason(model: Model, field: Any, reason: str) -> None:
    await model.create("posts", text("title"))
    before = dict(model.metadata.get("posts").fields)
    with pytest.raises(InvalidMetadata, match=reason):
        await model.metadata.create_field("posts", field)
    with pytest.raises(InvalidMetadata):
        await model.create(
            "others", text("title"), field if isinstance(field, dict) else [field], autoGenId=True
        )
    assert dict(model.metadata.get("posts").fields) == before
    assert model.metadata.find("others") is None


async def test_a_collection_has_one_primary_key(model: Model) -> None:
    key = {"name": "code", "type": "string", "primaryKey": True, "length": 20}
    await model.create("posts", key)
    assert list(model.metadata.get("posts").fields) == ["code", "createdAt", "updatedAt"]
    with pytest.raises(InvalidMetadata, match="has one"):
        await model.metadata.create_field("posts", {"name": "id", "type": "bigInt", "primaryKey": True})
    with pytest.raises(InvalidMetadata, match="has one"):
        await model.create("others", key, {**key, "name": "other"})
    await model.create("keyless", autoGenId=False)
    assert model.metadata.get("keyless").primary_key is None


async def test_names_of_fields_differ_in_more_than_case(model: Model) -> None:
    await model.create("posts", text("title"))
    with pytest.raises(FieldExists):
        await model.metadata.create_field("posts", text("Title"))
    with pytest.raises(FieldExists):
        await model.create("others", text("a"), text("A"))


async def test_a_required_field_on_records_needs_a_default(model: Model) -> None:
    await model.create("posts", text("title"), createdAt=False, updatedAt=False)
    await model.add("posts", title="a")
    with pytest.raises(InvalidMetadata, match="defaultValue"):
        await model.metadata.create_field("posts", text("state", allowNull=False))
    await model.metadata.create_field("posts", text("state", required=True, defaultValue="new"))
    assert await model.rows("posts") == [{"id": 1, "title": "a", "state": "new"}]
    changed = await model.metadata.update_field("posts", "state", {"required": False})
    assert not changed.required


async def test_settings_change_and_what_is_not_named_stays(model: Model) -> None:
    await model.create("posts", text("title", index=True, uiSchema={"title": "Title"}))
    field = await model.metadata.update_field(
        "posts", "title", {"unique": True, "length": 300, "index": None}
    )
    assert field.unique
    assert not field.index
    assert field.options["uiSchema"] == {"title": "Title"}
    for wrong, reason in (
        ({"name": "other"}, "name can not be changed"),
        ({"type": "json"}, r"from string to json \(possible: bigInt, boolean"),
        ({"length": 20}, "can only grow"),
        ({"primaryKey": True}, "primaryKey can not be changed"),
    ):
        with pytest.raises(MetadataInUse, match=reason):
            await model.metadata.update_field("posts", "title", wrong)
    assert (await model.metadata.update_field("posts", "title", {"type": "text"})).type.name == "text"
    with pytest.raises(UnknownField):
        await model.metadata.update_field("posts", "nothing", {})
    with pytest.raises(UnknownCollection):
        await model.metadata.update_field("secrets", "id", {})


async def test_belongs_to_and_its_reverse(model: Model) -> None:
    await model.create("authors", text("name"))
    await model.create("posts", text("title"))
    reverse = {"name": "posts", "interface": "o2m"}
    await model.metadata.create_field(
        "posts",
        {
            "name": "author",
            "type": "belongsTo",
            "interface": "m2o",
            "target": "authors",
            "reverseField": reverse,
        },
    )
    relation = model.metadata.get("authors").fields["posts"].relation
    assert relation is not None
    assert (relation.kind, relation.target, relation.foreign_key) == ("hasMany", "posts", "authorId")
    key = model.metadata.get("posts").fields["authorId"]
    assert key.options["isForeignKey"]
    assert key.index
    with pytest.raises(MetadataInUse, match=r"posts\.author"):
        await model.metadata.destroy_field("posts", "authorId")
    await model.metadata.destroy_field("posts", "author")
    assert "authorId" in model.metadata.get("posts").fields
    await model.metadata.destroy_field("authors", "posts")
    assert "authorId" not in model.metadata.get("posts").fields


async def test_has_many_makes_the_key_in_its_target(model: Model) -> None:
    await model.create("comments", text("body"))
    await model.create("posts", {"name": "comments", "type": "hasMany", "target": "comments"})
    await model.add("comments", body="a", postId=None)
    key = model.metadata.get("comments").fields["postId"]
    assert key.reference is not None
    assert key.reference.collection == "posts"
    await model.metadata.update_field("posts", "comments", {"onDelete": "CASCADE"})
    with pytest.raises(MetadataInUse, match="target"):
        await model.metadata.update_field("posts", "comments", {"target": "users"})
    await model.metadata.destroy_field("posts", "comments")
    assert "postId" not in model.metadata.get("comments").fields


async def test_the_table_keeps_that_a_record_has_one(model: Model) -> None:
    """The foreign key of a hasOne relation is unique, however the relation came about."""
    await model.create("homes", text("town"))
    await model.create("owners", {"name": "home", "type": "hasOne", "target": "homes"})
    await model.add("owners", id=1)
    await model.add("homes", ownerId=1)
    with pytest.raises(UniqueViolation):
        await model.add("homes", ownerId=1)
    await model.add("homes", ownerId=None)
    await model.add("homes", ownerId=None)
    keeper = {"name": "keeper", "type": "belongsTo", "target": "owners"}
    await model.metadata.create_field("homes", {**keeper, "reverseField": {"name": "kept", "type": "hasOne"}})
    fields = model.metadata.get("homes").fields
    assert (fields["ownerId"].unique, fields["keeperId"].unique) == (True, True)


async def test_a_key_is_shared_once_no_relation_says_that_it_is_not(model: Model) -> None:
    await model.create("homes", text("town"))
    home = {"name": "home", "type": "hasOne", "target": "homes", "reverseField": {"name": "owner"}}
    await model.create("owners", home)
    await model.add("owners", id=1)
    await model.metadata.create_field("owners", {"name": "homes", "type": "hasMany", "target": "homes"})
    for _ in range(2):
        await model.add("homes", ownerId=1)
    keeper = {"name": "keeper", "type": "belongsTo", "target": "owners"}
    await model.metadata.create_field("homes", {**keeper, "reverseField": {"name": "kept", "type": "hasOne"}})
    await model.metadata.destroy_field("owners", "kept")
    fields = model.metadata.get("homes").fields
    assert [(fields[name].unique, fields[name].index) for name in ("ownerId", "keeperId")] == [
        (False, True)
    ] * 2


async def test_belongs_to_many_makes_a_table_between(model: Model) -> None:
    await model.create("tags", text("name", unique=True))
    await model.create(
        "posts",
        {"name": "tags", "type": "belongsToMany", "targetKey": "name", "reverseField": {"name": "posts"}},
    )
    through = model.metadata.get("postsTags")
    assert through.options["hidden"]
    assert [(index.fields, index.unique) for index in through.indexes] == [(("postId", "tagId"), True)]
    assert through.fields["tagId"].type.name == "string"
    back = model.metadata.get("tags").fields["posts"].relation
    assert back is not None
    assert (back.through, back.foreign_key, back.other_key, back.source_key) == (
        "postsTags",
        "tagId",
        "postId",
        "name",
    )
    with pytest.raises(MetadataInUse, match="must stay unique"):
        await model.metadata.update_field("tags", "name", {"unique": False})
    with pytest.raises(MetadataInUse):
        await model.metadata.destroy_collection("postsTags")
    await model.metadata.destroy_field("posts", "tags")
    assert await model.has_table("postsTags")
    await model.metadata.destroy_field("tags", "posts")
    assert not await model.has_table("postsTags")


async def test_a_collection_may_be_related_to_itself(model: Model) -> None:
    await model.create("people", {"name": "friends", "type": "belongsToMany", "target": "people"})
    relation = model.metadata.get("people").fields["friends"].relation
    assert relation is not None
    assert (relation.foreign_key, relation.other_key) == (
        "personId",
        "friendId",
    ) or relation.other_key == "friendId"


async def test_trees(model: Model) -> None:
    await model.create("parts", text("name"), template="tree")
    collection = model.metadata.get("parts")
    assert collection.options["tree"] == "adjacencyList"
    assert {"parent", "parentId", "children"} <= set(collection.fields)
    await model.metadata.destroy_collection("parts")


async def test_built_in_collections_are_extended_but_not_changed(model: Model) -> None:
    stated = model.metadata.get("users")
    await model.metadata.create_field("users", text("city"))
    await model.create(
        "posts", {"name": "owner", "type": "belongsTo", "target": "users", "reverseField": {"name": "posts"}}
    )
    extended = model.metadata.get("users")
    assert list(extended.fields) == ["id", "nickname", "city", "posts"]
    assert "city" not in stated.fields
    for wrong in (
        model.metadata.destroy_collection("users"),
        model.metadata.destroy_field("users", "nickname"),
        model.metadata.update_field("users", "nickname", {"unique": True}),
        model.metadata.update_collection("users", {"title": "x"}),
    ):
        with pytest.raises(MetadataInUse, match="built in"):
            await wrong
    with pytest.raises(UnknownCollection):
        await model.metadata.create_field("secrets", text("a"))
    with pytest.raises(MetadataInUse, match=r"users\.posts"):
        await model.metadata.destroy_collection("posts")
    await model.metadata.destroy_collection("posts", cascade=True)
    await model.metadata.destroy_field("users", "city")
    assert model.metadata.get("users") is stated


async def test_removing_a_collection_spares_the_records_of_others(model: Model) -> None:
    await model.create("authors", text("name"))
    await model.create(
        "posts",
        text("title"),
        {"name": "author", "type": "belongsTo", "target": "authors", "onDelete": "CASCADE"},
        createdAt=False,
        updatedAt=False,
    )
    await model.create("notes", {"name": "authorRef", "type": "bigInt"}, createdAt=False, updatedAt=False)
    await model.metadata.create_field(
        "notes",
        {
            "name": "author",
            "type": "belongsTo",
            "target": "authors",
            "foreignKey": "authorRef",
            "onDelete": "CASCADE",
        },
    )
    await model.add("authors", name="Ann")
    await model.add("posts", title="a", authorId=1)
    await model.add("notes", authorRef=1)
    with pytest.raises(MetadataInUse, match=r"notes\.author, posts\.author"):
        await model.metadata.destroy_collection("authors")
    await model.metadata.destroy_collection("authors", cascade=True)
    assert await model.rows("posts") == [{"id": 1, "title": "a"}]
    assert await model.rows("notes") == [{"id": 1, "authorRef": 1}]


async def test_collections_that_lead_to_each_other_go_together(model: Model) -> None:
    await model.create("a")
    await model.create("b", {"name": "a", "type": "belongsTo", "reverseField": {"name": "bs"}})
    await model.metadata.create_field("a", {"name": "main", "type": "belongsTo", "target": "b"})
    await model.metadata.create_field("a", {"name": "many", "type": "belongsToMany", "target": "b"})
    await model.metadata.destroy_collection("a", "b")
    assert [c.name for c in model.metadata if not c.builtin] == []


async def test_a_collection_is_changed_as_a_whole(model: Model) -> None:
    await model.create("posts", text("title"), text("state"))
    fields = [
        field_to_json(model.metadata.get("posts"), f) for f in model.metadata.get("posts").fields.values()
    ]
    kept = [field for field in fields if field["name"] not in ("state", "updatedAt")]
    kept.append({"name": "author", "type": "belongsTo", "target": "users"})
    changed = await model.metadata.set_fields("posts", kept)
    assert list(changed.fields) == ["id", "title", "createdAt", "authorId", "author"]
    changed = await model.metadata.update_collection(
        "posts", {"title": "Articles", "sortable": True, "createdAt": False, "simplePaginate": True}
    )
    assert changed.title == "Articles"
    assert changed.options["simplePaginate"]
    assert list(changed.fields) == ["id", "title", "authorId", "author", "sort"]
    indexes = [{"fields": ["title", "sort"], "unique": True}]
    await model.metadata.update_collection("posts", {"indexes": indexes})
    with pytest.raises(MetadataInUse, match="the index over title, sort"):
        await model.metadata.destroy_field("posts", "title")
    for wrong in ([{"fields": ["nothing"]}], [{"fields": []}], "x", [5]):
        with pytest.raises(InvalidMetadata):
            await model.metadata.update_collection("posts", {"indexes": wrong})
    with pytest.raises(MetadataInUse, match="name can not be changed"):
        await model.metadata.update_collection("posts", {"name": "others"})


async def test_collections_and_fields_are_put_in_order(model: Model) -> None:
    for name in ("a", "b", "c"):
        await model.create(name, text("x"), text("y"), createdAt=False, updatedAt=False)
    await model.metadata.move_collection("c", "a")
    assert [c.name for c in model.metadata if not c.builtin] == ["c", "a", "b"]
    await model.metadata.move_collection("c", "b")
    assert [c.name for c in model.metadata if not c.builtin] == ["a", "b", "c"]
    await model.metadata.move_field("a", "y", "id")
    assert list(model.metadata.get("a").fields) == ["y", "id", "x"]
    for wrong in (
        model.metadata.move_collection("a", "users"),
        model.metadata.move_field("users", "id", "id"),
    ):
        with pytest.raises(MetadataInUse):
            await wrong


async def test_words_that_say_nothing_new_add_nothing(model: Model) -> None:
    await model.create("posts", text("title"))
    await model.metadata.destroy_field("posts", "createdAt")
    answer = collection_to_json(model.metadata.get("posts"))
    await model.metadata.update_collection("posts", answer)
    assert list(model.metadata.get("posts").fields) == ["id", "title", "updatedAt"]


async def test_subscribers_learn_what_changed(model: Model) -> None:
    heard: list[MetadataChange] = []
    end = model.metadata.subscribe(heard.append)
    before = model.metadata.get("users")
    await model.create("posts", {"name": "owner", "type": "belongsTo", "target": "users"})
    first = model.metadata.get("posts")
    await model.metadata.create_field("posts", text("title"))
    assert model.metadata.get("posts") is not first
    assert model.metadata.get("users") is before
    end()
    await model.metadata.destroy_collection("posts")
    assert [sorted(change.collections) for change in heard] == [["posts"], ["posts"]]
    assert heard[0].version < heard[1].version


async def test_a_change_goes_on_when_nobody_waits_any_more(model: Model) -> None:
    asked = asyncio.create_task(model.create("posts", text("title")))
    await asyncio.sleep(0)
    asked.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asked
    await model.create("others")
    assert model.metadata.find("posts") is not None


async def test_the_shape_of_answers(model: Model) -> None:
    await model.create("posts", text("title", uiSchema={"title": "Title"}), title="Posts")
    collection = model.metadata.get("posts")
    answer = collection_to_json(collection, fields=True)
    assert {
        "name": "posts",
        "title": "Posts",
        "autoGenId": True,
        "filterTargetKey": "id",
    }.items() <= answer.items()
    title = next(field for field in answer["fields"] if field["name"] == "title")
    assert title.pop("key")
    assert title == {
        "name": "title",
        "type": "string",
        "interface": "input",
        "collectionName": "posts",
        "description": None,
        "parentKey": None,
        "reverseKey": None,
        "uiSchema": {"title": "Title"},
    }
    users = collection_to_json(model.metadata.get("users"), fields=True)
    assert users["fields"][0]["primaryKey"] is True


async def test_one_foreign_key_has_one_rule(model: Model) -> None:
    """Whichever of the relations over it was asked last: the table and all of them follow."""
    await model.create("orders", text("name"))
    await model.create("lines", {"name": "order", "type": "belongsTo", "target": "orders"})
    lines = {"name": "lines", "type": "hasMany", "target": "lines", "foreignKey": "orderId"}
    await model.metadata.create_field("orders", {**lines, "onDelete": "CASCADE"})

    def rules() -> set[str]:
        relations = (model.metadata.get("orders").relations["lines"].relation,
                     model.metadata.get("lines").relations["order"].relation)  # fmt: skip
        return {relation.on_delete for relation in relations if relation is not None}

    assert rules() == {"CASCADE"}
    await model.add("orders", name="a")
    await model.add("lines", orderId=1)
    await model.database.run(model.metadata.get("orders").table.delete())
    assert await model.rows("lines") == []
    await model.metadata.create_field("orders", {**lines, "name": "more"})
    assert rules() == {"CASCADE"}
    await model.metadata.update_field("lines", "order", {"onDelete": "RESTRICT"})
    assert rules() == {"RESTRICT"}
