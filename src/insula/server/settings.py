"""Reads the settings.

Order of precedence: the environment, then the file ``.env`` of the working directory, then the default.
An empty value counts as none, since compose files leave them so. Everything that is wrong is found in one
go and said in one sentence each; nothing falls back silently.
"""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from insula.server import checks, combinations, env_file
from insula.server.declared import ALIASES, CASELESS, DECLARED, VALUE_ALIASES, Declaration, Settings
from insula.server.errors import SettingsWrong
from insula.server.variables import set_variable, variables

OWN_PREFIX = "INSULA_"
_LIKELY = 0.85
"""How alike (0 to 1) a foreign name must be to one of ours to be taken for a slip of the pen."""
_SHARED_PREFIXES = ("APP_", "DB_")
"""How most of our names begin, and names of other programs too: such a name is told of, and is no error."""
_SUGGEST = 0.6
"""The same for names that begin as ours do."""


@dataclass(slots=True)
class Reading:
    """What was found: good values, where they came from, and what is to be said about the rest."""

    values: dict[str, Any] = field(default_factory=dict)
    """Name → converted value; only those that were set and are right."""
    sources: dict[str, str] = field(default_factory=dict)
    """Name → ``environment`` or ``.env``; absent for defaults."""
    raw: dict[str, str] = field(default_factory=dict)
    """Name → text as it was written."""
    wrong: dict[str, str] = field(default_factory=dict)
    """Name → one sentence that says what to write."""
    warnings: list[str] = field(default_factory=list)

    def settings(self) -> Settings:
        """Raises ``SettingsWrong`` with every sentence when anything is wrong."""
        if self.wrong:
            raise SettingsWrong(sentences="\n".join(self.wrong.values()))
        return Settings(**{DECLARED[name].field: value for name, value in self.values.items()})

    def secrets(self) -> list[str]:
        """Every secret that was written down, right or wrong: what a log must never show. A word that stands in the open as
        well, such as a password that is the name of its user, is none: a log would lose it everywhere."""
        open_words = {text for name, text in self.raw.items() if not DECLARED[name].secret}
        return [text for name, text in self.raw.items() if DECLARED[name].secret and text not in open_words]


def read(environment: Mapping[str, str] | None = None, folder: Path | None = None) -> Reading:
    """Read and check everything. ``environment`` and ``folder`` (of ``.env``) are the process' own unless given."""
    reading = Reading()
    found = variables() if environment is None else environment
    in_file, reading.wrong = env_file.read_env_file((folder or Path.cwd()) / env_file.NAME)
    for source, given in ((env_file.NAME, in_file), ("environment", found)):
        for name, text in _known(given, reading).items():
            reading.raw[name] = text
            reading.sources[name] = source
    for name, text in reading.raw.items():
        _convert(DECLARED[name], text, reading)
    for name, sentence in combinations.together(reading.values, reading.sources).items():
        reading.wrong.setdefault(name, sentence)
    reading.warnings.extend(combinations.remarks(reading.values))
    return reading


def load() -> tuple[Settings, Reading]:
    """The settings of this process. Raises ``SettingsWrong``."""
    reading = read()
    return reading.settings(), reading


def apply_time_zone(settings: Settings) -> None:
    """Let the C library, and so the log of any library, use the time zone of the settings."""
    import time

    set_variable("TZ", settings.tz)
    time.tzset()


def _known(given: Mapping[str, str], reading: Reading) -> dict[str, str]:
    """Ours among the variables that are ``given``, by their true names; says what looks like ours and is not."""
    known: dict[str, str] = {}
    for name, text in given.items():
        if name in DECLARED and text.strip():
            known[name] = text
        elif name.startswith(OWN_PREFIX) and name not in DECLARED:
            reading.wrong[name] = _unknown(name)
        elif name not in DECLARED and name not in ALIASES and (remedy := _remedy(name)):
            reading.warnings.append(f"{name} is no setting of Insula and is not read; {remedy}")
    for alias, name in ALIASES.items():
        text = given.get(alias, "")
        if not text.strip():
            continue
        if known.get(name, text) != text:
            reading.wrong[name] = (
                f"{name} and {alias}, another spelling of it, have different values; write {name} alone."
            )
        else:
            reading.warnings.append(f"{alias} is understood as {name}; write {name} instead.")
            known[name] = text
    return known


def _unknown(name: str) -> str:
    return f"{name} is no setting of Insula; {_nearest(name, OWN_PREFIX)}"


def _remedy(name: str) -> str:
    """What someone should do who wrote a foreign ``name``; nothing where it is none of our business."""
    prefix = next((prefix for prefix in _SHARED_PREFIXES if name.startswith(prefix)), "")
    if prefix:
        return _nearest(name, prefix)
    near = difflib.get_close_matches(name, DECLARED, n=1, cutoff=_LIKELY) if name[:3] in _BEGINNINGS else []
    return f"did you mean {near[0]}?" if near else ""


def _nearest(name: str, prefix: str) -> str:
    """The setting with this prefix that was meant, else where all are."""
    # Compared without the prefix, which all share and which would make everything look alike.
    ours = [own.removeprefix(prefix) for own in DECLARED if own.startswith(prefix)]
    near = difflib.get_close_matches(name.removeprefix(prefix), ours, n=1, cutoff=_SUGGEST)
    return f"did you mean {prefix}{near[0]}?" if near else "docs/reference/settings.md lists all settings."


_BEGINNINGS = frozenset(name[:3] for name in DECLARED)


def _convert(declared: Declaration, text: str, reading: Reading) -> None:
    name = declared.name
    value = text if declared.secret else text.strip()
    if name in CASELESS:
        value = value.lower()
    value = VALUE_ALIASES.get(name, {}).get(value, value)
    try:
        converted = msgspec.convert(value, declared.kind, strict=False)
    except msgspec.ValidationError:
        reading.wrong[name] = checks.wrong_value(declared, text)
        return
    if sentence := checks.alone(declared, converted):
        reading.wrong[name] = sentence
        return
    reading.values[name] = converted
