"""``insula settings``: what this environment says. Needs no server."""

from dataclasses import asdict

import click

from insula.cli.client import complain
from insula.cli.options import as_json_option
from insula.cli.output import show
from insula.core.errors import InsulaError
from insula.server import settings as reader
from insula.server import settings_report
from insula.server.declared import Settings
from insula.server.exits import Exit
from insula.server.storage import try_folder


@click.group()
def settings() -> None:
    """The settings of this environment."""


@settings.command("check")
@as_json_option
def check(as_json: bool) -> None:
    """Print each setting, where it comes from, and what is wrong, with the storage folder and plugins too. Secrets are masked."""
    reading = reader.read()
    show([asdict(row) for row in settings_report.rows(reading)], ("name", "value", "source"), as_json=as_json)
    wrong = [*reading.wrong.values()] or _refused(reading.settings())
    for sentence in (*reading.warnings, *wrong):
        complain(sentence)
    if wrong:
        raise click.exceptions.Exit(int(Exit.INVALID))


def _refused(settings: Settings) -> list[str]:
    """What a start would have against settings that are well written: what they name here is not what it must be."""
    from insula.server.host import discover

    found = []
    for look in (lambda: try_folder(settings.storage_path), lambda: discover(settings)):
        try:
            look()
        except InsulaError as error:
            found.append(error.message)
    return found


@settings.command("reference")
def reference() -> None:
    """Print the reference page of all settings, as Markdown."""
    click.echo(settings_report.reference(), nl=False)
