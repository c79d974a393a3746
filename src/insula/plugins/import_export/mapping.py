"""Which column of a file goes to which field of a collection."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from insula.data.collection import Collection, Field
from insula.data.links import required_by
from insula.data.scope import Scope
from insula.data.validate import form
from insula.plugins.import_export.conversion import Target
from insula.plugins.import_export.errors import InvalidImport
from insula.plugins.import_export.inference import Column
from insula.plugins.import_export.moments import Reading

_SYSTEM_FIELDS = ("createdAt", "updatedAt", "createdById", "updatedById")
_WHOLE = ("integer", "bigInt")


Wanted = Mapping[str, str | None]
"""Header → name of a field, ``None`` to leave the column out."""


def renamed(columns: Sequence[Column], wanted: Wanted) -> list[Column]:
    """The columns that a collection is to be made of: named as is wanted, without those left out.

    Raises ``InvalidImport``.
    """
    _refuse_unknown(columns, wanted)
    kept = [replace(column, name=wanted.get(column.header, column.name) or "") for column in columns]
    kept = [column for column in kept if column.name]
    _refuse_twice([column.name for column in kept])
    _refuse_ambiguous(column.header for column in kept if column.ambiguous)
    return kept


def new_collection(name: str, columns: Sequence[Column], *, unique: str | None = None) -> dict[str, Any]:
    """The body of ``collections:create`` for what a file proposes; the field ``unique`` is to be so.

    A column ``id`` of whole numbers becomes the key; time stamps that the file brings are the file's.
    """
    names = {column.name for column in columns}
    own_key = any(column.name == "id" and column.type not in _WHOLE for column in columns)
    fields = [
        {**column.field(), **_flags(column.name, unique)}
        for column in columns
        if column.name != "id" or own_key
    ]
    stamps = {stamp: stamp not in names for stamp in ("createdAt", "updatedAt")}
    return {"name": name, "title": name, "fields": fields, "autoGenId": not own_key, **stamps}


def _flags(name: str, unique: str | None) -> dict[str, bool]:
    if name == "id":
        return {"primaryKey": True}
    return {"unique": True} if name == unique else {}


@dataclass(frozen=True, slots=True)
class Assigned:
    """A column and its field; as JSON it is kept with the job."""

    header: str
    field: str | None
    """``None``: the column is left out."""
    layout: str | None = None

    def to_json(self) -> dict[str, Any]:
        return {"header": self.header, "field": self.field, "layout": self.layout}

    def target(self, collection: Collection) -> Target | None:
        """Where its values go now; the field may be gone since. Raises ``InvalidImport``."""
        if self.field is None:
            return None
        field = collection.fields.get(self.field)
        if field is None:
            raise InvalidImport(reason=f'"{collection.name}" has no field "{self.field}" any more')
        if required_by(collection, field.name) is not None:
            field = replace(field, required=True)  # also where it is the relation over the key that is
        return Target(field, Reading(_reading_type(field), self.layout) if self.layout else None)


def _reading_type(field: Field) -> str:
    return "datetimeTz" if field.type.name in ("date", "datetimeTz") else field.type.name


def assign(
    collection: Collection,
    columns: Sequence[Column],
    open_fields: frozenset[str] | None,
    wanted: Wanted,
) -> list[Assigned]:
    """Columns to fields: as is wanted, else by name, then by title.

    Raises ``InvalidImport`` naming the columns that fit nothing, or whose days can be read in two ways.
    """
    assigned = assign_known(collection, columns, open_fields, wanted)
    homeless = [one.header for one in assigned if not one.field and wanted.get(one.header, one.header)]
    if homeless:
        raise InvalidImport(
            reason=f'"{collection.name}" has no field for the columns {", ".join(map(repr, homeless))}; '
            'say where they go with columns={"<column>": "<field>"}, null to leave one out'
        )
    _refuse_twice([one.field for one in assigned if one.field])
    _refuse_ambiguous(
        one.header for column, one in zip(columns, assigned, strict=True) if one.layout and column.ambiguous
    )
    return assigned


def assign_known(
    collection: Collection,
    columns: Sequence[Column],
    open_fields: frozenset[str] | None,
    wanted: Wanted,
) -> list[Assigned]:
    """The same, where columns that fit nothing are left out. Raises ``InvalidImport`` where what is wanted is not there."""
    by_name = {field.name.lower(): field for field in _importable(collection, open_fields)}
    by_title = {_title(field).lower(): field for field in by_name.values()}
    _refuse_unknown(columns, wanted)
    assigned = []
    for column in columns:
        name = wanted.get(column.header, column.header)
        field = by_name.get(name.lower()) or by_title.get(name.lower()) if name else None
        if field is None and wanted.get(column.header) is not None:
            raise InvalidImport(reason=f'"{collection.name}" has no field {name!r} to import into')
        if field is None and name is not None:
            field = by_name.get(column.name.lower())
        layout = _layout(column, field) if field else None
        assigned.append(Assigned(column.header, field.name if field else None, layout))
    return assigned


def check_match(
    collection: Collection, assigned: Iterable[Assigned], match: str, updating: Scope | None
) -> None:
    """Whether records can be found by the field ``match`` and, ``updating`` them, be changed: all, in all columns.

    Raises ``InvalidImport``.
    """
    names = {one.field for one in assigned if one.field}
    field = collection.fields.get(match)
    if field is None or match not in names:
        raise InvalidImport(reason=f'no column goes to the field "{match}", which matchOn names')
    if not (field.unique or field.primary_key):
        raise InvalidImport(
            reason=f'"{match}" of "{collection.name}" is not unique, so records can not be told by it'
        )
    if updating is None:
        return
    found_by = {match} if field.primary_key else set()  # a key is never written
    closed = set() if updating.fields is None else names - updating.fields - found_by
    if updating.filter is not None or closed:
        raise InvalidImport(
            reason="existing=update is for roles that may update all records in all columns of the file"
        )


def check_complete(collection: Collection, names: Iterable[str]) -> None:
    """Whether new records can be made of the fields that the columns go to. Raises ``InvalidImport``."""
    for field in form(collection).lacking(names)[:1]:
        relation = field.relation
        if relation is None:
            raise InvalidImport(
                reason=f'no column goes to the field "{field.name}" of "{collection.name}", which is required; '
                "add one, or give the field a defaultValue"
            )
        if relation.kind == "belongsTo":
            raise InvalidImport(
                reason=f'no column goes to "{relation.foreign_key}" of "{collection.name}", the foreign key of '
                f'the relation "{field.name}", which is required'
            )
        raise InvalidImport(
            reason=f'the relation "{field.name}" of "{collection.name}" is required, and files bring no links '
            "of this kind"
        )


def _refuse_unknown(columns: Sequence[Column], wanted: Wanted) -> None:
    if unknown := sorted(set(wanted) - {column.header for column in columns}):
        raise InvalidImport(reason=f"the file has no column {', '.join(map(repr, unknown))}")


def _refuse_ambiguous(headers: Iterable[str]) -> None:
    if named := ", ".join(map(repr, headers)):
        raise InvalidImport(
            reason=f"the days of {named} can be read in two ways; say dateOrder=dmy (day first) or "
            "dateOrder=mdy (month first)"
        )


def _refuse_twice(fields: Sequence[str]) -> None:
    if twice := sorted({field for field in fields if fields.count(field) > 1}):
        raise InvalidImport(reason=f'two columns go to the field "{twice[0]}"')
    if not fields:
        raise InvalidImport(reason="no column goes to a field")


def _importable(collection: Collection, open_fields: frozenset[str] | None) -> Iterable[Field]:
    for field in collection.fields.values():
        if not field.stored or field.hidden or field.type.hidden or field.name in _SYSTEM_FIELDS[2:]:
            continue
        if not field.type.accepts(field):  # worked out by the server
            continue
        if open_fields is None or field.name in open_fields:
            yield field


def _title(field: Field) -> str:
    title = (field.options.get("uiSchema") or {}).get("title")
    return title if isinstance(title, str) else field.name


def _layout(column: Column, field: Field) -> str | None:
    moments = ("dateOnly", "date", "datetimeTz", "datetimeNoTz")
    return column.layout if field.type.name in moments else None
