"""The page ``docs/reference/cli.md``, made from the commands themselves.

``python -m insula.cli.reference > docs/reference/cli.md`` writes it; a test compares the two.
"""

from collections.abc import Iterator

import click

from insula.cli.commands import insula
from insula.server.exits import Exit

_INTRODUCTION = """<!-- Written by `python -m insula.cli.reference`; a test compares it with the code. -->
# Command line

Commands talk to the running server through `insula.sock` in the folder `STORAGE_PATH`, which only its owner
may open, and act as the administrator of the machine: no token, every right. Run them with the same
environment (or `.env`) as the server. Where no server runs, `insula users …` opens the database itself, under
the lock of the folder; `insula settings …` needs neither.

Where Insula was set up by `make start`, the command is `.venv/bin/insula`, typed in that folder; where it was
installed as a package, it is `insula`.

Tables are for people; `--json` prints the same for programs. What is wrong is said on standard error.

"""


def reference() -> str:
    """The whole page."""
    return (_INTRODUCTION + _exits() + "".join(_pages(insula, "insula"))).rstrip("\n") + "\n"


def _exits() -> str:
    lines = "".join(f"| {code.value} | {code.about} |\n" for code in Exit)
    return f"## Exit codes\n\n| code | meaning |\n| --- | --- |\n{lines}\n"


def _pages(group: click.Group, path: str) -> Iterator[str]:
    for name in sorted(group.commands):
        command = group.commands[name]
        if isinstance(command, click.Group):
            yield f"## {path} {name}\n\n{_sentence(command)}\n\n"
            yield from _pages(command, f"{path} {name}")
        else:
            yield _page(command, f"{path} {name}", "##" if path == "insula" else "###")


def _page(command: click.Command, path: str, level: str) -> str:
    context = click.Context(command, info_name=path)
    usage = " ".join(command.collect_usage_pieces(context))
    options = [
        record
        for option in command.params
        if isinstance(option, click.Option) and (record := option.get_help_record(context))
    ]
    lines = "".join(f"| `{name}` | {text} |\n" for name, text in options)
    table = f"| option | meaning |\n| --- | --- |\n{lines}\n" if lines else ""
    return f"{level} {path}\n\n{_sentence(command)}\n\n```sh\n{path} {usage}".rstrip() + f"\n```\n\n{table}"


def _sentence(command: click.Command) -> str:
    return " ".join((command.help or "").split())


if __name__ == "__main__":
    click.echo(reference(), nl=False)
