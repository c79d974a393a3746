"""Waiting for what environments report."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from insula.fleet.discovery.base import Discovery
from insula.fleet.lifecycle import Status

Heard = Callable[[str, str, Status], bool]
"""Whether this report (environment, application, status) is what is waited for."""


async def next_report(discovery: Discovery, heard: Heard, within_s: float) -> None:
    """Return with the next report that is waited for, or after ``within_s``."""
    reported = asyncio.Event()

    def look(environment: str, application: str, status: Status) -> None:
        if heard(environment, application, status):
            reported.set()

    end = discovery.watch(look)
    try:
        async with asyncio.timeout(within_s):
            await reported.wait()
    except TimeoutError:
        return
    finally:
        end()
