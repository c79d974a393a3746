"""``insula settings``: what this environment says. Needs no server."""

from dataclasses import asdict

import click

from insula.cli.client import complain
from insula.cli.options import as_json_option
from insula.cli.output import show
from insula.server import settings as reader
from insula.server import settings_report
from insula.server.exits import Exit


@click.group()
def settings() -> None:
    """The settings of this environment."""


@settings.command("check")
@as_json_option
def check(as_json: bool) -> None:
    """Print each setting, where it comes from, and what is wrong. Secrets are masked."""
    reading = reader.read()
    show([asdict(row) for row in settings_report.rows(reading)], ("name", "value", "source"), as_json=as_json)
    for sentence in (*reading.warnings, *reading.wrong.values()):
        complain(sentence)
    if reading.wrong:
        raise click.exceptions.Exit(int(Exit.INVALID))


@settings.command("reference")
def reference() -> None:
    """Print the reference page of all settings, as Markdown."""
    click.echo(settings_report.reference(), nl=False)
