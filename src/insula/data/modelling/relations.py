"""Relations: what a body leaves open is settled, and the foreign keys that they need are made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from insula.core.ids import random_id
from insula.core.names import fold
from insula.data.collection import Collection, Field
from insula.data.errors import InvalidMetadata
from insula.data.metadata_rows import FieldRow
from insula.data.modelling.draft import Draft, shown
from insula.data.modelling.foreign_keys import (
    ON_DELETE,
    check_rule,
    let_be_many,
    let_be_one,
    let_rule,
    put_relation,
)
from insula.data.modelling.settings import field_row

KEY_LENGTH: Final = 11
"""Random characters in the key of a field; 57 bits."""

_TO_SOURCE: Final = ("hasOne", "hasMany")
_NUMBERS: Final = frozenset({"integer", "bigInt", "snowflakeId", "sort"})
_TEXTS: Final = frozenset({"string", "text", "uid", "nanoid"})


class Settling:
    """One relation that is being made."""

    def __init__(self, draft: Draft, row: FieldRow) -> None:
        self.draft = draft
        self.row = row
        self.source = draft.get(row.collection)
        self.target = self._target()
        self.options: dict[str, Any] = {**row.options, "target": self.target.name}

    def settle(self) -> FieldRow:
        """The row with all keys named; makes foreign keys and the table between where they lack."""
        kind = self.row.type
        if kind == "belongsTo":
            self._key("targetKey", self.target)
            self._foreign_key("foreignKey", f"{self.row.name}Id", self.source, self.target, "targetKey")
        elif kind in _TO_SOURCE:
            self._key("sourceKey", self.source)
            name = f"{singular(self.source.name)}Id"
            self._foreign_key("foreignKey", name, self.target, self.source, "sourceKey")
        else:
            self._between()
        return replace(self.row, options=self.options)

    def _target(self) -> Collection:
        wanted = self.row.options.get("target")
        names = [wanted] if wanted is not None else [self.row.name, f"{self.row.name}s"]
        for name in names:
            found = self.draft.find(name) if isinstance(name, str) else None
            if found is not None and not found.internal:
                return found
        reason = "needs the name of an existing collection as its target"
        said = reason if wanted is None else f'{reason}; there is no "{shown(wanted)}"'
        raise self.invalid(said, "target")

    def _key(self, option: str, collection: Collection) -> None:
        """The field that foreign keys point to: the primary key, or another that is unique."""
        name = self.options.get(option)
        if name is None and collection.primary_key is None:
            raise self.invalid(f'needs a {option}, for "{collection.name}" has no primary key', option)
        key = collection.primary_key if name is None else collection.fields.get(str(name))
        if key is None or not key.stored or not (key.primary_key or key.unique):
            raise self.invalid(
                f'needs a unique field of "{collection.name}" as {option}, not "{shown(name)}"', option
            )
        self.options[option] = key.name

    def _between(self) -> None:
        """belongsToMany: two foreign keys in a table of its own, which may be there already."""
        self._key("sourceKey", self.source)
        self._key("targetKey", self.target)
        foreign, other = self._pair()
        through = self._name("through", "".join(_joined(self.source.name, self.target.name)))
        table = self.draft.find(through)
        ends = (self.source.name, self.target.name)
        # Rows of a guarded collection, such as users, are not made and removed by relating others.
        if table is not None and (table.internal or table.options.get("guarded") or through in ends):
            raise self.invalid(f'can not go through the collection "{through}"', "through")
        if table is None:
            self.draft.check_new_collection(through)
            options = {
                "autoGenId": False,
                "autoCreate": True,
                "isThrough": True,
                "hidden": True,
                "indexes": [{"fields": [foreign, other], "unique": True}],
            }
            self.draft.add_collection(through, through, options)
        self._foreign_key("foreignKey", foreign, self.draft.get(through), self.source, "sourceKey", "CASCADE")
        self._foreign_key("otherKey", other, self.draft.get(through), self.target, "targetKey", "CASCADE")

    def _pair(self) -> tuple[str, str]:
        """The names of the two foreign keys, which must differ also where a collection is related to itself."""
        foreign = self._name("foreignKey", f"{singular(self.source.name)}Id")
        proposed = f"{singular(self.target.name)}Id"
        if fold(proposed) == fold(foreign):
            proposed = f"{singular(self.row.name)}Id"
        other = self._name("otherKey", proposed)
        if fold(other) == fold(foreign):
            raise self.invalid("needs two different names for foreignKey and otherKey", "otherKey")
        return foreign, other

    def _name(self, option: str, proposed: str) -> str:
        name = self.options.get(option)
        if name is None:
            self.options[option] = name = proposed
        if not isinstance(name, str):
            raise self.invalid(f"needs text for {option}", option)
        return name

    def _foreign_key(
        self,
        option: str,
        proposed: str,
        holder: Collection,
        target: Collection,
        key_option: str,
        on_delete: str = "SET NULL",
    ) -> None:
        """Find or make the field of ``holder`` that points to ``target``."""
        name = self._name(option, proposed)
        if holder.name == self.row.collection and fold(name) == fold(self.row.name):
            raise self.invalid(f"needs another name for {option} than its own", option)
        key = target.fields[self.options[key_option]]
        present = holder.fields.get(name)
        asked = self.options.get("onDelete")
        rule = self.options.setdefault("onDelete", on_delete)
        if rule not in ON_DELETE:
            raise self.invalid(f"needs one of {', '.join(ON_DELETE)} for onDelete", "onDelete")
        check_rule(holder, name, rule)
        reference = {"collection": target.name, "field": key.name, "onDelete": rule}
        if not self.options.setdefault("constraints", True):
            reference = {}
        if present is None:
            self._make(holder, name, key, reference)
        else:
            self._adopt(holder, present, key, reference, asked)
        if self.row.type == "hasOne":
            let_be_one(self.draft, holder.name, name)

    def _make(self, holder: Collection, name: str, key: Field, reference: Mapping[str, Any]) -> None:
        self.draft.check_new_field(holder.name, name)
        options = {**_copied(key), "isForeignKey": True, "index": True, "autoCreate": True}
        options["uiSchema"] = {"title": name, "x-read-pretty": True}
        if reference:
            options["reference"] = reference
        interface = "integer" if key.type.name in _NUMBERS else "input"
        sort = self.draft.next_sort(holder.name)
        self.draft.rows.put(FieldRow(new_key(), holder.name, name, _type(key), interface, sort, options))

    def _adopt(
        self,
        holder: Collection,
        present: Field,
        key: Field,
        reference: Mapping[str, Any],
        asked: str | None,
    ) -> None:
        """Use a field that is there already, when it can hold what it has to.

        One foreign key has one rule: the one ``asked`` for here, else the one that it has.
        """
        if not present.stored or _group(present) != _group(key):
            raise self.invalid(
                f'can not use "{holder.name}.{present.name}" as a foreign key: '
                f"it is of type {present.type.name}, what it points to of type {key.type.name}"
            )
        if self.row.type == "hasMany":
            let_be_many(self.draft, holder.name, present.name)
        row = self.draft.row(holder.name, present.name)
        if row is None or not reference or present.primary_key:
            return
        known = row.options.get("reference")
        if known is None:
            self.draft.rows.put(row.with_options(reference=reference, isForeignKey=True, index=True))
        elif (known["collection"], known["field"]) != (reference["collection"], reference["field"]):
            raise self.invalid(
                f'can not use "{holder.name}.{present.name}", which points to {known["collection"]}'
            )
        elif asked is None:
            self.options["onDelete"] = known["onDelete"]
        else:
            let_rule(self.draft, (holder.name, present.name), asked)

    def invalid(self, reason: str, path: str = "") -> InvalidMetadata:
        """``path``: the setting that is wrong."""
        name = f"{self.row.collection}.{self.row.name}"
        return InvalidMetadata(what="The relation", name=name, reason=reason, path=path)


def add_reverse(draft: Draft, row: FieldRow, values: Mapping[str, Any]) -> None:
    """Make the relation that leads back, as ``reverseField`` describes it, and let the two know each other."""
    options = row.options
    kind = {"belongsTo": "hasMany", "belongsToMany": "belongsToMany"}.get(row.type, "belongsTo")
    if row.type == "belongsTo" and values.get("type") == "hasOne":
        kind = "hasOne"
    elif values.get("type", kind) != kind:
        reason = f"needs a reverseField of type {kind}"
        raise InvalidMetadata(what="The relation", name=f"{row.collection}.{row.name}", reason=reason)
    body = {**values, "type": kind, "target": row.collection, "reverseKey": row.key}
    body |= {name: options[name] for name in ("through", "onDelete", "constraints") if name in options}
    if row.type == "belongsToMany":
        body |= {"foreignKey": options["otherKey"], "otherKey": options["foreignKey"]}
    else:
        body["foreignKey"] = options["foreignKey"]
    for mine, theirs in (("sourceKey", "targetKey"), ("targetKey", "sourceKey")):
        if mine in options:
            body[theirs] = options[mine]
    target = options["target"]
    name = draft.check_new_field(target, values.get("name") or f"f_{random_id(KEY_LENGTH)}")
    made = field_row(target, name, body, key=new_key(), sort=draft.next_sort(target))
    put_relation(draft, Settling(draft, made).settle())
    known = draft.row(row.collection, row.name) or row
    draft.rows.put(known.with_options(reverseKey=made.key))


def through_is_unused(draft: Draft, through: str) -> bool:
    """Whether a table between two collections was made by itself and no relation goes through it any more."""
    row = draft.rows.collections.get(through)
    if row is None or not row.options.get("autoCreate"):
        return False
    return not any(through in (use.relation.through, use.relation.target) for use in draft.uses())


def new_key() -> str:
    """The key of a field: what stays when it is renamed."""
    return random_id(KEY_LENGTH)


def singular(name: str) -> str:
    """The name of one thing out of the name of many, where English makes that easy; also in camelCase."""
    if name.endswith("ies") and len(name) > len("ties"):
        return f"{name[:-3]}y"
    for ending in ("sses", "shes", "ches", "xes"):
        if name.endswith(ending):
            return name[:-2]
    return name[:-1] if name.endswith("s") and not name.endswith("ss") and len(name) > 1 else name


def _joined(*names: str) -> tuple[str, str]:
    first, second = sorted(names)
    return first, second[:1].upper() + second[1:]


def _type(key: Field) -> str:
    """The type of a foreign key that points to ``key``."""
    if key.type.name in _NUMBERS:
        return "integer" if key.type.name == "integer" else "bigInt"
    return "uuid" if key.type.name == "uuid" else "text" if key.type.name == "text" else "string"


def _copied(key: Field) -> dict[str, Any]:
    """Settings of a key that a foreign key must share."""
    if key.type.name == "uuid":
        return {"autoFill": False}
    return {"length": key.options["length"]} if key.options.get("length") else {}


def _group(field: Field) -> str:
    """Types that databases compare with one another."""
    name = field.type.name
    return "number" if name in _NUMBERS else "text" if name in _TEXTS else name
