"""The plugin ``import-export``: actions of every collection, and imports that make their collection."""

import asyncio
import errno
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson

from insula.application.api.action import Action, Answer, Context, Resource, Stream
from insula.application.api.bodies import with_body
from insula.application.api.queries import read_query
from insula.application.application import Application
from insula.application.plugin import Plugin
from insula.core.ids import random_id
from insula.data.collection import Collection
from insula.data.filters.tree import All
from insula.data.query import Query
from insula.plugins.import_export import export, inference, openapi, source
from insula.plugins.import_export.errors import InvalidExport, InvalidImport, StorageFull
from insula.plugins.import_export.importer import IMPORT, KIND, Order, folder
from insula.plugins.import_export.mapping import assign, new_collection
from insula.plugins.import_export.screen import Screen

MAX_FILE_BYTES = 8 * 1024**3
PREVIEW_BYTES = 1024**2
PREVIEW_ROWS = 10
_EXPORT_PARAMETERS = ("format", "spreadsheet")
_TYPES = {"csv": b"text/csv; charset=utf-8", "jsonl": b"application/jsonl; charset=utf-8"}


async def import_records(context: Context) -> Answer:
    """Take a CSV file as the body and import it into this collection."""
    collection = context.application.metadata.get(context.resource)
    return await _import(context, collection.name)


async def create_import(context: Context) -> Answer:
    """Take a CSV file as the body and import it; the collection is made when there is none."""
    name = context.params.get("collection")
    if not isinstance(name, str) or not name:
        raise InvalidImport(reason="say which collection with collection=<name>")
    return await _import(context, name)


async def preview_import(context: Context) -> Answer:
    """What a file would become: encoding, delimiter, columns, the first rows. Send its first megabyte or less."""
    path, _ = await _receive(context, PREVIEW_BYTES)
    try:
        layout, columns = await asyncio.to_thread(_look, path, context.params)
        first = await asyncio.to_thread(lambda: next(source.batches(path, layout, size=PREVIEW_ROWS), None))
    finally:
        await asyncio.to_thread(path.unlink, missing_ok=True)
    return Answer(
        {
            "encoding": layout.encoding,
            "delimiter": layout.delimiter,
            "columns": [column.to_json() for column in columns],
            "rows": first.rows if first else [],
        }
    )


async def _import(context: Context, name: str) -> Answer:
    application = context.application
    path, lines = await _receive(context, MAX_FILE_BYTES)
    try:
        layout, columns = await asyncio.to_thread(_look, path, context.params)
        if application.metadata.find(name) is None:
            await application.metadata.create_collection(new_collection(name, columns))
        collection = application.metadata.get(name)
        _refuse_builtin(collection)
        scope = context.scopes.scope(name, "import")
        assigned = tuple(assign(collection, columns, scope.fields, _columns(context.params)))
        order = Order(name, path.name, lines, layout, assigned, context.principal.user_id)
        title = f"Import into {collection.title or name}"
        job = await application.jobs.submit(
            KIND, order.to_json(), created_by=context.principal.user_id, title=title
        )
    except BaseException:
        await asyncio.to_thread(path.unlink, missing_ok=True)
        raise
    return Answer(
        {
            "jobId": job,
            "collection": name,
            "encoding": layout.encoding,
            "delimiter": layout.delimiter,
            "columns": [column.to_json() for column in assigned],
        }
    )


def _refuse_builtin(collection: Collection) -> None:
    if collection.builtin:
        raise InvalidImport(reason=f'"{collection.name}" is built in; use its own actions')


def _columns(params: Any) -> dict[str, str | None] | None:
    given = params.get("columns")
    if given is None:
        return None
    try:
        mapping = orjson.loads(given) if isinstance(given, str) else given
    except orjson.JSONDecodeError:
        mapping = None
    if not isinstance(mapping, dict) or not all(isinstance(v, str | None) for v in mapping.values()):
        raise InvalidImport(reason='columns must be JSON such as {"Year": "year", "Note": null}')
    return mapping


async def _receive(context: Context, limit: int) -> tuple[Path, int]:
    """The body as a file of the storage folder, and how many lines it has."""
    named = context.params.get("encoding")
    screen = Screen(
        encoding=named if isinstance(named, str) else None,
        compression=context.request.header(b"content-encoding"),
    )
    path = folder(context.application.options.storage) / f"{random_id(20)}.csv"
    try:
        with await asyncio.to_thread(path.open, "xb") as file:
            path.chmod(0o600)
            async for chunk in context.request.chunks(limit):
                screen.see(chunk)
                await asyncio.to_thread(file.write, chunk)
    except OSError as error:
        await asyncio.to_thread(path.unlink, missing_ok=True)
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise StorageFull() from None
        raise
    except BaseException:
        await asyncio.to_thread(path.unlink, missing_ok=True)
        raise
    return path, screen.lines


def _look(path: Path, params: Any) -> tuple[source.Layout, list[inference.Column]]:
    """Layout and proposed columns. Runs in a thread."""
    given = {name: params[name] for name in ("encoding", "delimiter") if isinstance(params.get(name), str)}
    layout = source.detect(path, **given)
    header = source.header(path, layout)
    sample = next(source.batches(path, layout, size=inference.SAMPLE_ROWS), None)
    return layout, inference.propose(header, sample.rows if sample else [])


async def export_records(context: Context) -> Stream:
    """The records that match, as CSV (``format=csv``) or JSON lines (``format=jsonl``)."""
    given = with_body(context.params, context.body)
    wanted = given.get("format", "csv")
    if not isinstance(wanted, str) or wanted not in _TYPES:
        raise InvalidExport(reason="format must be csv or jsonl")
    params = {name: value for name, value in given.items() if name not in _EXPORT_PARAMETERS}
    query = read_query(b"", params, context.application.options.timezone, "none")
    collection = context.application.metadata.get(context.resource)
    scope = context.scopes.scope(collection.name, "export")
    names = _names(collection, query, scope.fields)
    filters = [node for node in (query.filter, scope.filter) if node is not None]
    query = replace(query, filter=All(tuple(filters)) if filters else None, fields=names, page_size=None)
    rows = context.application.repository.stream(collection.name, query, scopes=context.scopes)
    # The first batch is read before the answer begins, so that a wrong query still gets an error.
    batches = _begun(await anext(rows, None), rows)
    spreadsheet = given.get("spreadsheet") in ("true", "1", True)
    chunks = (
        export.as_csv(batches, names, for_spreadsheets=spreadsheet)
        if wanted == "csv"
        else export.as_json_lines(batches, names)
    )
    disposition = f'attachment; filename="{collection.name}.{wanted}"'.encode()
    return Stream(chunks, _TYPES[wanted], ((b"content-disposition", disposition),))


def _names(collection: Collection, query: Query, open_fields: frozenset[str] | None) -> tuple[str, ...]:
    if query.appends or query.tree:
        raise InvalidExport(reason="appends and tree are not for exports; name fields of the collection")
    visible = [field.name for field in collection.visible if open_fields is None or field.name in open_fields]
    if query.fields is None:
        return tuple(name for name in visible if name not in query.excepts)
    if closed := [name for name in query.fields if name not in visible]:
        raise InvalidExport(reason=f'"{collection.name}" has no field "{closed[0]}" to export')
    return query.fields


async def _begun(first: list[Any] | None, rest: AsyncIterator[list[Any]]) -> AsyncIterator[list[Any]]:
    if first is not None:
        yield first
    async for batch in rest:
        yield batch


class ImportExportPlugin(Plugin):
    """Two actions for the records of every collection, and the jobs of imports."""

    name = "import-export"
    title = "Import and export"
    description = "Imports CSV files into collections, and exports records as CSV or JSON lines."
    record_actions = (
        Action(
            "import",
            import_records,
            "records",
            "Import a CSV file into this collection.",
            permission="import",
            writes=True,
            streams=True,
            openapi=openapi.IMPORT,
        ),
        Action(
            "export",
            export_records,
            "records",
            "Export records as a file.",
            permission="export",
            openapi=openapi.EXPORT,
        ),
    )
    resources = (
        Resource(
            "imports",
            (
                Action(
                    "create",
                    create_import,
                    "snippet",
                    "Import a CSV file, making its collection.",
                    snippet="pm.import-export",
                    writes=True,
                    streams=True,
                    openapi=openapi.IMPORT_ANYWHERE,
                ),
                Action(
                    "preview",
                    preview_import,
                    "snippet",
                    "What a CSV file would become.",
                    snippet="pm.import-export",
                    writes=True,
                    streams=True,
                    openapi=openapi.PREVIEW,
                ),
            ),
            "Imports",
        ),
    )

    async def load(self, application: Application) -> None:
        application.jobs.register(IMPORT)

    async def unload(self, application: Application) -> None:
        application.jobs.unregister(KIND)
