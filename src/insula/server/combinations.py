"""Settings that do not go together, and those that do and are odd.

Pure: looks at values, touches neither disk nor network. Every finding is one sentence that says what to write.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from insula.server.checks import networks


class Wiring(NamedTuple):
    """How a mode is wired: the adapters it must have, and the settings it can not do without."""

    discovery: str
    process: str
    command: str
    needs: tuple[str, ...]
    given: bool
    """The adapters need not be written, since there is only one way."""


MODES: Mapping[str, Wiring] = {
    "single": Wiring("local", "local", "none", (), given=True),
    "supervisor": Wiring(
        "remote", "remote", "redis", ("APP_SUPERVISOR_REDIS_URL", "APP_COMMAND_REDIS_URL"), given=False
    ),
    "worker": Wiring(
        "remote",
        "local",
        "redis",
        ("APP_SUPERVISOR_REDIS_URL", "APP_COMMAND_REDIS_URL", "ENVIRONMENT_NAME", "ENVIRONMENT_URL"),
        given=False,
    ),
}
"""The combinations that are allowed. Anything else stops the start."""

_ADAPTERS = ("APP_DISCOVERY_ADAPTER", "APP_PROCESS_ADAPTER", "APP_COMMAND_ADAPTER")
_SERVER_DATABASE = ("DB_HOST", "DB_PORT", "DB_DATABASE", "DB_USER", "DB_PASSWORD", "DB_SCHEMA")
_EXAMPLES = {
    "APP_SUPERVISOR_REDIS_URL": "redis://localhost:6379/0",
    "APP_COMMAND_REDIS_URL": "redis://localhost:6379/0",
    "ENVIRONMENT_NAME": "env_a",
    "ENVIRONMENT_URL": "http://localhost:15000",
}


def together(values: Mapping[str, Any], sources: Mapping[str, str]) -> dict[str, str]:
    """What is wrong between settings: name → sentence. ``sources`` tells which were written at all."""
    return (
        _mode(values, sources)
        | _database(values, sources)
        | _first_administrator(values, sources)
        | _armed(values, sources)
    )


def _mode(values: Mapping[str, Any], sources: Mapping[str, str]) -> dict[str, str]:
    if "APP_MODE" in sources and "APP_MODE" not in values:
        return {}
    mode = values.get("APP_MODE", "single")
    wiring = MODES[mode]
    wrong: dict[str, str] = {}
    for name, right in zip(_ADAPTERS, (wiring.discovery, wiring.process, wiring.command), strict=True):
        if name not in sources:
            if not wiring.given:
                wrong[name] = f"{name} is not set; with APP_MODE={mode} write {name}={right}."
        elif name in values and values[name] != right:
            remedy = f"write {name}={right}" if right != "none" else f"leave {name} out"
            wrong[name] = f'{name} is "{values[name]}", which does not go with APP_MODE={mode}; {remedy}.'
    for name in wiring.needs:
        if name not in sources:
            wrong[name] = (
                f"{name} is not set; with APP_MODE={mode} write it, such as {name}={_EXAMPLES[name]}."
            )
    return wrong


def _database(values: Mapping[str, Any], sources: Mapping[str, str]) -> dict[str, str]:
    wrong: dict[str, str] = {}
    if "DB_DIALECT" in sources and "DB_DIALECT" not in values:
        return wrong
    dialect = values.get("DB_DIALECT", "sqlite")
    if dialect == "sqlite":
        for name in _SERVER_DATABASE:
            if name not in sources:
                continue
            if "DB_DIALECT" in sources:
                wrong[name] = (
                    f"{name} is set, but DB_DIALECT is sqlite; write DB_DIALECT=postgres or leave {name} out."
                )
            else:
                wrong.setdefault(
                    "DB_DIALECT", f"{name} is set, but DB_DIALECT is not; write DB_DIALECT=postgres."
                )
        return wrong
    for name, example in (("DB_DATABASE", "insula"), ("DB_USER", "insula")):
        if name not in sources:
            wrong[name] = f"{name} is not set; with DB_DIALECT={dialect} write it, such as {name}={example}."
    if "DB_STORAGE" in sources:
        wrong["DB_STORAGE"] = (
            f"DB_STORAGE is set, but DB_DIALECT is {dialect}; leave DB_STORAGE out or write DB_DIALECT=sqlite."
        )
    if "DB_SCHEMA" in sources and dialect != "postgres":
        wrong["DB_SCHEMA"] = (
            f"DB_SCHEMA is set, but DB_DIALECT is {dialect}, which has no schemas; leave DB_SCHEMA out."
        )
    return wrong


def _first_administrator(values: Mapping[str, Any], sources: Mapping[str, str]) -> dict[str, str]:
    """All that is needed, or nothing: half an administrator can not sign in."""
    given = [name for name in sources if name.startswith("INIT_ROOT_")]
    needed = {"INIT_ROOT_EMAIL": "admin@example.com", "INIT_ROOT_PASSWORD": "correct-horse-battery"}
    if not given:
        return {}
    wrong = {
        name: f"{given[0]} is set, but {name} is not; write it too, such as {name}={example}."
        for name, example in needed.items()
        if name not in sources
    }
    return wrong or _weak_password(values)


def _weak_password(values: Mapping[str, Any]) -> dict[str, str]:
    """By the rule that holds for everyone's passwords."""
    from insula.application.access.errors import InvalidAccess
    from insula.application.access.passwords import SHORTEST, check_strength

    names = (values.get("INIT_ROOT_EMAIL"), values.get("INIT_ROOT_USERNAME"))
    password = values.get("INIT_ROOT_PASSWORD")
    try:
        if password is not None:
            check_strength(password, names, SHORTEST, field="INIT_ROOT_PASSWORD")
    except InvalidAccess as error:
        return {"INIT_ROOT_PASSWORD": error.message}
    return {}


def _armed(values: Mapping[str, Any], sources: Mapping[str, str]) -> dict[str, str]:
    """Nobody ends a server of theirs at a failpoint unless they say twice that they mean it."""
    if "INSULA_FAILPOINTS" not in sources or values.get("INSULA_TESTING"):
        return {}
    return {
        "INSULA_FAILPOINTS": "INSULA_FAILPOINTS is set, which lets the process fail on purpose; leave it out. "
        "Tests of Insula itself write INSULA_TESTING=true, too."
    }


def remarks(values: Mapping[str, Any]) -> list[str]:
    """What is odd and may be meant: warnings, one sentence each."""
    found = (_unread, _unsecured, _believes_all, _fails_on_purpose, _closes_too_early)
    return [remark for finds in found for remark in finds(values)]


def _unsecured(values: Mapping[str, Any]) -> list[str]:
    mode = values.get("APP_MODE", "single")
    if mode == "single" or "APP_SUPERVISOR_AES_SECRET_KEY" in values:
        return []
    remedy = "write the same 64 hex digits for the Supervisor and all workers."
    return [
        f"APP_SUPERVISOR_AES_SECRET_KEY is not set: whoever can write to Redis can command this fleet; {remedy}"
    ]


def _fails_on_purpose(values: Mapping[str, Any]) -> list[str]:
    armed = values.get("INSULA_FAILPOINTS")
    return [f"INSULA_FAILPOINTS lets this process fail on purpose: {armed}."] if armed else []


def _closes_too_early(values: Mapping[str, Any]) -> list[str]:
    """A Supervisor's door keeps connections to a Worker, and can not ask again for what may have been done."""
    kept_s = values.get("INSULA_KEEP_ALIVE_S")
    if values.get("APP_MODE") != "worker" or kept_s is None:
        return []
    from insula.gateway.forward.phases import POOLED_S

    if kept_s > POOLED_S:
        return []
    kept = f"the Supervisor keeps its connections to this worker for {POOLED_S:g} s"
    fails = "now and then a request fails whose connection is just being closed"
    return [f"INSULA_KEEP_ALIVE_S is {kept_s:g}, and {kept}: {fails}; write more than {POOLED_S:g}."]


_OF_ENVIRONMENTS = ("ENVIRONMENT_NAME", "ENVIRONMENT_URL", "ENVIRONMENT_PROXY_URL")
_UNREAD: Mapping[str, tuple[str, ...]] = {
    "single": (
        *("APP_SUPERVISOR_REDIS_URL", "APP_COMMAND_REDIS_URL", "APP_SUPERVISOR_AES_SECRET_KEY"),
        *_OF_ENVIRONMENTS,
    ),
    "supervisor": (*_OF_ENVIRONMENTS, "INSULA_CAPACITY"),
    "worker": (),
}
"""Mode → what says nothing in it."""


def _unread(values: Mapping[str, Any]) -> list[str]:
    mode = values.get("APP_MODE", "single")
    return [
        f"{name} is set and not read, since APP_MODE is {mode}." for name in _UNREAD[mode] if name in values
    ]


def _believes_all(values: Mapping[str, Any]) -> list[str]:
    return [
        f"APP_TRUSTED_PROXIES has {network}, so anyone can pretend to be any client; "
        "write the network of your proxy alone."
        for network in networks(values.get("APP_TRUSTED_PROXIES", ""))
        if network.prefixlen == 0
    ]
