"""What making, looking at and dropping an application's database takes, on every dialect.

The rule that siblings keep: what is made bears its stamp before it has its name, and nothing is written or dropped
that bears another's stamp, or none but has content.
"""

from __future__ import annotations

import asyncio
import contextlib
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal
from uuid import UUID

from insula.database import errors
from insula.database.provision.errors import (
    LoginRefused,
    NotThere,
    OwnedByAnother,
    PrivilegeMissing,
    ServerUnreachable,
    StorageUnfit,
    Unfit,
)
from insula.database.provision.ownership import Stamp

if TYPE_CHECKING:
    from insula.database.budget import ConnectionBudget
    from insula.database.executor import Database
    from insula.database.options import DatabaseOptions
    from insula.database.provision.template import Template

MAIN_AS_OWNER: Final = "the main application"
CHECK_TIMEOUT_S: Final = 5.0
"""For connecting while trying: people wait for the answer."""
CHECK_WITHIN_S: Final = 12.0
"""For all of it."""
CREATE_TIMEOUT_S: Final = 120.0
"""Longest time for one statement that makes or drops: a busy server may make a CREATE wait."""

_DEFAULT_SCHEMA: Final = "public"
"""PostgreSQL's, where none is said; others have none."""

What = Literal["new_database", "new_schema", "new_connection"]


@dataclass(frozen=True, slots=True)
class Order:
    """One application's database: what is to be made, and where."""

    stamp: Stamp
    what: What
    options: DatabaseOptions
    """Where it is, or will be; for a new schema its database, for a file its path."""
    main: DatabaseOptions
    """Where the main application is: never a target."""
    budget: ConnectionBudget
    """Of the server: what making it takes counts as well."""
    folder: Path
    """Files are made inside of this alone, and prepared ones are kept in ``templates`` there."""
    installation: str = ""
    """Names this installation, in templates and where an application's home is."""
    adopt: str | None = None
    """The stamp's id of an application that is there already, and is to be taken over."""

    @property
    def named(self) -> str:
        """For sentences: what would be made, with its name."""
        options = self.options
        if options.storage is not None:
            return f"file {options.storage}"
        if self.what == "new_database" or options.schema is None:
            return f'database "{options.database}"'
        return f'schema "{options.schema}" of the database "{options.database}"'


@dataclass(slots=True)
class Report:
    """What trying has shown."""

    good: list[str] = field(default_factory=list)
    """Sentences: what is as it has to be."""
    notes: list[Unfit] = field(default_factory=list)
    """What is unexpected and hinders nothing."""
    problems: list[Unfit] = field(default_factory=list)
    """What has to be mended first, the one that hinders first first."""

    def settle(self) -> None:
        """Raises the first problem."""
        if self.problems:
            raise self.problems[0]


class Provision(ABC):
    """One dialect's way. Siblings implement all of it; no object of them keeps anything but locks."""

    @abstractmethod
    async def read_stamp(self, options: DatabaseOptions, budget: ConnectionBudget) -> Stamp | None:
        """See ``ownership.read_stamp``."""

    @abstractmethod
    async def stamp_in(self, database: Database, options: DatabaseOptions) -> Stamp | None:
        """See ``ownership.stamp_in``."""

    @abstractmethod
    async def check(self, order: Order) -> Report:
        """Try what ``prepare`` needs, and change nothing. Of servers that hang it ends with the connect time-out."""

    @abstractmethod
    async def prepare(self, order: Order, template: Template) -> DatabaseOptions:
        """Make it with the content of ``template``, or take it as made where it bears the stamp; where it is.

        Raises ``Unfit`` with what ``check`` would find; then nothing half made is left under its name.
        """

    @abstractmethod
    async def remove(self, order: Order, tables: Sequence[str]) -> None:
        """Drop it: of ``new_connection`` these ``tables``, else all of it. Done where it is not there any more.

        Raises ``OwnedByAnother`` where it bears another stamp, or none, ``InUse`` where others hold it.
        """


def is_main(order: Order) -> bool:
    """Whether the place is the main application's own."""
    at, main = order.options, order.main
    if at.dialect != main.dialect:
        return False
    if at.storage is not None or main.storage is not None:
        return at.storage is not None and main.storage is not None and same_file(at.storage, main.storage)
    same = (at.server, at.database) == (main.server, main.database)
    schemas = [each.schema or _DEFAULT_SCHEMA for each in (at, main)]
    return same and (order.what == "new_database" or schemas[0] == schemas[1])


def same_file(one: Path, other: Path) -> bool:
    """Whether both paths lead to one file, through links too."""
    return one.resolve() == other.resolve()


def refuse_owner(order: Order, stamp: Stamp | None) -> OwnedByAnother:
    """The error for a place that bears another stamp, or none."""
    owner = (
        f'the application "{stamp.application}" (stamp {stamp.id})' if stamp else "nobody that Insula knows"
    )
    return OwnedByAnother(
        what=order.named, owner=owner, remedy="give the application another name, database or schema"
    )


def opening_problem(order: Order, error: errors.DatabaseError) -> Unfit | None:
    """What an error of connecting means for the order; ``None`` where it means nothing that could be mended."""
    details = {key: str(value) for key, value in error.details.items()}
    reason = details.get("reason", "")
    where = order.options.where
    if isinstance(error, Unfit):
        return error
    if isinstance(error, errors.DatabaseUnavailable):
        remedy = "check host and port, and that the server runs and can be reached from here"
        return ServerUnreachable(where=where, reason=reason, remedy=remedy)
    if isinstance(error, errors.InvalidPassword):
        remedy = "check user and password, and that the server lets this user in from here"
        return LoginRefused(where=where, user=order.options.user, reason=reason, remedy=remedy)
    if isinstance(error, errors.DatabaseMissing):
        what = f'database "{order.options.database}"'
        return NotThere(what=what, remedy=f"an administrator can make it: {details.get('statement', '')}")
    if isinstance(error, errors.PermissionDenied):
        what = f"use {where}: {reason}"
        return PrivilegeMissing(
            user=order.options.user, what=what, remedy="ask an administrator for the right"
        )
    if isinstance(error, errors.InvalidStorage):
        return StorageUnfit(path=order.options.storage, reason=reason, remedy="give another path")
    return None


def order_to_look(options: DatabaseOptions, budget: ConnectionBudget) -> Order:
    """An order of nobody's, only to look with."""
    stamp = Stamp("", str(UUID(int=0)))
    return Order(stamp, "new_connection", options, options, budget, Path())


async def try_out(order: Order, report: Report, look: Callable[[Order], Awaitable[object]]) -> None:
    """Look with little patience; what hinders looking is a problem like others."""
    within = min(order.options.connect_timeout_s, CHECK_TIMEOUT_S)
    try:
        async with asyncio.timeout(CHECK_WITHIN_S):
            await look(replace(order, options=replace(order.options, connect_timeout_s=within)))
    except TimeoutError:
        reason = f"it gave no answer within {CHECK_WITHIN_S:g} s"
        report.problems.append(ServerUnreachable(where=order.options.where, reason=reason))
    except errors.DatabaseError as error:
        problem = opening_problem(order, error)
        if problem is None:
            raise
        report.problems.append(problem)


@contextlib.contextmanager
def told_as_found(order: Order) -> Iterator[None]:
    """Errors of connecting become those that trying would have found."""
    try:
        yield
    except errors.DatabaseError as error:
        problem = opening_problem(order, error)
        if problem is None or problem is error:
            raise
        raise problem from error
