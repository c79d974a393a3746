"""``insula apps update``: what an application is called, where it is found, and how it runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from insula.cli.client import Client
from insula.cli.options import as_json_option, named
from insula.cli.output import told
from insula.cli.passwords import first_line
from insula.cli.paths import action

_PLAIN = {"display_name": "displayName", "icon": "icon", "cname": "cname", "pinned": "pinned"}
_FLAGS = {
    "auto_upgrade": "autoUpgrade",
    "share_session": "shareSession",
    "in_launcher": "inLauncher",
    "in_switcher": "inSwitcher",
}
_DATABASE = ("host", "port", "username")


@click.command("update")
@click.argument("name", callback=named)
@click.option("--display-name", help="What people see.")
@click.option("--domain", "cname", help="A domain of its own; with an empty one it has none. Counts at once.")
@click.option("--icon", help="The name of an icon; an empty one takes it away.")
@click.option(
    "--label", "labels", multiple=True, help="A label, in place of those it has; may be given many times."
)
@click.option("--pinned/--not-pinned", default=None, help="Show it first.")
@click.option(
    "--environment",
    "environments",
    multiple=True,
    help="Where it runs, in place of where it did; may be given many times. It has to be stopped.",
)
@click.option("--with-main/--on-first-visit", default=None, help="When it starts.")
@click.option(
    "--sleep-after",
    type=click.IntRange(0),
    help="Seconds without a visit after which it is put to sleep; 0: never.",
)
@click.option(
    "--auto-upgrade/--manual-upgrade",
    default=None,
    help="Whether its start brings an older database up to date.",
)
@click.option(
    "--share-session/--own-session", default=None, help="Whether people who are signed in to main are let in."
)
@click.option("--in-launcher/--not-in-launcher", default=None, help="Whether the launcher shows it.")
@click.option(
    "--in-switcher/--not-in-switcher",
    default=None,
    help="Whether the switcher between applications shows it.",
)
@click.option("--host", help="Where the database server is found by now.")
@click.option("--port", type=click.IntRange(1, 65_535), help="Its port by now.")
@click.option("--username", help="The role on it by now.")
@click.option(
    "--password-file", type=click.File("r"), help="Where its password stands (- is standard input)."
)
@as_json_option
def update_app(name: str, as_json: bool, **given: Any) -> None:
    """Change the application NAME: what is said, and nothing else. What it runs with counts from its next start."""
    values = _values(given)
    if not values:
        raise click.UsageError("Say what to change, such as --display-name.")
    (changed,) = Client().call(action("applications", "update"), params={"filterByTk": name}, body=values)
    told(changed, f"{name} is changed.", as_json=as_json)


def _values(given: Mapping[str, Any]) -> dict[str, Any]:
    """The body of ``applications:update``: only what was said."""
    said = {key: value for key, value in given.items() if value is not None and value != ()}
    values: dict[str, Any] = {there: said[here] for here, there in _PLAIN.items() if here in said}
    for key in ("cname", "icon"):
        if values.get(key) == "":
            values[key] = None
    values |= {key: list(said[key]) for key in ("labels", "environments") if key in said}
    options = _options(said)
    return {**values, "options": options} if options else values


def _options(said: Mapping[str, Any]) -> dict[str, Any]:
    options: dict[str, Any] = {}
    if "with_main" in said:
        options["startMode"] = "withMain" if said["with_main"] else "onFirstVisit"
    if "sleep_after" in said:
        options["sleepAfter"] = said["sleep_after"] or None
    options |= {there: said[here] for here, there in _FLAGS.items() if here in said}
    database = {key: said[key] for key in _DATABASE if key in said}
    if "password_file" in said:
        database["password"] = first_line(said["password_file"])
    return {**options, "database": database} if database else options
