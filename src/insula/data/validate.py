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
from typing import Any

from insula.core import clock
from insula.data.collection import Collection, Field
from insula.data.errors import InvalidQuery, InvalidValue, UnknownField
from insula.data.fields.base import FieldType
from insula.data.slow import run_slow

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


@dataclass(frozen=True, slots=True)
class Choice:
    """``whitelist`` and ``blacklist`` of a request: dotted paths through relations."""

    whitelist: frozenset[str] | None = None
    blacklist: frozenset[str] = frozenset()

    @classmethod
    def of(cls, whitelist: Iterable[str] | None, blacklist: Iterable[str]) -> Choice | None:
        """``None`` when everything is wanted."""
        taken = None if whitelist is None else frozenset(whitelist)
        left = frozenset(blacklist)
        return cls(taken, left) if left or taken is not None else None

    def takes(self, name: str) -> bool:
        if name in self.blacklist:
            return False
        if self.whitelist is None or name in self.whitelist:
            return True
        return any(path.startswith(name + ".") for path in self.whitelist)

    def within(self, name: str) -> Choice | None:
        """The choice for the records behind the relation ``name``."""
        taken = None
        if self.whitelist is not None and name not in self.whitelist:
            taken = _behind(name, self.whitelist)
        return Choice.of(taken, _behind(name, self.blacklist))


def _behind(name: str, paths: Iterable[str]) -> frozenset[str]:
    return frozenset(path[len(name) + 1 :] for path in paths if path.startswith(name + "."))


@dataclass(slots=True)
class Draft:
    """A body, checked: what goes into columns, what goes through relations."""

    columns: dict[str, Any] = field(default_factory=dict)
    """Column → value ready to store."""
    relations: dict[str, Any] = field(default_factory=dict)
    """Name of the relation → what the body said of it."""
    slow: dict[str, Any] = field(default_factory=dict)
    """Column → value that still waits for its preparation in a thread."""


class Form:
    """The keys that bodies for one collection may hold. Made once per collection, kept with it."""

    def __init__(self, collection: Collection) -> None:
        self.name = collection.name
        fields = collection.fields.values()
        self.fields = collection.fields
        key = collection.primary_key
        self.automatic_key = key.name if key is not None and key.auto_increment else None
        self.stamps = stamps(collection)
        self.sorts = tuple(f.name for f in collection.columns if f.type.name == "sort")
        self._parts = {f.name: (self._part(f), f) for f in fields}
        self._defaults = self._prepared_defaults()
        self._fills = tuple(f for f in collection.columns if type(f.type).fill is not FieldType.fill)
        self.computed = tuple(f.name for f in collection.columns if f.type.computed)
        self._required = tuple(
            f for f in fields if f.required and f.name not in self.stamps and f.name != self.automatic_key
        )
        self._by_foreign_key = {
            f.relation.foreign_key: f.name for f in fields if f.relation and f.relation.kind == "belongsTo"
        }

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
            f.name: None if f.default is None or f.type.slow else self._prepare(f, f.default)
            for f in self.fields.values()
            if f.stored
        }

    def draft(
        self,
        values: Mapping[str, Any],
        *,
        new: bool,
        allowed: frozenset[str] | None = None,
        choice: Choice | None = None,
    ) -> Draft:
        """Check a body for a record that is ``new`` or exists.

        Raises ``UnknownField`` (also for fields outside ``allowed``) and ``InvalidValue``.
        """
        if not isinstance(values, Mapping):
            raise InvalidQuery(parameter="values", reason="must be an object with the fields of a record")
        draft = Draft()
        for name, raw in values.items():
            part, item = self._parts.get(name, _UNKNOWN)
            if part is Part.FILLED or (name == self.automatic_key and not (new and raw is not None)):
                continue
            if choice is not None and not choice.takes(name):
                continue
            if item is None or (allowed is not None and name not in allowed):
                if name[:2] == "__":
                    continue
                raise UnknownField(collection=self.name, field=name, place="values")
            if part is Part.RELATION:
                draft.relations[name] = raw
            elif raw is None:
                if item.required:
                    raise InvalidValue(collection=self.name, field=name, reason="is required")
                draft.columns[name] = None
            elif part is Part.SLOW:
                draft.slow[name] = raw
            else:
                draft.columns[name] = self._prepare(item, raw)
        return draft

    def _prepare(self, item: Field, raw: Any) -> Any:
        try:
            return item.type.prepare(raw, item)
        except ValueError as error:
            raise InvalidValue(collection=self.name, field=item.name, reason=str(error)) from None

    async def finish(self, draft: Draft) -> None:
        """Prepare in a thread what takes long. Raises ``InvalidValue``."""
        for name, raw in draft.slow.items():
            draft.columns[name] = await run_slow(self._prepare, self.fields[name], raw)
        draft.slow.clear()

    def check_required(self, draft: Draft, preset: Iterable[str] = ()) -> None:
        """A new record has a value wherever one is required. Raises ``InvalidValue``."""
        for item in self._required:
            name = item.name
            if item.relation is not None:
                given = draft.relations.get(name) is not None or (
                    item.relation.kind == "belongsTo"
                    and draft.columns.get(item.relation.foreign_key) is not None
                )
            else:
                relation = self._by_foreign_key.get(name, "")
                given = (
                    draft.columns.get(name, self._defaults[name]) is not None
                    or name in draft.slow
                    or name in preset
                    or name in self.sorts
                    or item.type.computed
                    or draft.relations.get(relation) is not None
                    or (name not in draft.columns and type(item.type).fill is not FieldType.fill)
                )
            if not given:
                raise InvalidValue(collection=self.name, field=name, reason="is required")

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


_UNKNOWN: tuple[Part, Field | None] = (Part.VALUE, None)


def form(collection: Collection) -> Form:
    """The form of a collection, made at first use."""
    kept: Form | None = collection.compiled.get(Form)
    if kept is None:
        kept = collection.compiled[Form] = Form(collection)
    return kept


def prepare_values(
    collection: Collection, raw: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, InvalidValue | UnknownField]]:
    """Values from outside (CSV text, JSON) → values ready to store, and per field what is wrong with the rest.

    Nothing is filled in: see ``Form.complete``. Empty text is ``None``. Slow types are prepared here and now.
    """
    keys = form(collection)
    values: dict[str, Any] = {}
    errors: dict[str, InvalidValue | UnknownField] = {}
    for name, value in raw.items():
        try:
            draft = keys.draft({name: None if value == "" else value}, new=True)
            values.update(draft.columns)
            for slow, waiting in draft.slow.items():
                values[slow] = keys._prepare(keys.fields[slow], waiting)
        except (InvalidValue, UnknownField) as error:
            errors[name] = error
    return values, errors
