"""All groups of verbs put together, and the exit codes of whatever they raise."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from insula import __version__
from insula.cli.apps import apps
from insula.cli.client import complain
from insula.cli.collections import collections
from insula.cli.demo import demo
from insula.cli.jobs import jobs
from insula.cli.plugins import plugins
from insula.cli.records import records
from insula.cli.settings import settings
from insula.cli.users import users
from insula.core.errors import InsulaError
from insula.server.exits import Exit, of_error
from insula.server.variables import become_server


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
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


for group in (apps, collections, demo, jobs, plugins, records, settings, users):
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
        complain("ended before it was done")
        return Exit.INTERRUPTED
    except UnicodeEncodeError as error:
        if error.encoding == "utf-8":
            complain("what was typed is no text in UTF-8")
            return Exit.USAGE
        complain(f"the output can not be written in {error.encoding}; set PYTHONIOENCODING=utf-8")
        return Exit.INVALID
    except BrokenPipeError:
        # Whoever read our output has enough of it; the interpreter must not stumble over the rest at its end.
        _let_go_of_output()
        return Exit.DONE
    except OSError as error:
        # A full disk, a file that others keep to themselves: nothing that the command could do anything about.
        _let_go_of_output()
        complain(f"{error.filename or 'the output'}: {error.strerror or error}")
        return Exit.INVALID


def _let_go_of_output() -> None:
    """Drop what could not be written: else writing it once more at the very end would make the exit code."""
    with Path(os.devnull).open("wb") as nowhere:
        os.dup2(nowhere.fileno(), sys.stdout.fileno())
