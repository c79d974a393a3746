"""The actions that tell what would become of a file, from its beginning; nothing is changed by them."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from insula.application.api.action import Answer, Context
from insula.application.api.queries import flag
from insula.data.collection import Collection
from insula.plugins.import_export import inference, source
from insula.plugins.import_export.errors import InvalidImport
from insula.plugins.import_export.files import unless_taken
from insula.plugins.import_export.imports import fitted
from insula.plugins.import_export.mapping import Assigned, assign_known
from insula.plugins.import_export.parameters import check_known
from insula.plugins.import_export.plan import Converted, Plan
from insula.plugins.import_export.reception import (
    LAYOUT_PARAMETERS,
    PARAMETERS,
    PREVIEW_BYTES,
    look,
    receive,
    wanted_columns,
)

PREVIEW_ROWS: Final = 10
PREVIEW_PROBLEMS: Final = 100
"""Bad rows that a preview names; the others are counted."""


async def preview_import(context: Context) -> Answer:
    """What a file would become: encoding, delimiter, columns, the first rows. Send its first megabyte or less."""
    check_known(context.params, LAYOUT_PARAMETERS)
    layout, columns, batch = await _beginning(context)
    return Answer(
        {
            "encoding": layout.encoding,
            "delimiter": layout.delimiter,
            "columns": [column.to_json() for column in columns],
            "rows": batch.rows[:PREVIEW_ROWS],
        }
    )


async def preview_records(context: Context) -> Answer:
    """What a file would become in this collection: where its columns go, and which of its first rows are bad."""
    check_known(context.params, PARAMETERS | {"partial"})
    collection = context.application.metadata.get(context.resource)
    layout, columns, batch = await _beginning(context)
    if flag(context.params, "partial", default=False) and len(batch.rows) > 1:
        batch = source.Batch(batch.lines[:-1], batch.rows[:-1])
    scope = context.scopes.scope(collection.name, "import")
    assigned = assign_known(collection, columns, scope.fields, wanted_columns(context.params))
    found = await context.application.threads.run(_converted, collection, assigned, batch)
    return Answer(
        {
            "encoding": layout.encoding,
            "delimiter": layout.delimiter,
            "columns": [
                {**column.to_json(), "field": one.field}
                for column, one in zip(columns, assigned, strict=True)
            ],
            "rows": batch.rows[:PREVIEW_ROWS],
            "taken": len(batch.rows),
            "rejected": len(found.bad),
            "errors": [
                {"line": line, "field": field, "reason": reason}
                for line, field, reason in found.bad[:PREVIEW_PROBLEMS]
            ],
            "refusal": _refusal(context, collection, columns),
        }
    )


async def _beginning(
    context: Context,
) -> tuple[source.Layout, list[inference.Column], source.Batch]:
    """Layout, columns and rows of the file's beginning, which is not kept."""
    threads = context.application.threads
    path, _ = await receive(context, PREVIEW_BYTES)
    async with unless_taken(path, threads):
        return await threads.run(_read, path, context.params)


def _read(
    path: Path, params: Mapping[str, Any]
) -> tuple[source.Layout, list[inference.Column], source.Batch]:
    """Runs in a thread."""
    source.cut_whole(path)
    layout, columns = look(path, params)
    first = next(source.batches(path, layout, size=inference.SAMPLE_ROWS), None)
    path.unlink(missing_ok=True)
    return layout, columns, first or source.Batch([], [])


def _converted(collection: Collection, assigned: Sequence[Assigned], batch: source.Batch) -> Converted:
    """Runs in a thread."""
    converted = Converted()
    if batch.rows:
        Plan([one.target(collection) for one in assigned], None).convert(batch, converted)
    return converted


def _refusal(context: Context, collection: Collection, columns: Sequence[inference.Column]) -> str | None:
    """Why the file would not be imported as is asked for, in one sentence. What goes nowhere is left out."""
    try:
        fitted(context, collection, columns)
    except InvalidImport as error:
        return error.message
    return None
