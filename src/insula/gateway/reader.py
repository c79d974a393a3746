"""In which language a page that is rendered here speaks to who reads it.

It is the one that was chosen in the pages of the application, which keep it in a cookie for this; else what the browser
asks for. Programs name one themselves (``answers.locale``).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from insula.core.translation import chosen, preferred
from insula.fleet.process.base import Scope

COOKIE: Final = b"insula_language"
VARY: Final = (b"vary", b"Accept-Language, Cookie")
_ACCEPT: Final = b"accept-language"


def language_of_reader(headers: Iterable[tuple[bytes, bytes]]) -> str:
    """From the headers of a request, whose names are in small letters."""
    accepted: list[str] = []
    for name, value in headers:
        if name == b"cookie":
            for part in value.split(b";"):
                key, _, kept = part.strip().partition(b"=")
                if key == COOKIE and (language := chosen(kept.decode("latin-1"))) is not None:
                    return language
        elif name == _ACCEPT:
            accepted.append(value.decode("latin-1"))
    return preferred(",".join(accepted))


def reading(scope: Scope) -> str:
    """The same of an ASGI request."""
    return language_of_reader(scope["headers"])
