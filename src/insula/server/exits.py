"""Exit codes of every command: what went wrong, for scripts. ``docs/reference/cli.md`` is made from here."""

import enum
from collections.abc import Collection, Mapping
from typing import Final, Self

from insula.core.errors import InsulaError, Kind


class Exit(enum.IntEnum):
    """One code per sort of outcome; its sentence is the reference."""

    def __new__(cls, value: int, about: str) -> Self:
        member = int.__new__(cls, value)
        member._value_ = value
        return member

    def __init__(self, value: int, about: str) -> None:
        self.about = about

    DONE = 0, "It is done."
    DEFECT = 1, "Something failed that should not; the log has the cause."
    USAGE = 2, "The command line can not be understood."
    INVALID = 3, "A setting or an input is wrong; the sentence says what to write."
    UNAVAILABLE = 4, "The server or the database does not answer, or not in time."
    CONFLICT = 5, "Something else holds the port, the storage folder, the database, the name or the value."
    MISSING = 6, "There is nothing of that name."
    DENIED = 7, "This may not be done."
    INTERRUPTED = 130, "Ended by Ctrl-C."


_OF_KIND: Mapping[Kind, Exit] = {
    Kind.INVALID: Exit.INVALID,
    Kind.UNAUTHENTICATED: Exit.DENIED,
    Kind.DENIED: Exit.DENIED,
    Kind.MISSING: Exit.MISSING,
    Kind.METHOD: Exit.INVALID,
    Kind.CONFLICT: Exit.CONFLICT,
    Kind.TOO_LARGE: Exit.INVALID,
    Kind.THROTTLED: Exit.UNAVAILABLE,
    Kind.UNAVAILABLE: Exit.UNAVAILABLE,
    Kind.TIMEOUT: Exit.UNAVAILABLE,
    Kind.INTERNAL: Exit.DEFECT,
}

_OF_STATUS: Mapping[int, Exit] = {
    401: Exit.DENIED,
    403: Exit.DENIED,
    404: Exit.MISSING,
    409: Exit.CONFLICT,
    429: Exit.UNAVAILABLE,
    500: Exit.DEFECT,
}


def of_error(error: InsulaError) -> Exit:
    """The exit code for an error."""
    return _OF_KIND[error.kind]


_AWAY: Final = frozenset(("SERVER_UNREACHABLE",))
"""Codes of what is told with the status of a conflict, and only does not answer."""


def of_status(status: int, codes: Collection[str] = ()) -> Exit:
    """The exit code for an HTTP status of 400 and above, with the codes of the errors in the answer."""
    if codes and _AWAY.issuperset(codes):
        return Exit.UNAVAILABLE
    return _OF_STATUS.get(status, Exit.INVALID if status < 500 else Exit.UNAVAILABLE)
