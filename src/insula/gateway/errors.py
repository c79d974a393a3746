"""What the gateway answers by itself, before an application can."""

from typing import ClassVar

from insula.core.errors import InsulaError, Kind
from insula.fleet.lifecycle import Observed, Status


class OtherApplication(InsulaError):
    """This address belongs to one application, and {application} is another."""

    code = "APP_NOT_FOUND"
    kind: ClassVar[Kind] = Kind.MISSING


CODES: dict[Observed, tuple[str, str]] = {
    Observed.PREPARING: ("APP_PREPARING", "The application {application} is being prepared."),
    Observed.INITIALIZING: ("APP_INITIALIZING", "The application {application} is being initialized."),
    Observed.INITIALIZED: ("APP_INITIALIZED", "The application {application} is about to start."),
    Observed.COMMANDING: ("APP_COMMANDING", "The application {application} is busy with: {command}."),
    Observed.STOPPED: ("APP_STOPPED", "The application {application} is stopped."),
    Observed.ERROR: ("APP_ERROR", "The application {application} failed; its log has the cause."),
}
"""Code and sentence for each state in which an application does not answer."""


def not_answering(application: str, status: Status) -> tuple[str, str]:
    """Code and sentence for an application that exists and does not answer."""
    command = status.command.verb.value if status.command else ""
    if command == "start":
        return "APP_STARTING", f"The application {application} is starting."
    code, sentence = CODES.get(status.observed, CODES[Observed.INITIALIZED])
    return code, sentence.format(application=application, command=command)
