"""What can be wrong with what is asked of the supervisor."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from insula.core.errors import InsulaError, Kind
from insula.core.translation import in_language


class SupervisorError(InsulaError):
    """Something is wrong with what is asked of the supervisor."""


class NamesRequired(SupervisorError):
    """The action "{action}" needs filterByTk: the names of the applications that are meant."""

    code = "FILTER_REQUIRED"
    kind = Kind.INVALID


class InvalidName(SupervisorError):
    """The name of an application {reason}."""

    code = "VALIDATION_ERROR"
    kind = Kind.INVALID

    def __init__(self, **details: object) -> None:
        super().__init__(field="name", **details)


class InvalidDomain(SupervisorError):
    """The custom domain {reason}."""

    code = "VALIDATION_ERROR"
    kind = Kind.INVALID

    def __init__(self, **details: object) -> None:
        super().__init__(field="cname", **details)


class InvalidOption(SupervisorError):
    """The field "{field}" of an application {reason}."""

    code = "VALIDATION_ERROR"
    kind = Kind.INVALID


class NameTaken(SupervisorError):
    """There is an application {application} already; choose another name."""

    code = "CONFLICT"
    kind = Kind.CONFLICT

    def __init__(self, **details: object) -> None:
        super().__init__(field="name", **details)


class NameOfDeleted(SupervisorError):
    """The name {application} belongs to an application that was deleted; restore that one, purge it, or choose another name."""

    code = "CONFLICT"
    kind = Kind.CONFLICT

    def __init__(self, **details: object) -> None:
        super().__init__(field="name", **details)


class DomainTaken(SupervisorError):
    """The domain {domain} belongs to the application {application}."""

    code = "CONFLICT"
    kind = Kind.CONFLICT

    def __init__(self, **details: object) -> None:
        super().__init__(field="cname", **details)


class EnvironmentFull(SupervisorError):
    """The environment {environment} takes no more applications, since it has {applications} of at most {capacity}: choose another one, delete or move some, or raise INSULA_CAPACITY there."""

    code = "ENVIRONMENT_FULL"
    kind = Kind.CONFLICT

    def __init__(self, **details: object) -> None:
        super().__init__(field="environments", **details)


class NoSuchEnvironment(SupervisorError):
    """There is no environment {environment} here (there is {known})."""

    code = "ENVIRONMENT_NOT_FOUND"
    kind = Kind.MISSING


class EnvironmentInUse(SupervisorError):
    """The environment {environment} can not be forgotten: {reason}."""

    code = "CONFLICT"
    kind = Kind.CONFLICT


class NotNow(SupervisorError):
    """The application {application} can not {verb}: it {reason}."""

    code = "CONFLICT"
    kind = Kind.CONFLICT


class NotConfirmed(SupervisorError):
    """To {verb} the application {application}, give its name as confirm={application}."""

    code = "CONFIRMATION_REQUIRED"
    kind = Kind.INVALID


class CommandFailed(SupervisorError):
    """The application {application} could not {verb} in the environment {environment} (step {step}): {message}"""

    code = "COMMAND_FAILED"
    kind = Kind.CONFLICT

    def __init__(self, **details: object) -> None:
        super().__init__(**details)
        self.cause_code = str(details["code"])
        """The code of what went wrong in the environment."""


class CommandUnanswered(CommandFailed):
    """The application {application} could not {verb} in the environment {environment} (step {step}): {message}

    As ``CommandFailed``, where trying again later may help.
    """

    code = "COMMAND_FAILED"
    kind = Kind.UNAVAILABLE


class SupervisorClosed(SupervisorError):
    """The main application is not running, so nothing can be asked of the supervisor."""

    code = "SUPERVISOR_CLOSED"
    kind = Kind.UNAVAILABLE


class CreationGone(SupervisorError):
    """The application {application} that this job made is not there any more."""

    code = "NOT_FOUND"
    kind = Kind.MISSING


class StampInUse(SupervisorError):
    """The stamp is that of the application {application}, which is looked after here; delete it and purge it with keepData=true first."""

    code = "CONFLICT"
    kind = Kind.CONFLICT


class NobodyToOwn(SupervisorError):
    """Nobody of the main application could be the first user of the new one; set up an administrator first."""

    code = "CONFLICT"
    kind = Kind.CONFLICT


WRONG_INPUT: Final = frozenset(("STORAGE_UNFIT",))
"""Codes of findings that speak against what was said, whatever is there."""


class PreflightFinding(SupervisorError):
    """{message}"""

    code = "PREFLIGHT_FAILED"
    kind = Kind.CONFLICT

    def __init__(self, *, code: str, message: str, remedy: str = "") -> None:
        super().__init__(message=f"{message} {remedy}".strip())
        self.code = code  # type: ignore[misc]  # what was found names itself
        self._parts = (message, remedy)

    def message_in(self, language: str) -> str:
        """Each of its sentences by itself."""
        return " ".join(in_language(part, language) for part in self._parts if part)


class PreflightFailed(SupervisorError):
    """The application {application} can not be made as it is asked for."""

    code = "PREFLIGHT_FAILED"
    kind = Kind.CONFLICT

    def __init__(self, *, application: str, findings: Sequence[Mapping[str, Any]]) -> None:
        """``findings`` are those that speak against it."""
        super().__init__(application=application)
        if all(found["code"] in WRONG_INPUT for found in findings):
            self.kind = Kind.INVALID  # type: ignore[misc]  # nothing that is there stands in its way
        self._findings = findings

    @property
    def entries(self) -> Sequence[InsulaError]:
        return [
            PreflightFinding(code=found["code"], message=found["message"], remedy=found.get("remedy", ""))
            for found in self._findings
        ]
