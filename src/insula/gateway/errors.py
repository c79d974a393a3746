"""What the gateway answers by itself, before an application can."""

from typing import ClassVar

from insula.core.errors import InsulaError, Kind
from insula.core.names import MAIN
from insula.core.translation import ENGLISH, filled, in_language
from insula.fleet.lifecycle import Observed, Wanted
from insula.fleet.target import Target


class OtherApplication(InsulaError):
    """This address belongs to one application, and {application} is another."""

    code = "APP_NOT_FOUND"
    kind: ClassVar[Kind] = Kind.MISSING


class AmbiguousApplication(InsulaError):
    """Several applications are named by {by}; name one."""

    code = "AMBIGUOUS_APPLICATION"
    kind: ClassVar[Kind] = Kind.INVALID


class TooManyWaiting(InsulaError):
    """The application {application} is on its way up, and {limit} requests wait for it already; try again in a moment."""

    code = "APP_PREPARING"
    kind: ClassVar[Kind] = Kind.UNAVAILABLE


class NoMain(InsulaError):
    """This environment has no main application; give the command where its Supervisor runs."""

    code = "NO_MAIN"
    kind: ClassVar[Kind] = Kind.INVALID


class InEnvironment(InsulaError):
    """The application {application} runs in {environments}; give the command there, with the settings of that environment."""

    code = "IN_ENVIRONMENT"
    kind: ClassVar[Kind] = Kind.INVALID


class PagesNotBuilt(InsulaError):
    """This server was started without the pages of its web interface; its API answers all the same."""

    code = "PAGES_NOT_BUILT"
    kind: ClassVar[Kind] = Kind.UNAVAILABLE


class InvalidHttp(InsulaError):
    """This can not be understood as HTTP: {cause}."""

    code = "INVALID_HTTP"
    kind: ClassVar[Kind] = Kind.INVALID


class HeadTooLarge(InsulaError):
    """Address and headers are longer than the {limit} bytes that are read."""

    code = "HEAD_TOO_LARGE"
    kind: ClassVar[Kind] = Kind.TOO_LARGE


NO_SOCKET = "WebSockets are at {path}."
DEFECT = "Something went wrong; the log has {request_id}."
ABOUT_TO = ("APP_PREPARING", "The application {application} is about to be started.")
STOPPED = ("APP_STOPPED", "The application {application} is stopped, until someone starts it.")
STAYS_DOWN = ("APP_STOPPED", "The application {application} is stopped. {cause}")
AWAY = (
    "ENVIRONMENT_UNAVAILABLE",
    "The application {application} can not be reached: the environment that it runs in does not answer.",
)
NOT_THERE = "The application {application} does not run in the environment {environment!r} now."
STARTING = ("APP_STARTING", "The application {application} is starting.")

CODES: dict[Observed, tuple[str, str]] = {
    Observed.NOT_FOUND: ABOUT_TO,
    Observed.PREPARING: ("APP_PREPARING", "The application {application} is being prepared."),
    Observed.INITIALIZING: ("APP_INITIALIZING", "The application {application} is being initialized."),
    Observed.INITIALIZED: ("APP_INITIALIZED", "The application {application} is about to start."),
    Observed.RUNNING: ("APP_INITIALIZED", "The application {application} is about to answer."),
    Observed.COMMANDING: ("APP_COMMANDING", "The application {application} is busy with: {command}."),
    Observed.STOPPED: ABOUT_TO,
    Observed.ERROR: ("APP_ERROR", "The application {application} failed at the step {step}: {remedy}"),
}
"""Code and sentence for each state in which an application does not answer and is not meant to be down."""

REMEDIES: dict[str, str] = {
    "prepare": "its database can not be reached or used. Who runs this server finds the cause in its log, mends it, and starts the application again.",
    "upgrade": "its database could not be brought to the version of this server, and is as it was. Its log has the cause.",
    "create": "its making has not come to its end. Who looks after applications sees why, and goes on with it or takes it back.",
    "stop": "something in it did not end. Its log has the cause; starting it again tidies up.",
}
"""What can be done, by the step that failed. The cause itself names hosts and users: it is for operators."""
REMEDY = "its log has the cause. Once that is mended, the application is started again."


DOING = " It is at: {doing}."
"""Behind the sentence of one that is on its way, where that takes a while."""
ASLEEP = ("APP_STOPPED", "The application {application} is asleep, until someone visits it.")
"""For who asks for its health or a WebSocket, and wakes nobody."""


def not_answering(target: Target, language: str = ENGLISH) -> tuple[str, str]:
    """Code and sentence, in a language, for an application that exists and does not answer."""
    status = target.status
    command = status.command.verb.value if status.command else ""
    if status.away:
        code, sentence = AWAY
    elif command == "start":
        code, sentence = STARTING
    elif target.wanted is Wanted.STOPPED and status.observed in (Observed.STOPPED, Observed.NOT_FOUND):
        code, sentence = STOPPED
    elif status.observed is Observed.STOPPED and status.stuck:
        code, sentence = STAYS_DOWN
    else:
        code, sentence = CODES[status.observed]
    remedy = REMEDIES.get(status.step, REMEDY)
    details = {
        "application": target.application,
        "command": command,
        "step": status.step,
        "cause": status.cause,
        "remedy": remedy,
    }
    doing = filled(DOING, {"doing": status.doing}, language) if status.doing else ""
    return code, filled(sentence, details, language) + doing


UNNAMED = "This address lacks the name of an application, as in /apps/shop/."
UNNAMED_HERE = (
    "Applications run here for a Supervisor, which has the main one; this address names none of them, "
    "as /apps/shop/ does."
)
UNKNOWN = "There is no application {application!r} here."


def unknown(application: str, language: str = ENGLISH) -> str:
    """The sentence, in a language, for an application that does not exist, or that an address does not name."""
    if not application:
        return in_language(UNNAMED, language)
    if application == MAIN:
        return in_language(UNNAMED_HERE, language)
    return filled(UNKNOWN, {"application": application[:64]}, language)
