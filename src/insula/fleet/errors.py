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


class StepExpired(InsulaError):
    """The step {step} of {application} took longer than {seconds:g} s and was given up."""

    code = "STEP_EXPIRED"
    kind: ClassVar[Kind] = Kind.TIMEOUT


class ApplicationNotFound(InsulaError):
    """There is no application {application} here."""

    code = "APP_NOT_FOUND"
    kind: ClassVar[Kind] = Kind.MISSING


class CommandExpired(InsulaError):
    """The command {command} for the application {application} was not done within {seconds:g} s."""

    code = "COMMAND_EXPIRED"
    kind: ClassVar[Kind] = Kind.UNAVAILABLE


class EnvironmentUnavailable(InsulaError):
    """The environment {environment} does not answer."""

    code = "ENVIRONMENT_UNAVAILABLE"
    kind: ClassVar[Kind] = Kind.UNAVAILABLE
