"""What can go wrong with the life of an application."""

from typing import ClassVar

from insula.core.errors import InsulaError, Kind


class WrongMove(InsulaError):
    """The application {application} is {observed} (wanted: {wanted}) and can not become {to} from there."""

    code = "WRONG_MOVE"
    kind: ClassVar[Kind] = Kind.CONFLICT


class StartGivenUp(InsulaError):
    """The application {application} was stopped while it started."""

    code = "APP_STOPPED"
    kind: ClassVar[Kind] = Kind.UNAVAILABLE


class StaysDown(InsulaError):
    """{reason}"""

    # nothing has failed, and only somebody can change it: it is stopped, and tells why
    code = "UPGRADE_NEEDED"
    kind: ClassVar[Kind] = Kind.CONFLICT


class StepExpired(InsulaError):
    """The step {step} of {application} took longer than {seconds:g} s and was given up."""

    code = "STEP_EXPIRED"
    kind: ClassVar[Kind] = Kind.TIMEOUT


class ApplicationNotFound(InsulaError):
    """There is no application {application} here."""

    code = "APP_NOT_FOUND"
    kind: ClassVar[Kind] = Kind.MISSING


class MainStandsApart(ApplicationNotFound):
    """The main application is none of those that are looked after here: it runs as long as its server does."""


class CommandExpired(InsulaError):
    """The command {command} for the application {application} was not done within {seconds:g} s."""

    code = "COMMAND_EXPIRED"
    kind: ClassVar[Kind] = Kind.UNAVAILABLE


class CommandNotTaken(CommandExpired):
    """The environment {environment} has not taken the command {command} for the application {application} within {seconds:g} s: it hangs, or has another APP_COMMAND_REDIS_URL than its Supervisor."""


class CommandCutOff(CommandExpired):
    """The command {command} for the application {application} was not done within {seconds:g} s. {reason}"""


class EnvironmentUnavailable(InsulaError):
    """The environment {environment} does not answer."""

    code = "ENVIRONMENT_UNAVAILABLE"
    kind: ClassVar[Kind] = Kind.UNAVAILABLE


class RedisUnavailable(InsulaError):
    """The Redis {where} ({setting}) does not answer: {reason}."""

    code = "REDIS_UNAVAILABLE"
    kind: ClassVar[Kind] = Kind.UNAVAILABLE
    told = "The Redis between the environments does not answer."


class RedisRefused(InsulaError):
    """The Redis {where} does not let us in ({reason}); write a user and password that may in {setting}, such as redis://user:password@host:6379/0."""

    code = "REDIS_REFUSED"
    kind: ClassVar[Kind] = Kind.INVALID


class RedisNumberUnknown(RedisRefused):
    """The Redis {where} has no database of that number; write a smaller one in {setting}, such as redis://localhost:6379/0."""


class KeyMismatch(InsulaError):
    """What stands in Redis ({what}) can not be opened with this key; write the same APP_SUPERVISOR_AES_SECRET_KEY for the supervisor and all workers."""

    code = "KEY_MISMATCH"
    kind: ClassVar[Kind] = Kind.INVALID
    told = "The processes that meet in Redis have different keys; write the same APP_SUPERVISOR_AES_SECRET_KEY for the supervisor and all workers."


class Unintelligible(InsulaError):
    """What another process has written is no {what} that this version knows ({reason}); run the same version everywhere."""

    code = "UNINTELLIGIBLE"
    kind: ClassVar[Kind] = Kind.INVALID


class FleetTaken(InsulaError):
    """Another Supervisor, {holder}{at}, commands the environments that meet in this Redis; stop that one, or give this one another Redis, such as another number behind its address."""

    code = "FLEET_TAKEN"
    kind: ClassVar[Kind] = Kind.CONFLICT


class EnvironmentTaken(InsulaError):
    """Another worker, {holder}{at}, is the environment {environment} already; stop that one, or give this one another ENVIRONMENT_NAME."""

    code = "ENVIRONMENT_TAKEN"
    kind: ClassVar[Kind] = Kind.CONFLICT
