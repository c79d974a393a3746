"""Names that all layers know: the rule for those of collections and fields, and the main application's own."""

import re
from typing import Final

MAIN: Final = "main"
"""The main application, which runs as all others do: it has no record of its own, and is made by no command."""

MAX_NAME_LENGTH = 50
"""Characters. Names are ASCII, so the same in bytes; leaves room under the 63 of PostgreSQL."""

NAME_RULE = (
    f"must have 1 to {MAX_NAME_LENGTH} characters, begin with a letter or an underscore and go on with "
    "letters, digits, underscores and hyphens (of a–z, A–Z, 0–9, _ and -)"
)

RESERVED_PREFIXES = ("__", "pg_", "sqlite_", "insula")
"""Names that begin so belong to databases, to JavaScript's objects, or to Insula itself."""

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")


def check_name(name: object) -> str:
    """``name`` as it is. Raises ``ValueError`` with the rule that it breaks, in words, without the name."""
    if not isinstance(name, str) or len(name) > MAX_NAME_LENGTH or not _NAME.fullmatch(name):
        raise ValueError(NAME_RULE)
    lowered = name.lower()
    for prefix in RESERVED_PREFIXES:
        if lowered.startswith(prefix):
            raise ValueError(f'is reserved: names must not begin with "{prefix}"')
    return name


def fold(name: str) -> str:
    """The form under which two names count as the same: SQLite does not tell capitals from small letters."""
    return name.lower()
