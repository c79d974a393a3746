"""Snippets: names of configuration rights, dotted, granted by patterns such as ``pm.*`` and ``!pm.users``."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from typing import Final

MAX_SNIPPETS: Final = 200
OF_PAGES: Final = frozenset({"app", "ui.*"})
"""What no action asks for: pages of the protocol's clients do."""
_PATTERN = re.compile(r"!?[A-Za-z0-9_*-]+(\.[A-Za-z0-9_*-]+)*")
_PROBE: Final = "\0"
"""A part that no snippet has: stands for those that plugins may add some day."""


def check_snippets(raw: object, known: Collection[str]) -> tuple[str, ...]:
    """A list of patterns as a client sent it, each for snippets that are ``known``. Raises ``ValueError``."""
    if not isinstance(raw, list | tuple) or len(raw) > MAX_SNIPPETS:
        raise ValueError(f"must be a list of at most {MAX_SNIPPETS} snippets")
    for item in raw:
        if not isinstance(item, str) or not _PATTERN.fullmatch(item) or "*" in item[:-1]:
            raise ValueError("must hold snippets such as pm.users, pm.* or !pm.users")
        body = item.removeprefix("!")
        if body not in OF_PAGES and not any(_any((body,), snippet) for snippet in known):
            raise ValueError(f"has the unknown snippet {item[:60]}; there are {', '.join(sorted(known))}")
    return tuple(dict.fromkeys(raw))


class Snippets:
    """The patterns of one role. What is denied (``!``) wins over what is granted."""

    __slots__ = ("_allow", "_deny", "patterns")

    def __init__(self, patterns: Iterable[str]) -> None:
        self.patterns = tuple(patterns)
        self._allow = tuple(pattern for pattern in self.patterns if not pattern.startswith("!"))
        self._deny = tuple(pattern[1:] for pattern in self.patterns if pattern.startswith("!"))

    def grant(self, snippet: str) -> bool:
        """Whether the role holds this snippet."""
        return _any(self._allow, snippet) and not _any(self._deny, snippet)

    def cover(self, other: Snippets) -> bool:
        """Whether all that ``other`` grants, today and with any plugin to come, is granted here too."""
        probes = {_probe(pattern.lstrip("!")) for pattern in (*self.patterns, *other.patterns)}
        return all(self.grant(probe) for probe in probes if other.grant(probe))


def _any(patterns: tuple[str, ...], snippet: str) -> bool:
    return any(
        snippet.startswith(pattern[:-1]) if pattern.endswith("*") else snippet == pattern
        for pattern in patterns
    )


def _probe(pattern: str) -> str:
    return pattern[:-1] + _PROBE if pattern.endswith("*") else pattern
