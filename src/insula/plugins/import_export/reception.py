"""What comes in for an import: its parameters, and the file, kept in the storage folder and looked at."""

import errno
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import orjson

from insula.application.api.action import Context
from insula.core.ids import random_id
from insula.plugins.import_export import inference, moments, source
from insula.plugins.import_export.errors import InvalidImport, StorageFull
from insula.plugins.import_export.files import folder, unless_taken
from insula.plugins.import_export.mapping import Wanted
from insula.plugins.import_export.screen import Screen
from insula.plugins.import_export.shared import Shared

LAYOUT_PARAMETERS: Final = frozenset(("encoding", "delimiter", "dateOrder"))
PARAMETERS: Final = LAYOUT_PARAMETERS | {"columns", "matchOn", "existing"}
PREVIEW_BYTES: Final = 1024**2
_EXISTING = ("skip", "update")


def matching(params: Mapping[str, Any]) -> tuple[str | None, bool]:
    """The field that tells whether a record is there already, and whether such records are updated."""
    match, existing = params.get("matchOn"), params.get("existing", _EXISTING[0])
    if existing not in _EXISTING or ("existing" in params and match is None):
        raise InvalidImport(reason="existing must be skip or update, with matchOn=<field> beside it")
    if match is not None and not isinstance(match, str):
        raise InvalidImport(reason="matchOn must name one field")
    return match, existing == "update"


def wanted_columns(params: Mapping[str, Any]) -> Wanted:
    """Where columns are to go, as far as it is said. Raises ``InvalidImport``."""
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


async def receive(context: Context, limit: int) -> tuple[Path, int]:
    """The body as a file of the storage folder, and how many lines it has."""
    named = context.params.get("encoding")
    screen = Screen(
        encoding=named if isinstance(named, str) else None,
        compression=context.request.header(b"content-encoding"),
    )
    path = folder(context.application.options.storage) / f"{random_id(20)}.csv"
    threads = context.application.threads
    async with unless_taken(path, threads):
        try:
            file = await threads.run(path.open, "xb")
            with Shared(file.close) as use:
                path.chmod(0o600)
                async for chunk in context.request.chunks(limit):
                    screen.see(chunk)
                    await threads.run(use, file.write, chunk)
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise StorageFull() from None
            raise
    return path, screen.lines


def look(path: Path, params: Mapping[str, Any]) -> tuple[source.Layout, list[inference.Column]]:
    """Layout and proposed columns. Runs in a thread. Raises ``InvalidImport`` and ``UnreadableCsv``."""
    order = params.get("dateOrder")
    if order is not None and (not isinstance(order, str) or order not in moments.ORDERS):
        raise InvalidImport(reason=f"dateOrder must be {' or '.join(moments.ORDERS)}")
    given = {name: params[name] for name in ("encoding", "delimiter") if isinstance(params.get(name), str)}
    layout = source.detect(path, **given)
    header = source.header(path, layout)
    sample = next(source.batches(path, layout, size=inference.SAMPLE_ROWS), None)
    return layout, inference.propose(header, sample.rows if sample else [], order)
