"""What a type can not say about a setting: values that mean nothing by themselves.

Pure: looks at values, touches neither disk nor network. Every finding is one sentence that says what to write.
"""

import ipaddress
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from insula.core import failpoints
from insula.fleet.environment import LOCAL
from insula.server.declared import Declaration

APP_KEY_SHORTEST = 32
APP_KEY_FEWEST_DIFFERENT = 8
"""Different characters that a key must have: `aaaa…` and `12121212…` are no keys."""
SHOWN_CHARACTERS = 80
"""What a sentence quotes of a value."""
_TAKEN_PATHS = ("/apps/", "/admin/", "/setup/", "/__health_check/")
"""Where pages live, so that the API can not."""
_WEB_URLS = ("INSULA_URL", "ENVIRONMENT_URL", "ENVIRONMENT_PROXY_URL")
"""What people open: a password does not belong there, but may have been written."""
_FROM_EXAMPLES = ("secret", "change", "example", "password", "your-", "app-key", "test-key")
"""Words of keys copied from someone's documentation."""


def wrong_value(declared: Declaration, text: str) -> str:
    """``DB_PORT is "abc"; write a number between 1 and 65535, such as DB_PORT=5432.``"""
    shown = "not usable" if hidden(declared, text) else f'"{_short(text)}"'
    return f"{declared.name} is {shown}; write {declared.say}, such as {declared.name}={declared.example}."


def hidden(declared: Declaration, text: str) -> bool:
    """Whether a value is a secret, or an address that may hold a password."""
    return declared.secret or (declared.name in _WEB_URLS and "@" in text)


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


def _environment(declared: Declaration, value: str) -> str | None:
    """Where everything runs in one process has a name that nobody else may have."""
    if value != LOCAL:
        return None
    return f'{declared.name} is "{value}", which means the process of a single installation; write another name, such as {declared.name}={declared.example}.'


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


def _web_url(declared: Declaration, value: str) -> str | None:
    """It is logged, answered and told to others: nothing secret may stand in it, and nothing that is never sent."""
    try:
        parts = urlsplit(value)
        right = parts.port != 0 and "@" not in parts.netloc and not (parts.query or parts.fragment)
    except ValueError:
        right = False
    if right:
        return None
    # Not shown: it may hold a password.
    return f"{declared.name} has a port that can not be, or a user, a password, ? or #, which are no part of it; write {declared.say}, such as {declared.name}={declared.example}."


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
    "ENVIRONMENT_NAME": _environment,
    "APP_SUPERVISOR_REDIS_URL": _redis_url,
    "APP_COMMAND_REDIS_URL": _redis_url,
    **dict.fromkeys(_WEB_URLS, _web_url),
    "INSULA_FAILPOINTS": _failpoints,
}


MAINS_PLUGIN = "app-supervisor"
"""The main application has it in any case, and no other ever."""


def plugin_names(text: str) -> list[str]:
    """The plugins of ``APPEND_PRESET_BUILT_IN_PLUGINS`` but main's own; ``@nocobase/plugin-X`` means X."""
    names = (name.strip().removeprefix("@nocobase/plugin-") for name in text.split(","))
    return [name for name in names if name and name != MAINS_PLUGIN]
