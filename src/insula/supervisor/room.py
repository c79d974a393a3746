"""How many applications each environment has, and whether there is room for one more."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from insula.fleet.lifecycle import Wanted
from insula.supervisor.errors import EnvironmentFull

if TYPE_CHECKING:
    from insula.supervisor.places import Places
    from insula.supervisor.records import Records


class Room:
    """Deleted applications take none: they do not run."""

    def __init__(self, records: Records, places: Places) -> None:
        self._records = records
        self._places = places
        self._placing = asyncio.Lock()

    def taken(self) -> Counter[str]:
        """Environment → applications that are placed there."""
        return Counter(
            place
            for entry in self._records.all()
            if entry.wanted is not Wanted.DELETED
            for place in entry.places
        )

    def check(self, name: str, places: tuple[str, ...]) -> None:
        """Raises ``EnvironmentFull`` where one of them has no room for an application that is not there yet."""
        limits = {place: limit for place in places if (limit := self._limit(place))}
        if not limits:
            return
        entry = self._records.entry(name)
        there = entry.places if entry is not None and entry.wanted is not Wanted.DELETED else ()
        taken = self.taken()
        for place, limit in limits.items():
            if place not in there and taken[place] >= limit:
                raise EnvironmentFull(environment=place, capacity=limit, applications=taken[place])

    @asynccontextmanager
    async def held(self, name: str, places: tuple[str, ...]) -> AsyncIterator[None]:
        """Write in this block that an application is placed there: nobody else takes its room meanwhile, nor forgets them.

        Raises ``EnvironmentFull``, and ``NoSuchEnvironment`` for one that was forgotten just now.
        """
        async with self._placing:
            entry = self._records.entry(name)
            before = entry.places if entry is not None else ()
            for place in places:
                if place not in before:
                    self._places.expect(place)
            self.check(name, places)
            yield

    async def forget(self, environment: str) -> None:
        """Know an environment no more; nobody is placed there meanwhile. Raises as ``Supervisor.forget``."""
        async with self._placing:
            there = sorted(entry.name for entry in self._records.all() if environment in entry.places)
            await self._places.forget(environment, there)

    def _limit(self, place: str) -> int:
        environment = self._places.of(place)
        return environment.capacity if environment is not None else 0
