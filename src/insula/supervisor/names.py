"""Names and domains of applications: the rules, each with the sentence that is said when it is broken."""

from __future__ import annotations

import ipaddress
import re
from typing import Final

from insula.core.ids import application_id
from insula.core.names import MAIN
from insula.supervisor.errors import InvalidDomain, InvalidName

LONGEST_NAME: Final = 63
"""Characters: as many as PostgreSQL takes for a database or schema, and as a label of a host name has."""
LONGEST_DOMAIN: Final = 253
"""Characters: as many as a host name has."""
RESERVED: Final = frozenset((MAIN, "local", "new", "api"))
"""Names that addresses or environments have already."""
RESERVED_PREFIX: Final = "__"

_NAME = re.compile(r"[a-z][a-z0-9_-]*")
_LABEL = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)")


def check_name(name: object) -> str:
    """A name that an application may be given, as it is. Raises ``InvalidName`` with the rule that it breaks."""
    if not isinstance(name, str):
        raise InvalidName(reason="must be text; leave it out and it is made")
    if not name:
        raise InvalidName(reason="must have at least one character; leave it out and it is made")
    if len(name) > LONGEST_NAME:
        raise InvalidName(reason=f"must not be longer than {LONGEST_NAME} characters")
    if name.lower() in RESERVED:
        raise InvalidName(reason=f"must not be one of {', '.join(sorted(RESERVED))}: these are reserved")
    if name.startswith(RESERVED_PREFIX):
        raise InvalidName(reason=f'must not begin with "{RESERVED_PREFIX}": such names are reserved')
    if not _NAME.fullmatch(name):
        raise InvalidName(
            reason="must begin with a small letter and go on with small letters, digits, _ and - (of a–z and 0–9)"
        )
    return name


def new_name() -> str:
    """A name for an application that was given none: ``a_`` and 11 random characters."""
    return application_id()


def check_domain(domain: object) -> str | None:
    """A custom domain in small letters without the dot at its end; ``None`` for none.

    Raises ``InvalidDomain``: it is no host name, or an address or ``localhost``, which are main's.
    """
    if domain is None or domain == "":
        return None
    if not isinstance(domain, str):
        raise InvalidDomain(reason="must be text")
    host = domain.lower().removesuffix(".")
    if "/" in host or ":" in host:
        raise InvalidDomain(reason="must be a host name alone, without https://, port and path")
    if len(host) > LONGEST_DOMAIN or not all(map(_LABEL.fullmatch, host.split("."))):
        raise InvalidDomain(
            reason="must be a host name: parts of a–z, 0–9 and - joined by dots (others in their xn-- form)"
        )
    if host == "localhost" or _is_address(host):
        raise InvalidDomain(
            reason="must be a name of its own: addresses and localhost lead to the main application"
        )
    return host


def _is_address(host: str) -> bool:
    """Whether it is an IPv4 address, or what browsers take for one: they read a number at the end so."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return host.rpartition(".")[2].isdigit()
    return True
