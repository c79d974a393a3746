"""Makes or drops one application's database, and is killed before or after the n-th thing that changes anything.

Started by a test: one JSON object as its argument. Ends with 0 where there were fewer things than ``at``.
"""

import asyncio
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

from insula.database.budget import ConnectionBudget
from insula.database.options import DatabaseOptions
from insula.database.pooled import PooledDatabase
from insula.database.pooled_transaction import PooledTransaction
from insula.database.provision.by_dialect import provision
from insula.database.provision.ownership import Stamp
from insula.testing.provisioning import TABLES, order, template

FILE_EVENTS = ("sqlite3.connect", "os.link", "os.remove", "os.rename", "os.mkdir", "os.rmdir", "open")


class Killer:
    """Counts, and kills this very process when it is time."""

    def __init__(self, at: int) -> None:
        self.left = at

    def count(self) -> None:
        self.left -= 1
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def watch_statements(self) -> None:
        """Before each statement that changes something, and each commit; and after."""
        for kind, name in (
            (PooledDatabase, "execute"),
            (PooledDatabase, "run"),
            (PooledTransaction, "execute"),
            (PooledTransaction, "_commit"),
        ):
            setattr(kind, name, self._around(getattr(kind, name)))

    def _around(self, work: Any) -> Any:
        async def counted(*arguments: Any, **more: Any) -> Any:
            self.count()
            result = await work(*arguments, **more)
            self.count()
            return result

        return counted

    def watch_files(self, folder: str) -> None:
        """Before each change of a file in the folder."""

        def hook(event: str, arguments: tuple[Any, ...]) -> None:
            if event in FILE_EVENTS and arguments and folder in os.fsdecode(_path(arguments[0])):
                self.count()

        sys.addaudithook(hook)


def _path(value: Any) -> Any:
    return value if isinstance(value, str | bytes | os.PathLike) else ""


async def main(asked: dict[str, Any]) -> None:
    storage = asked["options"]["storage"]
    at = DatabaseOptions(**{**asked["options"], "storage": Path(storage) if storage else None})
    made = order(
        asked["what"],
        at,
        DatabaseOptions("sqlite", storage=Path("main.sqlite")),
        Path(asked["folder"]),
        stamp=Stamp(asked["application"], asked["id"]),
        budget=ConnectionBudget(5),
    )
    killer = Killer(asked["at"])
    killer.watch_statements()
    killer.watch_files(asked["folder"])
    if asked["verb"] == "prepare":
        await provision(at.dialect).prepare(made, template(at.dialect))
    else:
        await provision(at.dialect).remove(made, TABLES)


if __name__ == "__main__":
    asyncio.run(main(json.loads(sys.argv[1])))
