"""All groups of verbs put together, and the exit codes of whatever they raise."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from insula import __version__
from insula.cli.apps import apps
from insula.cli.client import complain
from insula.cli.collections import collections
from insula.cli.demo import demo
from insula.cli.environments import environments
from insula.cli.jobs import jobs
from insula.cli.plugins import plugins
from insula.cli.records import records
from insula.cli.settings import settings
from insula.cli.users import users
from insula.core.errors import InsulaError
from insula.server.exits import Exit, of_error
from insula.server.variables import become_server


class _Commands(click.Group):
    """Whoever reads the output may have enough of it, as ``head`` has: that is no failure. Click would make it one."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            given = super().invoke(ctx)
            sys.stdout.flush()
        except BrokenPipeError:
            # The interpreter must not stumble over the rest at its end.
            _let_go_of_output()
            return Exit.DONE
        return given


@click.group(
    cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.version_option(__version__, prog_name="insula", message="%(prog)s %(version)s")
def insula() -> None:
    """Many isolated business applications under one roof."""


@insula.command()
def start() -> None:
    """Run the server until it is told to stop."""
    become_server()


@insula.command()
def version() -> None:
    """Print the version."""
    click.echo(__version__)


for group in (apps, collections, demo, environments, jobs, plugins, records, settings, users):
    insula.add_command(group)


def run_command(words: Sequence[str]) -> int:
    """Run one command line and give its exit code; what went wrong is said on standard error."""
    try:
        # What ends a command early comes back as its exit code; a finished one gives nothing.
        return insula.main(list(words), prog_name="insula", standalone_mode=False) or Exit.DONE
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except InsulaError as error:
        complain(error.message)
        return of_error(error)
    except (click.Abort, KeyboardInterrupt):
        complain("Ended before it was done.")
        return Exit.INTERRUPTED
    except UnicodeEncodeError as error:
        if error.encoding == "utf-8":
            complain("What was typed is no text in UTF-8.")
            return Exit.USAGE
        complain(f"The output can not be written in {error.encoding}; set PYTHONIOENCODING=utf-8.")
        return Exit.INVALID
    except OSError as error:
        # A full disk, a file that others keep to themselves: nothing that the command could do anything about.
        _let_go_of_output()
        complain(f"{error.filename or 'The output'} can not be used: {error.strerror or error}.")
        return Exit.INVALID


def _let_go_of_output() -> None:
    """Drop what could not be written: else writing it once more at the very end would make the exit code."""
    with Path(os.devnull).open("wb") as nowhere:
        os.dup2(nowhere.fileno(), sys.stdout.fileno())
