"""Every setting that Insula has: name, type, default, and the sentences that go with it.

The field ``db_port`` is the variable ``DB_PORT``. Adding a setting is adding a field here; reading it from
the environment, ``insula settings check`` and the reference page follow from the declaration.
"""

from types import NoneType
from typing import Annotated, Any, Literal, get_args

import msgspec

from insula.application.api.request import JSON_BODY_LIMIT_BYTES
from insula.core.failpoints import NAMES


def _meta(
    about: str, say: str, example: str, *, secret: bool = False, group: str = "", **limits: Any
) -> msgspec.Meta:
    """What the field is about, what to write (continues "write …"), one example, and limits for msgspec."""
    return msgspec.Meta(
        description=about,
        examples=[example],
        extra={"say": say, "secret": secret, "group": group},
        **limits,
    )


def _url(
    about: str, example: str, group: str, *, schemes: str = "https?", secret: bool = False
) -> msgspec.Meta:
    """An address of one of these schemes (a pattern), with a host."""
    begins = "http:// or https://" if schemes == "https?" else "redis:// or rediss://"
    return _meta(
        about,
        f"an address that begins with {begins}",
        example,
        group=group,
        secret=secret,
        pattern=rf"^{schemes}://[^\s/?#]+\S*$",
    )


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """The settings of one process, converted and checked."""

    # Addresses and folders
    app_port: Annotated[
        int,
        _meta(
            "The port that Insula listens on.",
            "a number between 1 and 65535",
            "13000",
            group="Addresses and folders",
            ge=1,
            le=65535,
        ),
    ] = 13000
    insula_host: Annotated[
        str,
        _meta(
            "The address that Insula listens on; `127.0.0.1` keeps other machines out.",
            "an address of this machine",
            "127.0.0.1",
            group="Addresses and folders",
            min_length=1,
        ),
    ] = "0.0.0.0"  # noqa: S104 - a server is there to be reached
    insula_url: Annotated[
        str | None,
        _url(
            "The address that people use, shown in links; taken from `APP_PORT` when not set.",
            "https://insula.example.com",
            "Addresses and folders",
        ),
    ] = None
    api_base_path: Annotated[
        str,
        _meta(
            "Where the API lives, from slash to slash.",
            "a path that begins and ends with a slash",
            "/api/",
            group="Addresses and folders",
            pattern=r"^/(?:[A-Za-z0-9._~-]+/)+$",
        ),
    ] = "/api/"
    app_trusted_proxies: Annotated[
        str,
        _meta(
            "Networks whose `X-Forwarded-*` and `X-Hostname` headers are believed, comma-separated.",
            "networks or addresses, comma-separated",
            "127.0.0.0/8,10.0.0.0/8",
            group="Addresses and folders",
        ),
    ] = "127.0.0.0/8,::1/128"
    storage_path: Annotated[
        str,
        _meta(
            "The folder for everything that Insula keeps: key, socket, files, SQLite databases. "
            "One process per folder.",
            "a folder",
            "storage",
            group="Addresses and folders",
            min_length=1,
        ),
    ] = "storage"

    # Database
    db_dialect: Annotated[
        Literal["sqlite", "postgres", "mariadb", "mysql"],
        _meta(
            "The kind of database of the main application.",
            "sqlite, postgres, mariadb or mysql",
            "postgres",
            group="Database",
        ),
    ] = "sqlite"
    db_host: Annotated[
        str | None,
        _meta(
            "The host of the database server, or (begins with `/`) the folder of its unix socket; `localhost` when not set.",
            "a host name",
            "localhost",
            group="Database",
            min_length=1,
        ),
    ] = None
    db_port: Annotated[
        int | None,
        _meta(
            "The port of the database server; when not set, 5432 of PostgreSQL, 3306 of MariaDB and MySQL.",
            "a number between 1 and 65535",
            "5432",
            group="Database",
            ge=1,
            le=65535,
        ),
    ] = None
    db_database: Annotated[
        str | None,
        _meta(
            "The name of the database, which is created when it is missing and the role may.",
            "a name of at most 63 bytes",
            "insula",
            group="Database",
            min_length=1,
            max_length=63,
        ),
    ] = None
    db_user: Annotated[
        str | None,
        _meta("The role to connect as.", "a name", "insula", group="Database", min_length=1),
    ] = None
    db_password: Annotated[
        str | None,
        _meta(
            "The password of the role.", "a password", "correct-horse-battery", group="Database", secret=True
        ),
    ] = None
    db_schema: Annotated[
        str | None,
        _meta(
            "The schema for the main application's tables, on PostgreSQL; `public` when not set.",
            "a name of at most 63 bytes",
            "insula",
            group="Database",
            min_length=1,
            max_length=63,
        ),
    ] = None
    db_storage: Annotated[
        str | None,
        _meta(
            "The file of the SQLite database; `main.sqlite` in the storage folder when not set.",
            "the path of a file",
            "storage/main.sqlite",
            group="Database",
            min_length=1,
        ),
    ] = None
    insula_db_connections: Annotated[
        int,
        _meta(
            "Connections that this process opens at most to one database server, from 4 on.",
            "a number between 4 and 1000",
            "50",
            group="Database",
            ge=4,
            le=1000,
        ),
    ] = 50
    insula_db_statement_timeout_s: Annotated[
        float,
        _meta(
            "Seconds after which a running statement is ended.",
            "a number of seconds between 0.1 and 3600",
            "30",
            group="Database",
            ge=0.1,
            le=3600,
        ),
    ] = 30.0
    insula_wait_timeout_s: Annotated[
        float,
        _meta(
            "Seconds for which a start waits for a database or a Redis that does not answer.",
            "a number of seconds between 0 and 3600",
            "60",
            group="Database",
            ge=0,
            le=3600,
        ),
    ] = 60.0

    # Secrets and the first administrator
    app_key: Annotated[
        str | None,
        _meta(
            "The key that wraps each application's own key. When not set, one is made and kept in "
            "`app_key` in the storage folder (readable to its owner alone). Losing it loses every secret.",
            "at least 32 random characters",
            "$(openssl rand -hex 32)",
            group="Secrets and first administrator",
            secret=True,
        ),
    ] = None
    init_root_email: Annotated[
        str | None,
        _meta(
            "E-mail address of the first administrator; only read while there is none.",
            "an e-mail address",
            "admin@example.com",
            group="Secrets and first administrator",
            pattern=r"^[^@\s]+@[^@\s]+$",
        ),
    ] = None
    init_root_username: Annotated[
        str | None,
        _meta(
            "User name of the first administrator.",
            "a name of 1 to 50 characters without spaces, @, quotes or slashes",
            "admin",
            group="Secrets and first administrator",
            min_length=1,
            max_length=50,
        ),
    ] = None
    init_root_password: Annotated[
        str | None,
        _meta(
            "Password of the first administrator.",
            "at least 8 characters",
            "correct-horse-battery",
            group="Secrets and first administrator",
            secret=True,
            min_length=8,
            max_length=255,
        ),
    ] = None
    init_root_nickname: Annotated[
        str | None,
        _meta(
            "Shown name of the first administrator.",
            "a name of 1 to 255 characters",
            "Administrator",
            group="Secrets and first administrator",
            min_length=1,
            max_length=255,
        ),
    ] = None

    # Behaviour
    tz: Annotated[
        str,
        _meta(
            "The time zone of the server, as in the IANA database.",
            "a time zone",
            "Europe/Berlin",
            group="Behaviour",
            min_length=1,
        ),
    ] = "UTC"
    logger_level: Annotated[
        Literal["debug", "info", "warning", "error"],
        _meta(
            "How much is logged (`warn` is understood as `warning`).",
            "debug, info, warning or error",
            "info",
            group="Behaviour",
        ),
    ] = "info"
    insula_log_format: Annotated[
        Literal["text", "json"],
        _meta("Log lines for people, or one JSON object a line.", "text or json", "json", group="Behaviour"),
    ] = "text"
    insula_access_log: Annotated[
        bool,
        _meta("Log one line per request.", "true or false", "true", group="Behaviour"),
    ] = False
    insula_stop_timeout_s: Annotated[
        float,
        _meta(
            "Seconds that requests in flight get to finish when the process is told to stop.",
            "a number of seconds between 0 and 600",
            "20",
            group="Behaviour",
            ge=0,
            le=600,
        ),
    ] = 20.0
    insula_body_limit_bytes: Annotated[
        int,
        _meta(
            "The longest JSON body that is read.",
            "a number of bytes between 1024 and 1073741824",
            "2097152",
            group="Behaviour",
            ge=1024,
            le=1073741824,
        ),
    ] = JSON_BODY_LIMIT_BYTES
    insula_head_timeout_s: Annotated[
        float,
        _meta(
            "Seconds in which the head of a request must be complete.",
            "a number of seconds between 1 and 3600",
            "30",
            group="Behaviour",
            ge=1,
            le=3600,
        ),
    ] = 30.0
    insula_body_timeout_s: Annotated[
        float,
        _meta(
            "Seconds without anything more of a body, after which a request is given up.",
            "a number of seconds between 1 and 3600",
            "30",
            group="Behaviour",
            ge=1,
            le=3600,
        ),
    ] = 30.0
    insula_keep_alive_s: Annotated[
        float,
        _meta(
            "Seconds for which a connection is kept open between two requests; longer than a proxy in front does.",
            "a number of seconds between 1 and 3600",
            "75",
            group="Behaviour",
            ge=1,
            le=3600,
        ),
    ] = 75.0
    insula_hold_timeout_s: Annotated[
        float,
        _meta(
            "Seconds for which a request is held whose application is asleep or on its way up; then it is answered 503.",
            "a number of seconds between 0 and 300",
            "30",
            group="Behaviour",
            ge=0,
            le=300,
        ),
    ] = 30.0
    insula_stall_limit_s: Annotated[
        float,
        _meta(
            "Seconds for which one application may hold up all others before the log says which, and where in its code.",
            "a number of seconds between 0.1 and 60",
            "1",
            group="Behaviour",
            ge=0.1,
            le=60,
        ),
    ] = 1.0
    insula_metrics_token: Annotated[
        str | None,
        _meta(
            "The bearer token that `/metrics` takes; without one, only programs on the machine itself may read it.",
            "at least 16 characters",
            "$(openssl rand -hex 16)",
            group="Behaviour",
            secret=True,
            min_length=16,
        ),
    ] = None
    append_preset_built_in_plugins: Annotated[
        str,
        _meta(
            "Built-in plugins to enable beside the preset ones, comma-separated; `@nocobase/plugin-X` is "
            "understood as X.",
            "names of plugins, comma-separated",
            "import-export",
            group="Behaviour",
        ),
    ] = ""

    # Tests of Insula itself
    insula_testing: Annotated[
        bool,
        _meta(
            "Whether this process is part of a test of Insula itself; `INSULA_FAILPOINTS` is refused otherwise.",
            "true or false",
            "true",
            group="Tests of Insula itself",
        ),
    ] = False
    insula_failpoints: Annotated[
        str | None,
        _meta(
            f"What happens at named places on the way of a command ({', '.join(NAMES)}): "
            "`kill`, `stop`, `fail` or `delay:<seconds>`, comma-separated.",
            "places and effects, comma-separated",
            "create.recorded=kill,delete.stopped=delay:0.5",
            group="Tests of Insula itself",
        ),
    ] = None

    # Mode
    app_mode: Annotated[
        Literal["single", "supervisor", "worker"],
        _meta(
            "What this process is: one installation by itself, or a part of many.",
            "single, supervisor or worker",
            "single",
            group="Mode",
        ),
    ] = "single"
    app_discovery_adapter: Annotated[
        Literal["local", "remote"] | None,
        _meta("How applications are found.", "local or remote", "local", group="Mode"),
    ] = None
    app_process_adapter: Annotated[
        Literal["local", "remote"] | None,
        _meta("Where applications run.", "local or remote", "local", group="Mode"),
    ] = None
    app_command_adapter: Annotated[
        Literal["none", "redis"] | None,
        _meta("How commands reach environments.", "none or redis", "redis", group="Mode"),
    ] = None
    app_supervisor_redis_url: Annotated[
        str | None,
        _url(
            "The Redis that caches applications and environments.",
            "redis://localhost:6379/0",
            "Mode",
            schemes="rediss?",
            secret=True,
        ),
    ] = None
    app_command_redis_url: Annotated[
        str | None,
        _url(
            "The Redis that carries commands.",
            "redis://localhost:6379/0",
            "Mode",
            schemes="rediss?",
            secret=True,
        ),
    ] = None
    environment_name: Annotated[
        str | None,
        _meta(
            "The name of this environment.",
            "a name of letters, digits, - and _",
            "env_a",
            group="Mode",
            pattern=r"^[A-Za-z0-9_-]{1,63}$",
        ),
    ] = None
    environment_url: Annotated[
        str | None,
        _url("Where people reach this environment.", "http://localhost:15000", "Mode"),
    ] = None
    environment_proxy_url: Annotated[
        str | None,
        _url(
            "Where the Supervisor reaches this environment; `ENVIRONMENT_URL` when not set.",
            "http://worker_a",
            "Mode",
        ),
    ] = None


ALIASES = {"APP_COMMAND_ADPATER": "APP_COMMAND_ADAPTER"}
"""Misspelt in some translations of the peer's documentation, and so in people's compose files."""

VALUE_ALIASES = {
    "LOGGER_LEVEL": {"warn": "warning"},
    "DB_DIALECT": {"postgresql": "postgres"},
    "APP_MODE": {"none": "single"},
}
"""Other words for a value, understood in silence."""

CASELESS = frozenset({"LOGGER_LEVEL", "INSULA_LOG_FORMAT", "INSULA_ACCESS_LOG"})
"""Settings whose upper and lower case are the same."""


class Declaration(msgspec.Struct, frozen=True):
    """One setting, as declared above."""

    name: str
    """``DB_PORT``."""
    field: str
    """``db_port``."""
    kind: Any
    default: Any
    about: str
    say: str
    example: str
    secret: bool
    group: str


def _declaration(field: msgspec.structs.FieldInfo) -> Declaration:
    (meta,) = field.type.__metadata__
    declared = field.type.__origin__
    # Limits belong to the value; that a setting may be absent is not the value's business.
    kinds = (
        [kind for kind in get_args(declared) if kind is not NoneType]
        if NoneType in get_args(declared)
        else [declared]
    )
    return Declaration(
        name=field.name.upper(),
        field=field.name,
        kind=Annotated[kinds[0], meta],
        default=field.default,
        about=meta.description,
        say=meta.extra["say"],
        example=meta.examples[0],
        secret=meta.extra["secret"],
        group=meta.extra["group"],
    )


DECLARED: dict[str, Declaration] = {
    field.name.upper(): _declaration(field) for field in msgspec.structs.fields(Settings)
}
"""All settings by the name of their variable, in the order of the reference page."""
