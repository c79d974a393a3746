"""Bodies with all that is nested in them → drafts, checked whole before anything is written.

In a body, a relation holds keys, objects with a key, or objects without one. A key links to the record that
has it. An object with a key does the same, and its other fields are written too only where
``updateAssociationValues`` names the relation. An object without a key makes a new record.

What is wrong with the values of nested records is told together with the rest, by its path:
``comments.0.title``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from insula.data.attaching import MORE
from insula.data.choice import WHOLE, Choice
from insula.data.collection import Collection
from insula.data.errors import InvalidQuery, InvalidValue, all_of
from insula.data.links import Links, Side
from insula.data.pointing import Pointing
from insula.data.scope import Scopes
from insula.data.validate import Draft, form

MAX_DEPTH = 10
"""Relations inside one another in one body."""
MAX_ITEMS = 10_000
"""Records that the value of one relation may name."""
MAX_NEW = 1_000
"""Records that the value of one relation may make or write."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What one request says of all the records that it writes."""

    scopes: Scopes
    choice: Choice = WHOLE
    depth: int = 0

    def within(self, name: str) -> Wanted:
        """For the records behind the relation ``name``. Raises ``InvalidQuery`` when it goes too deep."""
        if self.depth >= MAX_DEPTH:
            raise InvalidQuery(
                parameter="values", reason=f"is nested through more than {MAX_DEPTH} relations"
            )
        return Wanted(self.scopes, self.choice.within(name), self.depth + 1)


@dataclass(slots=True)
class Item:
    """One record in the value of a relation."""

    path: str
    """Where it stands in the body, from the record that has the relation."""
    key: Any = None
    """Prepared value of the column ``by``; ``None`` for a new record."""
    by: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)
    """The fields that came along, the key among them; empty where only a key came."""
    between: Draft | None = None
    """Values for the row between the two records (belongsToMany)."""
    wanted: Wanted | None = None
    """What the request says of the records behind the relation; ``None`` when nothing of it is written."""
    deep: bool = False
    """Its fields are written also where the record is there already."""
    draft: Draft | None = None
    """What is written of it; of a key that people choose, known only when it is seen whether it is there."""


@dataclass(slots=True)
class Related:
    """What a body says of one relation."""

    side: Side
    items: list[Item]
    by_key: bool = False
    """It was said by the foreign key alone."""


class Bodies:
    """Checks bodies for the collections of one application. Reads and writes nothing."""

    def __init__(self, links: Links, pointing: Pointing) -> None:
        self._links = links
        self._pointing = pointing

    async def draft(
        self,
        collection: Collection,
        values: Mapping[str, Any],
        wanted: Wanted,
        *,
        new: bool,
        preset: Iterable[str] = (),
    ) -> Draft:
        """A body for a record that is ``new`` or exists, ready to write; ``preset`` are columns that it does
        not decide.

        Raises ``UnknownField``, ``InvalidQuery``, ``InvalidValue`` (one for all wrong values), and what
        ``scopes`` raises for a collection that is closed.
        """
        draft = self._draft(collection, values, wanted, new, preset)
        if draft.slow or draft.related:
            await self._finish(collection, draft)
        draft.check()
        return draft

    async def drafts(
        self,
        collection: Collection,
        records: Sequence[Mapping[str, Any]],
        wanted: Wanted,
        preset: Iterable[str] = (),
    ) -> list[Draft]:
        """Bodies for new records. What is wrong is told with the place of each: ``3.title``."""
        drafts, problems = [], []
        for index, values in enumerate(records):
            draft = self._draft(collection, values, wanted, True, preset)
            await self._finish(collection, draft)
            drafts.append(draft)
            problems += [_at(f"{index}.{problem.details['field']}", problem) for problem in draft.problems]
        if problems:
            raise all_of(problems)
        return drafts

    async def chosen(self, side: Side, item: Item, *, new: bool) -> Draft:
        """The draft of an item with a key that people choose, once it is known whether it is there."""
        if item.wanted is None:
            raise ValueError(f"nothing of {item.path} is to be written")
        values = item.values if new else _without(item.values, item.by)
        draft = self._draft(side.target, values, item.wanted, new, preset(side))
        await self._finish(side.target, draft)
        if draft.problems:
            raise all_of(_behind(side, item.path, draft.problems))
        item.draft = draft
        return draft

    def related(self, side: Side, raw: Any, wanted: Wanted, problems: list[InvalidValue]) -> Related:
        """The value of a relation, read; what is wrong with it is added to ``problems``."""
        many, items, name = _many(side, raw, problems), [], side.field.name
        listed = isinstance(raw, list | tuple)
        for index, one in enumerate(many):
            if one is None:
                continue
            path = f"{name}.{index}" if listed else name
            try:
                item = self._item(side, one, path, wanted.scopes)
            except InvalidValue as error:
                problems.append(error)
                continue
            self._draft_item(side, item, wanted)
            items.append(item)
        if sum(item.wanted is not None for item in items) > MAX_NEW:
            problems.append(side.refuse(f"takes at most {MAX_NEW} records to write at once"))
        return Related(side, items)

    async def read(self, side: Side, raw: Any, wanted: Wanted) -> Related:
        """The value of a relation that was sent by itself. Raises as ``draft``."""
        draft = Draft()
        draft.related.append(self.related(side, raw, wanted, draft.problems))
        await self._finish(side.collection, draft)
        draft.check()
        return draft.related[0]

    def _draft(
        self,
        collection: Collection,
        values: Mapping[str, Any],
        wanted: Wanted,
        new: bool,
        preset: Iterable[str],
    ) -> Draft:
        scope = wanted.scopes.scope(collection.name, "create" if new else "update")
        draft = form(collection).draft(
            values, new=new, allowed=scope.fields, choice=wanted.choice, preset=preset
        )
        for name, raw in draft.relations.items():
            side = self._links.side(collection, name)
            if not new and side.relation.to_many and _cut(values, name):
                reason = f"was answered in part ({MORE}), so it can not be written as a whole: add or remove"
                draft.problems.append(side.refuse(reason))
            else:
                draft.related.append(self.related(side, raw, wanted, draft.problems))
        self._link_keys(collection, draft, wanted.scopes, preset)
        return draft

    def _link_keys(self, collection: Collection, draft: Draft, scopes: Scopes, preset: Iterable[str]) -> None:
        """Foreign keys that point where the caller does not see every record are links to what they may see."""
        given = {name for name, value in draft.columns.items() if value is not None}
        for side in self._pointing.limited(collection, given.difference(preset), scopes):
            column = side.relation.foreign_key
            key = draft.columns.pop(column)
            if side.field.name not in draft.relations:
                draft.related.append(Related(side, [Item(column, key, side.joint)], by_key=True))

    async def _finish(self, collection: Collection, draft: Draft) -> None:
        """Prepare what takes long, and gather what is wrong with nested records."""
        if draft.slow:
            await form(collection).finish(draft)
        for related in draft.related:
            for item in related.items:
                if item.draft is not None:
                    await self._finish(related.side.target, item.draft)
                    draft.problems += _behind(related.side, item.path, item.draft.problems)

    def _draft_item(self, side: Side, item: Item, wanted: Wanted) -> None:
        name = side.field.name
        automatic = form(side.target).automatic_key
        if item.key is None:
            item.wanted = wanted.within(name)
            item.draft = self._draft(side.target, item.values, item.wanted, True, preset(side))
        elif name in wanted.choice.deep and len(item.values) > 1:
            item.wanted, item.deep = wanted.within(name), True
            if item.by == automatic:
                rest = _without(item.values, item.by)
                item.draft = self._draft(side.target, rest, item.wanted, False, ())
        elif item.values and item.by != automatic:
            item.wanted = wanted.within(name)

    def _item(self, side: Side, raw: Any, path: str, scopes: Scopes) -> Item:
        """Raises ``InvalidValue`` naming the path."""
        target, through = side.target, side.relation.through
        if isinstance(raw, list | tuple):
            if not (side.through_row and len(raw) == 2 and isinstance(raw[1], Mapping)):
                raise side.refuse(
                    "takes keys, objects, or pairs of a key and values for the row between", path
                )
            key = self._key(side, side.joint, raw[0], path)
            return Item(path, key, side.joint, between=self._between(side, raw[1], path, scopes))
        if not isinstance(raw, Mapping):
            return Item(path, self._key(side, side.joint, raw, path), side.joint)
        values, between = raw, None
        if through is not None and through in raw and through not in target.fields:
            values = _without(raw, through)
            between = self._between(side, raw[through], path, scopes) if raw[through] else None
        own = target.primary_key
        for by in dict.fromkeys((own.name if own is not None else side.joint, side.joint)):
            if raw.get(by) is not None:
                return Item(path, self._key(side, by, raw[by], path), by, values, between)
        return Item(path, None, "", values, between)

    def _between(self, side: Side, raw: Any, path: str, scopes: Scopes) -> Draft:
        """Values for the row between. Which two records it links is not theirs to say."""
        through = self._links.through(side.relation)
        if not isinstance(raw, Mapping):
            raise side.refuse(f'takes an object for "{through.name}"', path)
        pair = (side.relation.foreign_key, side.relation.other_key)
        draft = form(through).draft({n: v for n, v in raw.items() if n not in pair}, new=False)
        if draft.relations or draft.slow:
            raise side.refuse(f'takes only plain fields of "{through.name}"', path)
        if draft.problems:
            raise all_of(_behind(side, f"{path}.{through.name}", draft.problems))
        self._link_keys(through, draft, scopes, ())
        return draft

    def _key(self, side: Side, by: str, raw: Any, path: str) -> Any:
        column = side.target.fields[by]
        try:
            return column.type.prepare(raw, column)
        except ValueError as error:
            raise side.refuse(f'names a record whose "{by}" {error}', path) from None


def preset(side: Side) -> tuple[str, ...]:
    """The columns of a related record that the link itself decides, and the relations that lead back by it."""
    own = (side.relation.foreign_key,) if side.relation.kind in ("hasOne", "hasMany") else ()
    back = (
        field.name
        for field in side.target.relations.values()
        if field.relation and side.is_back(field.relation)
    )
    return (*own, *back)


def written_paths(draft: Draft) -> list[str]:
    """The relations that a draft writes, as dotted paths; those of the record itself first."""
    paths = [related.side.field.name for related in draft.related if not related.by_key]
    deeper: dict[str, None] = {}
    for related in draft.related:
        for item in related.items:
            if item.draft is not None:
                inner = written_paths(item.draft)
                deeper.update((f"{related.side.field.name}.{path}", None) for path in inner)
    return [*paths, *deeper]


def _many(side: Side, raw: Any, problems: list[InvalidValue]) -> list[Any]:
    if raw is None:
        return []
    if not isinstance(raw, list | tuple):
        return [raw]
    if not side.relation.to_many:
        problems.append(side.refuse("takes one record, not a list"))
        return []
    if len(raw) > MAX_ITEMS:
        problems.append(side.refuse(f"takes at most {MAX_ITEMS} records at once"))
        return []
    return list(raw)


def _behind(side: Side, path: str, problems: Iterable[InvalidValue]) -> list[InvalidValue]:
    """The problems of a nested record, as seen from the record that has the relation."""
    return [
        side.refuse(str(problem.details["reason"]), f"{path}.{problem.details['field']}")
        for problem in problems
    ]


def _at(path: str, problem: InvalidValue) -> InvalidValue:
    return InvalidValue(**{**problem.details, "field": path})


def _cut(values: Mapping[str, Any], name: str) -> bool:
    """Whether a record that is sent back says that it holds only a part of a relation."""
    more = values.get(MORE)
    return isinstance(more, list) and name in more


def _without(values: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    return {key: value for key, value in values.items() if key != name}
