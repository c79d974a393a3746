"""What can be wrong with a file to import, or with how an export is asked for."""

from insula.core.errors import InsulaError, Kind


class UnreadableCsv(InsulaError):
    """The file can not be read as CSV, line {line}: {reason}."""

    code = "INVALID_FILE"
    kind = Kind.INVALID


class EncodedBody(InsulaError):
    """The file is sent with Content-Encoding {found}, which is not taken apart here; send it as it is."""

    code = "UNSUPPORTED_MEDIA_TYPE"
    kind = Kind.INVALID


class InvalidImport(InsulaError):
    """The import can not begin: {reason}."""

    code = "INVALID_IMPORT"
    kind = Kind.INVALID


class InvalidExport(InsulaError):
    """The export can not begin: {reason}."""

    code = "INVALID_EXPORT"
    kind = Kind.INVALID


class StorageFull(InsulaError):
    """The storage folder is full: the file could not be kept. Make room and send it again."""

    code = "STORAGE_FULL"
    kind = Kind.UNAVAILABLE
