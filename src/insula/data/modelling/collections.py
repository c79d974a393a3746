"""Making, changing and removing collections."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from insula.core.ids import random_id
from insula.data.collection import Collection
from insula.data.errors import InvalidMetadata, MetadataInUse
from insula.data.fields.checks import path_of
from insula.data.fields.formula import Formula, read_by
from insula.data.modelling import presets
from insula.data.modelling.draft import Draft, moved_to, shown
from insula.data.modelling.fields import add_fields, create_field, destroy_field, remove_relation, set_fields
from insula.data.modelling.settings import checked_options, mapping, short_text

ID_LENGTH: Final = 11
"""Random characters in the name of a collection that was given none."""

_NO_OPTIONS: Final = frozenset({"name", "title", "fields", "key", "sort", "from", "autoCreate"})
_FIXED: Final = ("autoGenId", "template", "tree", "isThrough")
"""Settings that say how a collection was made; changing them later would say what is not so."""
_IMPOSSIBLE: Final = ("inherits", "view", "viewName", "sql")
_STAMPS: Final = ("createdAt", "updatedAt", "createdBy", "updatedBy")


def create_collection(draft: Draft, values: Any) -> str:
    """Add a collection as ``collections:create`` describes it. Gives its name.

    Raises ``InvalidMetadata``, ``CollectionExists``, ``FieldExists``.
    """
    body = mapping("A collection", "new", values)
    name = draft.check_new_collection(body.get("name") or f"t_{random_id(ID_LENGTH)}")
    title, options = _settings(name, body)
    for word in _IMPOSSIBLE:
        if options.get(word):
            raise _invalid(name, f"can not be made with {word}: only tables of this database are supported")
    template = options.setdefault("template", "general")
    if template not in presets.TEMPLATES:
        raise _invalid(name, f"needs one of {', '.join(presets.TEMPLATES)} for template", "template")
    wanted = {word: options.setdefault(word, default) for word, default in presets.DEFAULTS.items()}
    if template == "tree":
        options["tree"] = "adjacencyList"
    indexes = options.pop("indexes", [])
    draft.add_collection(name, title, options)
    add_fields(draft, name, _fields(name, body.get("fields") or [], wanted, template))
    _set_indexes(draft, name, indexes)
    return name


def update_collection(draft: Draft, name: str, values: Any) -> None:
    """Change settings; what is not named stays, what is ``null`` goes; ``fields`` as in ``set_fields``.

    Raises ``MetadataInUse``, ``InvalidMetadata``, ``UnknownCollection``.
    """
    _own(draft, name)
    body = mapping("The collection", name, values)
    if body.get("name", name) != name:
        raise _refusal(name, "its name can not be changed", "name")
    row = draft.rows.collections[name]
    title, options = _settings(name, {"title": row.title, **row.options, **body})
    for word in _FIXED:
        if word in body and body[word] is not None and body[word] != row.options.get(word):
            raise _refusal(name, f"{word} can not be changed", word)
    if row.options.get("autoCreate"):
        options["autoCreate"] = True
    indexes = options.pop("indexes", [])
    draft.rows.collections[name] = replace(row, title=title, options=options)
    if body.get("fields") is not None:
        set_fields(draft, name, body["fields"])
    _switch(draft, name, body, row.options)
    _set_indexes(draft, name, indexes)


def move_collection(draft: Draft, name: str, target: str) -> None:
    """Put a collection to the place of another, which makes room. Raises ``MetadataInUse``, ``UnknownCollection``."""
    _own(draft, name)
    _own(draft, target)
    for sort, moved in enumerate(moved_to(list(draft.rows.collections), name, target), 1):
        # taken out and put back, so that the order of the map is the new one
        row = draft.rows.collections.pop(moved)
        draft.rows.collections[moved] = replace(row, sort=sort)


def destroy_collections(draft: Draft, names: Sequence[str], *, cascade: bool) -> None:
    """Remove collections with their records, and with ``cascade`` the relations of others that lead to them.

    Raises ``MetadataInUse`` (built in; or led to, without ``cascade``), ``UnknownCollection``.
    """
    for name in names:
        _own(draft, name)
    gone = frozenset(names)
    own = [use for use in draft.uses() if use.collection in gone]
    others = [
        use
        for use in draft.uses()
        if use.collection not in gone and gone & {use.relation.target, use.relation.through}
    ]
    if others and not cascade:
        led = ", ".join(sorted(map(str, others)))
        raise _refusal(
            ", ".join(names), f"other collections lead to it: {led}; remove them first, or cascade"
        )
    for use in (*others, *own):
        row = draft.row(use.collection, use.field)
        if row is not None:
            remove_relation(draft, row, use)
    for name in names:
        draft.rows.collections.pop(name, None)
        draft.rows.fields.pop(name, None)
    _release(draft, gone)


def _release(draft: Draft, gone: frozenset[str]) -> None:
    """Foreign keys that people made themselves stay as plain fields."""
    for rows in list(draft.rows.fields.values()):
        for row in list(rows.values()):
            if (row.options.get("reference") or {}).get("collection") in gone:
                options = {option: value for option, value in row.options.items() if option != "reference"}
                draft.rows.put(replace(row, options=options))


def _own(draft: Draft, name: str) -> None:
    """Raises ``UnknownCollection``, and ``MetadataInUse`` for a built-in one."""
    if draft.get(name).builtin:
        raise _refusal(name, "it is built in")


def _settings(name: str, body: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    try:
        title = short_text(body.get("title"), "title") or name
        return title, checked_options(
            {part: value for part, value in body.items() if part not in _NO_OPTIONS}
        )
    except ValueError as error:
        raise _invalid(name, str(error), path_of(error)) from None


def _fields(name: str, stated: Any, wanted: Mapping[str, Any], template: str) -> list[Any]:
    """The fields of the body, and those that its words stand for, unless the body has them itself."""
    if not isinstance(stated, list):
        raise _invalid(name, "needs a list of fields")
    bodies = [mapping("A field of", name, body) for body in stated]
    given = {body.get("name") for body in bodies}
    before = (
        [dict(presets.ID)]
        if wanted["autoGenId"] and not any(body.get("primaryKey") for body in bodies)
        else []
    )
    after = presets.tree(name) if template == "tree" else []
    after += [presets.stamp(word) for word in _STAMPS if wanted[word]]
    if wanted["sortable"]:
        after.append(presets.sorting(wanted["sortable"]))
    return [
        *(body for body in before if body["name"] not in given),
        *bodies,
        *(body for body in after if body["name"] not in given),
    ]


def _switch(draft: Draft, name: str, body: Mapping[str, Any], before: Mapping[str, Any]) -> None:
    """Words that stand for a field, and say otherwise than ``before``: add the field, or remove it."""
    made = {word: presets.stamp(word) for word in _STAMPS}
    made["sortable"] = presets.sorting(body.get("sortable"))
    for word, field in made.items():
        if body.get(word) is None or bool(body[word]) == bool(before.get(word)):
            continue
        present = draft.row(name, field["name"])
        if body[word] and present is None:
            create_field(draft, name, field)
        elif not body[word] and present is not None:
            destroy_field(draft, name, present.name)


def _set_indexes(draft: Draft, name: str, indexes: Any) -> None:
    """Indexes over several fields: ``[{"fields": ["a", "b"], "unique": true}]``."""
    columns = {field.name for field in draft.get(name).columns}
    checked = []
    for stated in indexes if isinstance(indexes, list) else [None]:
        index = stated if isinstance(stated, Mapping) else {}
        names = index.get("fields")
        if not isinstance(names, list) or not names or not all(isinstance(item, str) for item in names):
            raise _invalid(name, 'needs a list of {"fields": […], "unique": true or false} for indexes')
        missing = [item for item in names if item not in columns]
        if missing or len(set(names)) != len(names):
            raise _invalid(
                name,
                f'has an index over "{shown((missing or names)[0])}", which is no field, or is twice in it',
            )
        checked.append({"fields": names, "unique": bool(index.get("unique"))})
    row = draft.rows.collections[name]
    others = {option: value for option, value in row.options.items() if option != "indexes"}
    draft.rows.collections[name] = replace(row, options={**others, "indexes": checked} if checked else others)


def check_whole(draft: Draft, name: str) -> None:
    """What only the whole of a collection shows: an order by hand is kept within a field that exists, and formulas
    read fields whose values are known when a record is written.

    Raises ``InvalidMetadata``.
    """
    collection = draft.find(name)
    if collection is None:
        return
    fields = collection.fields
    for field in fields.values():
        scope = field.options.get("scopeKey")
        listed = fields.get(scope) if isinstance(scope, str) else None
        if scope is not None and (listed is None or not listed.stored):
            raise _invalid(name, f'has a field "{field.name}" whose scopeKey is no field of the collection')
        if field.type.computed and collection.primary_key is None:
            raise _invalid(
                name, f'has a field "{field.name}" of type {field.type.name}, so it needs a primary key'
            )
        for read in sorted(read_by(field)):
            if reason := _unreadable(collection, read):
                raise _invalid(name, f'has a formula "{field.name}" that reads "{read}", which {reason}')


def _unreadable(collection: Collection, name: str) -> str | None:
    """Why a formula can not read a field, if so."""
    field = collection.fields.get(name)
    if field is None or not field.stored:
        return "is no field with a value of its own"
    if field.hidden or field.type.hidden:
        return "is hidden"
    if isinstance(field.type, Formula):
        return "is a formula itself"
    if field.auto_increment or field.type.name == "sort":
        return "gets its number only when the record is stored"
    if name in collection.references or field.options.get("isForeignKey"):
        return "is a foreign key, which the database may change by itself"
    return "is no text, number, boolean or date" if field.type.family in ("json", "array", "other") else None


def _invalid(name: str, reason: str, path: str = "") -> InvalidMetadata:
    return InvalidMetadata(what="The collection", name=name, reason=reason, path=path)


def _refusal(name: str, reason: str, path: str = "") -> MetadataInUse:
    return MetadataInUse(what="The collection", name=name, reason=reason, path=path)
