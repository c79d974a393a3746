"""The provisioner: the port behind which databases are made and dropped.

The invariant is kept here and nowhere else: nothing is written or dropped that does not bear the stamp of the
configuration, and everything that is made bears it from its first moment.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from insula.fleet.configuration import Configuration

Level = Literal["ok", "warning", "error"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was tried before making anything."""

    level: Level
    code: str
    """``SERVER_UNREACHABLE``, ``LOGIN_REFUSED``, ``PRIVILEGE_MISSING``, ``DATABASE_EXISTS``, ``OWNED_BY_ANOTHER`` …"""
    message: str
    """One sentence."""
    remedy: str = ""
    """What to do, as a sentence; with the exact statement to run at its end where there is one."""

    def to_json(self) -> dict[str, Any]:
        """As it is answered."""
        return asdict(self)


class Provisioner(ABC):
    """Siblings implement all of it."""

    @abstractmethod
    async def check(self, configuration: Configuration, adopt: str | None = None) -> Sequence[Finding]:
        """Try what ``prepare`` would need: server, login, privileges, names; changes nothing.

        ``adopt`` is the stamp of the application that is there already and is to be taken over. What is wrong is a
        finding and no exception.
        """

    @abstractmethod
    async def try_connection(self, configuration: Configuration) -> None:
        """Open the database that was made, as a start does. Raises ``InsulaError`` where it can not be opened, and
        ``OwnedByAnother`` where another stamp, or none, is found."""

    @abstractmethod
    async def prepare(self, configuration: Configuration, adopt: str | None = None) -> Mapping[str, Any]:
        """Make the database, schema or file, bearing the stamp, and give its address (``Configuration.database``).

        One that is there and bears this stamp already is taken as made. Raises ``InsulaError`` with what
        ``check`` would find; nothing half made is left behind.
        """

    @abstractmethod
    def address(self, configuration: Configuration) -> Mapping[str, Any]:
        """Where its database is or will be, complete (``Configuration.database``): also for others to find it."""

    @abstractmethod
    async def remove(self, configuration: Configuration) -> None:
        """Drop what ``prepare`` made: of ``new_connection`` the tables, else all of it.

        What is not there any more is removed. Raises ``OwnedByAnother`` where another stamp, or none, is found.
        """

    @abstractmethod
    async def forget(self, application: str) -> None:
        """Take away what is kept of it here beside its database, such as its log: its name may be given again."""
