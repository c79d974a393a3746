"""What people say of an application when they make or change one: read, checked, and made ready to keep."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from zoneinfo import ZoneInfo

from insula.core.text import in_one_line
from insula.fleet.configuration import CONNECTIONS, DEFAULT_CONNECTION
from insula.supervisor.entry import NOTHING, ON_FIRST_VISIT, WITH_MAIN, Entry
from insula.supervisor.errors import InvalidOption
from insula.supervisor.names import check_domain, check_name

START_MODES: Final = (ON_FIRST_VISIT, WITH_MAIN)
DATABASE: Final = (*("dialect", "host", "port", "username", "password", "database", "schema", "storage"),)
"""What may be said of its database."""
SECRET: Final = frozenset(("password",))
"""Of these, what is sealed and never answered."""
MOVABLE: Final = frozenset(("host", "port", "username"))
"""Of these, what may change once the database is there: the same database, found elsewhere. Its stamp is looked at."""
PASSED_OVER: Final = frozenset(
    (
        *("status", "statuses", "version", "lastVisitAt", "wanted", "createdAt", "createdById", "createdBy"),
        *(
            "updatedAt",
            "deletedAt",
            "jobId",
            "url",
            "addresses",
            "doing",
            "failure",
            "degraded",
            "waitsFor",
            "requests",
            "errors",
            "latency",
            "warnings",
        ),
        *("confirm", "adopt"),
    )
)
"""What answers carry and clients send back, and what goes beside the values."""
SERVER: Final = ("dialect", "host", "port")
"""Of these, what says to whom the secret part is shown."""
LONGEST_TEXT: Final = 255
MOST_LABELS: Final = 50
LONGEST_SLEEP_AFTER_S: Final = 366 * 24 * 3600
"""Of ``sleepAfter``: seconds without a visit after which an application is put to sleep."""


@dataclass(slots=True)
class Wish:
    """What was said, checked."""

    name: str | None = None
    """Only of a new one that is given a name."""
    changes: dict[str, Any] = field(default_factory=dict)
    """Attributes of ``Entry``; ``options`` only as far as they were said, see ``options_of``."""
    credentials: dict[str, Any] = field(default_factory=dict)
    """The secret part of what was said of the database."""


def read(values: Mapping[str, Any]) -> Wish:
    """Check what was said. Raises ``InvalidName``, ``InvalidDomain``, ``InvalidOption``."""
    wish = Wish()
    for key, value in values.items():
        if key == "name":
            wish.name = None if value is None else check_name(value)
        elif key == "cname":
            wish.changes["cname"] = check_domain(value)
        elif key == "options":
            wish.changes["options"] = _options(value, wish)
        elif key in _SIMPLE:
            attribute, check = _SIMPLE[key]
            wish.changes[attribute] = check(key, value)
        elif key not in PASSED_OVER:
            raise InvalidOption(field=key[:100], reason="is not known")
    return wish


def options_of(entry: Entry, said: Mapping[str, Any]) -> dict[str, Any]:
    """The options of an application with what was said laid over them.

    Raises ``InvalidOption`` for what can not change any more: which database it is.
    """
    before = entry.options
    options = {**before, **{key: value for key, value in said.items() if key != "database"}}
    if "database" in said:
        options["database"] = {**before.get("database", NOTHING), **said["database"]}
    if entry.settled:
        if options.get("dbConnType", DEFAULT_CONNECTION) != before.get("dbConnType", DEFAULT_CONNECTION):
            raise InvalidOption(field="options.dbConnType", reason=_SETTLED)
        old, new = before.get("database", NOTHING), options.get("database", NOTHING)
        for key in DATABASE:
            if key not in MOVABLE and new.get(key) != old.get(key):
                raise InvalidOption(field=f"options.database.{key}", reason=_SETTLED)
    return options


_SETTLED: Final = "can not change any more, since its database is there"


def _options(value: Any, wish: Wish) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise InvalidOption(field="options", reason="must be an object")
    options: dict[str, Any] = {}
    for key, item in value.items():
        name = f"options.{key}"[:100]
        if key == "database":
            options["database"] = _database(item, wish)
        elif key == "autoStart":
            mode = START_MODES[_truth(name, item)]
            if value.get("startMode", mode) != mode:
                raise InvalidOption(field=name, reason="contradicts options.startMode")
            options["startMode"] = mode
        elif key in OPTIONS:
            options[key] = OPTIONS[key](name, item)
        else:
            raise InvalidOption(field=name, reason="is not known")
    return options


def _database(value: Any, wish: Wish) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise InvalidOption(field="options.database", reason="must be an object")
    found: dict[str, Any] = {}
    for key, item in value.items():
        name = f"options.database.{key}"[:100]
        if key not in DATABASE:
            raise InvalidOption(field=name, reason="is not known")
        if item is None or item == "":
            continue
        ready = _port(name, item) if key == "port" else _text(name, item)
        (wish.credentials if key in SECRET else found)[key] = ready
    return found


def _text(name: str, value: Any) -> str:
    if not isinstance(value, str) or not in_one_line(value):
        raise InvalidOption(field=name, reason="must be text in one line")
    if len(value) > LONGEST_TEXT:
        raise InvalidOption(field=name, reason=f"must not be longer than {LONGEST_TEXT} characters")
    return value


def _text_or_none(name: str, value: Any) -> str | None:
    return None if value is None or value == "" else _text(name, value)


def _text_or_empty(name: str, value: Any) -> str:
    return _text_or_none(name, value) or ""


def _truth(name: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise InvalidOption(field=name, reason="must be true or false")
    return value


def _port(name: str, value: Any) -> int:
    number = int(value) if isinstance(value, str) and value.isascii() and value.isdigit() else value
    if isinstance(number, bool) or not isinstance(number, int) or not 0 < number < 65_536:
        raise InvalidOption(field=name, reason="must be a port, from 1 to 65535")
    return number


def _seconds(name: str, value: Any) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value <= LONGEST_SLEEP_AFTER_S:
        raise InvalidOption(
            field=name, reason=f"must be a number of seconds from 1 to {LONGEST_SLEEP_AFTER_S}, or null"
        )
    return value


def _texts(name: str, value: Any) -> tuple[str, ...]:
    if value is None:
        return ()
    if not isinstance(value, list | tuple) or len(value) > MOST_LABELS:
        raise InvalidOption(field=name, reason=f"must be a list of at most {MOST_LABELS} texts")
    return tuple(dict.fromkeys(_text(name, item) for item in value))


def _zone(name: str, value: Any) -> str | None:
    zone = _text_or_none(name, value)
    if zone is None:
        return None
    try:
        ZoneInfo(zone)
    except (KeyError, OSError, ValueError):
        raise InvalidOption(field=name, reason="must be a time zone such as Europe/Berlin") from None
    return zone


def _one_of(words: tuple[str, ...]) -> Callable[[str, Any], str]:
    def check(name: str, value: Any) -> str:
        if value not in words:
            raise InvalidOption(field=name, reason=f"must be one of {', '.join(words)}")
        return str(value)

    return check


_SIMPLE: Final[Mapping[str, tuple[str, Callable[[str, Any], Any]]]] = {
    "displayName": ("display_name", _text_or_empty),
    "pinned": ("pinned", _truth),
    "icon": ("icon", _text_or_none),
    "labels": ("labels", _texts),
    "environments": ("environments", _texts),
}
OPTIONS: Final[Mapping[str, Callable[[str, Any], Any]]] = {
    "startMode": _one_of(START_MODES),
    "dbConnType": _one_of(CONNECTIONS),
    "autoUpgrade": _truth,
    "shareSession": _truth,
    "inLauncher": _truth,
    "inSwitcher": _truth,
    "lang": _text_or_none,
    "timezone": _zone,
    "sleepAfter": _seconds,
}
"""What may be said beside its database → its check."""
