"""``insula apps``: the applications of this installation, and their life."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any

import click

from insula.cli.app_logs import show_logs
from insula.cli.app_update import update_app
from insula.cli.app_values import connection_options, option_values
from insula.cli.client import Client, complain, fail
from insula.cli.options import as_json_option, named
from insula.cli.output import show, show_one, show_page, told
from insula.cli.paths import action
from insula.cli.progress import follow, spelled
from insula.cli.waits import telling_why
from insula.core.names import MAIN
from insula.fleet.errors import ApplicationNotFound, MainStandsApart
from insula.server.command import command
from insula.server.exits import Exit

RESOURCE = "applications"
COLUMNS = (
    "name",
    "displayName",
    "status",
    "wanted",
    "environments",
    "startMode",
    "cname",
    "version",
    "lastVisitAt",
)

names_argument = click.argument("names", nargs=-1, required=True, metavar="NAME…", callback=named)


@click.group()
def apps() -> None:
    """The applications of this installation."""


apps.add_command(show_logs)
apps.add_command(update_app)


@apps.command("list")
@click.option("--page", type=click.IntRange(1), default=1, show_default=True)
@click.option("--page-size", type=click.IntRange(1), default=50, show_default=True)
@click.option("--filter", "filter_", help='A filter as JSON, such as {"status": "running"}.')
@as_json_option
def list_apps(page: int, page_size: int, filter_: str | None, as_json: bool) -> None:
    """List applications."""
    params: dict[str, Any] = {"page": page, "pageSize": page_size, "sort": "name"}
    if filter_:
        params["filter"] = filter_
    answer = Client().answer(action(RESOURCE, "list"), params=params)
    if not as_json:
        answer["data"] = [
            {**_in_words(one), "startMode": (one.get("options") or {}).get("startMode")}
            for one in answer["data"]
        ]
    show_page(answer, "applications", COLUMNS, as_json=as_json)


@apps.command("show")
@click.argument("name", callback=named)
@as_json_option
def show_app(name: str, as_json: bool) -> None:
    """Show the application NAME: its record, statuses and traffic."""
    found = _get(Client(), name)
    show_one(found if as_json else _in_words(found), as_json=as_json)


def _in_words(application: Mapping[str, Any]) -> dict[str, Any]:
    """An application for people: what runs without some of its plugins says so, and by environment without which."""
    failed = application.get("degraded") or {}
    status = application.get("status")
    return {
        **application,
        "status": f"{status}, degraded" if failed and status == "running" else status,
        "degraded": [{"name": place, "plugins": names} for place, names in failed.items()],
    }


@apps.command("create")
@click.argument("name", required=False)
@connection_options
@click.option(
    "--adopt", help="The stamp of an application that is in that database already, to take it over."
)
@click.option(
    "--wait/--no-wait",
    default=True,
    help="Return when it runs, with a progress bar, or when it is begun; the job goes on.",
)
@as_json_option
def create_app(name: str | None, adopt: str | None, wait: bool, as_json: bool, **given: Any) -> None:
    """Create an application with the id NAME (one is made when none is given), and wait until it runs."""
    client = Client()
    values = option_values(name, given)
    params = {"adopt": adopt} if adopt else None
    made = client.call(action(RESOURCE, "create"), params=params, body=values)
    name = str(made["name"])
    for warning in made["warnings"]:
        complain(f"{warning['message']} {warning['remedy']}".strip())
    if wait:
        with telling_why(client, name):
            job = follow(client, made["jobId"], f"Creating {name}", quiet=as_json)
        if job["status"] != "succeeded":
            complain(
                f"“{spelled(client, 'retry', job['id'])}” goes on with it, “{spelled(client, 'undo', job['id'])}” takes it back."
            )
            fail(job["error"] or f"The job {job['id']} was {job['status']}.", Exit.DEFECT)
        made = {**_get(client, name), "jobId": job["id"]}
    if as_json:
        show_one(made, as_json=True)
    else:
        click.echo(
            f"{name} is {made['status']}." if wait else f"{name} is being made by job {made['jobId']}."
        )
        for address in made["addresses"]:
            click.echo(address)


@apps.command("check")
@click.argument("name", required=False)
@connection_options
@click.option("--adopt", help="The stamp of an application that is in that database already.")
@as_json_option
def check_app(name: str | None, adopt: str | None, as_json: bool, **given: Any) -> None:
    """Try what creating the same application would need, and change nothing. The exit code is 3 where it would fail."""
    params = {"adopt": adopt} if adopt else None
    findings = Client().call(action(RESOURCE, "check"), params=params, body=option_values(name, given))[
        "findings"
    ]
    show(findings, ("level", "code", "message", "remedy"), as_json=as_json)
    if any(finding["level"] == "error" for finding in findings):
        raise click.exceptions.Exit(int(Exit.INVALID))


@apps.command("start")
@names_argument
@as_json_option
def start_apps(names: Sequence[str], as_json: bool) -> None:
    """Start applications, and wait until they run."""
    _each(names, "start", "is started", as_json=as_json)


@apps.command("stop")
@names_argument
@as_json_option
def stop_apps(names: Sequence[str], as_json: bool) -> None:
    """Stop applications: they stay down until someone starts them."""
    _each(names, "stop", "is stopped", as_json=as_json)


@apps.command("sleep")
@names_argument
@as_json_option
def sleep_apps(names: Sequence[str], as_json: bool) -> None:
    """Put applications to sleep: a visit wakes them."""
    _each(names, "sleep", "sleeps", as_json=as_json)


@apps.command("restart")
@names_argument
@as_json_option
def restart_apps(names: Sequence[str], as_json: bool) -> None:
    """Stop and start applications."""
    _each(names, "restart", "is restarted", as_json=as_json)


@apps.command("upgrade")
@names_argument
@as_json_option
def upgrade_apps(names: Sequence[str], as_json: bool) -> None:
    """Bring the databases of applications to the version of the server."""
    _each(names, "upgrade", "is upgraded", as_json=as_json)


@apps.command("restore")
@names_argument
@as_json_option
def restore_apps(names: Sequence[str], as_json: bool) -> None:
    """Bring deleted applications back, stopped."""
    _each(names, "restore", "is restored, and stopped", as_json=as_json)


@apps.command("delete")
@click.argument("name", callback=named)
@click.option("--confirm", help="The name once more; asked for at a terminal when not given.")
@as_json_option
def delete_app(name: str, confirm: str | None, as_json: bool) -> None:
    """Delete the application NAME. Its data is kept until it is purged, so that it can be restored."""
    _confirmed("destroy", name, confirm)
    if as_json:
        show_one(_get(Client(), name), as_json=True)
    else:
        click.echo(f"{name} is deleted; “{command()} apps restore {name}” brings it back.")


@apps.command("purge")
@click.argument("name", callback=named)
@click.option("--confirm", help="The name once more; asked for at a terminal when not given.")
@click.option(
    "--keep-data", is_flag=True, help="Only forget it: its database stays, and need not be reached."
)
@as_json_option
def purge_app(name: str, confirm: str | None, keep_data: bool, as_json: bool) -> None:
    """Drop the data of the deleted application NAME for good."""
    params = {"keepData": "true"} if keep_data else {}
    answer = _confirmed("purge", name, confirm, **params)
    left, data = answer["left"], "its data stay where they are" if keep_data else "with its data"
    told(answer, f"{name} is gone. {left}" if left else f"{name} is gone, {data}.", as_json=as_json)


def _get(client: Client, name: str) -> dict[str, Any]:
    """The record. Ends the command where there is none."""
    found: dict[str, Any] | None = client.call(action(RESOURCE, "get"), params={"filterByTk": name})
    if found is None:
        why = MainStandsApart() if name == MAIN else ApplicationNotFound(application=name)
        fail(why.message, Exit.MISSING)
    return found


def _each(names: Sequence[str], verb: str, done: str, *, as_json: bool) -> None:
    """Do it for one after the other. One that fails is told of and holds up none of the others; the last failure
    gives the exit code. As JSON, what was answered of those where it was done is one list."""
    client = Client()
    failed: click.exceptions.Exit | None = None
    answers: list[Any] = []
    for name in names:
        try:
            with telling_why(client, name):
                answers.append(client.call(action(RESOURCE, verb), params={"filterByTk": name}, body={}))
        except click.exceptions.Exit as error:
            failed = error
        else:
            if not as_json:
                click.echo(f"{name} {done}.")
    if as_json:
        show(answers, (), as_json=True)
    if failed is not None:
        raise failed


def _confirmed(verb: str, name: str, confirm: str | None, **params: str) -> Any:
    typed = confirm if confirm is not None else _asked(name)
    params |= {"filterByTk": name, "confirm": typed}
    client = Client()
    with telling_why(client, name):
        return client.call(action(RESOURCE, verb), params=params, body={})


def _asked(name: str) -> str:
    """What is typed. Where nobody can type, says what to give instead, and ends the command."""
    try:
        return str(click.prompt(f"Type {name} to confirm", err=True))
    except click.Abort:
        if sys.stdin.isatty():
            raise
        click.echo(err=True)
        fail(f"Give the name once more: --confirm {name}", Exit.INVALID)
