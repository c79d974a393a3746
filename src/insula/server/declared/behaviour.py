"""How the process answers, logs and waits."""

from functools import partial
from typing import Annotated, Literal

from insula.application.api.request import JSON_BODY_LIMIT_BYTES
from insula.server.declared.secrets import Secrets
from insula.server.declared.words import meta

_GROUP = "Behaviour"
_meta = partial(meta, group=_GROUP)


class Behaviour(Secrets, frozen=True, kw_only=True):
    """How the process answers, logs and waits."""

    tz: Annotated[
        str,
        _meta(
            "The time zone of the server, as in the IANA database.",
            "a time zone",
            "Europe/Berlin",
            min_length=1,
        ),
    ] = "UTC"
    logger_level: Annotated[
        Literal["debug", "info", "warning", "error"],
        _meta(
            "How much is logged (`warn` is understood as `warning`).",
            "debug, info, warning or error",
            "info",
        ),
    ] = "info"
    insula_log_format: Annotated[
        Literal["text", "json"],
        _meta("Log lines for people, or one JSON object a line.", "text or json", "json"),
    ] = "text"
    insula_access_log: Annotated[
        bool,
        _meta("Log one line per request.", "true or false", "true"),
    ] = False
    insula_stop_timeout_s: Annotated[
        float,
        _meta(
            "Seconds that requests in flight get to finish when the process is told to stop.",
            "a number of seconds between 0 and 600",
            "20",
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
            ge=1,
            le=3600,
        ),
    ] = 30.0
    insula_keep_alive_s: Annotated[
        float,
        _meta(
            "Seconds for which a connection is kept open between two requests; longer than a proxy in front does (a Supervisor: 30).",
            "a number of seconds between 1 and 3600",
            "75",
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
            secret=True,
            min_length=16,
        ),
    ] = None
    append_preset_built_in_plugins: Annotated[
        str,
        _meta(
            "Built-in plugins to enable beside the preset ones, comma-separated; `@nocobase/plugin-X` is "
            "understood as X, and `app-supervisor` is there in any case.",
            "names of plugins, comma-separated",
            "import-export",
        ),
    ] = ""
