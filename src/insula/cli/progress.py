"""Following a job to its end, with a progress bar for people."""

import sys
import time
from typing import Any

import click

from insula.cli.client import Client, complain
from insula.cli.paths import action
from insula.core.names import MAIN
from insula.server.command import command
from insula.server.exits import Exit

POLL_S = 0.2
RUNNING = ("waiting", "running", "undoing")
"""States of a job that has not ended."""


def follow(client: Client, job: int, label: str, *, quiet: bool) -> dict[str, Any]:
    """The job once it has ended. Where the command ends before the job does, it says what is to be typed next."""
    try:
        with click.progressbar(length=1000, label=label, file=sys.stderr, hidden=hidden(quiet)) as bar:
            while True:
                state: dict[str, Any] = client.call(action("jobs", "get", job))
                bar.update(int(state["progress"] * 1000) - bar.pos)
                if state["status"] not in RUNNING:
                    return state
                time.sleep(POLL_S)
    except KeyboardInterrupt:
        complain(f"It goes on as job {job}; “{spelled(client, 'cancel', job)}” ends it.")
        raise
    except click.exceptions.Exit as error:
        if error.exit_code == Exit.UNAVAILABLE:
            complain(f"“{spelled(client, 'wait', job)}” tells how it ends, once there is an answer again.")
        raise


def spelled(client: Client, verb: str, job: int) -> str:
    """The command that does something with a job of the client's application, as it is to be typed."""
    app = "" if client.application == MAIN else f" --app {client.application}"
    return f"{command()} jobs {verb} {job}{app}"


def hidden(quiet: bool) -> bool:
    """Bars are for terminals; in a file they are noise."""
    return quiet or not sys.stderr.isatty()
