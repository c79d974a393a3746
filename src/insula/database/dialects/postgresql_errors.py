"""What PostgreSQL and asyncpg say → the errors of this layer.

The server's words may be in any language; what is read here are the fields that are not translated, and
the ``(columns)=(values)`` of details, which look the same in all of them. Values are never passed on.
"""

import os
import re
import socket
from collections.abc import Callable

from asyncpg import exceptions as pg  # type: ignore[import-untyped]

from insula.database import errors

_COLUMNS = re.compile(r"\((?P<columns>.*?)\)=\(", re.DOTALL)
_NAME = re.compile(r'"((?:[^"]|"")*)"|([^,"()]+)(?=,|$)')
_TARGET = re.compile(r'\) [^"]*"(.*)"\.?$', re.DOTALL)
_QUOTED = re.compile(r'"(.*)"', re.DOTALL)
_STILL_REFERENCED = re.compile(r"^update or delete |is still referenced|^(update or )?delete ", re.IGNORECASE)

_OUTDATED = (pg.InvalidCachedStatementError, pg.OutdatedSchemaCacheError)
_GONE = (
    pg.ConnectionDoesNotExistError,
    pg.ConnectionFailureError,
    pg.AdminShutdownError,
    pg.CrashShutdownError,
    pg.IdleInTransactionSessionTimeoutError,
    ConnectionError,
)
_NUMBERS = re.compile(r"\[Errno (\d+)\]")
_CLIENT_REASON = re.compile(r"value out of \w+ range|expected \w+, got \w+|int too large to convert to float")
"""Reasons of asyncpg that do not repeat the value."""


def translate(error: BaseException) -> BaseException:
    """An error of a statement; errors that are no driver's pass unchanged."""
    if isinstance(error, errors.DatabaseError):
        return error
    if isinstance(error, _OUTDATED):
        return errors.StatementOutdated()
    if isinstance(error, _GONE):
        return errors.DatabaseGone()
    if isinstance(error, UnicodeEncodeError | OverflowError) or _is_of_encoding(error):
        return errors.ValueOutOfRange(reason=_client_reason(error))
    if isinstance(error, pg.PostgresError):
        return _of_server(error)
    if isinstance(error, pg.InterfaceError):
        return _of_client(error)
    if isinstance(error, pg.InternalClientError):
        # The server said good-bye in the moment in which a statement was to be sent.
        parted = "cannot switch to state" in str(error)
        return errors.DatabaseGone() if parted else errors.DatabaseError(reason=_first_line(error))
    return error


def translate_opening(
    error: BaseException, *, where: str, user: str, database: str, create: str
) -> BaseException:
    """An error of opening a connection."""
    if isinstance(error, errors.DatabaseError):
        return error
    if isinstance(error, pg.TooManyConnectionsError):
        return errors.TooManyConnections(where=where, seconds=0)
    if isinstance(error, pg.InvalidAuthorizationSpecificationError):
        return errors.InvalidPassword(where=where, user=user, reason=_first_line(error))
    if isinstance(error, pg.InvalidCatalogNameError):
        return errors.DatabaseMissing(database=database, statement=create)
    if isinstance(error, pg.InsufficientPrivilegeError):
        return errors.PermissionDenied(reason=_first_line(error))
    if isinstance(error, TimeoutError):
        return errors.DatabaseUnavailable(where=where, reason="it took too long to connect")
    if isinstance(error, OSError | pg.PostgresError | pg.InterfaceError | pg.InternalClientError):
        reason = _of_system(error) if isinstance(error, OSError) else _first_line(error)
        return errors.DatabaseUnavailable(where=where, reason=reason)
    return error


def _of_system(error: OSError) -> str:
    """Why no connection came about, in words: what the system says, and not its number."""
    if isinstance(error, socket.gaierror):
        return "the name is not known"
    # Where several addresses were tried, the numbers stand in the text only.
    number = error.errno or next(iter(_NUMBERS.findall(str(error))), 0)
    return os.strerror(int(number)).lower() if number else _first_line(error)


def _of_server(error: pg.PostgresError) -> BaseException:
    state = error.sqlstate or ""
    if make := _BY_STATE.get(state):
        return make(error)
    if make := _BY_CLASS.get(state[:2]):
        return make(error)
    return errors.DatabaseError(reason=_first_line(error))


def _is_of_encoding(error: BaseException) -> bool:
    """Whether asyncpg itself could not encode a value: the server's class of errors, but not its words."""
    return type(error) is pg.DataError and getattr(error, "severity", None) is None


def _of_client(error: pg.InterfaceError) -> BaseException:
    words = str(error)
    if "closed" in words:
        return errors.DatabaseGone()
    if "number of query arguments cannot exceed" in words:
        return errors.StatementTooComplex(reason="it has too many values")
    return errors.DatabaseError(reason=_first_line(error))


def _client_reason(error: BaseException) -> str:
    """Why asyncpg can not send a value: «invalid input for query argument $1: value (reason)», without the value."""
    if isinstance(error, UnicodeEncodeError) or isinstance(error.__cause__, UnicodeEncodeError):
        return "a text has characters that are no Unicode (lone surrogates)"
    found = _CLIENT_REASON.search(_first_line(error))
    return found[0] if found else "a value is not of its column's type"


def _unique(error: pg.PostgresError) -> BaseException:
    return errors.UniqueViolation(
        table=error.table_name, columns=detail_columns(error.detail), constraint=error.constraint_name
    )


def _foreign_key(error: pg.PostgresError) -> BaseException:
    """Of the two tables, the server's field names the one that refers."""
    in_use = bool(_STILL_REFERENCED.search(_first_line(error)))
    columns = detail_columns(error.detail, quoted=False)
    if in_use:
        # The detail names the columns of the table that is referred to.
        return errors.ForeignKeyViolation(
            in_use=True,
            table=error.table_name,
            referenced=_quoted(_first_line(error).split(f'"{error.constraint_name}"', 1)[0]),
            constraint=error.constraint_name,
        )
    target = _TARGET.search(error.detail or "")
    return errors.ForeignKeyViolation(
        in_use=False,
        table=error.table_name,
        columns=columns,
        referenced=target[1] if target else None,
        constraint=error.constraint_name,
    )


def _not_null(error: pg.PostgresError) -> BaseException:
    columns = (error.column_name,) if error.column_name else ()
    return errors.NotNullViolation(table=error.table_name, columns=columns)


def _check(error: pg.PostgresError) -> BaseException:
    return errors.CheckViolation(table=error.table_name, constraint=error.constraint_name)


def detail_columns(detail: str | None, *, quoted: bool = True) -> tuple[str, ...]:
    """Columns out of ``Key (a, "B c")=(…) …``. Foreign keys name them without quotes, unique indexes with."""
    found = _COLUMNS.search(detail or "")
    if not found:
        return ()
    text = found["columns"]
    if not quoted:
        return tuple(text.split(", "))
    columns = []
    position = 0
    while position < len(text):
        name = _NAME.match(text, position)
        if not name:
            return ()  # an expression
        columns.append(name[1].replace('""', '"') if name[1] is not None else name[2])
        position = name.end() + len(", ")
    return tuple(columns)


def _quoted(words: str) -> str | None:
    """What stands between the first and the last quote: a name may have quotes in it."""
    found = _QUOTED.search(words)
    return found[1] if found else None


def _first_line(error: BaseException) -> str:
    return (str(error.args[0]) if error.args else str(error)).split("\n", 1)[0] or type(error).__name__


def _reason(kind: Callable[..., BaseException]) -> Callable[[pg.PostgresError], BaseException]:
    return lambda error: kind(reason=_first_line(error))


def _value(reason: str) -> Callable[[pg.PostgresError], BaseException]:
    return lambda error: errors.ValueOutOfRange(reason=reason)


def _mismatch(error: pg.PostgresError) -> BaseException:
    return errors.TypeMismatch(reason=_first_line(error))


_BY_STATE: dict[str, Callable[[pg.PostgresError], BaseException]] = {
    # What a statement gets that was made for a column whose type was changed before it had its turn:
    "42804": _mismatch,
    "42883": _mismatch,
    "23505": _unique,
    "23P01": _unique,
    "23503": _foreign_key,
    "23001": _foreign_key,
    "23502": _not_null,
    "23514": _check,
    "22003": _value("a number is out of range"),
    "22008": _value("a date or time is out of range"),
    "22001": _value("a text is too long"),
    "22021": _value("a text has a NUL character or is no Unicode"),
    "22P05": _value("a text has a NUL character or is no Unicode"),
    "22P02": _value("a value is not of its column's type"),
    "22007": _value("a date or time can not be read"),
    "22030": _value("an object has a key twice"),
    "2201B": _reason(errors.InvalidPattern),
    "25006": _reason(errors.ReadOnly),
    "25P02": lambda error: errors.TransactionFailed(),
    "40001": _reason(errors.Contention),
    "40P01": _reason(errors.Contention),
    "55P03": _reason(errors.Contention),
    "3F000": lambda error: errors.TableMissing(name=_quoted(_first_line(error))),
    "42P01": lambda error: errors.TableMissing(name=_quoted(_first_line(error))),
    "42703": lambda error: errors.ColumnMissing(name=_first_line(error)),
    "42501": _reason(errors.PermissionDenied),
    "42P04": _reason(errors.ObjectExists),
    "42P06": _reason(errors.ObjectExists),
    "42P07": _reason(errors.ObjectExists),
    "42701": _reason(errors.ObjectExists),
    "42710": _reason(errors.ObjectExists),
    "53100": lambda error: errors.DiskFull(),
    "53300": lambda error: errors.TooManyConnections(where="", seconds=0),
    "57014": lambda error: errors.StatementTimeout(),
}

_BY_CLASS: dict[str, Callable[[pg.PostgresError], BaseException]] = {
    "08": lambda error: errors.DatabaseGone(),
    "22": _reason(errors.ValueOutOfRange),
    "53": lambda error: errors.DatabaseUnavailable(where="server", reason=_first_line(error)),
    "54": _reason(errors.StatementTooComplex),
    "57": lambda error: errors.DatabaseGone(),
}
