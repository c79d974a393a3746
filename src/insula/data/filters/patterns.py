"""Regular expressions that mean the same to RE2 (SQLite's side), to PostgreSQL and to PCRE (MariaDB's).

A pattern is first compiled by RE2, which refuses what can not be matched in linear time (back references,
look-around, huge repetitions); so nothing that reaches PostgreSQL's engine needs back-tracking. What is left
and is written differently there (``\\b``, ``\\z``, named groups …) is rewritten into a form that both read alike;
what has no such form is refused. The statement timeout bounds the rest.
"""

from __future__ import annotations

import re
from functools import lru_cache

MAX_PATTERN_CHARACTERS = 1_000
MAX_PROGRAM_BYTES = 1 << 20
"""Memory of one compiled pattern: keeps ``(((a{99}){99}){99}`` out."""

_FLAGS = re.compile(r"\(\?[a-zA-Z-]+[):]")
_NAMED = re.compile(r"\(\?P?<[A-Za-z_][A-Za-z0-9_]*>")
_REPEAT = re.compile(r"\{[0-9]+(,[0-9]*)?\}")
_MAX_REPEAT = 255
_HEX = re.compile(r"\\x(?:([0-9A-Fa-f]{2})|\{([0-9A-Fa-f]{1,6})\})")
_CLASS = re.compile(r"\[:\^?[a-z]+:\]")

_SAME = frozenset("dDsSwWntrfv")
"""Escapes that both read alike (classes of letters are ASCII in RE2, of the locale in PostgreSQL)."""
_POSTGRES_ESCAPES = {"b": "\\y", "B": "\\Y", "z": "\\Z", "A": "\\A", "a": "\\a"}


@lru_cache(maxsize=512)
def compiled(pattern: str, folded: bool) -> object:
    """The RE2 program of a pattern. Raises ``ValueError`` with the reason."""
    import re2  # type: ignore[import-untyped]

    options = re2.Options()
    options.log_errors = False
    options.max_mem = MAX_PROGRAM_BYTES
    options.dot_nl = True  # as in PostgreSQL
    options.case_sensitive = not folded
    try:
        return re2.compile(pattern, options=options)
    except re2.error as error:
        reason = error.args[0] if error.args else "it can not be read"
        text = reason.decode(errors="replace") if isinstance(reason, bytes) else str(reason)
        raise ValueError(f"is no regular expression that is supported here: {text}") from None


def checked_pattern(pattern: str) -> str:
    """The pattern as given. Raises ``ValueError`` where one of both engines would not take it."""
    if len(pattern) > MAX_PATTERN_CHARACTERS:
        raise ValueError(f"must not be a pattern of more than {MAX_PATTERN_CHARACTERS} characters")
    compiled(pattern, False)
    for_postgres(pattern)
    return pattern


@lru_cache(maxsize=512)
def for_postgres(pattern: str) -> str:
    """A pattern that RE2 takes → the same one for PostgreSQL. Raises ``ValueError`` where there is none."""
    pieces: list[str] = []
    at = 0
    while at < len(pattern):
        character = pattern[at]
        if character == "\\":
            piece, at = _escape(pattern, at, inside=False)
        elif character == "[":
            piece, at = _bracket(pattern, at)
        elif character == "(":
            piece, at = _group(pattern, at)
        elif character == "{":
            piece, at = _brace(pattern, at)
        else:
            piece, at = ("\\" + character if character in "}]" else character), at + 1
        pieces.append(piece)
    return "".join(pieces)


def _escape(pattern: str, at: int, *, inside: bool) -> tuple[str, int]:
    if hexadecimal := _HEX.match(pattern, at):
        code = int(hexadecimal[1] or hexadecimal[2], 16)
        return f"\\U{code:08x}", hexadecimal.end()
    letter = pattern[at + 1]
    if letter in _SAME and not (inside and letter in "DSW"):
        return pattern[at : at + 2], at + 2
    if not inside and letter in _POSTGRES_ESCAPES:
        return _POSTGRES_ESCAPES[letter], at + 2
    if letter.isascii() and letter.isalnum():
        raise ValueError(f"has \\{letter}, which is not supported here")
    return pattern[at : at + 2], at + 2


def _bracket(pattern: str, at: int) -> tuple[str, int]:
    """``[…]`` with its closing bracket; RE2 has made sure that there is one."""
    pieces = ["["]
    at += 1
    if pattern[at] == "^":
        pieces.append("^")
        at += 1
    first = True
    while first or pattern[at] != "]":
        first = False
        if pattern[at] == "\\":
            piece, at = _escape(pattern, at, inside=True)
        elif named := _CLASS.match(pattern, at):
            if "^" in named[0]:
                raise ValueError(f"has {named[0]}, which is not supported here")
            piece, at = named[0], named.end()
        else:
            piece, at = ("\\" + pattern[at] if pattern[at] == "[" else pattern[at]), at + 1
        pieces.append(piece)
    return "".join(pieces) + "]", at + 1


def _group(pattern: str, at: int) -> tuple[str, int]:
    if pattern.startswith("(?:", at):
        return "(?:", at + 3
    if named := _NAMED.match(pattern, at):
        return "(", named.end()
    if flags := _FLAGS.match(pattern, at):
        raise ValueError(f"has the flags {flags[0]}; use $iRegexp to disregard case")
    return "(", at + 1


def _brace(pattern: str, at: int) -> tuple[str, int]:
    """A repetition, or a brace that RE2 takes as itself."""
    repeat = _REPEAT.match(pattern, at)
    if repeat is None:
        return "\\{", at + 1
    if any(int(number) > _MAX_REPEAT for number in re.findall("[0-9]+", repeat[0])):
        raise ValueError(f"repeats more than {_MAX_REPEAT} times")
    return repeat[0], repeat.end()


_PIECE = re.compile(r"\\U[0-9a-f]{8}|\\.|\[:[a-z]+:\]|.", re.DOTALL)
_SPACE = "\\t\\n\\f\\r "
"""What ``\\s`` is to RE2; PCRE takes in the vertical tabulator."""
_PCRE = {
    "\\y": "\\b",
    "\\Y": "\\B",
    "\\Z": "\\z",
    "\\v": "\\x0b",
    "\\s": f"[{_SPACE}]",
    "\\S": f"[^{_SPACE}]",
    "$": "\\z",
}


@lru_cache(maxsize=512)
def for_pcre(pattern: str) -> str:
    """A pattern that RE2 takes → the same one for PCRE, on MariaDB. Raises ``ValueError`` as ``for_postgres``."""
    pieces: list[str] = []
    inside = first = False  # within brackets, and at their begin, where a closing one is itself
    for piece in _PIECE.findall(for_postgres(pattern)):
        opens = piece == "[" and not inside
        if piece == "]" and inside and not first:
            inside = False
        if piece[:2] == "\\U":
            pieces.append(f"\\x{{{int(piece[2:], 16):x}}}")
        elif inside:
            pieces.append({"\\s": _SPACE, "\\v": "\\x0b"}.get(piece, piece))
        else:
            pieces.append(_PCRE.get(piece, piece))
        first = opens or (first and piece == "^")
        inside = inside or opens
    return "(?s)" + "".join(pieces)
