"""Passwords of people, given to a command: in a file, on standard input, or typed twice."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import Any, Final, TextIO, TypeVar

import click

from insula.cli.client import fail
from insula.server.exits import Exit

F = TypeVar("F", bound=Callable[..., Any])

_OPTIONS: Final[tuple[Callable[[Any], Any], ...]] = (
    click.option("--password", help="The password; asked for when not given, which keeps it out of the history."),
    click.option("--password-file", type=click.File("r"), help="Where the password stands (- is standard input)."),
)  # fmt: skip


def password_options(function: F) -> F:
    """The options of a command that sets somebody's password; ``password_of`` takes what was given."""
    for option in reversed(_OPTIONS):
        function = option(function)
    return function


def password_of(given: Mapping[str, Any]) -> str:
    """What was given as ``password`` or ``password_file``, else what is typed, or the first line of standard input.

    Ends the command with a sentence where there is none.
    """
    if given["password"] is not None:
        return str(given["password"])
    if given["password_file"] is not None:
        return first_line(given["password_file"])
    if sys.stdin.isatty():
        typed: str = click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
        return typed
    return first_line(
        sys.stdin, "A password must be given: by --password-file, or as a line on standard input."
    )


def first_line(file: TextIO, missing: str = "The password file is empty.") -> str:
    """In a file and not on the command line, where others on the machine would see it. Ends the command without one."""
    try:
        password = file.readline().rstrip("\r\n")
    except UnicodeDecodeError:
        fail("The password can not be read: it is no text in UTF-8.", Exit.INVALID)
    if not password:
        fail(missing, Exit.INVALID)
    return password
