"""The cookies of one application in a browser, and the proof that its own page sent a write."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from insula.application.access.errors import InvalidCsrfToken

if TYPE_CHECKING:
    from insula.application.api.request import Request

AUTHENTICATOR: Final = "basic"
_CSRF_HEADER: Final = b"x-csrf-token"
_BEARER: Final = "bearer "


def token_of(request: Request, application: str, *, writes: bool) -> str | None:
    """The token of a request. Raises ``InvalidCsrfToken`` for a write by cookie without the proof."""
    header = request.header(b"authorization")
    if header is not None and header[: len(_BEARER)].lower() == _BEARER:
        return header[len(_BEARER) :].strip() or None
    if request.header(b"cookie") is None:
        return None
    token = request.cookies.get(f"nb_auth_token_{application}")
    if token and writes:
        name = f"nb_csrf_token_{application}"
        kept, sent = request.cookies.get(name, ""), request.header(_CSRF_HEADER) or ""
        if not kept or not secrets.compare_digest(kept.encode(), sent.encode()):
            raise InvalidCsrfToken(cookie=name)
    return token or None


def role_of(request: Request, application: str) -> str | None:
    """The role that a request asks for; ``None`` leaves the choice to the default."""
    header = request.header(b"x-role")
    if header is not None:
        return header or None
    if request.header(b"cookie") is None:
        return None
    return request.cookies.get(f"nb_role_{application}") or None


def set_cookies(request: Request, application: str, token: str, role: str | None) -> None:
    """Put the cookies of someone who signed in on the answer."""
    csrf = request.cookies.get(f"nb_csrf_token_{application}") or secrets.token_urlsafe(24)
    _set(request, f"nb_auth_token_{application}", token, http_only=True)
    _set(request, f"nb_csrf_token_{application}", csrf)
    _set(request, f"nb_authenticator_{application}", AUTHENTICATOR)
    if role is not None:
        _set(request, f"nb_role_{application}", role)


def clear_cookies(request: Request, application: str) -> None:
    """Take the cookies away on sign-out."""
    for kind in ("auth_token", "csrf_token", "authenticator", "role"):
        _set(request, f"nb_{kind}_{application}", "", age_s=0, http_only=kind == "auth_token")


def _set(
    request: Request, name: str, value: str, *, http_only: bool = False, age_s: int | None = None
) -> None:
    parts = [f"{name}={quote(value, safe='-._~')}", f"Path={request.prefix.rstrip('/')}/", "SameSite=Lax"]
    if http_only:
        parts.append("HttpOnly")
    if request.scheme == "https":
        parts.append("Secure")
    if age_s is not None:
        parts.append(f"Max-Age={age_s}")
    request.answer_headers.append((b"set-cookie", "; ".join(parts).encode("latin-1")))
