"""Why a start stops. Each message says what to write or do."""

from typing import ClassVar

from insula.core.errors import InsulaError, Kind


class SettingsWrong(InsulaError):
    """{sentences}"""

    code = "SETTINGS_WRONG"
    kind: ClassVar[Kind] = Kind.INVALID


class PluginUnknown(InsulaError):
    """APPEND_PRESET_BUILT_IN_PLUGINS names what is no plugin here ({named}); write some of {known}, or leave it out."""

    code = "SETTINGS_WRONG"
    kind: ClassVar[Kind] = Kind.INVALID


class StorageUnreachable(InsulaError):
    """STORAGE_PATH is "{path}", where no files can be kept ({cause}); name a folder that this user may write to."""

    code = "STORAGE_UNREACHABLE"
    kind: ClassVar[Kind] = Kind.INVALID


class StorageInUse(InsulaError):
    """The storage folder {path} is used by the process {pid}; stop that one, or choose another STORAGE_PATH."""

    code = "STORAGE_IN_USE"
    kind: ClassVar[Kind] = Kind.CONFLICT


class SocketPathTooLong(InsulaError):
    """The path {path} is longer than the {limit} bytes that a socket may have; choose a shorter STORAGE_PATH."""

    code = "SOCKET_PATH_TOO_LONG"
    kind: ClassVar[Kind] = Kind.INVALID


class PortInUse(InsulaError):
    """Another program listens on {host}:{port}; stop it, or choose another port, such as APP_PORT={other}."""

    code = "PORT_IN_USE"
    kind: ClassVar[Kind] = Kind.CONFLICT


class AddressUnusable(InsulaError):
    """Nothing can listen on {host}:{port} ({cause}); set INSULA_HOST to an address of this machine and APP_PORT to a port that this user may open."""

    code = "ADDRESS_UNUSABLE"
    kind: ClassVar[Kind] = Kind.INVALID


class AppKeyUnreadable(InsulaError):
    """The key in {path} is not usable ({cause}); restore the file from your backup, or set APP_KEY to the key that was used before."""

    code = "APP_KEY_UNREADABLE"
    kind: ClassVar[Kind] = Kind.INVALID


class AppKeyMissing(InsulaError):
    """This installation has sealed its secrets, and the key to them is neither in {path} nor in APP_KEY; restore the file from your backup, or set APP_KEY to the key that was used before."""

    code = "APP_KEY_MISSING"
    kind: ClassVar[Kind] = Kind.INVALID


class WrongAppKey(InsulaError):
    """The secrets of this installation can not be opened with the key {key}; {remedy}."""

    code = "WRONG_APP_KEY"
    kind: ClassVar[Kind] = Kind.INVALID


class LedgerSealed(InsulaError):
    """What this environment has kept of its applications ({what}) can not be opened with this APP_KEY; start with the key that it was kept with."""

    code = "WRONG_APP_KEY"
    kind: ClassVar[Kind] = Kind.INVALID


class AlreadySetUp(InsulaError):
    """There is an administrator already."""

    code = "CONFLICT"
    kind = Kind.CONFLICT


class NotReady(InsulaError):
    """No commands are taken here now."""

    code = "NOT_READY"
    kind = Kind.UNAVAILABLE


class Alone(NotReady):
    """No commands are taken here, since the Redis between the environments does not answer; what is here is served."""


class RunsElsewhere(InsulaError):
    """The application {application} was running in another installation at {at}; whether it is to run here now can not be asked while Redis does not answer."""

    code = "RUNS_ELSEWHERE"
    kind = Kind.CONFLICT


class NoVouching(InsulaError):
    """The main application does not answer, so nobody knows who is signed in to it; sign in to {application} itself, or try again."""

    code = "SHARED_SESSION_UNAVAILABLE"
    kind = Kind.UNAUTHENTICATED


class ProgramEnded(InsulaError):
    """{name} {how}, so the others were stopped, too; its log {log} ends with: {end}"""

    code = "PROGRAM_ENDED"
    kind = Kind.UNAVAILABLE


class ProgramSilent(InsulaError):
    """{name} did not answer within {seconds} s, so all were stopped; its log {log} ends with: {end}"""

    code = "PROGRAM_SILENT"
    kind = Kind.UNAVAILABLE


class RedisNotInstalled(InsulaError):
    """A demo needs Redis, and neither redis-server nor valkey-server is on PATH; install one (apt-get install redis-server, brew install redis), or name one that runs in APP_SUPERVISOR_REDIS_URL and APP_COMMAND_REDIS_URL."""

    code = "REDIS_NOT_INSTALLED"
    kind = Kind.UNAVAILABLE
