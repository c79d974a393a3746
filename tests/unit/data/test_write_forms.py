"""What bodies may hold."""

from typing import Any

import pytest

from insula.data.choice import Choice
from insula.data.errors import MAX_ENTRIES, InvalidQuery, InvalidRecord, InvalidValue, UnknownField
from insula.data.validate import form
from insula.testing.library import collection, column, library, number_key, related

AUTHORS = next(one for one in library() if one.name == "authors")
BOOKS = next(one for one in library() if one.name == "books")


def test_a_body_is_split_into_columns_and_relations() -> None:
    draft = form(BOOKS).draft({"title": "t", "author": 1, "price": "1.5", "isbn": None}, new=True)
    assert list(draft.columns) == ["title", "price", "isbn"]
    assert draft.relations == {"author": 1}


@pytest.mark.parametrize("values", [None, [], "x", 3])
def test_a_body_is_an_object(values: Any) -> None:
    with pytest.raises(InvalidQuery):
        form(BOOKS).draft(values, new=True)


def test_what_the_server_fills_is_passed_over() -> None:
    sent = {"createdAt": "x", "createdById": 3, "createdBy": {"id": 3}, "id": 7, "__index": "1"}
    assert form(AUTHORS).draft(sent, new=False).columns == {}
    assert form(AUTHORS).draft(sent, new=True).columns == {"id": 7}
    assert form(AUTHORS).draft({"id": None}, new=True).columns == {}


def test_fields_outside_the_scope_are_unknown() -> None:
    allowed = frozenset({"title"})
    assert form(BOOKS).draft({"title": "t", "__x": 1}, new=True, allowed=allowed).columns == {"title": "t"}
    for closed in ("isbn", "author", "id", "none"):
        with pytest.raises(UnknownField):
            form(BOOKS).draft({closed: 1}, new=True, allowed=allowed)
    assert form(BOOKS).draft({"id": 1}, new=False, allowed=allowed).columns == {}


def test_required_is_satisfied_by_any_way_to_a_value() -> None:
    strict = collection(
        "strict",
        column("code", "string", primary_key=True, required=True),
        column("filled", "uuid", required=True),
        column("kind", "string", required=True, default="k"),
        column("place", "sort", required=True),
        column("ownerId", "bigInt", required=True),
        related("owner", "belongsTo", "people", "ownerId", required=True),
        related("parts", "hasMany", "parts", "strictCode", required=True),
    )
    keys = form(strict)

    def missing(values: dict[str, Any], *preset: str) -> str:
        found = keys.draft(values, new=True, preset=preset).problems
        return ", ".join(str(problem.details["field"]) for problem in found)

    assert missing({}) == "code, ownerId, parts"
    assert missing({"code": "c"}) == "ownerId, parts"
    assert missing({"code": "c", "owner": 3}) == "parts"
    assert missing({"code": "c", "ownerId": 3, "parts": [1]}) == ""
    assert missing({"code": "c", "ownerId": 3, "parts": []}) == "parts"
    assert missing({"code": "c", "parts": [1]}, "ownerId") == ""
    assert missing({"code": 5, "parts": [1]}, "ownerId") == "code"
    assert [p.details["field"] for p in keys.draft({"kind": None}, new=False).problems] == ["kind"]


def test_defaults_are_for_what_was_not_said() -> None:
    keys = form(AUTHORS)
    assert keys.complete({"name": "n"}, {})["rank"] == 5
    assert keys.complete({"name": "n", "rank": None}, {})["rank"] is None
    assert keys.complete({"name": "n", "token": None}, {})["token"] is None


def test_a_default_that_its_field_does_not_take() -> None:
    wrong = collection("wrong", number_key(), column("rank", "integer", default="many"))
    with pytest.raises(InvalidValue):
        form(wrong)


def test_choices_reach_through_relations() -> None:
    choice = Choice.of(["title", "author.name", "author.books.title", "tags"], ["tags.name", "isbn"])
    assert [name for name in ("title", "author", "tags", "isbn", "price") if choice.takes(name)] == [
        "title",
        "author",
        "tags",
    ]
    author = choice.within("author")
    assert [name for name in ("name", "books", "born") if author.takes(name)] == ["name", "books"]
    tags = choice.within("tags")
    assert tags.takes("id")
    assert not tags.takes("name")
    assert not Choice.of(None, [], ["tags"]).limits


def test_everything_that_is_wrong_is_told_at_once() -> None:
    draft = form(AUTHORS).draft({"name": 5, "rank": "x", "born": "soon"}, new=True)
    with pytest.raises(InvalidRecord) as raised:
        draft.check()
    told = [(entry.code, entry.details["field"]) for entry in raised.value.entries]
    assert told == [("VALIDATION_ERROR", name) for name in ("name", "rank", "born")]
    assert raised.value.message.endswith('also wrong: "rank", "born".')
    alone = form(AUTHORS).draft({"name": "n", "rank": "x"}, new=True)
    with pytest.raises(InvalidValue) as raised_alone:
        alone.check()
    assert type(raised_alone.value) is InvalidValue
    assert list(raised_alone.value.entries) == [raised_alone.value]


def test_no_more_is_told_than_anybody_reads() -> None:
    wide = collection("wide", number_key(), *(column(f"f{n}", "integer") for n in range(MAX_ENTRIES + 5)))
    draft = form(wide).draft({f"f{n}": "x" for n in range(MAX_ENTRIES + 5)}, new=True)
    with pytest.raises(InvalidRecord) as raised:
        draft.check()
    assert len(raised.value.entries) == MAX_ENTRIES


async def test_what_takes_long_is_told_with_the_rest() -> None:
    draft = form(AUTHORS).draft({"secret": 5, "rank": "x", "name": "n"}, new=True)
    await form(AUTHORS).finish(draft)
    assert [problem.details["field"] for problem in draft.problems] == ["rank", "secret"]
