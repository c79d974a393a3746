"""The generated pages of ``docs/reference``: name of the file → text."""

import importlib
import pkgutil
from collections.abc import Iterator
from typing import Any

import insula
from insula.application.registry import Registry
from insula.cli import reference
from insula.core.errors import InsulaError
from insula.data.collection import Collection
from insula.server import settings_report


def pages() -> dict[str, str]:
    """All of them, made anew."""
    return {
        "settings.md": settings_report.reference(),
        "cli.md": reference.reference(),
        "errors.md": errors_page(),
        "tables.md": tables_page(),
    }


def modules() -> Iterator[Any]:
    """Every module of the package, imported."""
    for found in pkgutil.walk_packages(insula.__path__, "insula."):
        if not found.name.endswith("__main__"):
            yield importlib.import_module(found.name)


def error_classes() -> list[type[InsulaError]]:
    """Every error that is raised on purpose, in the order of code and name."""
    list(modules())
    found: set[type[InsulaError]] = set()
    waiting = [InsulaError]
    while waiting:
        kind = waiting.pop()
        for below in kind.__subclasses__():
            if below.__module__.startswith("insula.") and below not in found:
                found.add(below)
                waiting.append(below)
    return sorted(found, key=lambda error: (error.code, error.__module__, error.__name__))


def errors_page() -> str:
    """Code, kind and message of every error."""
    lines = ["# Errors", "", "Generated from the code. Words in braces are filled in.", ""]
    lines += ["| code | kind | message |", "| --- | --- | --- |"]
    for error in error_classes():
        message = (error.__doc__ or "").split("\n", 1)[0].replace("|", "\\|")
        lines.append(f"| {error.code} | {error.kind.value} | {message} |")
    return "\n".join(lines) + "\n"


def tables_page() -> str:
    """The built-in tables, column by column."""
    registry = Registry.discover()
    collections: dict[str, Collection] = {}
    for plugin in registry.plugins.values():
        collections.update({collection.name: collection for collection in plugin.collections})
    from insula.application.collections import CORE_COLLECTIONS
    from insula.supervisor.collections import COLLECTIONS

    collections.update({collection.name: collection for collection in (*CORE_COLLECTIONS, *COLLECTIONS)})
    lines = ["# Built-in tables", "", "Generated from the code.", ""]
    for name in sorted(collections):
        lines += [f"## {name}", "", "| column | type | about |", "| --- | --- | --- |"]
        for field in collections[name].fields.values():
            if field.stored:
                lines.append(f"| {field.name} | {field.type.name} | {_about(field.options, field)} |")
        lines.append("")
    return "\n".join(lines)


def _about(options: Any, field: Any) -> str:
    marks = [
        word
        for word, holds in (
            ("key", field.primary_key),
            ("required", field.required),
            ("unique", field.unique),
        )
        if holds
    ]
    said = str(options.get("description") or "")
    return "; ".join(part for part in (said, ", ".join(marks)) if part)
