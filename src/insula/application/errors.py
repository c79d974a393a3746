"""What can be wrong with an application as a whole, and with what is asked of its API."""

from insula.core.errors import InsulaError, Kind


class ApplicationError(InsulaError):
    """Something is wrong with the application."""


class OwnedByAnother(ApplicationError):
    """The database of {application} belongs to the application {owner} (id {stamp}); give {application} a database or schema of its own."""

    code = "OWNED_BY_ANOTHER"
    kind = Kind.CONFLICT


class NotInstalled(ApplicationError):
    """The database of {application} is empty; install the application first."""

    code = "NOT_INSTALLED"
    kind = Kind.UNAVAILABLE


class AlreadyInstalled(ApplicationError):
    """The database of {application} already holds an installed application."""

    code = "ALREADY_INSTALLED"
    kind = Kind.CONFLICT


class TurnTaken(ApplicationError):
    """Another process has been making, upgrading or starting {application} for more than {seconds:g} s; see how it is getting on there, and start {application} here again."""

    code = "TURN_TAKEN"
    kind = Kind.UNAVAILABLE


class FileNotShared(ApplicationError):
    """{application} is kept in a file ({path}), which no two environments can use at once; give it one environment, or a database on PostgreSQL, MariaDB or MySQL."""

    code = "FILE_NOT_SHARED"
    kind = Kind.INVALID


class NewerDatabase(ApplicationError):
    """The database of {application} was written by a newer version ({found}) than this one ({own}); run that version or a later one."""

    code = "NEWER_DATABASE"
    kind = Kind.CONFLICT


class JobWithdrawn(ApplicationError):
    """{reason}"""

    # raised by a step: nobody wants any more what the job makes, so it ends as cancelled
    code = "JOB_WITHDRAWN"
    kind = Kind.CONFLICT


class UpgradeNeeded(ApplicationError):
    """The database of {application} was written by an older version ({found}) than this one ({own}), and its automatic upgrade is off; upgrade it with: insula apps upgrade {application}"""

    code = "UPGRADE_NEEDED"
    kind = Kind.CONFLICT


class MigrationFailed(ApplicationError):
    """Migration {number} ({name}) of the plugin {plugin} failed, and nothing was changed: {cause}."""

    code = "MIGRATION_FAILED"


class WrongKey(ApplicationError):
    """The secrets of {application} can not be opened with this APP_KEY; start with the key that they were sealed with."""

    code = "WRONG_KEY"


class SealBroken(ApplicationError):
    """A sealed value ({purpose}) is damaged or was sealed for something else."""

    code = "SEAL_BROKEN"


class UnknownPlugin(ApplicationError):
    """There is no plugin "{plugin}"."""

    code = "NOT_FOUND"
    kind = Kind.MISSING


class PluginRequired(ApplicationError):
    """The plugin "{plugin}" can not be disabled: {reason}."""

    code = "CONFLICT"
    kind = Kind.CONFLICT


class PluginCycle(ApplicationError):
    """These plugins require one another in a circle: {plugins}."""

    code = "PLUGIN_CYCLE"


class PluginFailed(ApplicationError):
    """The plugin "{plugin}" of this application is off: {reason}."""

    code = "PLUGIN_FAILED"
    kind = Kind.UNAVAILABLE


class PluginOff(PluginFailed):
    """The plugin "{plugin}" of this application is off; those who manage plugins see why."""


class InvalidSettings(ApplicationError):
    """The settings of the plugin "{plugin}" do not fit: {reason}."""

    code = "VALIDATION_ERROR"
    kind = Kind.INVALID


class InvalidSetting(InvalidSettings):
    """The setting "{setting}" of the plugin "{plugin}" {reason}."""


class UnknownResource(ApplicationError):
    """There is no resource "{resource}"."""

    code = "NOT_FOUND"
    kind = Kind.MISSING


class UnknownAction(ApplicationError):
    """The resource "{resource}" has no action "{action}"."""

    code = "NOT_FOUND"
    kind = Kind.MISSING


class NotAnAddress(ApplicationError):
    """Nothing lives at "{path}"; addresses look like /<resource>:<action>."""

    code = "NOT_FOUND"
    kind = Kind.MISSING


class MethodNotAllowed(ApplicationError):
    """The action "{resource}:{action}" is not for {method}; use {allowed}."""

    code = "METHOD_NOT_ALLOWED"
    kind = Kind.METHOD


class InvalidParameter(ApplicationError):
    """The parameter "{parameter}" {reason}."""

    code = "INVALID_PARAMETER"
    kind = Kind.INVALID


class InvalidJson(ApplicationError):
    """The body is not JSON: {reason}."""

    code = "INVALID_JSON"
    kind = Kind.INVALID


class InvalidBody(ApplicationError):
    """The body {reason}."""

    code = "VALIDATION_ERROR"
    kind = Kind.INVALID


class UnsupportedMediaType(ApplicationError):
    """The body is {found}; send JSON, with the header Content-Type: application/json."""

    code = "UNSUPPORTED_MEDIA_TYPE"
    kind = Kind.INVALID


class EncodedBody(ApplicationError):
    """The body is sent with Content-Encoding {found}, which is not taken apart here; send it as it is."""

    code = "UNSUPPORTED_MEDIA_TYPE"
    kind = Kind.INVALID


class PayloadTooLarge(ApplicationError):
    """The body is larger than the {limit} bytes that are read here."""

    code = "PAYLOAD_TOO_LARGE"
    kind = Kind.TOO_LARGE


class ClientGone(ApplicationError):
    """The client went away before its request was read."""

    code = "CLIENT_GONE"
    kind = Kind.INVALID


class Overloaded(ApplicationError):
    """The application answers {limit} requests at once and takes no more just now; try again."""

    code = "OVERLOADED"
    kind = Kind.UNAVAILABLE


class DeadlineExceeded(ApplicationError):
    """The request took longer than {seconds:g} s, so it is not waited for any more; what it began may still be done."""

    code = "TIMEOUT"
    kind = Kind.TIMEOUT


class NotRunning(ApplicationError):
    """The application is not running."""

    code = "APP_STOPPED"
    kind = Kind.UNAVAILABLE


class Misstated(ApplicationError):
    """{what} "{name}" is stated twice, by the plugins {first} and {second}."""

    code = "MISSTATED"


class UnknownJob(ApplicationError):
    """There is no job {job}."""

    code = "NOT_FOUND"
    kind = Kind.MISSING


class WrongJobState(ApplicationError):
    """The job {job} is {status}, so it can not {verb}."""

    code = "CONFLICT"
    kind = Kind.CONFLICT


class TooManyListeners(ApplicationError):
    """{limit} connections listen to the application, and it takes no more just now; try again."""

    code = "OVERLOADED"
    kind = Kind.UNAVAILABLE


class ForeignOrigin(ApplicationError):
    """A page of another site can not listen here with the cookies of this one."""

    code = "FOREIGN_ORIGIN"
    kind = Kind.DENIED


class UnknownTopic(ApplicationError):
    """There is no topic "{topic}"; there are applications, environments, jobs, and records:<collection>."""

    code = "NOT_FOUND"
    kind = Kind.MISSING
