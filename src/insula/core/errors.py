"""The root of every error that Insula raises on purpose.

Each layer has one errors module of its own. In all of them the first line of a class' docstring *is* the
message (a ``str.format`` template over the keyword arguments of the constructor), ``code`` is the stable
part that programs compare, and ``kind`` says what sort of failure it is; only the outermost layer turns a
kind into an HTTP status or an exit code. The idea of the docstring as message is procrastinate's
(``procrastinate/exceptions.py``).
"""

import enum
from collections.abc import Sequence
from typing import Any, ClassVar

from insula.core.translation import filled, in_language


class Kind(enum.Enum):
    """What sort of failure it is, which decides what happens next."""

    INVALID = "invalid"
    """The caller asked for something that can not be: mend the input."""
    UNAUTHENTICATED = "unauthenticated"
    """Nobody is signed in, or no longer."""
    DENIED = "denied"
    """The person is known and may not do this."""
    MISSING = "missing"
    """What was addressed does not exist (or may not be known to exist)."""
    METHOD = "method"
    """The action exists, but not for this HTTP verb."""
    CONFLICT = "conflict"
    """Something else already holds this name, value or lock."""
    TOO_LARGE = "too_large"
    """The input is larger than the limit."""
    THROTTLED = "throttled"
    """Too many tries; wait ``retry_after`` seconds."""
    UNAVAILABLE = "unavailable"
    """Something that is needed does not answer now; trying again later may help."""
    TIMEOUT = "timeout"
    """It took longer than the limit and was ended."""
    INTERNAL = "internal"
    """A defect of Insula or of its set-up; the log has the cause."""


class InsulaError(Exception):
    """Something went wrong."""

    code: ClassVar[str] = "INTERNAL_ERROR"
    kind: ClassVar[Kind] = Kind.INTERNAL
    told: ClassVar[str] = ""
    """What callers are told in its place when the failure is ours (unavailable, timeout) and the message names what
    is for operators alone: hosts, paths, users. Empty: the message itself."""

    def __init__(self, **details: Any) -> None:
        self.details = details
        super().__init__(self.message)

    @property
    def message(self) -> str:
        """One sentence for a person: what is wrong, where, what to do."""
        return self._template.format_map(self.details)

    def message_in(self, language: str) -> str:
        """The same in another language, as far as it is known there; see ``insula.core.translation``."""
        return filled(self._template, self.details, language)

    def told_in(self, language: str) -> str:
        """What callers are told in its place, in another language; empty: the message itself."""
        return in_language(self.told, language)

    @property
    def _template(self) -> str:
        return (type(self).__doc__ or "").split("\n", 1)[0]

    @property
    def entries(self) -> Sequence["InsulaError"]:
        """What is told of one by one: itself, or each of the errors that it stands for."""
        return (self,)


class ThreadsBusy(InsulaError):
    """All {size} threads of {owner} are busy, and {waiting} calls wait for one; try again."""

    code = "OVERLOADED"
    kind = Kind.UNAVAILABLE


class ThreadsClosed(InsulaError):
    """{owner} is stopping, and begins nothing more."""

    code = "APP_STOPPED"
    kind = Kind.UNAVAILABLE
