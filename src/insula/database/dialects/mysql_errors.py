"""What MariaDB, MySQL and asyncmy say → the errors of this layer.

Sessions ask for English words (``lc_messages``), out of which the names are read. Values are never passed on.
"""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Callable
from typing import Final

from asyncmy import errors as my

from insula.database import errors

DUPLICATE: Final = 1062
DEADLOCK: Final = 1213
NO_SAVEPOINT: Final = 1305
CON_COUNT: Final = (1040, 1203, 1226)
"""The server's connections, or this role's, are all taken."""
_LOGIN: Final = (1045, 1130, 1698, 1820, 1862, 3118, 4151)
_PARTED: Final = (1053, 1080, 1152, 1158, 1159, 1160, 1161, 1184, 1927, 1985, 2006, 2013, 2014, 2055, 4031)
_ANY: Final = r"""(?:`(?:[^`]|``)*`|"(?:[^"]|"")*")"""
"""A quoted name: in messages the engine quotes as the session does, with ANSI_QUOTES by double quotes."""
_FOREIGN: Final = re.compile(
    rf"""fails\ \((?:{_ANY}\.)?(?P<table>{_ANY}),
        \ CONSTRAINT\ (?P<constraint>{_ANY})
        \ FOREIGN\ KEY\ \((?P<columns>.*?)\)
        \ REFERENCES\ (?:{_ANY}\.)?(?P<referenced>{_ANY})\ \(""",
    re.VERBOSE | re.DOTALL,
)
_NAME: Final = re.compile(_ANY)
_KEY: Final = re.compile(r"^.* for key '(?P<key>.*)'$", re.DOTALL)
_FIRST_QUOTED: Final = re.compile(r"'(?P<name>.*?)'(?: in | cannot | doesn't |$)", re.DOTALL)
_CHECK: Final = re.compile(
    rf"CONSTRAINT (?P<quoted>{_ANY}) failed for|Check constraint '(?P<name>.*?)' is violated", re.DOTALL
)
_FAILED_FOR: Final = re.compile(rf" failed for (?:{_ANY}\.)?(?P<table>{_ANY})$", re.DOTALL)
_TARGET: Final = re.compile(
    rf"""^\s*(?:INSERT|REPLACE|UPDATE|ALTER\ TABLE|CREATE\ UNIQUE\ INDEX\ {_ANY}\ ON)\s+
        (?:IGNORE\s+)?(?:INTO\s+)?(?:{_ANY}\.)?(?P<table>{_ANY})""",
    re.IGNORECASE | re.VERBOSE,
)
_NO_ROOM: Final = re.compile(r"(?:Errcode|errno): 28\b")
_DUPLICATE_OF_ENGINE: Final = re.compile(r"\berrno: 121\b")


def translate(error: BaseException) -> BaseException:
    """An error of a statement; errors that are no driver's pass unchanged."""
    if isinstance(error, UnicodeEncodeError):
        return errors.ValueOutOfRange(reason="a text has characters that are no Unicode (lone surrogates)")
    if isinstance(error, ConnectionError | my.InterfaceError):
        return errors.DatabaseGone()
    if not isinstance(error, my.MySQLError):
        return error
    number, words = number_of(error), words_of(error)
    if _NO_ROOM.search(words):
        return errors.DiskFull()
    if make := _BY_NUMBER.get(number):
        return make(words)
    if isinstance(error, my.InternalError) and number == 0:
        return errors.DatabaseGone()  # what came over the wire makes no sense
    return errors.DatabaseError(reason=words)


def translate_opening(
    error: BaseException, *, where: str, user: str, database: str, create: str, grant: str
) -> BaseException:
    """An error of opening a connection. ``create`` and ``grant``: what an administrator can run."""
    if isinstance(error, TimeoutError) or isinstance(error.__cause__, TimeoutError):
        return errors.DatabaseUnavailable(where=where, reason="it took too long to connect")
    if isinstance(error, my.MySQLError):
        number, words = number_of(error), words_of(error)
        if number in CON_COUNT:
            return errors.TooManyConnections(where=where, seconds=0)
        if number in _LOGIN:
            return errors.InvalidPassword(where=where, user=user, reason=words)
        if number == _UNKNOWN_DATABASE:
            return errors.DatabaseMissing(database=database, statement=f"{create}; {grant}")
        if number == _NO_ACCESS:
            remedy = f"an administrator can mend it: {create}; {grant}"
            return errors.PermissionDenied(reason=f"{words}; {remedy}")
        reason = _of_system(error.__cause__) if isinstance(error.__cause__, OSError) else words
        return errors.DatabaseUnavailable(where=where, reason=reason)
    if isinstance(error, OSError):
        return errors.DatabaseUnavailable(where=where, reason=_of_system(error))
    return error


def number_of(error: BaseException) -> int:
    """The server's number of an error, 0 where it has none."""
    first = error.args[0] if error.args else 0
    return first if isinstance(first, int) else 0


def words_of(error: BaseException) -> str:
    """The server's words."""
    return str(error.args[1] if len(error.args) > 1 else error).split("\n", 1)[0]


def duplicate_key(error: BaseException) -> tuple[str | None, str]:
    """Table, where MySQL says so, and name of the unique index that an error of number 1062 is about."""
    found = _KEY.search(words_of(error))
    table, dot, key = (found["key"] if found else "").rpartition(".")
    return (table if dot else None), key


def written_table(text: str) -> str | None:
    """The table that a statement writes to."""
    found = _TARGET.match(text)
    return _unquoted(found["table"]) if found else None


def naming_table(error: BaseException, text: str) -> BaseException:
    """The error of the statement ``text``; one that lacks a value with the table, which the server leaves out."""
    problem = translate(error)
    if isinstance(problem, errors.NotNullViolation):
        return errors.NotNullViolation(table=written_table(text), columns=problem.columns)
    return error


def _of_system(error: OSError) -> str:
    """Why no connection came about, in words: what the system says, and not its number."""
    if isinstance(error, socket.gaierror):
        return "the name is not known"
    number = error.errno or next(iter(re.findall(r"\[Errno (\d+)\]", str(error))), 0)
    return os.strerror(int(number)).lower() if number else str(error)


def _unquoted(name: str) -> str:
    """A name without its quotes, if it has any."""
    mark = name[:1]
    return name[1:-1].replace(mark * 2, mark) if mark in ("`", '"') else name


def _foreign_key(words: str, *, in_use: bool) -> BaseException:
    found = _FOREIGN.search(words)
    if not found:
        return errors.ForeignKeyViolation(in_use=in_use)
    return errors.ForeignKeyViolation(
        in_use=in_use,
        table=_unquoted(found["table"]),
        columns=() if in_use else tuple(_unquoted(name) for name in _NAME.findall(found["columns"])),
        referenced=_unquoted(found["referenced"]),
        constraint=_unquoted(found["constraint"]),
    )


def _check(words: str) -> BaseException:
    name, table = _CHECK.search(words), _FAILED_FOR.search(words)
    return errors.CheckViolation(
        table=_unquoted(table["table"]) if table else None,
        constraint=_unquoted(name["quoted"] or name["name"]) if name else None,
    )


def _duplicate(words: str) -> BaseException:
    found = _KEY.search(words)
    return errors.UniqueViolation(constraint=found["key"].rpartition(".")[2] if found else None)


def _not_null(words: str) -> BaseException:
    found = _FIRST_QUOTED.search(words)
    return errors.NotNullViolation(columns=(found["name"],) if found else ())


def _table_missing(words: str) -> BaseException:
    found = _FIRST_QUOTED.search(words)
    return errors.TableMissing(name=found["name"].partition(".")[2] or found["name"] if found else None)


def _column_missing(words: str) -> BaseException:
    found = _FIRST_QUOTED.search(words)
    return errors.ColumnMissing(name=found["name"] if found else words)


def _exists_in_engine(words: str) -> BaseException:
    kind = errors.ObjectExists if _DUPLICATE_OF_ENGINE.search(words) else errors.DatabaseError
    return kind(reason=words)


def _reason(kind: type[errors.DatabaseError]) -> Callable[[str], BaseException]:
    return lambda words: kind(reason=words)


def _value(reason: str) -> Callable[[str], BaseException]:
    return lambda words: errors.ValueOutOfRange(reason=reason)


def _always(kind: type[errors.DatabaseError]) -> Callable[[str], BaseException]:
    return lambda words: kind()


_UNKNOWN_DATABASE: Final = 1049
_NO_ACCESS: Final = 1044
_READ_ONLY: Final = (1290, 1792, 1836, 3989)
_DENIED: Final = (1044, 1045, 1142, 1143, 1227, 1370, 1410)
_EXISTING: Final = (1007, 1050, 1060, 1061, 1826, 3822)
_TOO_COMPLEX: Final = (1069, 1071, 1116, 1117, 1118, 1119, 1153, 1390, 1436, 1473, 1074)
_OF_ANOTHER_TYPE: Final = "a value is not of its column's type"

_BY_NUMBER: Final[dict[int, Callable[[str], BaseException]]] = {
    DUPLICATE: _duplicate,
    1586: _duplicate,
    1048: _not_null,
    1138: _not_null,
    1364: _not_null,
    1216: lambda words: _foreign_key(words, in_use=False),
    1452: lambda words: _foreign_key(words, in_use=False),
    1217: lambda words: _foreign_key(words, in_use=True),
    1451: lambda words: _foreign_key(words, in_use=True),
    3819: _check,
    4025: _check,
    1264: _value("a number is out of range"),
    1690: _value("a number is out of range"),
    1367: _value("a number is out of range"),
    1406: _value("a text is too long"),
    1441: _value("a date or time is out of range"),
    1265: _value(_OF_ANOTHER_TYPE),
    1292: _value(_OF_ANOTHER_TYPE),
    1366: _value(_OF_ANOTHER_TYPE),
    1411: _value(_OF_ANOTHER_TYPE),
    3140: _value("a value is no JSON"),
    4038: _value("a value is no JSON"),
    1365: _value("a division by zero"),
    1139: _reason(errors.InvalidPattern),
    **dict.fromkeys(range(3685, 3700), _reason(errors.InvalidPattern)),
    1146: _table_missing,
    1051: _table_missing,
    _UNKNOWN_DATABASE: _table_missing,
    1054: _column_missing,
    1072: _column_missing,
    1091: lambda words: errors.ColumnMissing(name=words),
    **dict.fromkeys(_EXISTING, _reason(errors.ObjectExists)),
    1005: _exists_in_engine,
    1020: _reason(errors.Contention),
    1099: _reason(errors.Contention),
    1205: _reason(errors.Contention),
    DEADLOCK: _reason(errors.Contention),
    3058: _reason(errors.Contention),
    3572: _reason(errors.Contention),
    1412: _always(errors.StatementOutdated),
    1615: _always(errors.StatementOutdated),
    1317: _always(errors.StatementTimeout),
    1969: _always(errors.StatementTimeout),
    3024: _always(errors.StatementTimeout),
    1021: _always(errors.DiskFull),
    1114: _always(errors.DiskFull),
    **dict.fromkeys(_READ_ONLY, _reason(errors.ReadOnly)),
    **dict.fromkeys(_DENIED, _reason(errors.PermissionDenied)),
    **dict.fromkeys(_TOO_COMPLEX, _reason(errors.StatementTooComplex)),
    **dict.fromkeys(CON_COUNT, lambda words: errors.TooManyConnections(where="", seconds=0)),
    **dict.fromkeys(_PARTED, _always(errors.DatabaseGone)),
}
"""The server's (or, from 2000 to 2999, the driver's) number → what it becomes."""
