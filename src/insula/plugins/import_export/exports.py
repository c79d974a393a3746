"""The action that gives records as a file."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from insula.application.api.action import Context, Stream
from insula.application.api.bodies import with_body
from insula.application.api.queries import flag, read_query
from insula.application.api.records import zone_of
from insula.data.collection import Collection
from insula.data.query import Query
from insula.data.scope import Scope, Scopes
from insula.plugins.import_export import export
from insula.plugins.import_export.errors import InvalidExport
from insula.plugins.import_export.parameters import check_known

_OWN_PARAMETERS = frozenset(("format", "spreadsheet"))
_PARAMETERS = _OWN_PARAMETERS | {"filter", "fields", "appends", "except", "sort"}
_TYPES = {"csv": b"text/csv; charset=utf-8", "jsonl": b"application/jsonl; charset=utf-8"}


@dataclass(frozen=True, slots=True)
class _Exported:
    """Scopes under which what may be exported of a collection is what is read of it; others as they are."""

    collection: str
    scopes: Scopes

    @property
    def stamps(self) -> Mapping[str, Any]:
        return self.scopes.stamps

    def scope(self, collection: str, action: str) -> Scope:
        exported = (collection, action) == (self.collection, "view")
        return self.scopes.scope(collection, "export" if exported else action)


async def export_records(context: Context) -> Stream:
    """The records that match, as CSV (``format=csv``) or JSON lines (``format=jsonl``)."""
    given = with_body(context.params, context.body)
    check_known(given, _PARAMETERS)
    wanted = given.get("format", "csv")
    if not isinstance(wanted, str) or wanted not in _TYPES:
        raise InvalidExport(reason="format must be csv or jsonl")
    spreadsheet = flag(given, "spreadsheet", default=False)
    collection = context.application.metadata.get(context.resource)
    query, names = _asked(context, collection, given)
    scopes = _Exported(collection.name, context.scopes)
    rows = context.application.repository.stream(collection.name, query, scopes=scopes)
    # The first batch is read before the answer begins, so that a wrong query still gets an error.
    batches = _begun(await anext(rows, None), rows)
    chunks = (
        export.as_csv(batches, names, for_spreadsheets=spreadsheet)
        if wanted == "csv"
        else export.as_json_lines(batches, names)
    )
    disposition = f'attachment; filename="{collection.name}.{wanted}"'.encode()
    return Stream(chunks, _TYPES[wanted], ((b"content-disposition", disposition),))


def _asked(
    context: Context, collection: Collection, given: Mapping[str, Any]
) -> tuple[Query, tuple[str, ...]]:
    """What is read, and the names of what is written of it: fields, and relations that are appended."""
    params = {name: value for name, value in given.items() if name not in _OWN_PARAMETERS}
    query = read_query(b"", params, zone_of(context), "none")
    scope = context.scopes.scope(collection.name, "export")
    names = _names(collection, query, scope.fields)
    relations = tuple(dict.fromkeys(path.partition(".")[0] for path in query.appends))
    if scope.fields is not None and (closed := [name for name in relations if name not in scope.fields]):
        raise InvalidExport(reason=f'"{collection.name}" has no relation "{closed[0]}" to export')
    return replace(query, fields=names, page_size=None), (*names, *relations)


def _names(collection: Collection, query: Query, open_fields: frozenset[str] | None) -> tuple[str, ...]:
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
