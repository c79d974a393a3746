"""``insula environments``: where applications can run."""

import click

from insula.cli.client import Client, fail
from insula.cli.options import as_json_option
from insula.cli.output import show_one, show_page
from insula.cli.paths import action
from insula.server.exits import Exit

RESOURCE = "environments"
COLUMNS = ("name", "state", "placed", "capacity", "applications", "appVersion", "url", "lastHeartbeatAt")

name_argument = click.argument("name")


@click.group()
def environments() -> None:
    """The environments where applications can run."""


@environments.command("list")
@as_json_option
def list_environments(as_json: bool) -> None:
    """List environments: how many applications are placed there, and how many of these run."""
    show_page(Client().answer(action(RESOURCE, "list")), "environments", COLUMNS, as_json=as_json)


@environments.command("show")
@name_argument
@as_json_option
def show_environment(name: str, as_json: bool) -> None:
    """Show the environment NAME, and why it can not be reached."""
    found = Client().call(action(RESOURCE, "get"), params={"filterByTk": name})
    if found is None:
        fail(f"There is no environment {name}.", Exit.MISSING)
    show_one(found, as_json=as_json)


@environments.command("forget")
@name_argument
def forget_environment(name: str) -> None:
    """Forget the environment NAME, which is stopped for good and has no applications any more."""
    Client().call(action(RESOURCE, "destroy"), params={"filterByTk": name}, body={})
    click.echo(f"{name} is forgotten.")
