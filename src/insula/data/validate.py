"""What a body may hold for a collection, and how it becomes the values that are stored.

Clients send whole records back, so on the way in some keys are passed over in silence: fields that the
server fills (``createdAt``, ``createdBy`` …), the automatic key of a record that exists, fields without a
column, and names beginning with ``__``, which some answers of the protocol carry. Every other name that
the collection does not have is refused.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from insula.core import clock
from insula.data.choice import WHOLE, Choice
from insula.data.collection import Collection, Field
from insula.data.errors import InvalidQuery, InvalidValue, UnknownField, all_of
from insula.data.fields.base import FieldType
from insula.data.fields.checks import COUNTED
from insula.data.slow import run_slow

if TYPE_CHECKING:
    from insula.data.bodies import Related

STAMPS = frozenset({"createdAt", "updatedAt", "createdBy", "updatedBy"})
"""Interfaces (or types) of fields that the server fills: the time, or the person who writes."""

PARAMETER_PREFIX = "v_"
"""Before the name of a column, the name of its bound value: SQLAlchemy keeps the bare names to itself."""


class Part(enum.IntEnum):
    """What becomes of one key of a body."""

    VALUE = 0
    SLOW = 1
    RELATION = 2
    FILLED = 3


def stamps(collection: Collection) -> dict[str, str]:
    """Column → which of ``STAMPS`` fills it. A belongsTo relation says it for its foreign key."""
    found = {}
    for item in collection.fields.values():
        word = next((word for word in (item.interface, item.type.name) if word in STAMPS), None)
        if word is not None and item.stored:
            found[item.name] = word
        elif word is not None and item.relation is not None and item.relation.kind == "belongsTo":
            found[item.relation.foreign_key] = word
    return {name: word for name, word in found.items() if name in collection.fields}


@dataclass(slots=True)
class Draft:
    """A body, split: what goes into columns, what goes through relations, and what is wrong with it."""

    columns: dict[str, Any] = field(default_factory=dict)
    """Column → value ready to store."""
    relations: dict[str, Any] = field(default_factory=dict)
    """Name of the relation → what the body said of it."""
    related: list[Related] = field(default_factory=list)
    """The same, read: see ``bodies``."""
    slow: dict[str, Any] = field(default_factory=dict)
    """Column → value that still waits for its preparation in a thread."""
    problems: list[InvalidValue] = field(default_factory=list)
    """One for each field whose value can not be taken. Nothing is written of a body that has some."""

    def check(self) -> None:
        """Raises ``InvalidValue`` for what is wrong with the body, all at once."""
        if self.problems:
            raise all_of(self.problems)


class Form:
    """The keys that bodies for one collection may hold. Made once per collection, kept with it."""

    def __init__(self, collection: Collection) -> None:
        self.name = collection.name
        fields = collection.fields.values()
        self.fields = collection.fields
        key = collection.primary_key
        self._key = key
        self.automatic_key = key.name if key is not None and key.auto_increment else None
        self._highest_key = 0 if key is None else COUNTED.get(key.type.name, 0)
        self.stamps = stamps(collection)
        self.sorts = tuple(f.name for f in collection.columns if f.type.name == "sort")
        self._parts = {f.name: (self._part(f), f) for f in fields}
        self._defaults = self._prepared_defaults()
        self._fills = tuple(f for f in collection.columns if type(f.type).fill is not FieldType.fill)
        self.computed = tuple(f.name for f in collection.columns if f.type.computed)
        self._by_foreign_key = {
            f.relation.foreign_key: f.name for f in fields if f.relation and f.relation.kind == "belongsTo"
        }
        filled = {
            self.automatic_key,
            *self.stamps,
            *(name for key, name in self._by_foreign_key.items() if key in self.stamps),
        }
        self._required = tuple(f for f in fields if f.required and f.name not in filled)
        self._linked = frozenset(
            f.name for f in self._required if f.relation is not None and f.relation.kind != "belongsTo"
        )
        needed = {f.name for f in self._required}
        self._needed = frozenset(
            key for key, name in self._by_foreign_key.items() if not needed.isdisjoint((key, name))
        )

    def _part(self, item: Field) -> Part:
        if item.relation is not None:
            stamped = item.relation.kind == "belongsTo" and item.relation.foreign_key in self.stamps
            return Part.FILLED if stamped else Part.RELATION
        if item.name in self.stamps or not item.stored or not item.type.accepts(item):
            return Part.FILLED
        return Part.SLOW if item.type.slow else Part.VALUE

    def _prepared_defaults(self) -> dict[str, Any]:
        """The columns of a new record with the values that they have when nothing else is said.

        Raises ``InvalidValue`` for a default that its own field does not take.
        """
        return {
            f.name: None if f.default is None or f.type.slow else self.prepare(f, f.default)
            for f in self.fields.values()
            if f.stored
        }

    def draft(
        self,
        values: Mapping[str, Any],
        *,
        new: bool,
        allowed: frozenset[str] | None = None,
        choice: Choice = WHOLE,
        preset: Iterable[str] = (),
    ) -> Draft:
        """Split and check a body for a record that is ``new`` or exists; see ``Draft.problems``.

        ``preset`` are columns of a new record that the body does not decide.
        Raises ``UnknownField`` (also for fields outside ``allowed``), ``InvalidQuery``.
        """
        if not isinstance(values, Mapping):
            raise InvalidQuery(parameter="values", reason="must be an object with the fields of a record")
        draft, limits = Draft(), choice.limits
        for name, raw in values.items():
            part, item = self._parts.get(name, _UNKNOWN)
            if part is Part.FILLED or (name == self.automatic_key and not (new and raw is not None)):
                continue
            if limits and not choice.takes(name):
                continue
            if item is None or (allowed is not None and name not in allowed):
                if name[:2] == "__":
                    continue
                raise UnknownField(collection=self.name, field=name, place="values")
            if part is Part.RELATION:
                draft.relations[name] = raw
            elif part is Part.SLOW and raw is not None:
                draft.slow[name] = raw
            else:
                self._put(draft, item, raw)
        if self.automatic_key in draft.columns and (
            reason := self.refuse_key(draft.columns[self.automatic_key])
        ):
            draft.problems.append(self._refuse(self.automatic_key, reason))
        if new and self._required:
            draft.problems += self.missing(draft, preset)
        draft.problems += self._link_problems(draft, new)
        return draft

    def _link_problems(self, draft: Draft, new: bool) -> list[InvalidValue]:
        """The links that a record must have and would lose, and those that are told in two ways: an empty
        relation beside a foreign key that is not."""
        found = []
        if not new:
            emptied = self._linked.intersection(draft.relations)
            found = [self._refuse(n, "is required") for n in emptied if names_none(draft.relations[n])]
        for key, name in self._by_foreign_key.items():
            if draft.relations.get(name, draft.columns.get(key, _NOT_SAID)) is not None:
                continue
            if draft.columns.get(key) is not None:
                found.append(self._refuse(name, f'is empty, while "{key}" names a record'))
            elif not new and key in self._needed:
                found.append(self._refuse(name if name in draft.relations else key, "is required"))
        return found

    def refuse_key(self, key: int) -> str | None:
        """Why a key can not be given where the database counts on from it, if so."""
        highest = self._highest_key
        return (
            f"must be a whole number up to {highest}, since later keys follow it" if key > highest else None
        )

    def _put(self, draft: Draft, item: Field, raw: Any) -> None:
        """A value into its column, or what is wrong with it among the problems."""
        if raw == "" and item.type.family in _NO_TEXT:
            raw = None  # how forms send a number or date that was left empty
        if raw is None and item.required:
            draft.problems.append(self._refuse(item.name, "is required"))
            return
        try:
            draft.columns[item.name] = None if raw is None else item.type.prepare(raw, item)
        except ValueError as error:
            draft.problems.append(self._refuse(item.name, str(error)))

    def prepare(self, item: Field, raw: Any) -> Any:
        """A value for one field. Raises ``InvalidValue``."""
        try:
            return item.type.prepare(raw, item)
        except ValueError as error:
            raise self._refuse(item.name, str(error)) from None

    def _refuse(self, name: str, reason: str) -> InvalidValue:
        return InvalidValue(collection=self.name, field=name, reason=reason)

    async def finish(self, draft: Draft) -> None:
        """Prepare in a thread what takes long."""
        for name, raw in draft.slow.items():
            try:
                draft.columns[name] = await run_slow(self.prepare, self.fields[name], raw)
            except InvalidValue as error:
                draft.problems.append(error)
        draft.slow.clear()

    def missing(self, draft: Draft, preset: Iterable[str] = ()) -> list[InvalidValue]:
        """The required values that a new record would not have, one problem each."""
        wrong = {problem.details["field"] for problem in draft.problems}
        found: dict[str, InvalidValue] = {}
        for item in self._required:
            relation = item.relation
            over = relation.foreign_key if relation is not None and relation.kind == "belongsTo" else ""
            told = over in found or self._by_foreign_key.get(item.name) in found
            if item.name not in wrong and not told and not self._given(item, over, draft, preset):
                found[item.name] = self._refuse(item.name, "is required")
        return list(found.values())

    def lacking(self, columns: Iterable[str]) -> list[Field]:
        """The required fields, and the key, that a new record with values in these columns alone would lack."""
        given = frozenset(columns)
        lacking = [self.fields[problem.details["field"]] for problem in self.missing(Draft(), given)]
        key = self._key
        if key is None or key in lacking or key.name == self.automatic_key:
            return lacking
        return lacking if self._given(key, "", Draft(), given) else [*lacking, key]

    def _given(self, item: Field, over: str, draft: Draft, preset: Iterable[str]) -> bool:
        """Whether a new record gets a value in a field; ``over`` is the foreign key of a belongsTo relation."""
        name = item.name
        if item.relation is not None:
            named = not names_none(draft.relations.get(name)) or draft.columns.get(over) is not None
            return named or name in preset or over in preset
        relation = self._by_foreign_key.get(name, "")
        return (
            draft.columns.get(name, self._defaults[name]) is not None
            or name in draft.slow
            or name in preset
            or name in self.sorts
            or item.type.computed
            or draft.relations.get(relation) is not None
            or (name not in draft.columns and type(item.type).fill is not FieldType.fill)
        )

    def complete(self, columns: Mapping[str, Any], by: Mapping[str, Any]) -> dict[str, Any]:
        """All columns of a new record: given, by default, filled, stamped. The automatic key stays ``None``."""
        row = {**self._defaults, **columns}
        for item in self._fills:
            if row[item.name] is None and item.name not in columns:
                row[item.name] = item.type.fill(item)
        if self.stamps:
            now = clock.now()
            for name, word in self.stamps.items():
                row[name] = now if word.endswith("At") else by.get(word)
        return row

    def alike(self, names: Iterable[str]) -> bool:
        """Whether ``complete`` gives these columns the same values in every record of one moment."""
        own = {item.name for item in self._fills}.union(self.sorts, self.computed)
        return own.isdisjoint(names)

    def stamped(self, by: Mapping[str, Any]) -> dict[str, Any]:
        """The columns that every update writes: when, and by whom."""
        row: dict[str, Any] = {}
        for name, word in self.stamps.items():
            if word == "updatedAt":
                row[name] = clock.now()
            elif word == "updatedBy":
                row[name] = by.get(word)
        return row


def names_none(raw: Any) -> bool:
    """Whether the value of a relation in a body relates to nothing."""
    return raw is None or (isinstance(raw, list | tuple) and all(item is None for item in raw))


_NO_TEXT = frozenset(("number", "date", "boolean"))
"""Families of types for whose fields an empty text is no value."""
_NOT_SAID: Final = object()
_UNKNOWN: tuple[Part, Field | None] = (Part.VALUE, None)


def form(collection: Collection) -> Form:
    """The form of a collection, made at first use."""
    kept: Form | None = collection.compiled.get(Form)
    if kept is None:
        kept = collection.compiled[Form] = Form(collection)
    return kept
