"""The actions that take CSV files: each is kept as a file, looked at, and handed to a job."""

from collections.abc import Sequence

from insula.application.access.decide import Grant, decide
from insula.application.access.errors import Denied
from insula.application.api.action import Answer, Context
from insula.data.collection import Collection
from insula.plugins.import_export import inference
from insula.plugins.import_export.errors import InvalidImport
from insula.plugins.import_export.files import KIND, unless_taken
from insula.plugins.import_export.mapping import (
    Assigned,
    assign,
    check_complete,
    check_match,
    new_collection,
    renamed,
)
from insula.plugins.import_export.orders import Order
from insula.plugins.import_export.parameters import check_known
from insula.plugins.import_export.reception import PARAMETERS, look, matching, receive, wanted_columns

MAX_FILE_BYTES = 8 * 1024**3
MODELLING = "pm.collections"
"""The right to make collections."""


async def import_records(context: Context) -> Answer:
    """Take a CSV file as the body and import it into this collection."""
    check_known(context.params, PARAMETERS)
    return await _import(context, context.application.metadata.get(context.resource).name)


async def create_import(context: Context) -> Answer:
    """Take a CSV file as the body and import it; the collection is made when there is none."""
    check_known(context.params, PARAMETERS | {"collection"})
    name = context.params.get("collection")
    if not isinstance(name, str) or not name:
        raise InvalidImport(reason="say which collection with collection=<name>")
    return await _import(context, name)


async def _import(context: Context, name: str) -> Answer:
    application, user = context.application, context.principal.user_id
    wanted, (match, updates) = wanted_columns(context.params), matching(context.params)
    if application.metadata.find(name) is None:
        _may_make(context, name)  # refused before the file is sent
    path, lines = await receive(context, MAX_FILE_BYTES)
    async with unless_taken(path, application.threads):
        layout, columns = await application.threads.run(look, path, context.params)
        if application.metadata.find(name) is None:
            kept = renamed(columns, wanted)
            if match is not None:
                _refuse_unmatched(match, kept)
            _refuse_closed(name, kept, _may_make(context, name))
            await application.metadata.create_collection(new_collection(name, kept, unique=match))
        collection = application.metadata.get(name)
        assigned = fitted(context, collection, columns)
        order = Order(name, path.name, lines, layout, assigned, user, match, updates)
        title = f"Import into {collection.title or name}"
        job = await application.jobs.submit(KIND, order.to_json(), created_by=user, title=title)
    return Answer(
        {
            "jobId": job,
            "collection": name,
            "encoding": layout.encoding,
            "delimiter": layout.delimiter,
            "columns": [column.to_json() for column in assigned],
        }
    )


def fitted(
    context: Context, collection: Collection, columns: Sequence[inference.Column]
) -> tuple[Assigned, ...]:
    """Where the columns go, as is asked for. Raises ``InvalidImport`` where the file can not be imported so."""
    if collection.builtin:
        raise InvalidImport(reason=f'"{collection.name}" is built in; use its own actions')
    scope, (match, updates) = context.scopes.scope(collection.name, "import"), matching(context.params)
    assigned = tuple(assign(collection, columns, scope.fields, wanted_columns(context.params)))
    if match is not None:
        updating = context.scopes.scope(collection.name, "update") if updates else None
        check_match(collection, assigned, match, updating)
    if not updates:
        check_complete(collection, [one.field for one in assigned if one.field])
    return assigned


def _may_make(context: Context, name: str) -> Grant | None:
    """How the caller may import into a collection that is still to be made; ``None``: without limits.

    Raises ``Denied`` where they may not make it, or might not import into it then.
    """
    access, principal = context.application.access, context.principal
    if not access.holds(principal, MODELLING):
        raise Denied(role=principal.role, action="create", resource="collections")
    if principal.kind == "local":
        return None
    grant = decide(access.book.rules(principal.role), Collection(name, {}, builtin=False), "import")
    if grant is None:
        raise Denied(role=principal.role, action="import", resource=name)
    return grant


def _refuse_unmatched(match: str, columns: list[inference.Column]) -> None:
    if match not in {column.name for column in columns}:
        raise InvalidImport(reason=f'no column goes to the field "{match}", which matchOn names')


def _refuse_closed(name: str, columns: list[inference.Column], grant: Grant | None) -> None:
    if grant is None or grant.fields is None:
        return
    if closed := [column.name for column in columns if column.name not in grant.fields]:
        raise InvalidImport(reason=f'the role may not import into the field "{closed[0]}" of "{name}"')
