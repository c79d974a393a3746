"""What is left to be done until all is as it is wanted, by what each part of the fleet itself says."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from insula.data.scope import Unrestricted
from insula.fleet.lifecycle import Observed, Wanted
from insula.testing.modelled_fleet.model import ENDED, GONE, HALF, MAKING, PURGING, state_of
from insula.testing.modelled_fleet.site import Site
from insula.testing.modelled_fleet.world import World

_DOWN: Final = (Observed.STOPPED, Observed.NOT_FOUND)
_KEPT: Final = {
    "running": Wanted.RUNNING,
    "asleep": Wanted.ASLEEP,
    "stopped": Wanted.STOPPED,
    "deleted": Wanted.STOPPED,
}


async def differences(world: World, name: str, places: Sequence[str]) -> list[str]:
    """As sentences; empty: there are none. All environments and the supervisor are there."""
    wanted = state_of(world.records, name)
    row = await world.main.repository.find_one("applications", name, scopes=Unrestricted())
    if wanted in (MAKING, PURGING):
        return [f"{name} is {wanted}"]
    found = list(_remains(world, name)) if wanted == GONE else []
    if (row is None) != (wanted == GONE):
        found.append(f"{name} is {wanted}, and its row is {row}")
    if row is not None and world.records.get(name).wanted.value != row["wanted"]:
        found.append(f"{name} is {wanted}, and {row['wanted']} in its row")
    if row is not None and wanted != HALF:
        if (world.databases.stamps.get(name), name in world.databases.filled) != (row["stamp"], True):
            found.append(f"the database of {name} is not there")
        for place in places:
            found += _in_place(world, name, place, wanted)
    return found


def _remains(world: World, name: str) -> Iterator[str]:
    if name in world.databases.stamps:
        yield f"{name} is gone, and has a database"
    for place, site in world.sites.items():
        if site.process.status(name).observed is not Observed.NOT_FOUND:
            yield f"{name} is gone, and {site.process.status(name).observed.value} in {place}"
        if site.ledger.kept(name) is not None:
            yield f"{name} is gone, and kept in {place}"


def _in_place(world: World, name: str, place: str, wanted: str) -> Iterator[str]:
    site: Site = world.sites[place]
    is_there = site.process.status(name).observed
    right = (is_there is Observed.RUNNING) if wanted == "running" else is_there in _DOWN
    if not right:
        yield f"{name} is wanted {wanted}, and {is_there.value} in {place}"
    if (site.process.running(name) is not None) != (wanted == "running"):
        yield f"{name} is wanted {wanted}, and does not do so in {place}"
    told = world.records.statuses(world.records.get(name))[place]
    if told.observed is not ENDED[wanted]:
        yield f"{name} is wanted {wanted}, and seen {told.observed.value} ({told.cause}) in {place}"
    kept = site.ledger.kept(name)
    if (kept is None and wanted == "running") or (kept is not None and kept.wanted is not _KEPT[wanted]):
        yield f"{name} is wanted {wanted}, and {place} keeps {kept and kept.wanted.value}"
