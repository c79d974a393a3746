"""Tables for people, JSON for programs."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import click


def show(rows: Sequence[Mapping[str, Any]], columns: Sequence[str], *, as_json: bool) -> None:
    """Print rows: all of them as JSON, or these columns as a table."""
    if as_json:
        _print_json(list(rows))
        return
    from rich.table import Table

    table = Table(*columns, box=None, pad_edge=False, header_style="bold")
    for row in rows:
        table.add_row(*(_cell(row.get(name)) for name in columns))
    _print_table(table)


def show_page(
    answer: Mapping[str, Any], noun: str, columns: Sequence[str] | None = None, *, as_json: bool
) -> None:
    """Print a page of rows, all of their fields where no columns are said, and below it how many there are in all: on
    standard error, since it is none of them. ``noun`` is the word for several."""
    rows = answer["data"]
    show(rows, columns or list(dict.fromkeys(name for row in rows for name in row)), as_json=as_json)
    meta = answer.get("meta") or {}
    if "count" in meta and (not as_json or meta["totalPage"] > 1):
        counted = f"{meta['count']} {noun.removesuffix('s') if meta['count'] == 1 else noun}"
        page = f", page {meta['page']} of {meta['totalPage']}" if meta["totalPage"] > 1 else ""
        click.echo(counted + page, err=True)


def show_one(record: Mapping[str, Any], *, as_json: bool) -> None:
    """Print one record: as JSON, or a line for each of its fields, and for each object in a list of them."""
    if as_json:
        _print_json(dict(record))
        return
    from rich.table import Table

    table = Table(box=None, pad_edge=False, show_header=False)
    for name, value in record.items():
        several = isinstance(value, list) and value and all(isinstance(item, dict) for item in value)
        lines = [_line(item) for item in value] if several else [_cell(value)]
        for number, line in enumerate(lines):
            table.add_row("" if number else f"[bold]{_escaped(name)}[/bold]", line)
    _print_table(table)


def told(answer: Mapping[str, Any], sentence: str, *, as_json: bool) -> None:
    """Say that something was done: what was answered as JSON, or a sentence."""
    if as_json:
        show_one(answer, as_json=True)
    else:
        click.echo(sentence)


def _print_table(table: Any) -> None:
    """Without the spaces that fill up its last column; wide enough for what is piped into a file or a pager, where
    nothing should be cut."""
    from rich.console import Console

    console = Console()
    if not console.is_terminal:
        console = Console(width=100_000, soft_wrap=True)
    with console.capture() as printed:
        console.print(table)
    click.echo("\n".join(line.rstrip(" ") for line in printed.get().split("\n")), nl=False)


def _line(item: Mapping[str, Any]) -> str:
    """What an object says, in one line: of its name first, and nothing of what is empty."""
    said = {key: _cell(value) for key, value in item.items() if value not in (None, "", [], {})}
    begin = said.pop("name", "")
    rest = ", ".join(f"{_escaped(key)} {text}" for key, text in said.items())
    return f"{begin}: {rest}" if begin and rest else begin or rest


def _cell(value: Any) -> str:
    """Text for a cell: control characters from records must not reach the terminal."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        value = ", ".join(value)
    elif isinstance(value, (dict, list)):
        value = json.dumps(value, ensure_ascii=False)
    return _escaped("".join(c if c.isprintable() else "·" for c in str(value)))


def _escaped(text: str) -> str:
    from rich.markup import escape

    return escape(text)


def _print_json(value: Any) -> None:
    click.echo(json.dumps(value, indent=2, ensure_ascii=False))
