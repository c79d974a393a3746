"""What relations ask of the foreign keys that they use, and what is left of it when they are gone."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from insula.data.collection import Collection
from insula.data.errors import InvalidMetadata
from insula.data.metadata_rows import FieldRow
from insula.data.modelling.draft import Draft, Use

ON_DELETE: Final = ("SET NULL", "CASCADE", "RESTRICT", "NO ACTION")

OTHERWISE: Final = "otherwise"
"""In a reference, the rule that comes back once records can be without the link."""
MADE_UNIQUE: Final = "madeUnique"
"""Of a field that people made: it is unique for the sake of a hasOne relation."""


def put_relation(draft: Draft, row: FieldRow) -> None:
    """Put a relation that is settled, and let the rules of its foreign keys fit it. Raises ``InvalidMetadata``."""
    draft.rows.put(row)
    relation = draft.field(row.collection, row.name).relation
    if relation is not None:
        for holder, name in Use(row.collection, row.name, relation).holders:
            let_need(draft, holder, name)


def let_rule(draft: Draft, holder: tuple[str, str], rule: str) -> None:
    """Let ``rule`` (one of ``ON_DELETE``) hold for a foreign key, and so for all relations that use it."""
    check_rule(draft.get(holder[0]), holder[1], rule)
    _put_rule(draft, holder, {"onDelete": rule})


def let_need(draft: Draft, holder: str, name: str) -> None:
    """A link that is required can not be emptied when its record goes: its rule is RESTRICT then, and what it was
    once the link is required no more.

    Raises ``InvalidMetadata`` for a required relation over a foreign key that is built in and may be empty.
    """
    stated, row = draft.find(holder), draft.row(holder, name)
    if stated is None or name not in stated.fields:
        return
    needed = stated.fields[name].required or name in stated.needed
    if row is None:
        if needed and not stated.fields[name].required:
            reason = f'can not be required, for its foreign key "{name}" is built in'
            raise InvalidMetadata(what="The relation", name=f"{holder}.{stated.needed[name]}", reason=reason)
        return
    reference = row.options.get("reference") or {}
    if needed and reference.get("onDelete") == "SET NULL":
        _put_rule(draft, (holder, name), {"onDelete": "RESTRICT", OTHERWISE: "SET NULL"})
    elif not needed and OTHERWISE in reference:
        _put_rule(draft, (holder, name), {"onDelete": reference[OTHERWISE]})


def _put_rule(draft: Draft, holder: tuple[str, str], rule: dict[str, str]) -> None:
    held = draft.row(*holder)
    if held is None or not held.options.get("reference"):
        return
    known = {part: value for part, value in held.options["reference"].items() if part != OTHERWISE}
    draft.rows.put(held.with_options(reference={**known, **rule}))
    for use in tuple(draft.uses()):
        row = draft.row(use.collection, use.field)
        if row is not None and holder in use.holders:
            draft.rows.put(row.with_options(onDelete=rule["onDelete"]))


def check_rule(holder: Collection, name: str, rule: str) -> None:
    """Users are removed by their own action alone, which sees to it that someone is left who can undo it."""
    if rule == "CASCADE" and holder.options.get("guarded"):
        reason = f'can not remove records of "{holder.name}" along with others'
        raise InvalidMetadata(what="The foreign key", name=f"{holder.name}.{name}", reason=reason)


def release(draft: Draft, use: Use) -> None:
    """What a relation that is gone asked of its foreign keys holds no more, unless another asks for it too."""
    for holder, name in use.holders:
        _drop(draft, holder, name)
        if use.relation.kind == "hasOne" and "hasOne" not in _kinds(draft, holder, name):
            let_be_many(draft, holder, name)
        let_need(draft, holder, name)


def _drop(draft: Draft, holder: str, name: str) -> None:
    """Once no relation uses it: drop a foreign key that was made by itself, release one that people made."""
    row = draft.row(holder, name)
    if row is None or _kinds(draft, holder, name):
        return
    if row.options.get("autoCreate"):
        draft.rows.remove(row)
    elif "reference" in row.options:
        options = {option: value for option, value in row.options.items() if option != "reference"}
        draft.rows.put(replace(row, options=options))


def let_be_one(draft: Draft, holder: str, name: str) -> None:
    """Let the table keep that no two records share a foreign key, unless another relation lets them."""
    key = draft.row(holder, name)
    if key is None or key.options.get("unique") or key.options.get("primaryKey"):
        return
    if not _kinds(draft, holder, name) & {"hasMany", "belongsToMany"}:
        made = {} if key.options.get("autoCreate") else {MADE_UNIQUE: True}
        draft.rows.put(key.with_options(unique=True, **made))


def let_be_many(draft: Draft, holder: str, name: str) -> None:
    """Let records share a foreign key that a relation made unique, unless it is the key that others point to."""
    key = draft.row(holder, name)
    if key is None or not (key.options.get("autoCreate") or key.options.get(MADE_UNIQUE)):
        return
    if key.options.get("unique") and not any((holder, name) in use.keys for use in draft.uses()):
        options = {option: value for option, value in key.options.items() if option != MADE_UNIQUE}
        draft.rows.put(replace(key, options={**options, "unique": False}))


def _kinds(draft: Draft, holder: str, name: str) -> set[str]:
    """The kinds of the relations that use a foreign key."""
    return {use.relation.kind for use in draft.uses() if (holder, name) in use.holders}
