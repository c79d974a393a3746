"""The verbs, one group for each thing that is handled."""

import os
import sys
from dataclasses import asdict
from typing import Any

import click

from insula import __version__
from insula.cli.client import Client
from insula.cli.output import show
from insula.cli.records import records
from insula.gateway.selector import MAIN
from insula.server import settings as reader
from insula.server.exits import Exit
from insula.server.settings_report import rows

as_json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
app_option = click.option("--app", default=MAIN, show_default=True, help="The application.")


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="insula", message="%(prog)s %(version)s")
def insula() -> None:
    """Many isolated business applications under one roof."""


insula.add_command(records)


@insula.command()
def start() -> None:
    """Run the server until it is told to stop."""
    # A fresh process, which holds nothing of the command line.
    os.execv(sys.executable, [sys.executable, "-m", "insula.server"])  # noqa: S606 - our own interpreter


@insula.command()
def version() -> None:
    """Print the version."""
    click.echo(__version__)


@insula.group()
def settings() -> None:
    """The settings of this environment."""


@settings.command("check")
@as_json_option
def check_settings(as_json: bool) -> None:
    """Print each setting, where it comes from, and what is wrong. Secrets are masked."""
    reading = reader.read()
    show([asdict(row) for row in rows(reading)], ("name", "value", "source"), as_json=as_json)
    for warning in reading.warnings:
        click.echo(f"insula: {warning}", err=True)
    for sentence in reading.wrong.values():
        click.echo(f"insula: {sentence}", err=True)
    if reading.wrong:
        raise click.exceptions.Exit(int(Exit.INVALID))


@insula.group()
def users() -> None:
    """The people of an application."""


@users.command("list")
@app_option
@as_json_option
def list_users(app: str, as_json: bool) -> None:
    """List users."""
    found = Client(app).call("users:list", params={"paginate": "false"})
    show(found, ("id", "username", "email", "nickname"), as_json=as_json)


@users.command("reset-password")
@click.argument("account")
@app_option
@click.password_option(help="The new password; asked for when not given.")
def reset_password(account: str, app: str, password: str) -> None:
    """Set a new password for ACCOUNT (e-mail or user name)."""
    client = Client(app)
    wanted: dict[str, Any] = {"$or": [{"email": account.lower()}, {"username": account}]}
    found = client.call("users:list", body={"filter": wanted})
    if not found:
        from insula.cli.client import fail

        fail(f"there is no user {account}", Exit.MISSING)
    client.call(f"users:update/{found[0]['id']}", body={"password": password})
    click.echo(f"{account} has a new password.")


@insula.group()
def collections() -> None:
    """The collections of an application."""


@collections.command("list")
@app_option
@as_json_option
def list_collections(app: str, as_json: bool) -> None:
    """List collections."""
    found = Client(app).call("collections:list", params={"paginate": "false"})
    show(found, ("name", "title"), as_json=as_json)


@insula.group()
def plugins() -> None:
    """The plugins of an application."""


@plugins.command("list")
@app_option
@as_json_option
def list_plugins(app: str, as_json: bool) -> None:
    """List plugins."""
    show(Client(app).call("pm:list"), ("name", "enabled", "version", "error"), as_json=as_json)


@plugins.command("enable")
@click.argument("name")
@app_option
def enable_plugin(name: str, app: str) -> None:
    """Enable a plugin."""
    Client(app).call("pm:enable", params={"filterByTk": name}, body={})
    click.echo(f"{name} is enabled.")


@plugins.command("disable")
@click.argument("name")
@app_option
def disable_plugin(name: str, app: str) -> None:
    """Disable a plugin."""
    Client(app).call("pm:disable", params={"filterByTk": name}, body={})
    click.echo(f"{name} is disabled.")
