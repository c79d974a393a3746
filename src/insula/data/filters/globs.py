"""Patterns of LIKE → patterns of SQLite's GLOB, which its own code matches.

SQLite's LIKE knows case only in ASCII, and a function of ours would be called for each row. GLOB has classes of
characters: ``[äÄ]`` is one character without regard to case, so that a pattern means on SQLite what ILIKE means on
PostgreSQL.
"""

from __future__ import annotations

from functools import lru_cache
from types import MappingProxyType

_OTHERS = MappingProxyType(
    {"k": "\u212a", "å": "\u212b", "ω": "\u2126", "ß": "\u1e9e", "θ": "\u03f4", "i": "\u0130"}
)
"""Small letter → a capital that it does not become itself (the sign of kelvin, of ohm …)."""
_WILD = {"%": "*", "_": "?"}
_SPECIAL = frozenset("*?[")


def fold(character: str) -> str:
    """The character without regard to case: as one small letter, whatever the language."""
    return "i" if character == "\u0130" else character.lower()


@lru_cache(maxsize=1024)
def glob(pattern: str, folded: bool) -> str:
    """A pattern of LIKE with the escape ``\\`` as one of GLOB, ``folded``: without regard to case."""
    pieces = []
    characters = iter(pattern)
    for character in characters:
        if character in _WILD:
            pieces.append(_WILD[character])
            continue
        plain = next(characters, "\\") if character == "\\" else character
        pieces.append(_same(plain) if folded else _literal(plain))
    return "".join(pieces)


def _same(character: str) -> str:
    """All that equals the character without regard to case."""
    small = fold(character)
    capitals = (small.upper(), small.title(), _OTHERS.get(small, ""))
    found = {small, *(capital for capital in capitals if len(capital) == 1 and fold(capital) == small)}
    return _literal(small) if len(found) == 1 else f"[{''.join(sorted(found))}]"


def _literal(character: str) -> str:
    return f"[{character}]" if character in _SPECIAL else character
