"""``insula jobs``: what runs in the background of an application."""

from typing import Any

import click

from insula.cli.client import Client, fail
from insula.cli.options import app_option, as_json_option, wait_option
from insula.cli.output import show_one, show_page, told
from insula.cli.paths import action
from insula.cli.progress import follow
from insula.server.exits import Exit

job_argument = click.argument("job", type=click.IntRange(1))


@click.group()
def jobs() -> None:
    """The jobs of an application, such as imports."""


@jobs.command("list")
@click.option("--page", type=click.IntRange(1), default=1, show_default=True)
@click.option("--page-size", type=click.IntRange(1), default=20, show_default=True)
@app_option
@as_json_option
def list_jobs(page: int, page_size: int, app: str, as_json: bool) -> None:
    """List jobs, newest first."""
    answer = Client(app).answer(action("jobs", "list"), params={"page": page, "pageSize": page_size})
    for job in answer["data"]:
        job["progress"] = job["progress"] if as_json else f"{job['progress']:.0%}"
    columns = ("id", "title", "status", "progress", "createdAt", "error")
    show_page(answer, "jobs", columns, as_json=as_json)


@jobs.command("show")
@job_argument
@app_option
@as_json_option
def show_job(job: int, app: str, as_json: bool) -> None:
    """Show the job with the number JOB and its steps."""
    show_one(Client(app).call(action("jobs", "get", job)), as_json=as_json)


@jobs.command("cancel")
@job_argument
@app_option
@as_json_option
def cancel_job(job: int, app: str, as_json: bool) -> None:
    """End the job with the number JOB where it is; what it did stays."""
    _told(_change(app, "cancel", job), as_json)


@jobs.command("retry")
@job_argument
@wait_option
@app_option
@as_json_option
def retry_job(job: int, wait: bool, app: str, as_json: bool) -> None:
    """Go on with the failed or cancelled job with the number JOB."""
    changed = _change(app, "retry", job)
    if not (wait and as_json):
        _told(changed, as_json)
    if wait:
        _ended(app, job, "succeeded", as_json=as_json)


@jobs.command("undo")
@job_argument
@wait_option
@app_option
@as_json_option
def undo_job(job: int, wait: bool, app: str, as_json: bool) -> None:
    """Take back what the job with the number JOB did, where its kind can."""
    changed = _change(app, "undo", job)
    if not (wait and as_json):
        _told(changed, as_json)
    if wait:
        _ended(app, job, "undone", as_json=as_json)


@jobs.command("wait")
@job_argument
@app_option
@as_json_option
def wait_for_job(job: int, app: str, as_json: bool) -> None:
    """Wait until the job with the number JOB has ended; the exit code is 1 unless it succeeded or was taken back."""
    _ended(app, job, "succeeded", "undone", as_json=as_json)


def _change(app: str, verb: str, job: int) -> dict[str, Any]:
    changed: dict[str, Any] = Client(app).call(action("jobs", verb, job), body={})
    return changed


def _ended(app: str, job: int, *wanted: str, as_json: bool) -> None:
    """Wait for the end of a job, and end the command with a sentence where it is not one of those that are wanted."""
    state = follow(Client(app), job, f"Job {job}", quiet=as_json)
    if state["status"] not in wanted:
        fail(state["error"] or f"The job {job} was {state['status']}.", Exit.DEFECT)
    _told(state, as_json)


def _told(job: dict[str, Any], as_json: bool) -> None:
    told(job, f"Job {job['id']} is {job['status']}.", as_json=as_json)
