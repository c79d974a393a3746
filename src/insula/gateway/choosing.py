"""Which environment of several: named by ``X-Environment`` or ``__environment``, remembered by a cookie, chosen on a page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl, urlencode

from insula.core.translation import Speaker
from insula.gateway.forward.answering import collected
from insula.gateway.forward.route import Answer
from insula.gateway.reader import language_of_reader

if TYPE_CHECKING:
    from insula.gateway.forward.route import Asked
    from insula.gateway.pages import Templates

HEADER: Final = b"x-environment"
PARAMETER: Final = "__environment"
IN_QUERY: Final = PARAMETER.encode()
_COOKIE: Final = "insula_environment_"
_REMEMBERED_S: Final = 30 * 24 * 3600
_FOUND: Final = 302


def named(asked: Asked) -> str:
    """The environment that a request names; nothing where it names none."""
    given = asked.headers.get(HEADER)
    if given is not None:
        return given.decode("latin-1")
    return by_query(asked)


def by_query(asked: Asked) -> str:
    """The one that stands in its address."""
    if IN_QUERY not in asked.query:
        return ""
    return dict(parse_qsl(asked.query.decode("latin-1"))).get(PARAMETER, "")


def remembered(asked: Asked, application: str) -> str:
    """The one that was chosen before, in this browser."""
    wanted = f"{_COOKIE}{application}="
    for part in asked.headers.get(b"cookie", b"").decode("latin-1").split(";"):
        name = part.strip()
        if name.startswith(wanted):
            return name[len(wanted) :]
    return ""


def remember(asked: Asked, application: str, environment: str) -> Answer:
    """To the same page, without the choice in its address."""
    left = [(key, value) for key, value in parse_qsl(asked.query.decode("latin-1"), True) if key != PARAMETER]
    path = asked.target.partition(b"?")[0]
    # A path that begins with two slashes would be another host's; browsers take a backslash for one.
    place = b"/" + path.lstrip(b"/\\") + (f"?{urlencode(left)}".encode() if left else b"")
    secure = "; Secure" if asked.origin.scheme == "https" else ""
    cookie = f"{_COOKIE}{application}={environment}; Path=/; Max-Age={_REMEMBERED_S}; HttpOnly; SameSite=Lax"
    headers = ((b"location", place), (b"set-cookie", f"{cookie}{secure}".encode()))
    return Answer(_FOUND, (*headers, (b"cache-control", b"no-store")))


async def ask(templates: Templates, asked: Asked, name: str, environments: Sequence[str]) -> Answer:
    """A page with all of them."""
    address = address_of(asked)
    return await collected(
        lambda send: templates.send(
            send,
            Speaker(language_of_reader(asked.headers.items())),
            200,
            "choose.html",
            name=name,
            environments=environments,
            address=address,
        )
    )


def address_of(asked: Asked) -> str:
    """The same page in an environment whose name is to follow."""
    kept = [(key, value) for key, value in parse_qsl(asked.query.decode("latin-1"), True) if key != PARAMETER]
    begins = f"?{urlencode(kept)}&" if kept else "?"
    return f"{begins}{PARAMETER}="


def wants_page(asked: Asked) -> bool:
    """Whether a person asks, and not a program."""
    return asked.method in ("GET", "HEAD") and b"text/html" in asked.headers.get(b"accept", b"")
