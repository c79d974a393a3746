"""Which application is a request for? Pure: looks at the request, answers a choice.

Path before query before ``X-App`` before host name; on a custom domain, naming another application is an
error. What cannot be told is for ``main``, an unknown host included.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Literal, NamedTuple
from urllib.parse import parse_qs, unquote

from insula.core.names import MAIN
from insula.gateway.errors import AmbiguousApplication, OtherApplication

APP_SEGMENT = "__app/"
"""Behind the base path of the API: ``/api/__app/<application>/…``."""
PAGES_PREFIX = "/apps/"
HEALTH = "/__health_check"
HOSTS_KEPT = 256
"""Spellings of host names that need not be taken apart again."""
_QUERY_KEY = b"__appName"
HEADER = b"x-app"

Kind = Literal["api", "health", "page"]


class Choice(NamedTuple):
    """What a request is for."""

    application: str
    kind: Kind
    path: str
    """What is left for the application: ``/<resource>:<action>…``, or the path of a page."""
    prefix: str
    """What was taken off the front."""
    own_host: bool = False
    """It came to the application's custom domain."""


class Asked(NamedTuple):
    """What of a request says which application it is for."""

    path: str
    query: bytes
    named: tuple[bytes, ...]
    """Each ``X-App``."""
    hosts: tuple[str, ...]
    """Host names (lower case, no port) in the order of belief; those of strangers' headers are not here."""
    proved: str = ""
    """The application that our front door has chosen, which is not chosen again."""


def select(asked: Asked, api: str, application_of: Callable[[str], str | None]) -> Choice:
    """``api`` is the base path from slash to slash. Raises ``OtherApplication``, ``AmbiguousApplication``."""
    path = asked.path
    if path.startswith(api):
        named, rest, prefix = _in_api(path, api)
        kind: Kind = "health" if rest == HEALTH else "api"
    else:
        named, rest, prefix = _in_pages(path)
        kind = "health" if rest == HEALTH else "page"
    asked_for = [name for name in (named, *_named(asked)) if name is not None]
    owner = next(filter(None, map(application_of, asked.hosts)), None)
    if asked.proved:
        # What names none was chosen by a domain, which need not be known here yet.
        owner = asked.proved if owner is not None or not asked_for else None
    holds = owner or asked.proved
    if holds:
        for name in asked_for:
            if name != holds:
                raise OtherApplication(application=name)
    if owner is not None:
        return Choice(owner, kind, rest, prefix, own_host=True)
    return Choice(asked_for[0] if asked_for else MAIN, kind, rest, prefix)


def deciding(target: bytes, api: bytes) -> bytes:
    """The beginning of a target that decides which application its path and query name; empty: all of it does.

    Another target that begins like this, and in which no ``__`` comes from the end of that on, names the same one, and
    is for the API just as this one is. ``target`` and ``api`` as they are sent.
    """
    marks = (api + APP_SEGMENT.encode(), PAGES_PREFIX.encode())
    named = next((mark for mark in marks if target.startswith(mark)), None)
    if named is not None:
        decides = target[: target.find(b"/", len(named)) + 1]
    elif any(mark.startswith(target) for mark in marks):
        return b""
    else:
        beginnings = (target[:length] for length in range(1, len(target) + 1))
        decides = next(begun for begun in beginnings if not any(mark.startswith(begun) for mark in marks))
    unclear = b"%" in decides or b"?" in decides[:-1] or target.find(b"__", len(decides) - 1) >= 0
    return b"" if unclear else decides


def _in_api(path: str, api: str) -> tuple[str | None, str, str]:
    """(application named, rest from its slash, prefix without slash) of a path in the API."""
    start = len(api)
    if not path.startswith(APP_SEGMENT, start):
        return None, path[start - 1 :], api[:-1]
    name_from = start + len(APP_SEGMENT)
    name_to = path.find("/", name_from)
    if name_to < 0:
        name_to = len(path)
    return path[name_from:name_to], path[name_to:] or "/", path[:name_to]


def _in_pages(path: str) -> tuple[str | None, str, str]:
    """The same of a page: ``/apps/<application>/admin…``, with and without the slash at the end."""
    if not path.startswith(PAGES_PREFIX):
        return None, path, ""
    name_to = path.find("/", len(PAGES_PREFIX))
    if name_to < 0:
        name_to = len(path)
    return path[len(PAGES_PREFIX) : name_to], path[name_to:] or "/", path[:name_to]


def _named(asked: Asked) -> list[str]:
    """The applications named by query and by header, in this order of precedence."""
    names = []
    # Percent-encoded spellings of the key itself are possible and pointless: only the plain one is known.
    if _QUERY_KEY in asked.query:
        names += _once(parse_qs(asked.query.decode("latin-1")).get(_QUERY_KEY.decode(), []), "__appName")
    if asked.named:
        names += _once([unquote(name.decode("latin-1")) for name in asked.named if name], "X-App")
    return names


def _once(names: list[str], by: str) -> list[str]:
    """Raises ``AmbiguousApplication`` for several: another program on the way may believe another of them."""
    if len(names) > 1:
        raise AmbiguousApplication(by=by)
    return names


def named_by_headers(last: Mapping[bytes, bytes], raw: Sequence[tuple[bytes, bytes]]) -> tuple[bytes, ...]:
    """Each ``X-App`` of a request; ``last`` are the last headers of each name, ``raw`` all of them. Lower case."""
    if HEADER not in last:
        return ()
    if len(last) == len(raw):
        return (last[HEADER],)
    return tuple(value for name, value in raw if name == HEADER)


@lru_cache(maxsize=HOSTS_KEPT)
def host_name(raw: str) -> str:
    """``Shop.Example.com:8080`` → ``shop.example.com``; the last dot of a full name goes too."""
    name = raw.strip().lower()
    if name.startswith("["):
        return name.partition("]")[0] + "]"
    return name.partition(":")[0].rstrip(".")
