"""Why a database can not be made for an application, or not be dropped; each with what to do about it.

What is found by trying beforehand and what making it raises are the same errors.
"""

from typing import Any

from insula.core.errors import Kind
from insula.database.errors import DatabaseError


class Unfit(DatabaseError):
    """The database can not be made or dropped."""

    code = "DATABASE_UNFIT"
    kind = Kind.CONFLICT
    told = ""

    def __init__(self, *, remedy: str = "", **details: Any) -> None:
        self.remedy = remedy
        """What to do: the exact statement to run where there is one."""
        super().__init__(remedy=remedy, **details)


class ServerUnreachable(Unfit):
    """The database server of {where} does not answer: {reason}."""

    code = "SERVER_UNREACHABLE"
    kind = Kind.UNAVAILABLE
    told = "The database server does not answer."


class LoginRefused(Unfit):
    """The database server of {where} does not let the user "{user}" in: {reason}."""

    code = "LOGIN_REFUSED"


class NotThere(Unfit):
    """There is no {what} to connect to."""

    code = "DATABASE_NOT_FOUND"


class PrivilegeMissing(Unfit):
    """The user "{user}" may not {what}."""

    code = "PRIVILEGE_MISSING"


class NameTaken(Unfit):
    """The {what} exists already, and it is not empty: it holds {content}."""

    code = "DATABASE_EXISTS"


class ThereAlready(Unfit):
    """The {what} is there already, and empty: it is used, and dropped when the application is purged."""

    code = "DATABASE_EXISTS"


class OwnedByAnother(Unfit):
    """The {what} belongs to {owner}, and nothing in it is touched for another."""

    code = "OWNED_BY_ANOTHER"


class HoldsApplication(Unfit):
    """The {what} holds the Insula application "{application}" (stamp {stamp}) already."""

    code = "HOLDS_APPLICATION"


class HoldsNone(Unfit):
    """The {what} holds no application that could be taken over: it is empty."""

    code = "NO_APPLICATION_THERE"


class LivesElsewhere(Unfit):
    """The application "{application}" in the {what} was running in another installation at {at}."""

    code = "RUNS_ELSEWHERE"


class InUse(Unfit):
    """The {what} is still used by {who}."""

    code = "DATABASE_IN_USE"


class Unsuitable(Unfit):
    """The {what} can not be used: {reason}."""

    code = "DATABASE_UNSUITABLE"


class StorageUnfit(Unfit):
    """The file {path} {reason}."""

    code = "STORAGE_UNFIT"
    kind = Kind.INVALID
