"""One application's record in memory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

from insula.fleet.environment import LOCAL
from insula.fleet.lifecycle import Wanted

ON_FIRST_VISIT: Final = "onFirstVisit"
WITH_MAIN: Final = "withMain"
PREPARED: Final = "prepared"
"""The option that is set once its database is there: from then on it is told by its stamp alone."""
PURGING: Final = "purging"
"""The option that is set where a purge was begun: ``data`` to drop all of it, ``record`` to keep its data."""
NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Entry:
    """A row of ``applications``: a value, so that memory never runs ahead of the table."""

    name: str
    wanted: Wanted
    stamp: str
    display_name: str = ""
    cname: str | None = None
    pinned: bool = False
    icon: str | None = None
    labels: tuple[str, ...] = ()
    environments: tuple[str, ...] = ()
    options: Mapping[str, Any] = field(default_factory=lambda: NOTHING)
    """``startMode dbConnType database autoUpgrade shareSession inLauncher inSwitcher lang timezone sleepAfter``; no secret."""
    credentials: str = field(default="", repr=False)
    """Sealed; see ``seals``."""
    data_key: str = field(default="", repr=False)
    """Wrapped; see ``seals``."""
    version: str = ""
    """Of the code that its database was made or upgraded by; empty: its making has not come to its end."""
    fingerprint: str = ""
    last_visit_at: datetime | None = None
    created_at: datetime | None = None
    created_by_id: int | None = None
    updated_at: datetime | None = None
    deleted_at: datetime | None = None

    @property
    def places(self) -> tuple[str, ...]:
        """The environments where it runs."""
        return self.environments or (LOCAL,)

    @property
    def made(self) -> bool:
        """Whether its database was made and filled. Until then only its making is at work on it."""
        return bool(self.version)

    @property
    def settled(self) -> bool:
        """Whether its database is there, filled or not: which one it is, and where, does not change any more."""
        return self.made or bool(self.options.get(PREPARED))

    @property
    def with_main(self) -> bool:
        """Whether it starts together with the main application; else on its first visit."""
        return self.options.get("startMode") == WITH_MAIN

    @property
    def purging(self) -> bool:
        """Whether its purge was begun: some of it may be gone, and the rest goes as well."""
        return bool(self.options.get(PURGING))


COLUMNS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "name": "name",
        "wanted": "wanted",
        "stamp": "stamp",
        "display_name": "displayName",
        "cname": "cname",
        "pinned": "pinned",
        "icon": "icon",
        "labels": "labels",
        "environments": "environments",
        "options": "options",
        "credentials": "credentials",
        "data_key": "dataKey",
        "version": "version",
        "fingerprint": "fingerprint",
        "last_visit_at": "lastVisitAt",
        "created_at": "createdAt",
        "created_by_id": "createdById",
        "updated_at": "updatedAt",
        "deleted_at": "deletedAt",
    }
)
"""Attribute → column."""


def columns(values: Mapping[str, Any]) -> dict[str, Any]:
    """Attributes → what is written."""
    written = {COLUMNS[name]: value for name, value in values.items()}
    if "wanted" in written:
        written["wanted"] = written["wanted"].value
    for name in ("labels", "environments"):
        if name in written:
            written[name] = list(written[name])
    if "options" in written:
        written["options"] = dict(written["options"])
    return written


def entry_of(row: Mapping[str, Any]) -> Entry:
    """What was read → the entry."""
    return Entry(
        row["name"],
        Wanted(row["wanted"]),
        row["stamp"],
        row["displayName"] or "",
        row["cname"],
        bool(row["pinned"]),
        row["icon"],
        tuple(row["labels"] or ()),
        tuple(row["environments"] or ()),
        row["options"] or NOTHING,
        row["credentials"] or "",
        row["dataKey"] or "",
        row["version"] or "",
        row["fingerprint"] or "",
        row["lastVisitAt"],
        row["createdAt"],
        row["createdById"],
        row["updatedAt"],
        row["deletedAt"],
    )
