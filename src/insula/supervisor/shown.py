"""An application as it is answered: its record without any secret, what is observed of it, and its figures."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from insula.core.translation import in_language
from insula.data.filters.tree import All, Condition
from insula.data.query import Query
from insula.data.scope import Unrestricted
from insula.fleet.address import address
from insula.fleet.configuration import DEFAULT_CONNECTION
from insula.fleet.lifecycle import Observed, Status
from insula.fleet.traffic import Counts
from insula.fleet.traffic_numbers import bound_ms, rank
from insula.supervisor.creation import KIND, mark_of
from insula.supervisor.entry import ON_FIRST_VISIT, Entry
from insula.supervisor.status import common, shown
from insula.supervisor.supervisor import Supervisor
from insula.supervisor.wishes import DATABASE, OPTIONS, SECRET

if TYPE_CHECKING:
    from insula.application.application import Application

STORED: Final = (
    *("name", "displayName", "cname", "pinned", "icon", "labels", "environments", "options", "wanted"),
    *("version", "lastVisitAt", "createdAt", "createdById", "updatedAt", "deletedAt"),
)
"""Fields of the table that are answered, filtered and sorted by."""
COMPUTED: Final = (
    "status",
    "statuses",
    "doing",
    "failure",
    "degraded",
    "waitsFor",
    "jobId",
    "url",
    "addresses",
    "requests",
    "errors",
    "latency",
)
"""Fields that are in no table."""
_PLACES: Final = tuple(key for key in DATABASE if key not in SECRET)
_EVERYTHING: Final = Unrestricted()
_GIVEN_UP: Final = ("failed", "cancelled")
_OPEN_JOBS: Final = ("waiting", "running", "undoing", *_GIVEN_UP)


@dataclass(frozen=True, slots=True)
class MakingJob:
    """The job that makes an application which is not made yet."""

    id: int
    status: str
    error: str | None


async def making_jobs(main: Application, entries: Iterable[Entry]) -> Mapping[str, MakingJob]:
    """By application, for those that are not made yet; no query where there are none, and no row of any other job."""
    marks = {mark_of(entry): entry.name for entry in entries if not entry.made}
    if not marks:
        return {}
    mine = All(
        (
            Condition(("kind",), "$eq", KIND),
            Condition(("status",), "$in", list(_OPEN_JOBS)),
            Condition(("input", "mark"), "$in", list(marks)),
        )
    )
    query = Query(
        filter=mine,
        fields=("id", "status", "error", "input"),
        sort=("id",),
        page_size=None,
        counting="none",
    )
    rows = (await main.repository.find("jobs", query, scopes=_EVERYTHING)).rows
    return {marks[row["input"]["mark"]]: MakingJob(row["id"], row["status"], row["error"]) for row in rows}


def statuses_of(supervisor: Supervisor, entry: Entry, job: MakingJob | None) -> dict[str, Status]:
    """Environment → status; one whose making was given up, and of which nobody reports why, is in error."""
    found = supervisor.records.statuses(entry)
    if job is None or job.status not in _GIVEN_UP:
        return found
    cause = job.error or "the job that makes it was cancelled"
    cause = f"{cause}; retry the job {job.id} to go on with it, undo it to take it back, or delete the application"
    return {
        place: status
        if status.observed is Observed.ERROR
        else Status(Observed.ERROR, status.since, None, "create", cause)
        for place, status in found.items()
    }


async def given_up(main: Application, supervisor: Supervisor, entry: Entry) -> Status | None:
    """What visitors are told of one that nobody makes any more; ``None`` while somebody does."""
    job = (await making_jobs(main, (entry,))).get(entry.name)
    if job is None or job.status not in _GIVEN_UP:
        return None
    return common(statuses_of(supervisor, entry, job))


def answer(
    main: Application, supervisor: Supervisor, entry: Entry, job: MakingJob | None, language: str
) -> dict[str, Any]:
    """Everything that is answered of an application, its sentences in ``language``."""
    statuses = statuses_of(supervisor, entry, job)
    counts = supervisor.traffic.seen(entry.name) or Counts()
    return {
        "name": entry.name,
        "displayName": entry.display_name,
        "cname": entry.cname,
        "pinned": entry.pinned,
        "icon": entry.icon,
        "labels": list(entry.labels),
        "environments": list(entry.environments),
        "status": shown(statuses),
        "statuses": {place: status.observed.value for place, status in statuses.items()},
        "doing": _doing(statuses, language),
        "failure": _failure(statuses, language),
        "degraded": {place: list(status.failed) for place, status in statuses.items() if status.failed},
        "waitsFor": supervisor.orders.waits.get(entry.name),
        "wanted": entry.wanted.value,
        "version": entry.version or None,
        "lastVisitAt": last_visit(entry, counts),
        "url": url_of(main, entry),
        "addresses": addresses_of(main, entry),
        "options": shown_options(entry),
        "jobId": job.id if job is not None else None,
        "requests": counts.requests,
        "errors": counts.errors,
        "latency": latency(counts),
        "createdAt": entry.created_at,
        "createdById": entry.created_by_id,
        "updatedAt": entry.updated_at,
        "deletedAt": entry.deleted_at,
    }


def addresses_of(main: Application, entry: Entry) -> list[str]:
    """The pages that people visit it at: of its own domain, where it has one, and the one that all applications have."""
    domains = (entry.cname, None) if entry.cname else (None,)
    return [f"{address(main.options.url, entry.name, domain)}/admin/" for domain in domains]


def url_of(main: Application, entry: Entry) -> str:
    """The first of them."""
    return addresses_of(main, entry)[0]


def latency(counts: Counts) -> dict[str, float | None]:
    """Milliseconds since the process began: ``mean``, and upper bounds of what ``p50`` and ``p95`` of all took."""
    answered = sum(counts.buckets)
    mean = round(counts.seconds / answered * 1000, 2) if answered else None
    p50, p95 = (bound_ms(rank(counts.buckets, share)) for share in (0.5, 0.95))
    return {"mean": mean, "p50": p50, "p95": p95}


def _doing(statuses: Mapping[str, Status], language: str) -> dict[str, Any] | None:
    for place, status in statuses.items():
        if status.doing:
            return {
                "environment": place,
                "message": in_language(status.doing, language),
                "progress": status.progress,
            }
    return None


def _failure(statuses: Mapping[str, Status], language: str) -> dict[str, Any] | None:
    for place, status in statuses.items():
        if status.stuck:
            return {
                "environment": place,
                "step": status.step,
                "message": in_language(status.cause, language),
                "since": status.since,
            }
    return None


def last_visit(entry: Entry, counts: Counts) -> datetime | None:
    """The one that is written, or a later one that is not yet."""
    moments = (entry.last_visit_at, counts.last_visit_at)
    return max((moment for moment in moments if moment is not None), default=None)


def shown_options(entry: Entry) -> dict[str, Any]:
    """Only what is known to be no secret."""
    options = {key: entry.options[key] for key in OPTIONS if key in entry.options}
    database = entry.options.get("database") or {}
    return {
        "startMode": ON_FIRST_VISIT,
        "dbConnType": DEFAULT_CONNECTION,
        "autoUpgrade": True,
        "shareSession": False,
        "inLauncher": True,
        "inSwitcher": True,
        **options,
        "database": {key: database[key] for key in _PLACES if key in database},
    }
