"""Method and path → what is to be done."""

from typing import Any

import pytest

from insula.application.api.action import Action, Answer, Context, Resource
from insula.application.api.routing import ActionTable
from insula.application.errors import (
    ApplicationError,
    MethodNotAllowed,
    Misstated,
    NotAnAddress,
    PluginFailed,
    UnknownAction,
    UnknownResource,
)
from insula.application.plugin import Plugin
from insula.data.catalog import StaticCatalog
from insula.data.collection import Collection, Field, Relation
from insula.data.fields import field_type


async def nothing(context: Context) -> Answer:
    return Answer()


def collection(name: str, *relations: Field, internal: bool = False) -> Collection:
    key = Field("id", field_type("bigInt"), primary_key=True)
    return Collection(name, {item.name: item for item in (key, *relations)}, internal=internal)


def relation(name: str, kind: Any, target: str) -> Field:
    return Field(name, field_type(kind), relation=Relation(kind, target, "x"))


class Metadata(Plugin):
    name = "collections"
    title = description = ""
    resources = (
        Resource("collections", (Action("list", nothing, "public", ""),)),
        Resource(
            "collections.fields",
            (Action("list", nothing, "public", ""), Action("create", nothing, "public", "", writes=True)),
        ),
        Resource("posts", (Action("publish", nothing, "public", "", writes=True),)),
    )
    record_actions = (Action("export", nothing, "records", "", permission="export"),)


CATALOG = StaticCatalog(
    [
        collection(
            "posts",
            relation("tags", "belongsToMany", "tags"),
            relation("author", "belongsTo", "users"),
            relation("secret", "hasMany", "hidden"),
        ),
        collection("tags"),
        collection("users"),
        collection("hidden", internal=True),
    ]
)
TABLE = ActionTable((), [Metadata()])


def found(method: str, path: str) -> tuple[Any, ...]:
    route = TABLE.route(method, path, CATALOG, {})
    parts: list[Any] = [route.resource, route.action.name, route.key]
    if route.parent:
        parts += [route.parent, route.relation, route.subject]
    return tuple(parts)


@pytest.mark.parametrize(
    ("method", "path", "wanted"),
    [
        ("GET", "/posts:list", ("posts", "list", None)),
        ("POST", "/posts:list", ("posts", "list", None)),
        ("GET", "/posts:list/", ("posts", "list", None)),
        ("GET", "/posts:get/5", ("posts", "get", "5")),
        ("GET", "/posts:get/a/b", ("posts", "get", "a/b")),
        ("GET", "/posts:export", ("posts", "export", None)),
        ("POST", "/posts:publish/1", ("posts", "publish", "1")),
        ("DELETE", "/posts:destroy/5", ("posts", "destroy", "5")),
        ("GET", "/posts", ("posts", "list", None)),
        ("GET", "/posts/5", ("posts", "get", "5")),
        ("HEAD", "/posts/5", ("posts", "get", "5")),
        ("POST", "/posts", ("posts", "create", None)),
        ("PUT", "/posts/5", ("posts", "update", "5")),
        ("PATCH", "/posts/5", ("posts", "update", "5")),
        ("DELETE", "/posts/5", ("posts", "destroy", "5")),
        ("GET", "/posts/5/tags:list", ("tags", "list", None, ("posts", "5"), "tags", "tags")),
        ("GET", "/posts/5/tags:get/7", ("tags", "get", "7", ("posts", "5"), "tags", "tags")),
        ("POST", "/posts/5/tags:add", ("tags", "add", None, ("posts", "5"), "tags", "posts")),
        ("POST", "/posts/5/tags:create", ("tags", "create", None, ("posts", "5"), "tags", "tags")),
        ("GET", "/posts/5/tags", ("tags", "list", None, ("posts", "5"), "tags", "tags")),
        ("GET", "/posts/5/tags/7", ("tags", "get", "7", ("posts", "5"), "tags", "tags")),
        ("POST", "/posts/5/tags", ("tags", "add", None, ("posts", "5"), "tags", "posts")),
        ("PUT", "/posts/5/tags", ("tags", "set", None, ("posts", "5"), "tags", "posts")),
        ("DELETE", "/posts/5/tags", ("tags", "remove", None, ("posts", "5"), "tags", "posts")),
        ("DELETE", "/posts/5/tags/7", ("tags", "remove", "7", ("posts", "5"), "tags", "posts")),
        ("PATCH", "/posts/5/tags/7", ("tags", "update", "7", ("posts", "5"), "tags", "tags")),
        ("GET", "/posts/5/author", ("users", "get", None, ("posts", "5"), "author", "users")),
        ("DELETE", "/posts/5/author", ("users", "destroy", None, ("posts", "5"), "author", "users")),
        (
            "POST",
            "/collections/posts/fields:create",
            ("collections.fields", "create", None, ("collections", "posts"), "fields", "collections.fields"),
        ),
        (
            "GET",
            "/collections/posts/fields",
            ("collections.fields", "list", None, ("collections", "posts"), "fields", "collections.fields"),
        ),
    ],
)
def test_addresses(method: str, path: str, wanted: tuple[Any, ...]) -> None:
    assert found(method, path) == wanted


@pytest.mark.parametrize(
    ("method", "path", "error"),
    [
        ("GET", "/", NotAnAddress),
        ("GET", "//", NotAnAddress),
        ("GET", "/:list", NotAnAddress),
        ("GET", "/none:list", UnknownResource),
        ("GET", "/none", UnknownResource),
        ("GET", "/posts:none", UnknownAction),
        ("GET", "/posts:", UnknownAction),
        ("GET", "/collections:none", UnknownAction),
        ("GET", "/hidden:list", UnknownResource),
        ("GET", "/hidden/1/x:list", UnknownResource),
        ("GET", "/posts/1/secret:list", UnknownResource),
        ("GET", "/posts/1/none:list", UnknownResource),
        ("GET", "/posts/1/tags:none", UnknownAction),
        ("GET", "/posts/1/tags:import", UnknownAction),
        ("GET", "/posts:create", MethodNotAllowed),
        ("HEAD", "/posts:destroy/1", MethodNotAllowed),
        ("DELETE", "/posts:list", MethodNotAllowed),
        ("TRACE", "/posts", MethodNotAllowed),
        ("TRACE", "/posts/1/tags", MethodNotAllowed),
        ("GET", "/posts/1/tags:add", MethodNotAllowed),
        ("GET", "/collections/posts/fields:create", MethodNotAllowed),
    ],
)
def test_what_does_not_exist(method: str, path: str, error: type[ApplicationError]) -> None:
    with pytest.raises(error):
        found(method, path)


def test_resources_of_a_failed_plugin_say_so() -> None:
    failed = {"posts": "x"}
    for path in ("/posts:list", "/posts/1", "/posts/1/tags"):
        with pytest.raises(PluginFailed):
            TABLE.route("GET", path, CATALOG, failed)
    assert TABLE.route("GET", "/tags:list", CATALOG, failed).resource == "tags"


def test_two_plugins_can_not_state_the_same() -> None:
    class Other(Metadata):
        name = "other"

    with pytest.raises(Misstated):
        ActionTable((), [Metadata(), Other()])


def test_each_request_gets_an_error_of_its_own() -> None:
    raised = []
    for _ in range(2):
        with pytest.raises(PluginFailed) as caught:
            TABLE.route("GET", "/posts:list", CATALOG, {"posts": "x"})
        raised.append(caught.value)
    assert raised[0] is not raised[1]
