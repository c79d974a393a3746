"""``insula demo``: many environments on one machine, to look at."""

from __future__ import annotations

import asyncio
import shlex
from typing import TYPE_CHECKING

import click

from insula.server.command import command

if TYPE_CHECKING:
    from insula.server.demo import Demo


@click.command()
@click.option(
    "--folder",
    type=click.Path(file_okay=False, writable=True),
    default="storage-demo",
    show_default=True,
    help="Where it keeps everything.",
)
def demo(folder: str) -> None:
    """Run Redis, a Supervisor and two environments on this machine, until Ctrl-C.

    They listen on loopback alone, on free ports. Without DB_* settings everything is kept in SQLite files; with them, each has
    a database of its own on that server, such as insula_supervisor. A Redis that the settings name is used; else one is
    started, which has to be installed.
    """
    from insula.server.demo import run_demo

    ended = asyncio.run(run_demo(folder, _announce))
    click.echo(
        f"All of them have stopped. Logs and data stay in {ended.folder}; the same command goes on with them."
    )


def _announce(running: Demo) -> None:
    """What to open and to type. The Supervisor itself has told its address, and the link for the first administrator."""
    width = max(map(len, running.addresses))
    for name, address in running.addresses.items():
        click.echo(f"{name:{width}}  {address}")
    supervisor, first, *_ = running.addresses
    typed = f"STORAGE_PATH={shlex.quote(str(running.folder / supervisor))} {command()}"
    click.echo("An application, once there is an administrator:")
    click.echo(f"  {typed} apps create shop --environment {first}")
    click.echo(f"Logs and data are in {running.folder}. Ctrl-C ends all of them.")
