"""What is said of an application on the command line, as the HTTP API takes it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar

import click

from insula.cli.passwords import first_line
from insula.fleet.configuration import CONNECTIONS

F = TypeVar("F", bound=Callable[..., Any])

_DATABASE: Final = ("dialect", "host", "port", "username", "database", "schema", "storage")
_OPTIONS: Final[tuple[Callable[[Any], Any], ...]] = (
    click.option("--display-name", help="What people see; the name when not given."),
    click.option("--domain", "cname", help="A domain of its own, such as shop.example.com."),
    click.option("--icon", help="The name of an icon."),
    click.option("--label", "labels", multiple=True, help="A label; may be given many times."),
    click.option("--pinned/--not-pinned", default=None, help="Show it first."),
    click.option("--environment", "environments", multiple=True, help="Where it runs; may be given many times."),
    click.option("--with-main", is_flag=True, help="Start it with the server, and not on its first visit."),
    click.option(
        "--connection",
        type=click.Choice(CONNECTIONS),
        help="What is made for it: a database when not given; with new_connection nothing but tables.",
    ),
    click.option("--dialect", type=click.Choice(["sqlite", "postgres", "mariadb", "mysql"]), help="Main's when not given."),
    click.option("--host", help="The database server; main's when not given."),
    click.option("--port", type=click.IntRange(1, 65_535), help="The port of the database server; the usual one when not given."),
    click.option("--username", help="The role on the database server."),
    click.option("--password-file", type=click.File("r"), help="Where its password stands (- is standard input)."),
    click.option("--database", help="The database; named like the application when not given."),
    click.option("--schema", help="The schema; named like the application when not given."),
    click.option("--storage", help="The file, on SQLite."),
    click.option("--manual-upgrade", is_flag=True, help="Leave it down when it needs an upgrade, until someone upgrades it."),
    click.option("--share-session", is_flag=True, help="Let people in who are signed in to main."),
    click.option("--not-in-launcher", is_flag=True, help="Leave it out of the launcher."),
    click.option("--not-in-switcher", is_flag=True, help="Leave it out of the switcher between applications."),
)  # fmt: skip


def connection_options(function: F) -> F:
    """The options of a command that makes an application."""
    for option in reversed(_OPTIONS):
        function = option(function)
    return function


def option_values(name: str | None, given: Mapping[str, Any]) -> dict[str, Any]:
    """The body of ``applications:create``: only what was said."""
    database = {key: given[key] for key in _DATABASE if given.get(key) is not None}
    if given.get("password_file") is not None:
        database["password"] = first_line(given["password_file"])
    options: dict[str, Any] = {}
    if given.get("connection"):
        options["dbConnType"] = given["connection"]
    if given.get("with_main"):
        options["startMode"] = "withMain"
    if given.get("manual_upgrade"):
        options["autoUpgrade"] = False
    if given.get("share_session"):
        options["shareSession"] = True
    if given.get("not_in_launcher"):
        options["inLauncher"] = False
    if given.get("not_in_switcher"):
        options["inSwitcher"] = False
    if database:
        options["database"] = database
    said = {
        "name": name,
        "displayName": given.get("display_name"),
        "cname": given.get("cname"),
        "icon": given.get("icon"),
        "pinned": given.get("pinned"),
        "labels": list(given.get("labels") or ()) or None,
        "environments": list(given.get("environments") or ()) or None,
        "options": options or None,
    }
    return {key: value for key, value in said.items() if value is not None}
