"""The settings shown: as rows for ``insula settings check``, and as the reference page."""

from dataclasses import dataclass
from itertools import groupby
from typing import Any, Literal, get_args, get_origin

from insula.core.log import HIDDEN
from insula.server.checks import hidden
from insula.server.combinations import MODES
from insula.server.declared import ALIASES, DECLARED, Declaration
from insula.server.settings import Reading


@dataclass(frozen=True, slots=True)
class Row:
    """One setting as a person checks it."""

    name: str
    value: str
    """As written, or the default; secrets are masked, an absent one is empty."""
    source: str
    """``environment``, ``.env`` or ``default``."""
    wrong: str
    """One sentence, or nothing."""


def rows(reading: Reading) -> list[Row]:
    """Every setting, and after them what is wrong under a name that is none."""
    known = [
        Row(
            name,
            shown(declared, reading.raw.get(name)),
            reading.sources.get(name, "default"),
            reading.wrong.get(name, ""),
        )
        for name, declared in DECLARED.items()
    ]
    unknown = [
        Row(name, "", "", sentence) for name, sentence in reading.wrong.items() if name not in DECLARED
    ]
    return known + unknown


def shown(declared: Declaration, written: str | None) -> str:
    """A value as it may be seen: never a secret, nor the password in an address."""
    if written is None:
        return _text(declared.default)
    return HIDDEN if hidden(declared, written) else written


def reference() -> str:
    """The page ``docs/reference/settings.md``."""
    parts = [_INTRODUCTION]
    for group, members in groupby(DECLARED.values(), key=lambda declared: declared.group):
        parts.append(f"## {group}\n\n| name | type | default | what it is |\n| --- | --- | --- | --- |\n")
        parts.extend(_line(declared) for declared in members)
        parts.append("\n")
    parts.append(_modes())
    return "".join(parts)


def _line(declared: Declaration) -> str:
    about = f"{declared.about} Never shown." if declared.secret else declared.about
    default = f"`{_text(declared.default)}`" if declared.default not in (None, "") else "–"
    return f"| `{declared.name}` | {_type(declared)} | {default} | {about} Example: `{declared.example}` |\n"


def _type(declared: Declaration) -> str:
    kind = get_args(declared.kind)[0]
    if get_origin(kind) is Literal:
        return ", ".join(f"`{choice}`" for choice in get_args(kind))
    return {int: "whole number", float: "number", bool: "`true`, `false`", str: "text"}[kind]


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _modes() -> str:
    lines = [_MODES_HEAD]
    for mode, wiring in MODES.items():
        title = "not set, or `single`" if wiring.given else f"`{mode}`"
        local = "not set, or " if wiring.given else ""
        cells = (title, *(f"{local}`{name}`" for name in (wiring.discovery, wiring.process, wiring.command)))
        needs = ", ".join(f"`{name}`" for name in wiring.needs) or "–"
        lines.append(f"| {' | '.join(cells)} | {needs} |\n")
    return "".join(lines)


_MODES_HEAD = """## Modes

Only these combinations are allowed; anything else stops the start.

| `APP_MODE` | `APP_DISCOVERY_ADAPTER` | `APP_PROCESS_ADAPTER` | `APP_COMMAND_ADAPTER` | needs |
| --- | --- | --- | --- | --- |
"""

_INTRODUCTION = f"""<!-- Written by `insula settings reference`; a test compares it with the code. -->
# Settings

Settings come from the environment, else from a file `.env` in the working directory, else from the
defaults below. An empty value counts as not set. A name that begins with `INSULA_` and is not on this page
stops the start, so that no slip of the pen goes unseen; so does any value that can not be understood.
`insula settings check` shows each setting, where it came from and what is wrong with it.

{" ".join(f"`{alias}` is understood as `{name}`, with a warning." for alias, name in ALIASES.items())}

"""
