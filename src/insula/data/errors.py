"""What can be wrong with what is asked of collections and records."""

from collections.abc import Sequence

from insula.core.errors import InsulaError, Kind

MAX_ENTRIES = 100
"""Wrong values of one body that are told of; more than that nobody reads."""


class DataError(InsulaError):
    """Something is wrong with the data."""

    code = "INVALID"
    kind = Kind.INVALID


class UnknownCollection(DataError):
    """There is no collection "{collection}"."""

    code = "NOT_FOUND"
    kind = Kind.MISSING


class UnknownField(DataError):
    """The collection "{collection}" has no field "{field}" (in {place})."""

    code = "UNKNOWN_FIELD"


class InvalidFilter(DataError):
    """The filter can not be understood: {reason}."""

    code = "INVALID_FILTER"


class InvalidValue(DataError):
    """The field "{field}" of "{collection}" {reason}."""

    code = "VALIDATION_ERROR"


class InvalidRecord(InvalidValue):
    """The field "{field}" of "{collection}" {reason}; also wrong: {others}."""

    def __init__(self, problems: Sequence[InvalidValue]) -> None:
        self.problems = problems
        others = ", ".join(f'"{problem.details["field"]}"' for problem in problems[1:MAX_ENTRIES])
        super().__init__(**problems[0].details, others=others)

    @property
    def entries(self) -> Sequence[InsulaError]:
        return self.problems[:MAX_ENTRIES]


def all_of(problems: Sequence[InvalidValue]) -> InvalidValue:
    """One error for everything that is wrong with the values of a body; ``problems`` is not empty."""
    return problems[0] if len(problems) == 1 else InvalidRecord(problems)


class InvalidQuery(DataError):
    """The parameter "{parameter}" {reason}."""

    code = "INVALID_PARAMETER"


class FilterRequired(DataError):
    """The action "{action}" needs filterByTk or a filter, so that it does not touch every record of "{collection}"."""

    code = "FILTER_REQUIRED"


class Conflict(DataError):
    """The value of {named} in "{collection}" is already taken."""

    code = "CONFLICT"
    kind = Kind.CONFLICT

    def __init__(self, *, collection: str, fields: Sequence[str]) -> None:
        """``fields`` hold the value together; none where the database does not say which."""
        named = ", ".join(f'"{name}"' for name in fields) or "its key"
        super().__init__(collection=collection, fields=tuple(fields), named=named)


class InUse(DataError):
    """A record of "{collection}" is still in use by {users}."""

    code = "CONFLICT"
    kind = Kind.CONFLICT


class LinkRequired(DataError):
    """A record of "{collection}" can not be without "{field}", which is required: relate it to another record instead."""

    code = "CONFLICT"
    kind = Kind.CONFLICT


class RecordNotFound(DataError):
    """There is no record {key} in "{collection}"."""

    code = "NOT_FOUND"
    kind = Kind.MISSING


class CollectionExists(DataError):
    """A collection or table named "{collection}" already exists."""

    code = "CONFLICT"
    kind = Kind.CONFLICT

    def __init__(self, *, collection: str) -> None:
        super().__init__(collection=collection, path="name")


class FieldExists(DataError):
    """The collection "{collection}" already has a field "{field}"."""

    code = "CONFLICT"
    kind = Kind.CONFLICT

    def __init__(self, *, collection: str, field: str) -> None:
        super().__init__(collection=collection, field=field, path="name")


def _described(what: str, name: str, path: str) -> dict[str, str]:
    """Details of what describes a collection (``orders``) or a field (``orders.total``)."""
    details = {"name": name, "path": path} if path else {"name": name}
    collection, dot, field = name.partition(".")
    if dot:
        return {**details, "collection": collection, "field": field}
    return {**details, "collection": name} if what == "The collection" else details


class InvalidMetadata(DataError):
    """{what} "{name}" {reason}."""

    code = "VALIDATION_ERROR"

    def __init__(self, *, what: str, name: str, reason: str, path: str = "") -> None:
        """``path``: the setting that is wrong, as the body calls it."""
        super().__init__(what=what, reason=reason, **_described(what, name, path))


class MetadataInUse(DataError):
    """{what} "{name}" can not be removed or changed: {reason}."""

    code = "CONFLICT"
    kind = Kind.CONFLICT

    def __init__(self, *, what: str, name: str, reason: str, path: str = "") -> None:
        """``path``: the setting that can not be changed, as the body calls it."""
        super().__init__(what=what, reason=reason, **_described(what, name, path))


class TableLost(DataError):
    """The table "{table}" of the collection "{collection}" is not in the database: something else removed it. Bring it back from a backup, or remove the collection too (collections:destroy)."""

    code = "TABLE_MISSING"
    kind = Kind.CONFLICT


class ColumnLost(DataError):
    """The table of the collection "{collection}" lacks the column of its field "{field}": something else removed it. Bring it back from a backup, or remove the field too (fields:destroy)."""

    code = "COLUMN_MISSING"
    kind = Kind.CONFLICT
