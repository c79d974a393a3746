"""What a type can not say about settings: values that mean nothing, and values that do not go together.

Pure: looks at values, touches neither disk nor network. Every finding is one sentence that says what to write.
"""

import ipaddress
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from insula.core import failpoints
from insula.server.declared import Declaration

APP_KEY_SHORTEST = 32
APP_KEY_FEWEST_DIFFERENT = 8
"""Different characters that a key must have: `aaaa…` and `12121212…` are no keys."""
SHOWN_CHARACTERS = 80
"""What a sentence quotes of a value."""
_TAKEN_PATHS = ("/apps/", "/admin/", "/setup/", "/__health_check/")
"""Where pages live, so that the API can not."""
_FROM_EXAMPLES = ("secret", "change", "example", "password", "your-", "app-key", "test-key")
"""Words of keys copied from someone's documentation."""


def wrong_value(declared: Declaration, text: str) -> str:
    """``DB_PORT is "abc"; write a number between 1 and 65535, such as DB_PORT=5432.``"""
    shown = "not usable" if declared.secret else f'"{_short(text)}"'
    return f"{declared.name} is {shown}; write {declared.say}, such as {declared.name}={declared.example}."


def _short(text: str) -> str:
    """A value as it fits into one sentence: one line, and not endless."""
    line = "".join(c if c.isprintable() else " " for c in text)
    return line if len(line) <= SHOWN_CHARACTERS else f"{line[:SHOWN_CHARACTERS]}…"


def alone(declared: Declaration, value: Any) -> str | None:
    """What is wrong with one value by itself; ``None`` when nothing is."""
    check = _ALONE.get(declared.name)
    return check(declared, value) if check else None


def _time_zone(declared: Declaration, value: str) -> str | None:
    try:
        ZoneInfo(value)
    except (ValueError, OSError, KeyError):
        return wrong_value(declared, value)
    return None


def networks(text: str) -> list[ipaddress.IPv4Network | ipaddress.IPv6Network]:
    """The networks of a comma-separated list. Raises ``ValueError``."""
    return [ipaddress.ip_network(part.strip(), strict=False) for part in text.split(",") if part.strip()]


def _networks(declared: Declaration, value: str) -> str | None:
    try:
        networks(value)
    except ValueError:
        return wrong_value(declared, value)
    return None


def _app_key(declared: Declaration, value: str) -> str | None:
    weak = None
    if len(value) < APP_KEY_SHORTEST:
        weak = f"has {len(value)} characters"
    elif len(set(value)) < APP_KEY_FEWEST_DIFFERENT:
        weak = f"has only {len(set(value))} different characters"
    elif any(word in value.lower() for word in _FROM_EXAMPLES):
        weak = "looks like a copied example"
    if weak is None:
        return None
    return f"{declared.name} {weak}; write {declared.say}, such as {declared.name}={declared.example}, or leave it out."


def _api_base_path(declared: Declaration, value: str) -> str | None:
    taken = next((path for path in _TAKEN_PATHS if value.startswith(path)), None)
    if taken is None:
        return None
    return f'{declared.name} is "{value}", but pages live under {taken}; write another path, such as {declared.name}=/api/.'


def _database_file(declared: Declaration, value: str) -> str | None:
    # What SQLite gives a meaning of its own, and what we would else make a file of that name from.
    if value.startswith((":", "file:")) or value.endswith("/"):
        return wrong_value(declared, value)
    return None


def _username(declared: Declaration, value: str) -> str | None:
    from insula.application.access.naming import is_username

    return None if is_username(value) else wrong_value(declared, value)


def _redis_url(declared: Declaration, value: str) -> str | None:
    """Port and number, which the pattern of an address leaves open."""
    try:
        parts = urlsplit(value)
        right = parts.port != 0 and (
            parts.path in ("", "/") or (parts.path[1:].isascii() and parts.path[1:].isdigit())
        )
    except ValueError:
        right = False
    if right:
        return None
    # Not shown: it may hold a password.
    return f"{declared.name} has a port or a number that can not be; write {declared.say}, such as {declared.name}={declared.example}."


def _failpoints(declared: Declaration, value: str) -> str | None:
    try:
        failpoints.parse(value)
    except ValueError as error:
        return f"{declared.name}: {error}; write {declared.say}, such as {declared.name}={declared.example}."
    return None


_ALONE: Mapping[str, Callable[[Declaration, Any], str | None]] = {
    "TZ": _time_zone,
    "APP_TRUSTED_PROXIES": _networks,
    "APP_KEY": _app_key,
    "API_BASE_PATH": _api_base_path,
    "DB_STORAGE": _database_file,
    "INIT_ROOT_USERNAME": _username,
    "APP_SUPERVISOR_REDIS_URL": _redis_url,
    "APP_COMMAND_REDIS_URL": _redis_url,
    "INSULA_FAILPOINTS": _failpoints,
}


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
    return [*_unread(values), *_believes_all(values), *_fails_on_purpose(values)]


def _fails_on_purpose(values: Mapping[str, Any]) -> list[str]:
    armed = values.get("INSULA_FAILPOINTS")
    return [f"INSULA_FAILPOINTS lets this process fail on purpose: {armed}."] if armed else []


def _unread(values: Mapping[str, Any]) -> list[str]:
    if values.get("APP_MODE", "single") != "single":
        return []
    return [
        f"{name} is set and not read, since APP_MODE is single."
        for name in (
            "APP_SUPERVISOR_REDIS_URL",
            "APP_COMMAND_REDIS_URL",
            "ENVIRONMENT_NAME",
            "ENVIRONMENT_URL",
        )
        if name in values
    ]


def _believes_all(values: Mapping[str, Any]) -> list[str]:
    return [
        f"APP_TRUSTED_PROXIES has {network}, so anyone can pretend to be any client; "
        "write the network of your proxy alone."
        for network in networks(values.get("APP_TRUSTED_PROXIES", ""))
        if network.prefixlen == 0
    ]


def plugin_names(text: str) -> list[str]:
    """The plugins of ``APPEND_PRESET_BUILT_IN_PLUGINS``; ``@nocobase/plugin-X`` means X."""
    names = (name.strip().removeprefix("@nocobase/plugin-") for name in text.split(","))
    return [name for name in names if name]
