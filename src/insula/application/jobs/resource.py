"""The resource ``jobs``: people see and handle the jobs that they started; who holds ``pm.jobs``, also
those of others, but for kinds that take a right which they have not: what such jobs did is told to those who have it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from insula.application.access.errors import Denied
from insula.application.api.action import Action, Answer, Context, Resource
from insula.application.api.queries import number_of, one_key, read_query
from insula.application.errors import InvalidParameter, UnknownJob
from insula.application.jobs.openapi import PARTS, SCHEMAS
from insula.application.jobs.store import Job
from insula.core.translation import in_language
from insula.data.filters.tree import All, Condition, Node, Some
from insula.data.query import Query
from insula.data.scope import Unrestricted

if TYPE_CHECKING:
    from insula.application.access.principal import Principal
    from insula.application.application import Application

_EVERYTHING: Final = Unrestricted()
SNIPPET: Final = "pm.jobs"
ANSWER_WITHIN_S: Final = 1.0


async def list_jobs(context: Context) -> Answer:
    """Jobs, newest first unless sorted."""
    query = read_query(context.request.query, context.params, context.application.options.timezone, "exact")
    open_ = open_jobs(context.application, context.principal)
    wanted = All(tuple(node for node in (open_, query.filter) if node is not None))
    query = Query(
        filter=wanted,
        fields=query.fields,
        sort=query.sort or ("-id",),
        page=query.page,
        page_size=query.page_size or Query().page_size,
    )
    page = await context.application.repository.find("jobs", query, scopes=_EVERYTHING)
    count, size = page.count or 0, query.page_size or 1
    meta = {"count": count, "page": query.page, "pageSize": size, "totalPage": -(-count // size)}
    return Answer([told(row, context.request.language) for row in page.rows], meta)


def told(row: Mapping[str, Any], language: str) -> dict[str, Any]:
    """A job whose sentences, which are kept in English, are in a language."""
    shown = dict(row)
    for name in ("title", "error"):
        if shown.get(name):
            shown[name] = in_language(shown[name], language)
    if shown.get("steps"):
        shown["steps"] = [_step_told(step, language) for step in shown["steps"]]
    return shown


def _step_told(step: Mapping[str, Any], language: str) -> dict[str, Any]:
    shown = dict(step)
    if shown.get("error"):
        shown["error"] = in_language(shown["error"], language)
    if shown.get("log"):
        shown["log"] = [_line_told(line, language) for line in shown["log"]]
    return shown


def _line_told(line: str, language: str) -> str:
    """A line of a log: the moment stays as it is."""
    moment, space, text = line.partition(" ")
    return f"{moment}{space}{in_language(text, language)}"


async def get_job(context: Context) -> Answer:
    """One job with its steps, and whether what it does can be taken back."""
    job, application = await _job(context), context.application
    row = await application.repository.find_one("jobs", job.id, scopes=_EVERYTHING)
    kind = application.jobs.kind(job.kind)
    return Answer(
        row and {**told(row, context.request.language), "undoable": kind is not None and kind.undoable}
    )


async def retry_job(context: Context) -> Answer:
    """Go on with a failed or cancelled job."""
    await context.application.jobs.retry((await _handled(context)).id)
    return await get_job(context)


async def cancel_job(context: Context) -> Answer:
    """End a job."""
    await context.application.jobs.cancel((await _handled(context)).id)
    return await get_job(context)


async def undo_job(context: Context) -> Answer:
    """Begin to take back what a job did; short ones are done when this answers."""
    job = await context.application.jobs.undo((await _handled(context)).id)
    await context.application.jobs.finished(job.id, within_s=ANSWER_WITHIN_S)
    return await get_job(context)


async def _handled(context: Context) -> Job:
    """The job that something is done to. Raises ``Denied`` where its kind takes a right that the role has not."""
    job, application = await _job(context), context.application
    kind = application.jobs.kind(job.kind)
    right = kind.snippet if kind is not None else None
    if right is not None and not application.access.holds(context.principal, right):
        raise Denied(role=context.principal.role, action=context.action, resource=job.kind)
    return job


async def _job(context: Context) -> Job:
    """The job that is addressed. Raises ``UnknownJob`` also for one that they may not see."""
    params: Any = {**context.params, **(context.body if isinstance(context.body, dict) else {})}
    number = number_of(one_key(context.key, params))
    if number is None:
        raise InvalidParameter(parameter="filterByTk", reason="must be the number of a job")
    job = await context.application.jobs.store.get(number)
    if job.created_by != context.principal.user_id:
        closed = closed_kinds(context.application, context.principal)
        if closed is None or job.kind in closed:
            raise UnknownJob(job=job.id)
    return job


def open_jobs(application: Application, principal: Principal) -> Node | None:
    """The filter for the jobs that they may see; ``None`` for those who see all."""
    own = Condition(("createdById",), "$eq", principal.user_id)
    closed = closed_kinds(application, principal)
    if closed is None:
        return own
    return Some((own, Condition(("kind",), "$notIn", closed))) if closed else None


def closed_kinds(application: Application, principal: Principal) -> list[str] | None:
    """The kinds of which they see their own jobs only; ``None``: of all."""
    holds = application.access.holds
    if not holds(principal, SNIPPET):
        return None
    return [
        kind.name
        for kind in application.jobs.kinds()
        if kind.snippet is not None and not holds(principal, kind.snippet)
    ]


JOBS_RESOURCE: Final = Resource(
    "jobs",
    (
        Action("list", list_jobs, "signed_in", "List jobs."),
        Action("get", get_job, "signed_in", "Get a job with its steps."),
        Action("retry", retry_job, "signed_in", "Go on with a failed job.", writes=True),
        Action("cancel", cancel_job, "signed_in", "End a job.", writes=True),
        Action("undo", undo_job, "signed_in", "Take back what a job did.", writes=True),
    ),
    "Jobs",
    PARTS,
    SCHEMAS,
)
