"""One process of an application, which changes a collection and is killed before the n-th statement of that.

Started by a test: one JSON object as its argument (``options at path body``). Ends with 0 where there were fewer.
"""

import asyncio
import json
import os
import signal
import sys
from typing import Any

from insula.database.options import DatabaseOptions
from insula.database.pooled_transaction import PooledTransaction
from insula.testing.several import PLACES, member, side_of


def kill_at(number: int) -> None:
    """End this process, as a power cut does, before the ``number``-th thing that a transaction does from now on."""
    left = number
    work = PooledTransaction._guard

    async def counted(*arguments: Any) -> Any:
        nonlocal left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return await work(*arguments)

    PooledTransaction._guard = counted  # type: ignore[method-assign]


async def main(asked: dict[str, Any]) -> None:
    async with side_of(member(DatabaseOptions(**asked["options"]), PLACES[0])) as side:
        kill_at(asked["at"])
        await side.post(asked["path"], **asked["body"])


if __name__ == "__main__":
    asyncio.run(main(json.loads(sys.argv[1])))
