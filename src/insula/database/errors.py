"""What can go wrong with a database, the same for every dialect.

No message carries a stored value: they end up in answers and logs. What the driver said is the ``__cause__``.
"""

from typing import Any

from insula.core.errors import InsulaError, Kind


class DatabaseError(InsulaError):
    """The database refused a statement: {reason}."""

    code = "DATABASE_ERROR"
    kind = Kind.INTERNAL
    told = "The database can not answer this now; try again later."


class UnknownDialect(DatabaseError):
    """There is no database dialect "{name}"; DB_DIALECT takes one of: {known}."""

    code = "UNKNOWN_DIALECT"
    kind = Kind.INVALID


class NotSupported(DatabaseError):
    """The dialect {dialect} can not {what}."""


class CanNotCompile(DatabaseError):
    """The expression can not be compiled: {reason}."""


class MissingValue(DatabaseError):
    """The statement needs a value for "{name}"."""


class DatabaseClosed(DatabaseError):
    """This handle on the database is closed."""

    code = "DATABASE_UNAVAILABLE"
    kind = Kind.UNAVAILABLE


# --- what the data does not allow


class ConstraintViolation(DatabaseError):
    """A rule of the table {table} does not allow this ({constraint})."""

    code = "CONFLICT"
    kind = Kind.CONFLICT

    def __init__(
        self,
        *,
        table: str | None = None,
        columns: tuple[str, ...] = (),
        constraint: str | None = None,
        **more: Any,
    ) -> None:
        self.table = table
        """The table whose row was to be written; ``None`` where the database does not say."""
        self.columns = columns
        """In the order of the constraint; empty where the database does not say (expression indexes)."""
        self.constraint = constraint
        named = ", ".join(columns) or constraint or "a column"
        super().__init__(table=table, columns=columns, constraint=constraint, named=named, **more)


class UniqueViolation(ConstraintViolation):
    """The value of {named} in the table {table} is already taken."""


class ForeignKeyViolation(ConstraintViolation):
    """The table {table} refers to {referenced} by {named}: {problem}."""

    def __init__(
        self,
        *,
        in_use: bool,
        referenced: str | None = None,
        table: str | None = None,
        columns: tuple[str, ...] = (),
        constraint: str | None = None,
    ) -> None:
        self.in_use = in_use
        """True: the row that was to go is still referred to. False: the row referred to does not exist."""
        self.referenced = referenced
        """The table that is referred to (``table`` is the one that refers), where the database says so."""
        problem = "the row is still in use" if in_use else "there is no such row"
        super().__init__(
            table=table, columns=columns, constraint=constraint, referenced=referenced, problem=problem
        )


class NotNullViolation(ConstraintViolation):
    """The column {named} of the table {table} needs a value."""

    code = "VALIDATION_ERROR"
    kind = Kind.INVALID


class CheckViolation(ConstraintViolation):
    """The rule {named} of the table {table} does not allow this value."""

    code = "VALIDATION_ERROR"
    kind = Kind.INVALID


class ValueOutOfRange(DatabaseError):
    """A value can not be stored or compared: {reason}."""

    code = "VALIDATION_ERROR"
    kind = Kind.INVALID


class InvalidPattern(DatabaseError):
    """The pattern can not be understood: {reason}."""

    code = "INVALID_FILTER"
    kind = Kind.INVALID


class StatementTooComplex(DatabaseError):
    """The statement is too large or too deep for the database: {reason}."""

    code = "TOO_COMPLEX"
    kind = Kind.INVALID


# --- what the schema does not have, or has already


class TableMissing(DatabaseError):
    """The database has no table or schema {name}."""

    def __init__(self, *, name: str | None) -> None:
        self.name = name
        super().__init__(name=name)


class ColumnMissing(DatabaseError):
    """The database lacks a column: {name}."""

    def __init__(self, *, name: str | None) -> None:
        self.name = name
        super().__init__(name=name)


class ObjectExists(DatabaseError):
    """The database already has this table, column or index ({reason})."""

    code = "CONFLICT"
    kind = Kind.CONFLICT


class TypeMismatch(DatabaseError):
    """A column has another type than the statement was made for: {reason}."""


class StatementOutdated(DatabaseError):
    """The schema changed while the transaction ran; run it again."""

    code = "DATABASE_BUSY"
    kind = Kind.UNAVAILABLE
    told = ""


class TransactionFailed(DatabaseError):
    """A statement of this transaction failed before, so nothing of it is kept."""


# --- what the server does not give now


class DatabaseUnavailable(DatabaseError):
    """The database {where} does not answer: {reason}."""

    code = "DATABASE_UNAVAILABLE"
    kind = Kind.UNAVAILABLE


class DatabaseGone(DatabaseError):
    """The connection to the database was lost in the middle; whether a write was kept is not known."""

    code = "DATABASE_UNAVAILABLE"
    kind = Kind.UNAVAILABLE
    told = ""


class TooManyConnections(DatabaseError):
    """No connection to the database {where} became free within {seconds} s."""

    code = "DATABASE_BUSY"
    kind = Kind.UNAVAILABLE
    told = "The database is busy just now; try again."


class Contention(DatabaseError):
    """Other transactions hold what this one needs: {reason}. Run it again."""

    code = "DATABASE_BUSY"
    kind = Kind.UNAVAILABLE
    told = "The database is busy just now; try again."


class StatementTimeout(DatabaseError):
    """The statement took longer than allowed and was ended."""

    code = "DATABASE_TIMEOUT"
    kind = Kind.TIMEOUT
    told = ""


class DiskFull(DatabaseError):
    """The database has no room left on its disk."""

    code = "DISK_FULL"
    kind = Kind.UNAVAILABLE
    told = ""


# --- what an administrator has to mend


class InvalidPassword(DatabaseError):
    """The database {where} does not accept the user "{user}": {reason}. Check user and password (the main application's are DB_USER and DB_PASSWORD)."""

    code = "DATABASE_UNAVAILABLE"
    kind = Kind.UNAVAILABLE


class DatabaseMissing(DatabaseError):
    """The database "{database}" does not exist. An administrator can create it: {statement}"""

    code = "DATABASE_UNAVAILABLE"
    kind = Kind.UNAVAILABLE


class SchemaMissing(DatabaseError):
    """The schema "{schema}" does not exist or can not be written to. An administrator can mend it: {statement}"""

    code = "DATABASE_UNAVAILABLE"
    kind = Kind.UNAVAILABLE


class PermissionDenied(DatabaseError):
    """The database does not permit this: {reason}."""

    code = "DATABASE_UNAVAILABLE"
    kind = Kind.UNAVAILABLE


class ReadOnly(DatabaseError):
    """The database can be read, but not written to: {reason}."""

    code = "DATABASE_READ_ONLY"
    kind = Kind.UNAVAILABLE
    told = "Nothing can be stored just now; an administrator has to look at the database."


class DatabaseInUse(DatabaseError):
    """The database {where} is used by another Insula server ({holder}); stop that one, or give this one a database or schema of its own."""

    code = "DATABASE_IN_USE"
    kind = Kind.CONFLICT


class InvalidStorage(DatabaseError):
    """DB_STORAGE "{path}" {reason}."""

    code = "DATABASE_UNAVAILABLE"
    kind = Kind.UNAVAILABLE


class UnsuitableDatabase(DatabaseError):
    """The database "{database}" can not be used: {reason}."""

    code = "DATABASE_UNAVAILABLE"
    kind = Kind.UNAVAILABLE
