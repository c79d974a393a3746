"""What can be wrong with what is asked of collections and records."""

from insula.core.errors import InsulaError, Kind


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


class InvalidQuery(DataError):
    """The parameter "{parameter}" {reason}."""

    code = "INVALID_PARAMETER"


class FilterRequired(DataError):
    """The action "{action}" needs filterByTk or a filter, so that it does not touch every record of "{collection}"."""

    code = "FILTER_REQUIRED"


class Conflict(DataError):
    """The value of {fields} in "{collection}" is already taken."""

    code = "CONFLICT"
    kind = Kind.CONFLICT


class InUse(DataError):
    """A record of "{collection}" is still in use by {users}."""

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


class FieldExists(DataError):
    """The collection "{collection}" already has a field "{field}"."""

    code = "CONFLICT"
    kind = Kind.CONFLICT


class InvalidMetadata(DataError):
    """{what} "{name}" {reason}."""

    code = "VALIDATION_ERROR"


class MetadataInUse(DataError):
    """{what} "{name}" can not be removed or changed: {reason}."""

    code = "CONFLICT"
    kind = Kind.CONFLICT
