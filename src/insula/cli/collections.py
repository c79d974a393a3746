"""``insula collections``: what an application keeps records of."""

from typing import Any

import click

from insula.cli.client import Client, fail
from insula.cli.options import app_option, as_json_option
from insula.cli.output import show, show_one
from insula.server.exits import Exit


@click.group()
def collections() -> None:
    """The collections of an application."""


@collections.command("list")
@app_option
@as_json_option
def list_collections(app: str, as_json: bool) -> None:
    """List collections."""
    found = Client(app).call("collections:list", params={"paginate": "false"})
    show(found, ("name", "title"), as_json=as_json)


@collections.command("show")
@click.argument("name")
@app_option
@as_json_option
def show_collection(name: str, app: str, as_json: bool) -> None:
    """Show the collection NAME with its fields."""
    found = Client(app).call("collections:get", params={"filterByTk": name, "appends": "fields"})
    if found is None:
        fail(f"There is no collection {name} in {app}.", Exit.MISSING)
    if as_json:
        show_one(found, as_json=True)
        return
    fields = found.pop("fields", [])
    show_one({"name": found["name"], "title": found.get("title")}, as_json=False)
    click.echo()
    show(fields, ("name", "type", "target", "required", "unique"), as_json=False)


@collections.command("create")
@click.argument("name")
@click.option("--title", help="The name that people see.")
@click.option(
    "--field", "fields", multiple=True, metavar="NAME:TYPE", help="A field; may be given many times."
)
@app_option
@as_json_option
def create_collection(name: str, title: str | None, fields: tuple[str, ...], app: str, as_json: bool) -> None:
    """Create the collection NAME with its table."""
    values: dict[str, Any] = {"name": name, "fields": [_field(text) for text in fields]}
    if title:
        values["title"] = title
    created = Client(app).call("collections:create", body=values)
    if as_json:
        show_one(created, as_json=True)
    else:
        click.echo(f"{name} is created.")


def _field(text: str) -> dict[str, str]:
    name, colon, kind = text.partition(":")
    if not (name and colon and kind):
        raise click.UsageError(f"{text!r} is no field; write NAME:TYPE, such as year:integer.")
    return {"name": name, "type": kind}


@collections.command("drop")
@click.argument("name")
@click.option(
    "--confirm", required=True, metavar="NAME", help="The name again: its records are gone for good."
)
@app_option
def drop_collection(name: str, confirm: str, app: str) -> None:
    """Drop the collection NAME with all its records."""
    if confirm != name:
        fail(f"Nothing is dropped: --confirm is {confirm}, not {name}.", Exit.INVALID)
    if Client(app).call("collections:destroy", params={"filterByTk": name}, body={}) == 0:
        fail(f"There is no collection {name} in {app}.", Exit.MISSING)
    click.echo(f"{name} is dropped.")
