"""Addresses of the API, made from what was typed."""

from urllib.parse import quote

import click


def action(resource: str, verb: str, key: int | None = None) -> str:
    """``resource:verb``, or ``resource:verb/key``. Raises ``click.UsageError`` for what can be no name of a resource."""
    # The server sees these decoded, so that escaping them would not keep one name from being two.
    if not resource or any(mark in resource for mark in ":/"):
        raise click.UsageError(f"{resource!r} is no name of a collection.")
    path = f"{quote(resource, safe='')}:{verb}"
    return path if key is None else f"{path}/{key}"
