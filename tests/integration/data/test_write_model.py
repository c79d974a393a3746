"""Random writes through relations, compared after each with the same done to plain Python sets and dicts."""

from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from insula.data.associations import Associations
from insula.data.catalog import StaticCatalog
from insula.data.errors import InvalidValue, RecordNotFound
from insula.data.filters.parse import parse_filter
from insula.data.scope import Unrestricted
from insula.data.through import Through
from insula.data.writing import Writer
from insula.database.executor import Database
from insula.testing.library import create_tables, library

ALL = Unrestricted()
EVERY_ROW = parse_filter({"id": {"$gt": 0}})
RELATIONS = (
    ("authors", "books"),
    ("authors", "profile"),
    ("books", "author"),
    ("books", "tags"),
    ("books", "readers"),
    ("tags", "books"),
)
TARGETS = {"books": "books", "profile": "profiles", "author": "authors", "tags": "tags", "readers": "people"}
MADE = {"authors": {"name": "n"}, "books": {"title": "t"}, "profiles": {}, "tags": {}, "people": {}}

place = st.integers(0, 3)
"""Position of a record among those there are, wrapping around; beyond the last when there is none."""
write = st.one_of(
    st.tuples(st.just("create"), st.sampled_from(sorted(MADE))),
    st.tuples(st.just("destroy"), st.sampled_from(sorted(MADE)), place),
    st.tuples(
        st.sampled_from(["add", "set", "remove", "toggle", "update"]),
        st.sampled_from(RELATIONS),
        place,
        st.lists(place, max_size=3),
        st.booleans(),
    ),
    st.tuples(st.just("create through"), st.sampled_from(RELATIONS), place),
)


class Model:
    """Records by collection; links as the key on one side (to one) or as pairs (many to many)."""

    def __init__(self) -> None:
        self.records: dict[str, list[int]] = {name: [] for name in MADE}
        self.names: dict[int, str] = {}
        """Tag → its name, by which books know it."""
        self.author: dict[int, int | None] = {}
        """Book → author."""
        self.owner: dict[int, int | None] = {}
        """Profile → author."""
        self.tags: set[tuple[int, int]] = set()
        self.readers: set[tuple[int, int]] = set()

    def made(self, collection: str, row: dict[str, Any]) -> None:
        self.records[collection].append(row["id"])
        if collection == "books":
            self.author[row["id"]] = None
        elif collection == "profiles":
            self.owner[row["id"]] = None
        elif collection == "tags":
            self.names[row["id"]] = row["name"]

    def gone(self, collection: str, key: int) -> None:
        self.records[collection].remove(key)
        if collection == "authors":
            self.author = {book: None if author == key else author for book, author in self.author.items()}
            kept = {profile: owner for profile, owner in self.owner.items() if owner != key}
            self.owner = kept
            self.records["profiles"] = [one for one in self.records["profiles"] if one in kept]
        self.author.pop(key, None) if collection == "books" else None
        self.owner.pop(key, None) if collection == "profiles" else None
        side = {"books": 0, "tags": 1}.get(collection)
        if side is not None:
            self.tags = {pair for pair in self.tags if pair[side] != key}
        side = {"books": 0, "people": 1}.get(collection)
        if side is not None:
            self.readers = {pair for pair in self.readers if pair[side] != key}

    def linked(self, collection: str, relation: str, key: int) -> set[int]:
        if (collection, relation) == ("authors", "books"):
            return {book for book, author in self.author.items() if author == key}
        if relation == "profile":
            return {profile for profile, owner in self.owner.items() if owner == key}
        if relation == "author":
            return {self.author[key]} - {None}  # type: ignore[return-value]
        if relation == "tags":
            return {tag for book, tag in self.tags if book == key}
        if relation == "readers":
            return {person for book, person in self.readers if book == key}
        return {book for book, tag in self.tags if tag == key}

    def relate(self, collection: str, relation: str, key: int, linked: set[int]) -> None:
        """Exactly ``linked`` are related afterwards."""
        if (collection, relation) == ("authors", "books"):
            self.author = {b: key if b in linked else None if a == key else a for b, a in self.author.items()}
        elif relation == "profile":
            self.owner = {p: key if p in linked else None if o == key else o for p, o in self.owner.items()}
        elif relation == "author":
            self.author[key] = next(iter(linked), None)
        elif relation == "tags":
            self.tags = {pair for pair in self.tags if pair[0] != key} | {(key, tag) for tag in linked}
        elif relation == "readers":
            self.readers = {pair for pair in self.readers if pair[0] != key} | {(key, one) for one in linked}
        else:
            self.tags = {pair for pair in self.tags if pair[1] != key} | {(book, key) for book in linked}


class Both:
    """Does each write to the database and to the model."""

    def __init__(self, world: SimpleNamespace, model: Model) -> None:
        self.writer: Writer = world.writer
        self.associations = Associations(self.writer)
        self.through = Through(self.writer)
        self.database: Database = world.database
        self.model = model
        self.count = 0

    def pick(self, collection: str, at: int) -> int:
        known = self.model.records[collection]
        return known[at % len(known)] if known and at < 3 else 10**9 + at

    def fresh(self, collection: str) -> dict[str, Any]:
        self.count += 1
        return {"name": f"tag {self.count}"} if collection == "tags" else dict(MADE[collection])

    async def create(self, collection: str) -> None:
        self.model.made(collection, await self.writer.create(collection, self.fresh(collection), scopes=ALL))

    async def destroy(self, collection: str, at: int) -> None:
        key = self.pick(collection, at)
        if key not in self.model.records[collection]:
            with pytest.raises(RecordNotFound):
                await self.writer.destroy(collection, keys=[key], scopes=ALL)
            return
        await self.writer.destroy(collection, keys=[key], scopes=ALL)
        self.model.gone(collection, key)

    async def create_through(self, side: tuple[str, str], at: int) -> None:
        (collection, relation), target = side, TARGETS[side[1]]
        key, values = self.pick(collection, at), self.fresh(target)
        if key not in self.model.records[collection]:
            with pytest.raises(RecordNotFound):
                await self.through.create(collection, key, relation, values, scopes=ALL)
            return
        row = await self.through.create(collection, key, relation, values, scopes=ALL)
        self.model.made(target, row)
        before = self.model.linked(collection, relation, key)
        kept = set() if relation in ("author", "profile") else before
        self.model.relate(collection, relation, key, kept | {row["id"]})

    async def link(
        self, action: str, side: tuple[str, str], at: int, others: list[int], objects: bool
    ) -> None:
        (collection, relation), target = side, TARGETS[side[1]]
        key = self.pick(collection, at)
        keys = list(dict.fromkeys(self.pick(target, other) for other in others))
        if relation in ("author", "profile"):
            keys = keys[:1]
        values = [{"id": one} for one in keys] if objects or relation == "tags" else keys
        missing = key not in self.model.records[collection]
        unknown = not set(keys) <= set(self.model.records[target]) and action != "remove"
        before = set() if missing else self.model.linked(collection, relation, key)
        after = self.expected(action, before, set(keys), to_one=relation in ("author", "profile"))
        try:
            await self._do(action, collection, relation, key, values)
        except RecordNotFound:
            assert missing
            return
        except InvalidValue:
            assert unknown
            return
        assert not missing and not unknown
        self.model.relate(collection, relation, key, after)

    def expected(self, action: str, before: set[int], keys: set[int], *, to_one: bool) -> set[int]:
        if action == "add":
            return keys if to_one and keys else before | keys
        if action == "remove":
            return before - keys
        if action == "toggle":
            return keys - before if to_one and keys else before ^ keys
        return keys

    async def _do(self, action: str, collection: str, relation: str, key: int, values: list[Any]) -> None:
        if action == "update":
            body = values if relation not in ("author", "profile") else (values[0] if values else None)
            await self.writer.update(collection, {relation: body}, keys=[key], scopes=ALL)
            return
        method = getattr(self.associations, action)
        await method(collection, key, relation, values, scopes=ALL)

    async def compare(self) -> None:
        model, tables = self.model, {}
        for name in ("authors", "books", "profiles", "tags", "people", "bookTags", "loans"):
            tables[name] = await self.database.run(self.writer.catalog.get(name).table.select())
        for name, keys in model.records.items():
            assert sorted(row["id"] for row in tables[name]) == sorted(keys)
        assert {row["id"]: row["authorId"] for row in tables["books"]} == model.author
        assert {row["id"]: row["authorId"] for row in tables["profiles"]} == model.owner
        named = sorted((row["bookId"], row["tagName"]) for row in tables["bookTags"])
        assert named == sorted((book, model.names[tag]) for book, tag in model.tags)
        lent = sorted((row["bookId"], row["personId"]) for row in tables["loans"])
        assert lent == sorted(model.readers)


@pytest.fixture
async def world(database: Database) -> SimpleNamespace:
    collections = library()
    await create_tables(database, collections)
    return SimpleNamespace(writer=Writer(StaticCatalog(collections), database), database=database)


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(writes=st.lists(write, min_size=5, max_size=20))
async def test_writes_do_what_the_model_does(world: SimpleNamespace, writes: list[tuple[Any, ...]]) -> None:
    both = Both(world, Model())
    for name in ("bookTags", "loans", "books", "profiles", "authors", "tags", "people"):
        await both.writer.destroy(name, filter=EVERY_ROW, scopes=ALL)
    for name in sorted(MADE):
        await both.create(name)
        await both.create(name)
    for action, *rest in writes:
        if action == "create":
            await both.create(*rest)
        elif action == "destroy":
            await both.destroy(*rest)
        elif action == "create through":
            await both.create_through(*rest)
        else:
            await both.link(action, *rest)
        await both.compare()
