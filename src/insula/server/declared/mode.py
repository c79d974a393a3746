"""What this process is in a fleet, and how it reaches the others."""

from functools import partial
from typing import Annotated, Literal

from insula.server.declared.own_tests import OwnTests
from insula.server.declared.words import meta, url

_GROUP = "Mode"
_meta = partial(meta, group=_GROUP)
_url = partial(url, group=_GROUP)


class Mode(OwnTests, frozen=True, kw_only=True):
    """What this process is in a fleet, and how it reaches the others."""

    app_mode: Annotated[
        Literal["single", "supervisor", "worker"],
        _meta(
            "What this process is: one installation by itself, or a part of many.",
            "single, supervisor or worker",
            "single",
        ),
    ] = "single"
    app_discovery_adapter: Annotated[
        Literal["local", "remote"] | None,
        _meta("How applications are found.", "local or remote", "local"),
    ] = None
    app_process_adapter: Annotated[
        Literal["local", "remote"] | None,
        _meta("Where applications run.", "local or remote", "local"),
    ] = None
    app_command_adapter: Annotated[
        Literal["none", "redis"] | None,
        _meta("How commands reach environments.", "none or redis", "redis"),
    ] = None
    app_supervisor_redis_url: Annotated[
        str | None,
        _url(
            "The Redis that caches applications and environments.",
            "redis://localhost:6379/0",
            schemes="rediss?",
            secret=True,
        ),
    ] = None
    app_command_redis_url: Annotated[
        str | None,
        _url(
            "The Redis that carries commands.",
            "redis://localhost:6379/0",
            schemes="rediss?",
            secret=True,
        ),
    ] = None
    environment_name: Annotated[
        str | None,
        _meta(
            "The name of this environment, which one process holds at a time.",
            "a name of letters, digits, - and _",
            "env_a",
            pattern=r"^[A-Za-z0-9_-]{1,63}$",
        ),
    ] = None
    environment_url: Annotated[
        str | None,
        _url(
            "Where people reach this environment, and the Supervisor, too, unless `ENVIRONMENT_PROXY_URL` says otherwise.",
            "http://localhost:15000",
        ),
    ] = None
    environment_proxy_url: Annotated[
        str | None,
        _url(
            "Where the Supervisor reaches this environment to hand requests on; `ENVIRONMENT_URL` when not set.",
            "http://worker_a",
        ),
    ] = None
    app_supervisor_aes_secret_key: Annotated[
        str | None,
        _meta(
            "The key that seals what stands in Redis and proves commands; the same for the Supervisor and all workers. "
            "Without it, whoever can write to that Redis can do anything.",
            "64 hex digits",
            "$(openssl rand -hex 32)",
            secret=True,
            pattern=r"^[0-9A-Fa-f]{64}$",
        ),
    ] = None
    insula_capacity: Annotated[
        int | None,
        _meta(
            "How many applications may be placed in this environment, running or not; without it, as many as people put there. "
            "Lowered below what is there, it sends none away.",
            "a number of at least 1",
            "200",
            ge=1,
        ),
    ] = None
    insula_heartbeat_s: Annotated[
        float,
        _meta(
            "Seconds between two heartbeats of a worker. The Supervisor suspects one that is silent for 3.5 of its own; "
            "write the same everywhere.",
            "a number of seconds between 1 and 3600",
            "120",
            ge=1,
            le=3600,
        ),
    ] = 120.0
