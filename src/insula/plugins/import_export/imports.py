"""The actions that take CSV files: each is kept as a file, looked at, and handed to a job."""

import asyncio
import errno
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson

from insula.application.access.decide import Grant, decide
from insula.application.access.errors import Denied
from insula.application.api.action import Answer, Context
from insula.core.ids import random_id
from insula.data.collection import Collection
from insula.plugins.import_export import inference, moments, source
from insula.plugins.import_export.errors import InvalidImport, StorageFull
from insula.plugins.import_export.files import KIND, folder
from insula.plugins.import_export.mapping import (
    Wanted,
    assign,
    check_complete,
    check_match,
    new_collection,
    renamed,
)
from insula.plugins.import_export.orders import Order
from insula.plugins.import_export.parameters import check_known
from insula.plugins.import_export.screen import Screen

MAX_FILE_BYTES = 8 * 1024**3
PREVIEW_BYTES = 1024**2
PREVIEW_ROWS = 10
MODELLING = "pm.collections"
"""The right to make collections."""
_LAYOUT_PARAMETERS = frozenset(("encoding", "delimiter", "dateOrder"))
_PARAMETERS = _LAYOUT_PARAMETERS | {"columns", "matchOn", "existing"}
_EXISTING = ("skip", "update")


async def import_records(context: Context) -> Answer:
    """Take a CSV file as the body and import it into this collection."""
    check_known(context.params, _PARAMETERS)
    return await _import(context, context.application.metadata.get(context.resource).name)


async def create_import(context: Context) -> Answer:
    """Take a CSV file as the body and import it; the collection is made when there is none."""
    check_known(context.params, _PARAMETERS | {"collection"})
    name = context.params.get("collection")
    if not isinstance(name, str) or not name:
        raise InvalidImport(reason="say which collection with collection=<name>")
    return await _import(context, name)


async def preview_import(context: Context) -> Answer:
    """What a file would become: encoding, delimiter, columns, the first rows. Send its first megabyte or less."""
    check_known(context.params, _LAYOUT_PARAMETERS)
    path, _ = await _receive(context, PREVIEW_BYTES)
    try:
        await asyncio.to_thread(source.cut_whole, path)
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
    application, user = context.application, context.principal.user_id
    wanted, (match, updates) = _wanted(context.params), _matching(context.params)
    if application.metadata.find(name) is None:
        _may_make(context, name)  # refused before the file is sent
    path, lines = await _receive(context, MAX_FILE_BYTES)
    try:
        layout, columns = await asyncio.to_thread(_look, path, context.params)
        if application.metadata.find(name) is None:
            kept = renamed(columns, wanted)
            if match is not None:
                _refuse_unmatched(match, kept)
            _refuse_closed(name, kept, _may_make(context, name))
            await application.metadata.create_collection(new_collection(name, kept, unique=match))
        collection = application.metadata.get(name)
        if collection.builtin:
            raise InvalidImport(reason=f'"{name}" is built in; use its own actions')
        scope = context.scopes.scope(name, "import")
        assigned = tuple(assign(collection, columns, scope.fields, wanted))
        if match is not None:
            check_match(
                collection, assigned, match, context.scopes.scope(name, "update") if updates else None
            )
        if not updates:
            check_complete(collection, [one.field for one in assigned if one.field])
        order = Order(name, path.name, lines, layout, assigned, user, match, updates)
        title = f"Import into {collection.title or name}"
        job = await application.jobs.submit(KIND, order.to_json(), created_by=user, title=title)
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


def _matching(params: Mapping[str, Any]) -> tuple[str | None, bool]:
    """The field that tells whether a record is there already, and whether such records are updated."""
    match, existing = params.get("matchOn"), params.get("existing", _EXISTING[0])
    if existing not in _EXISTING or ("existing" in params and match is None):
        raise InvalidImport(reason="existing must be skip or update, with matchOn=<field> beside it")
    if match is not None and not isinstance(match, str):
        raise InvalidImport(reason="matchOn must name one field")
    return match, existing == "update"


def _wanted(params: Mapping[str, Any]) -> Wanted:
    given = params.get("columns")
    if given is None:
        return {}
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


def _look(path: Path, params: Mapping[str, Any]) -> tuple[source.Layout, list[inference.Column]]:
    """Layout and proposed columns. Runs in a thread."""
    order = params.get("dateOrder")
    if order is not None and (not isinstance(order, str) or order not in moments.ORDERS):
        raise InvalidImport(reason=f"dateOrder must be {' or '.join(moments.ORDERS)}")
    given = {name: params[name] for name in ("encoding", "delimiter") if isinstance(params.get(name), str)}
    layout = source.detect(path, **given)
    header = source.header(path, layout)
    sample = next(source.batches(path, layout, size=inference.SAMPLE_ROWS), None)
    return layout, inference.propose(header, sample.rows if sample else [], order)
