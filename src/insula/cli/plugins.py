"""``insula plugins``: what is switched on in an application."""

import click

from insula.cli.client import Client
from insula.cli.options import app_option, as_json_option
from insula.cli.output import show


@click.group()
def plugins() -> None:
    """The plugins of an application."""


@plugins.command("list")
@app_option
@as_json_option
def list_plugins(app: str, as_json: bool) -> None:
    """List plugins: whether they are enabled and work, and if not, why."""
    columns = ("name", "enabled", "working", "version", "error")
    show(Client(app).call("pm:list"), columns, as_json=as_json)


@plugins.command("enable")
@click.argument("name")
@app_option
def enable_plugin(name: str, app: str) -> None:
    """Enable the plugin NAME."""
    Client(app).call("pm:enable", params={"filterByTk": name}, body={})
    click.echo(f"{name} is enabled.")


@plugins.command("disable")
@click.argument("name")
@app_option
def disable_plugin(name: str, app: str) -> None:
    """Disable the plugin NAME."""
    Client(app).call("pm:disable", params={"filterByTk": name}, body={})
    click.echo(f"{name} is disabled.")
