"""The environment of this process: the only place in Insula that looks at it. Loads little, since every start begins here."""

import os
import sys
from typing import Final, NoReturn

from insula.core.allocator import allocator

SERVER: Final = (sys.executable, "-P", "-m", "insula.server")
"""What serves. Nothing is imported from the working directory (``-P``), where anything may lie."""


def variables() -> dict[str, str]:
    """All of them, as they are."""
    return dict(os.environ)


def variables_of_server() -> dict[str, str]:
    """What a process that serves is started with: all of them, and ``allocator`` unless they choose another."""
    given, chosen = variables(), allocator()
    return given if chosen.keys() & given.keys() else {**chosen, **given}


def become_server() -> NoReturn:
    """Go on as a fresh process, which holds nothing of this one but its number and what it has open."""
    os.execve(SERVER[0], SERVER, variables_of_server())  # noqa: S606 - our own interpreter


def set_variable(name: str, text: str) -> None:
    """For libraries that look there by themselves."""
    os.environ[name] = text
