"""``insula apps logs``: what was logged for an application, read from its files."""

from __future__ import annotations

import asyncio
import contextlib
import json
from pathlib import Path

import click

from insula.cli.client import fail
from insula.core.log_files import LINES_AT_ONCE, LogFiles
from insula.core.names import MAIN
from insula.server import settings as reader
from insula.server.exits import Exit
from insula.server.logs import FOLDER
from insula.supervisor.names import check_name


@click.command("logs")
@click.argument("name")
@click.option(
    "--lines",
    type=click.IntRange(0, LINES_AT_ONCE),
    default=100,
    show_default=True,
    help="How many of the last.",
)
@click.option("--follow", is_flag=True, help="Go on with what is logged from now on, until Ctrl-C.")
@click.option(
    "--json", "as_json", is_flag=True, help="Print the lines as they stand in the file, for programs."
)
def show_logs(name: str, lines: int, follow: bool, as_json: bool) -> None:
    """Print the log of the application NAME (“main” for the server's own); also while no server runs."""
    if not name:
        raise click.UsageError("Write the name of an application, or main.")
    if name != MAIN:
        check_name(name)
    settings, _ = reader.load()
    files = LogFiles(Path(settings.storage_path).expanduser() / FOLDER)
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_print_log(files, name, lines, follow=follow, as_json=as_json))


async def _print_log(files: LogFiles, name: str, count: int, *, follow: bool, as_json: bool) -> None:
    render = str if as_json else _readable
    if not follow:
        found = await asyncio.to_thread(files.last, name, max(count, 1))
        if not found:
            hint = "" if name == MAIN else " The environment where it runs has its log."
            fail(f"Nothing was logged for {name} here.{hint}", Exit.MISSING)
        for line in found[len(found) - count :]:
            click.echo(render(line))
        return
    async for line in files.follow(name, count):
        click.echo(render(line))


def _readable(line: str) -> str:
    """A line for people: time, level, request, what was said. One that is no JSON stays as it is."""
    try:
        said = json.loads(line)
        parts = [said.pop(key, "") for key in ("time", "level", "requestId", "message")]
    except (ValueError, AttributeError):
        return line
    cause = said.get("error")
    text = " ".join(str(part) for part in parts if part)
    return f"{text}\n{cause}" if cause else text
