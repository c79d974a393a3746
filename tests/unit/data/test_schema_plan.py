"""Plans as values, and the DDL that they become."""

from dataclasses import replace
from typing import Any

import pytest

from insula.core.names import MAX_NAME_LENGTH
from insula.data.collection import Collection, Field, Reference
from insula.data.fields import field_type
from insula.data.schema_ddl import Ddl
from insula.data.schema_plan import plan, plan_creation, plan_removal
from insula.data.schema_steps import (
    AddColumn,
    AddReference,
    CreateIndex,
    CreateTable,
    DropColumn,
    DropIndex,
    DropReference,
    DropTable,
    Fill,
    RenameColumn,
    SetRequired,
    SetType,
    stable_name,
)
from insula.database.dialects import dialect

ID = Field("id", field_type("bigInt"), primary_key=True, auto_increment=True)


def column(name: str, type_: str = "string", **settings: Any) -> Field:
    return Field(name, field_type(type_), **settings)


def collection(name: str, *fields: Field) -> Collection:
    return Collection(name, {field.name: field for field in (ID, *fields)})


def kinds(*steps: Any) -> list[type]:
    return [type(step) for step in steps]


def test_nothing_changes_nothing() -> None:
    made = collection("posts", column("title", unique=True), column("owner", reference=Reference("users")))
    assert plan(made, made).steps == ()
    assert plan(None, None).steps == ()


def test_a_new_required_column_is_filled_before_it_must_be() -> None:
    steps = plan(
        collection("posts"), collection("posts", column("a", required=True, default="x", unique=True))
    ).steps
    assert kinds(*steps) == [AddColumn, Fill, SetRequired, CreateIndex]


def test_an_index_goes_before_its_column() -> None:
    steps = plan(collection("posts", column("a", index=True)), collection("posts")).steps
    assert kinds(*steps) == [DropIndex, DropColumn]


def test_a_renamed_column_keeps_its_key() -> None:
    old = column("a", key="k", unique=True, reference=Reference("users"))
    steps = plan(collection("posts", old), collection("posts", replace(old, name="b"))).steps
    assert kinds(*steps) == [DropIndex, DropReference, RenameColumn, AddReference, CreateIndex]


def test_words_for_the_same_type_are_no_change() -> None:
    for one, other in (("json", "jsonb"), ("date", "datetimeTz"), ("float", "double"), ("string", "nanoid")):
        assert (
            plan(collection("posts", column("a", one)), collection("posts", column("a", other))).steps == ()
        )
    changed = plan(collection("posts", column("a")), collection("posts", column("a", "text"))).steps
    assert kinds(*changed) == [SetType]


def test_references_to_what_comes_later_are_added_at_the_end() -> None:
    one = collection("one", column("b", reference=Reference("two")), column("c", reference=Reference("one")))
    steps = plan_creation([one, collection("two")]).steps
    assert kinds(*steps) == [CreateTable, CreateTable, AddReference]


def test_tables_that_point_to_others_go_first() -> None:
    parent = collection("parent")
    child = collection(
        "child", column("p", reference=Reference("parent")), column("c", reference=Reference("child"))
    )
    assert plan_removal([parent, child]).steps == (DropTable("child"), DropTable("parent"))


def test_names_of_indexes_are_short_stable_and_different() -> None:
    long = "x" * MAX_NAME_LENGTH
    names = {
        stable_name("ix", long, [long]),
        stable_name("ix", long, [long, "a"]),
        stable_name("ix", "a", ["x", "b"]),
    }
    assert len(names) == 3
    assert all(len(name) <= 63 for name in names)
    assert stable_name("ix", "posts", ["title"]) == stable_name("ix", "posts", ["title"])
    assert stable_name("ix", "a", ["b_c"]) != stable_name("ix", "a_b", ["c"])


@pytest.mark.parametrize("name", ["sqlite", "postgres"])
def test_ddl_quotes_every_name(name: str) -> None:
    nasty = 'a"; DROP TABLE x; --'
    made = collection(nasty, column(nasty, unique=True, reference=Reference(nasty, nasty)))
    text = [
        dialect(name).compile(Ddl(step)).text("")
        for step in plan_creation([made]).steps
        if type(step) is not AddReference
    ]
    for statement in text:
        assert nasty not in statement.replace('a""; DROP TABLE x; --', "")
