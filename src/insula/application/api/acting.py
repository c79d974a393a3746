"""Running a handler while collections may change under it.

What a handler asks of the database may have been planned for a table that was changed or removed before the
statement had its turn. Such a handler runs again: it then finds the collections as they are now, and says
what is wrong with the request, if anything is. Where nothing changed here, somebody else changed the table.

Where the application runs in several processes, the same is done for whatever is refused while another one's change
does not count here yet: who makes a field by one process can write it by the next at once.
"""

from __future__ import annotations

import logging
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from insula.application.api.action import Action, Answer, Context, Raw, Stream
from insula.core.sparse import Sparse
from insula.data.errors import ColumnLost, DataError, TableLost, UnknownCollection, UnknownField
from insula.database.errors import (
    ColumnMissing,
    StatementOutdated,
    TableMissing,
    TypeMismatch,
    ValueOutOfRange,
)

if TYPE_CHECKING:
    from insula.data.metadata import Metadata

MAX_ATTEMPTS: Final = 5
"""Times that a handler is run while one change of collections follows another."""

_OUTDATED: Final = (TableMissing, ColumnMissing, TypeMismatch, ValueOutOfRange, StatementOutdated)
_HIDDEN: Final = (TableMissing, ColumnMissing, StatementOutdated)
_UNKNOWN: Final = (UnknownCollection, UnknownField)
"""Said by any handler before it has done anything."""
_COLUMN: Final = re.compile(r'column "?(?:[^".\s]+\.)*([^".\s]+)"?')
_sparse = Sparse(logging.getLogger(__name__))


async def act(action: Action, context: Context) -> Answer | Stream | Raw:
    """What the handler answers; of a stream, the first piece is made.

    Raises what the handler raises, and ``TableLost`` and ``ColumnLost`` for a table that is not as metadata says.
    """
    metadata = context.application.metadata
    attempts = MAX_ATTEMPTS
    repeats = action.gate == "records" and not action.streams
    while True:
        attempts -= 1
        version = metadata.version
        try:
            # One that streams waits for its client for as long as that takes, and writes no record meanwhile.
            if repeats and action.writes:
                async with metadata.steady():
                    return await _answer(action, context)
            return await _answer(action, context)
        except _OUTDATED as error:
            # a change that is committed but not yet taken here is taken when its turn is over
            changed = await metadata.settled_version() != version
            # one of another process that was taken back leaves no trace: what was put aside meanwhile is there again
            hidden = context.application.others is not None and isinstance(error, _HIDDEN)
            if (changed or hidden) and repeats and attempts:
                continue
            if not isinstance(error, TableMissing | ColumnMissing) or changed:
                raise
            lost = _lost(error, context, metadata)
            _sparse.warning(lost.message, f"the request {context.request.request_id} was refused")
            raise lost from error
        except DataError as error:
            others = context.application.others
            again = repeats or (isinstance(error, _UNKNOWN) and not action.streams)
            if others is None or not again or not attempts:
                raise
            # what is refused by collections as they were may be right by what another process has made of them
            await others.catch_up()
            if metadata.version == version:
                raise


async def _answer(action: Action, context: Context) -> Answer | Stream | Raw:
    answer = await action.handler(context)
    return await _begun(answer) if isinstance(answer, Stream) else answer


async def _begun(stream: Stream) -> Stream:
    try:
        return replace(stream, first=await anext(stream.chunks, b""))
    except BaseException:
        await stream.close()
        raise


def _lost(error: TableMissing | ColumnMissing, context: Context, metadata: Metadata) -> DataError:
    name = error.name or ""
    if isinstance(error, TableMissing):
        table = name.rpartition(".")[2].strip('"')
        return TableLost(collection=table if metadata.find(table) else _collection(context), table=table)
    found = _COLUMN.search(name)
    column = found[1] if found else name.rpartition(".")[2]
    return ColumnLost(collection=_collection(context), field=column)


def _collection(context: Context) -> str:
    """The collection that a request is about; for its fields it stands before them in the path."""
    resource, parent = context.resource, context.parent
    if resource == "fields" and parent is not None:
        return parent[1]
    return context.key or resource if resource == "collections" else resource
