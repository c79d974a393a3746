"""Whether a caller may change what a relation holds. Asked by everything that links records or undoes links.

=========================  ============================================================================
belongsTo, belongsToMany   The fields of the collection that has the relation that they may update must
                           hold the relation.
hasOne, hasMany            The fields of the target must hold the foreign key, or a belongsTo over it:
                           those that they may create for a new record, and update for one that is there.
=========================  ============================================================================

A link to a record that is there, by the relation's own actions, needs the relation itself always.
"""

from __future__ import annotations

from insula.data.collection import Collection, Field, Relation
from insula.data.errors import UnknownField
from insula.data.scope import Scope, Scopes


def check_relation(collection: Collection, item: Field, scopes: Scopes) -> None:
    """That the relation ``item`` may be updated. Raises ``UnknownField``, and what ``scopes`` raises."""
    fields = scopes.scope(collection.name, "update").fields
    if fields is not None and item.name not in fields:
        raise UnknownField(collection=collection.name, field=item.name, place="relation")


def linked_scope(target: Collection, relation: Relation, action: str, scopes: Scopes) -> Scope:
    """The target's scope for ``action``, which may write the foreign key of hasOne and hasMany.

    Raises ``UnknownField``, and what ``scopes`` raises.
    """
    scope = scopes.scope(target.name, action)
    column = relation.foreign_key
    if scope.fields is None or column in scope.fields:
        return scope
    inverse = (
        item.name
        for item in target.relations.values()
        if item.relation is not None
        and item.relation.kind == "belongsTo"
        and item.relation.foreign_key == column
    )
    if scope.fields.isdisjoint(inverse):
        raise UnknownField(collection=target.name, field=column, place="values")
    return scope


def check_new(collection: Collection, item: Field, target: Collection, scopes: Scopes) -> None:
    """That a new record may be made that ``item`` of a record relates to from the start. Raises as the others."""
    relation = item.relation
    if relation is None:
        raise ValueError(f"{item.name} is no relation")
    if relation.kind in ("hasOne", "hasMany"):
        linked_scope(target, relation, "create", scopes)
    else:
        check_relation(collection, item, scopes)
