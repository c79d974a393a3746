"""What people may be called to sign in: one rule for the API, the set-up page and the command line.

Names to sign in with are kept in small letters, so that the database itself lets nobody be another one in capitals.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from insula.application.access.errors import InvalidAccess
from insula.core.names import fold

EMAIL_LONGEST: Final = 255
USERNAME_LONGEST: Final = 50
"""Characters."""
NAME_FIELDS: Final = ("username", "email", "phone")
"""Fields of a user that are unique, so that nothing is kept as no value and not as empty text."""

_EMAIL: Final = re.compile(r"[^@\s\x00-\x1f\x7f]+@[^@\s\x00-\x1f\x7f]+")
"""One @ with something on both sides: what a mail server takes is known to it alone."""
_USERNAME: Final = re.compile(r"[^\s@\x00-\x1f\x7f/\\<>\"']+")
"""Without @, so that no name of one is the e-mail address of another."""


def is_email(text: str) -> bool:
    """Whether the text may be an e-mail address."""
    return len(text) <= EMAIL_LONGEST and _EMAIL.fullmatch(text) is not None


def is_username(text: str) -> bool:
    """Whether the text may be a user name."""
    return len(text) <= USERNAME_LONGEST and _USERNAME.fullmatch(text) is not None


def normalised(values: Mapping[str, Any]) -> dict[str, Any]:
    """Values of a user as they are kept: names without spaces around, those to sign in with in small letters."""
    kept = dict(values)
    for name in NAME_FIELDS:
        if isinstance(kept.get(name), str):
            kept[name] = kept[name].strip() or None
    for name in ("username", "email"):
        if isinstance(kept.get(name), str):
            kept[name] = fold(kept[name])
    return kept


def checked_names(values: Mapping[str, Any]) -> dict[str, Any]:
    """The same, for names that are being given to someone. Raises ``InvalidAccess``."""
    kept = normalised(values)
    email, username = kept.get("email"), kept.get("username")
    if isinstance(email, str) and not is_email(email):
        reason = f"must be an e-mail address such as you@example.com, of at most {EMAIL_LONGEST} characters"
        raise InvalidAccess(field="email", reason=reason)
    if isinstance(username, str) and not is_username(username):
        reason = f"must be 1 to {USERNAME_LONGEST} characters without spaces, @, quotes or slashes"
        raise InvalidAccess(field="username", reason=reason)
    return kept


def check_named(user: Mapping[str, Any]) -> None:
    """Raises ``InvalidAccess`` for a user who would have nothing to sign in with."""
    if not (user.get("username") or user.get("email")):
        raise InvalidAccess(what="A user", reason="needs a username or an e-mail address to sign in with")
