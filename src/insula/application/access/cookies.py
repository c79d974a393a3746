"""The cookies of one application in a browser, and the proof that its own page sent a write."""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import quote, unquote

from insula.application.access.errors import InvalidCsrfToken
from insula.core.names import MAIN

if TYPE_CHECKING:
    from insula.application.api.request import Request

AUTHENTICATOR: Final = "basic"
_CSRF_HEADER: Final = b"x-csrf-token"
_BEARER: Final = "bearer "
_NAMED: Final = "/__app/"
"""Behind the base path, before the name of an application that is addressed by path."""


_PAGES: Final = "/apps/"
"""Before the name of an application in the addresses of its pages."""
_OWN_PAGES: Final = "/admin"
"""The pages of the main application, and of one on its own domain."""


class Carried(NamedTuple):
    """The token of a request, and the way it came."""

    token: str
    by_cookie: bool
    of_main: bool = False
    """It came in main's cookie, which is not this application's to change."""


@dataclass(frozen=True, slots=True)
class Cookies:
    """Names, paths and proofs of one application's cookies."""

    application: str
    main: bool
    """The entry application, which is addressed without being named."""
    secret: bytes
    """Known to this application alone; proofs are made with it."""
    shared: bool = False
    """Main's cookie is read where there is none of its own."""

    def token(self, request: Request) -> Carried | None:
        """The token of a request: a bearer's, else the cookie's."""
        header = request.header(b"authorization")
        if header is not None and header[: len(_BEARER)].lower() == _BEARER:
            bearer = header[len(_BEARER) :].strip()
            return Carried(bearer, False) if bearer else None
        if request.header(b"cookie") is None:
            return None
        token = request.cookies.get(f"nb_auth_token_{self.application}")
        if token:
            return Carried(token, True)
        of_main = request.cookies.get(f"nb_auth_token_{MAIN}") if self.shared else None
        return Carried(of_main, True, of_main=True) if of_main else None

    def role(self, request: Request) -> str | None:
        """The role that the browser's page chose last."""
        return unquote(request.cookies.get(f"nb_role_{self.application}", "")) or None

    def proof(self, session: str) -> str:
        """The CSRF token of a session. Bound to it, since a neighbour on the same host can plant cookies."""
        digest = hmac.digest(self.secret, b"csrf\0" + session.encode(), hashlib.sha256)
        return base64.urlsafe_b64encode(digest).decode().rstrip("=")

    def check_proof(self, request: Request, jti: str) -> None:
        """Raises ``InvalidCsrfToken`` for a write by cookie that the application's own page did not send."""
        name = f"nb_csrf_token_{self.application}"
        sent = (request.header(_CSRF_HEADER) or "").encode()
        kept = request.cookies.get(name, "").encode()
        expected = self.proof(jti.partition(".")[0]).encode()
        if not (hmac.compare_digest(sent, kept) and hmac.compare_digest(sent, expected)):
            raise InvalidCsrfToken(cookie=name)

    def prove(self, request: Request, jti: str, age_s: int) -> bool:
        """Give a page that was let in by main's cookie the proof for its writes, where it has not got it: then the session
        is a new one, and the role that was chosen in another is forgotten. Gives whether that is so."""
        proof = self.proof(jti.partition(".")[0])
        if request.cookies.get(f"nb_csrf_token_{self.application}") == proof:
            return False
        self._give_proof(request, proof, age_s)
        if self.role(request) is not None:
            self._set(request, "role", "", 0)
        return True

    def put(self, request: Request, token: str, jti: str, role: str | None, age_s: int) -> None:
        """Put the cookies of someone who is signed in on the answer; they last ``age_s`` seconds."""
        self._set(request, "auth_token", token, age_s, http_only=True)
        self._give_proof(request, self.proof(jti.partition(".")[0]), age_s)
        self._set(request, "authenticator", AUTHENTICATOR, age_s)
        if role is not None:
            self._set(request, "role", role, age_s)

    def clear(self, request: Request) -> None:
        """Take the cookies away."""
        for kind in ("auth_token", "authenticator", "role"):
            self._set(request, kind, "", 0, http_only=kind == "auth_token")
        self._give_proof(request, "", 0)

    def path(self, request: Request) -> str:
        """Where the browser sends the cookies to: the application's part of the API.

        An application that is named by path, query or header shares its host with others, unless the host is its
        own; one that is not named, and is not the main one, has a domain of its own.
        """
        base = request.prefix.partition(_NAMED)[0]
        return f"{base}{_NAMED}{self.application}/" if self._shares_host(request) else f"{base}/"

    def page_path(self, request: Request) -> str:
        """Where scripts read the proof: on the application's own pages, which are elsewhere than its part of the API."""
        return f"{_PAGES}{self.application}" if self._shares_host(request) else _OWN_PAGES

    def _shares_host(self, request: Request) -> bool:
        """Whether it is one of those that are addressed by their name, on a host of all."""
        named = not request.own_host and (
            _NAMED in request.prefix or request.header(b"x-app") is not None or b"__appName=" in request.query
        )
        return named and not self.main

    def _give_proof(self, request: Request, proof: str, age_s: int) -> None:
        """Once for the check of writes, and once where the application's pages, and no neighbour's, can read it."""
        self._set(request, "csrf_token", proof, age_s)
        self._set(request, "page_csrf_token", proof, age_s, path=self.page_path(request))

    def _set(
        self,
        request: Request,
        kind: str,
        value: str,
        age_s: int,
        *,
        http_only: bool = False,
        path: str | None = None,
    ) -> None:
        parts = [
            f"nb_{kind}_{self.application}={quote(value, safe='-._~')}",
            f"Path={path or self.path(request)}",
            f"Max-Age={age_s}",
            "SameSite=Lax",
        ]
        if http_only:
            parts.append("HttpOnly")
        if request.scheme == "https":
            parts.append("Secure")
        request.answer_headers.append((b"set-cookie", "; ".join(parts).encode("latin-1")))
