"""Options that many commands have, and how they relate to what the HTTP API calls the same."""

import re
from typing import Final, TypeVar

import click

from insula.core.names import MAIN

as_json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")
app_option = click.option("--app", default=MAIN, show_default=True, help="The application.")
wait_option = click.option("--wait", is_flag=True, help="Return when it is done, with a progress bar.")

T = TypeVar("T", str, tuple[str, ...])

_SPEAK_OF_FIELDS: Final = ("apps", "users")
"""Groups of commands whose options are fields of the API; others take the names of fields themselves."""
_OTHERWISE: Final = {"startMode": "with_main", "autoUpgrade": "manual_upgrade", "dbConnType": "connection"}
"""Field → parameter of the command, where one does not follow from the other."""


def named(_: click.Context, __: click.Parameter, value: T) -> T:
    """The names of applications that an argument holds. Raises ``click.UsageError`` for an empty one."""
    if "" in (value if isinstance(value, tuple) else (value,)):
        raise click.UsageError("Write the name of an application.")
    return value


def option_of(field: str) -> str:
    """The option of the command that runs by which a field of the API is given, such as ``--display-name``; else nothing."""
    context = click.get_current_context(silent=True)
    if context is None or context.parent is None or context.parent.command.name not in _SPEAK_OF_FIELDS:
        return ""
    last = field.rpartition(".")[2]
    name = _OTHERWISE.get(last) or re.sub("([A-Z])", r"_\1", last).lower()
    found = {one.name: one.opts[0] for one in context.command.params if isinstance(one, click.Option)}
    return found.get(name) or found.get(f"{name}_file", "")
