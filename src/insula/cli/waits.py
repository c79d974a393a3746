"""Saying at once why a command on an application waits, while its answer is waited for."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from insula.cli.client import Client, complain
from insula.cli.paths import action

LOOK_AFTER_S: Final = 3.0
"""What takes longer may wait for something."""
LOOK_EVERY_S: Final = 2.0
LAST_LOOK_S: Final = 5.0


@contextmanager
def telling_why(client: Client, name: str) -> Iterator[None]:
    """Say on standard error, once, what the application of that name waits for, if it does."""
    over = threading.Event()

    def look() -> None:
        pause_s = LOOK_AFTER_S
        while not over.wait(pause_s):
            pause_s = LOOK_EVERY_S
            found = client.peek(action("applications", "get"), {"filterByTk": name}) or {}
            if why := found.get("waitsFor"):
                complain(f"{name}: {why}")
                return

    looking = threading.Thread(target=look, name="why it waits", daemon=True)
    looking.start()
    try:
        yield
    finally:
        over.set()
        looking.join(LAST_LOOK_S)
