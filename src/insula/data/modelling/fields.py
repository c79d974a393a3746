"""Making, changing and removing fields."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Final

from insula.core.ids import random_id
from insula.data.collection import Field, Relation
from insula.data.errors import InvalidMetadata, MetadataInUse
from insula.data.fields import field_type
from insula.data.fields.conversion import becomes
from insula.data.fields.formula import read_by
from insula.data.metadata_build import RELATION_TYPES
from insula.data.metadata_rows import FieldRow
from insula.data.modelling.draft import Draft, Use, moved_to, shown
from insula.data.modelling.foreign_keys import (
    MADE_UNIQUE,
    ON_DELETE,
    let_need,
    let_rule,
    put_relation,
    release,
)
from insula.data.modelling.relations import KEY_LENGTH, Settling, add_reverse, new_key, through_is_unused
from insula.data.modelling.settings import expand, field_row, mapping

_KEPT: Final = ("autoCreate", "reference", MADE_UNIQUE)
"""Settings that only Insula itself states."""

RELATION_KEYS: Final = (
    "target",
    "foreignKey",
    "sourceKey",
    "targetKey",
    "through",
    "otherKey",
    "constraints",
)
"""Settings of a relation that make another relation of it when they change."""


def create_field(draft: Draft, collection: str, values: Any) -> str:
    """Add a field to a collection, built-in ones included. Gives its name, which is made up where none is given.

    Raises ``InvalidMetadata``, ``FieldExists``, ``UnknownCollection``.
    """
    draft.check_open(collection)
    body = expand(mapping("The field", collection, values))
    name = draft.check_new_field(collection, body.get("name") or f"f_{random_id(KEY_LENGTH)}")
    row = field_row(collection, name, body, key=new_key(), sort=draft.next_sort(collection))
    if row.options.get("primaryKey") and draft.get(collection).primary_key is not None:
        reason = "can not be the primary key, for the collection has one"
        raise InvalidMetadata(what="The field", name=f"{collection}.{name}", reason=reason)
    if row.type in RELATION_TYPES:
        row = replace(Settling(draft, row).settle(), sort=draft.next_sort(collection))
        put_relation(draft, row)
    else:
        draft.rows.put(row)
    if (reverse := body.get("reverseField")) and row.type in RELATION_TYPES:
        add_reverse(draft, row, mapping("The reverseField of", f"{collection}.{name}", reverse))
    return name


def update_field(draft: Draft, collection: str, name: str, values: Any) -> None:
    """Change settings; what is not named stays, what is ``null`` goes.

    Raises ``MetadataInUse`` for what can not be changed, ``InvalidMetadata``, ``UnknownField``.
    """
    field = draft.field(collection, name)
    row = _own_row(draft, collection, field)
    body = expand({"type": row.type, "interface": row.interface, **mapping("The field", name, values)})
    for part, now in (("name", name), ("collectionName", collection), ("key", row.key)):
        if body.get(part, now) != now:
            raise _refusal(collection, name, f"its {part} can not be changed", part)
    if body["type"] != row.type:
        _check_new_type(draft, row, body["type"])
    changed = field_row(
        collection, name, {**row.options, **_without_flags(body), **body}, key=row.key, sort=row.sort
    )
    changed = changed.with_options(
        **{option: row.options[option] for option in _KEPT if option in row.options}
    )
    reason = None
    if changed.type == row.type or changed.type in field_type(row.type).widens_to:
        reason = field_type(row.type).refuse_change(row.options, changed.options)
    if reason is not None:
        raise _refusal(collection, name, reason)
    if field.relation is not None:
        _update_relation(draft, row, changed, field.relation)
    else:
        _check_key(draft, field, row, changed)
        draft.rows.put(changed)
        let_need(draft, collection, name)


def destroy_field(draft: Draft, collection: str, name: str) -> None:
    """Remove a field, its column and values; of a relation also the foreign keys that were made for it.

    Raises ``MetadataInUse`` when something else needs it, ``UnknownField``.
    """
    field = draft.field(collection, name)
    row = _own_row(draft, collection, field)
    if field.relation is None:
        if reasons := needs(draft, collection, name):
            raise _refusal(collection, name, f"it is used by {', '.join(reasons)}")
        draft.rows.remove(row)
        return
    remove_relation(draft, row, Use(collection, name, field.relation))


def destroy_fields(draft: Draft, addresses: Iterable[tuple[str, str]]) -> None:
    """As ``destroy_field`` of each (collection, name), in whichever order they are given.

    Relations go first, and may take along others that are named here.
    """
    found = {address: draft.field(*address) for address in addresses}
    for collection, name in sorted(found, key=lambda address: found[address].relation is None):
        left = draft.find(collection)
        if left is not None and name in left.fields:
            destroy_field(draft, collection, name)


def remove_relation(draft: Draft, row: FieldRow, use: Use) -> None:
    """Remove a relation and what was made for it and serves nothing else."""
    draft.rows.remove(row)
    release(draft, use)
    if use.relation.through is not None and through_is_unused(draft, use.relation.through):
        del draft.rows.collections[use.relation.through]
        draft.rows.fields.pop(use.relation.through, None)


def move_field(draft: Draft, collection: str, name: str, target: str) -> None:
    """Put a field to the place of another, which makes room. Raises ``MetadataInUse``, ``UnknownField``."""
    for moved in (name, target):
        _own_row(draft, collection, draft.field(collection, moved))
    for sort, moved in enumerate(moved_to(list(draft.rows.of(collection)), name, target), 1):
        row = draft.rows.fields[collection].pop(moved)
        draft.rows.put(replace(row, sort=sort))


def set_fields(draft: Draft, collection: str, fields: Any) -> None:
    """Make the fields of a collection those of the list: change, add, remove. Built-in ones stay."""
    if not isinstance(fields, list):
        raise InvalidMetadata(what="The collection", name=collection, reason="needs a list of fields")
    bodies = {str(mapping("A field of", collection, body).get("name")): body for body in fields}
    if len(bodies) != len(fields):
        raise InvalidMetadata(
            what="The collection", name=collection, reason="needs fields of different names"
        )
    gone = [row for name, row in draft.rows.of(collection).items() if name not in bodies]
    # relations first: most foreign keys go with them, and the others are then free to go
    for row in sorted(gone, key=lambda row: row.type not in RELATION_TYPES):
        unused = row.type in RELATION_TYPES or not row.options.get("isForeignKey")
        if unused and row.name in draft.rows.of(collection):
            destroy_field(draft, collection, row.name)
    for name, body in bodies.items():
        if name in draft.rows.of(collection):
            update_field(draft, collection, name, body)
    stated = draft.get(collection).fields
    add_fields(draft, collection, [body for name, body in bodies.items() if name not in stated])


def add_fields(draft: Draft, collection: str, bodies: Iterable[Any]) -> None:
    """Add several fields, relations last: they may need the others as keys."""
    checked = [expand(mapping("A field of", collection, body)) for body in bodies]
    for relations in (False, True):
        for body in checked:
            kind = body.get("type")
            if (isinstance(kind, str) and kind in RELATION_TYPES) is not relations:
                continue
            name = body.get("name")
            # the foreign key of a relation further up may have been stated by the client too
            present = draft.row(collection, name) if isinstance(name, str) else None
            if present is None or not present.options.get("autoCreate"):
                create_field(draft, collection, body)


def needs(draft: Draft, collection: str, name: str) -> list[str]:
    """What would break without the field, in words."""
    place = (collection, name)
    found = [f"the relation {use}" for use in draft.uses() if place in (*use.holders, *use.keys)]
    stated = draft.get(collection)
    found += [f"the index over {', '.join(index.fields)}" for index in stated.indexes if name in index.fields]
    found += [
        f"the field {field.name}" for field in stated.fields.values() if field.options.get("scopeKey") == name
    ]
    found += [f"the formula {field.name}" for field in stated.columns if name in read_by(field)]
    if stated.fields[name].primary_key:
        found.append("every address of a record (it is the primary key)")
    return found


def _own_row(draft: Draft, collection: str, field: Field) -> FieldRow:
    row = draft.row(collection, field.name)
    if row is None:
        raise _refusal(collection, field.name, "it is built in")
    return row


def _without_flags(body: Mapping[str, Any]) -> dict[str, Any]:
    """``allowNull`` and ``required`` say the same: the one that the body names counts."""
    if body.get("required") is not None and "allowNull" not in body:
        return {"allowNull": not body["required"]}
    if body.get("allowNull") is not None and "required" not in body:
        return {"required": not body["allowNull"]}
    return {}


def _check_new_type(draft: Draft, row: FieldRow, new: Any) -> None:
    """A type may become a wider one, or one that can say the same, as long as nothing points to the field."""
    possible_types = field_type(row.type).widens_to | becomes(row.type)
    if not isinstance(new, str) or new not in possible_types:
        possible = ", ".join(sorted(possible_types)) or "none"
        reason = f"its type can not be changed from {row.type} to {shown(new)} (possible: {possible})"
        raise _refusal(row.collection, row.name, reason)
    if row.options.get("primaryKey") or row.options.get("reference"):
        raise _refusal(row.collection, row.name, "the type of a key can not be changed")
    if draft.get(row.collection).primary_key is None:
        raise _refusal(
            row.collection, row.name, "its type can not be changed: the collection has no primary key"
        )
    users = [str(use) for use in draft.uses() if (row.collection, row.name) in (*use.keys, *use.holders)]
    if users:
        raise _refusal(row.collection, row.name, f"its type can not be changed: {', '.join(users)} needs it")


def _check_key(draft: Draft, field: Field, row: FieldRow, changed: FieldRow) -> None:
    """The primary key stays; a field that foreign keys point to stays unique."""
    for flag in ("primaryKey", "autoIncrement"):
        if bool(row.options.get(flag)) != bool(changed.options.get(flag)):
            raise _refusal(row.collection, row.name, f"{flag} can not be changed", flag)
    if field.unique and not changed.options.get("unique"):
        users = [str(use) for use in draft.uses() if (row.collection, row.name) in use.keys]
        if users:
            raise _refusal(
                row.collection, row.name, f"it must stay unique, for {', '.join(users)} points to it"
            )


def _update_relation(draft: Draft, row: FieldRow, changed: FieldRow, relation: Relation) -> None:
    for option in RELATION_KEYS:
        if row.options.get(option) != changed.options.get(option):
            raise _refusal(row.collection, row.name, f"{option} of a relation can not be changed", option)
    rule = changed.options.get("onDelete")
    if rule not in ON_DELETE:
        raise Settling(draft, row).invalid(f"needs one of {', '.join(ON_DELETE)} for onDelete", "onDelete")
    if rule != relation.on_delete:
        draft.rows.put(changed)
        for holder, key in Use(row.collection, row.name, relation).holders:
            let_rule(draft, (holder, key), rule)
    put_relation(draft, changed)


def _refusal(collection: str, name: str, reason: str, path: str = "") -> MetadataInUse:
    return MetadataInUse(what="The field", name=f"{collection}.{shown(name)}", reason=reason, path=path)
