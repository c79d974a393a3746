"""What fits together of an application's record: the rules that look at more than one value, or beyond the application.

The values themselves were checked one by one before (``wishes.read``).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from insula.database.dialects import NAMES as DIALECTS
from insula.fleet.configuration import DEFAULT_CONNECTION
from insula.supervisor.entry import NOTHING, Entry
from insula.supervisor.errors import InvalidDomain, InvalidOption
from insula.supervisor.wishes import Wish, options_of

if TYPE_CHECKING:
    from insula.application.application import Application

LONGEST_IDENTIFIER: Final = 63
"""Characters of a database's or schema's name: as many as PostgreSQL takes, one less than MariaDB."""
SQLITE: Final = "sqlite"
POSTGRESQL: Final = "postgres"

_LANGUAGE: Final = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_OF_FILE: Final = frozenset(("dialect", "storage"))
_OF_SERVER: Final = frozenset(("dialect", "host", "port", "username", "password", "database"))
_ELSEWHERE: Final = ("host", "username")
"""What has to be said of a service that is not the environment's own."""


def check_new(wish: Wish, main: Application, service: str) -> None:
    """Raises ``InvalidOption``, ``InvalidDomain`` for what can not be of a new application.

    ``service`` is the dialect of the service on which its environment makes databases.
    """
    _check(wish, main)
    _check_connection(wish.changes.get("options", NOTHING), wish.credentials, service)


def check_adoption(wish: Wish) -> None:
    """Raises ``InvalidOption`` where what is made anew is to take over an application that is there."""
    if wish.changes.get("options", NOTHING).get("dbConnType", DEFAULT_CONNECTION) != "new_connection":
        raise InvalidOption(
            field="options.dbConnType", reason="must be new_connection where adopt takes an application over"
        )


def check_change(wish: Wish, entry: Entry, main: Application, service: str) -> None:
    """Raises ``InvalidOption``, ``InvalidDomain`` for what can not become of this one. ``service`` as for ``check_new``."""
    _check(wish, main)
    said = wish.changes.get("options")
    if said is not None:
        _check_connection(options_of(entry, said), wish.credentials, service)


def check_places(named: Sequence[str], known: Sequence[str]) -> None:
    """Raises ``InvalidOption`` for an environment that is not among the known ones, and where none is named of several."""
    there = ", ".join(known) or "none yet"
    if not named and len(known) != 1:
        raise InvalidOption(field="environments", reason=f"must name one of {there}")
    for name in named:
        if name not in known:
            raise InvalidOption(
                field="environments", reason=f"names {name[:100]}, which is not there (there is {there})"
            )


def _check(wish: Wish, main: Application) -> None:
    shown = wish.changes.get("display_name")
    if shown is not None and not shown.strip():
        raise InvalidOption(field="displayName", reason="must have at least one character that is seen")
    if not all(label.strip() for label in wish.changes.get("labels", ())):
        raise InvalidOption(field="labels", reason="must have no empty ones")
    lang = wish.changes.get("options", NOTHING).get("lang")
    if lang is not None and not _LANGUAGE.fullmatch(lang):
        raise InvalidOption(field="options.lang", reason='must be a language such as "en-US"')
    domain = wish.changes.get("cname")
    if domain is not None and domain == (urlsplit(main.options.url).hostname or "").lower():
        raise InvalidDomain(reason="is the main application's own address (INSULA_URL)")


def _check_connection(options: Mapping[str, Any], credentials: Mapping[str, Any], own: str) -> None:
    connection = options.get("dbConnType", DEFAULT_CONNECTION)
    database = {**options.get("database", NOTHING), **credentials}
    dialect = database.get("dialect", own)
    if dialect not in DIALECTS:
        raise _wrong("dialect", f"must be one of {', '.join(DIALECTS)}")
    if connection == "new_schema" and dialect != POSTGRESQL:
        raise InvalidOption(
            field="options.dbConnType",
            reason=f"can be new_schema on PostgreSQL alone, and this is {dialect}; choose new_database",
        )
    allowed = _OF_FILE if dialect == SQLITE else _OF_SERVER
    if dialect == POSTGRESQL and connection != "new_database":
        allowed |= {"schema"}
    for key in database:
        if key not in allowed:
            raise _wrong(key, f"is nothing to say of {connection} on {dialect}")
    for key in _needed(connection, dialect, foreign=dialect != own):
        if not database.get(key):
            raise _wrong(key, f"must be given for {connection} on {dialect}")
    for key in ("database", "schema"):
        if len(database.get(key, "")) > LONGEST_IDENTIFIER:
            raise _wrong(key, f"must not be longer than {LONGEST_IDENTIFIER} characters")


def _needed(connection: str, dialect: str, *, foreign: bool) -> tuple[str, ...]:
    if connection == "new_connection":
        return ("storage",) if dialect == SQLITE else (*_ELSEWHERE, "database")
    if dialect == SQLITE or not foreign:
        return ()
    return (*_ELSEWHERE, "database") if connection == "new_schema" else _ELSEWHERE


def _wrong(key: str, reason: str) -> InvalidOption:
    return InvalidOption(field=f"options.database.{key}", reason=reason)
