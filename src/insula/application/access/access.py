"""Who asks, and what they may do: the doorkeeper of one application."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from insula.application.access.book import Book, read_book
from insula.application.access.cookies import role_of, set_cookies, token_of
from insula.application.access.errors import (
    BlockedToken,
    Denied,
    EmptyToken,
    InvalidCsrfToken,
    NoRoles,
    Unauthenticated,
    UnknownUser,
)
from insula.application.access.people import EVERYTHING, roles_of, where
from insula.application.access.policy import Policy
from insula.application.access.principal import ANONYMOUS, LOCAL, Principal
from insula.application.access.scopes import RoleScopes
from insula.application.access.sessions import Sessions
from insula.application.access.steady_clock import SteadyClock
from insula.application.access.throttle import Throttle
from insula.application.access.tokens import Claims, Tokens, check_times

if TYPE_CHECKING:
    from insula.application.api.action import Action
    from insula.application.api.request import Request
    from insula.application.application import Application
    from insula.data.changes import Change
    from insula.data.scope import Scopes

MAX_SEEN: Final = 10_000
"""Tokens whose bearers are remembered; the one seen first falls out."""
SEEN_S: Final = 60.0
"""A bearer is looked up again after this time, for what another process has changed."""

_ROLES: Final = frozenset({"roles", "rolesResources", "rolesResourcesScopes"})
_PEOPLE: Final = frozenset({"users", "rolesUsers", "sessions", "apiKeys"})


@dataclass(frozen=True, slots=True)
class _Seen:
    """The bearer of a token in one role, as found at one moment."""

    principal: Principal
    until: float
    """Seconds since the epoch, when the token ends, is to be renewed, or is looked up again."""


class Access:
    """Settles who asks (``authenticate``) and what they may do (``authorize``)."""

    throttle: Throttle
    tokens: Tokens
    sessions: Sessions

    def __init__(self, application: Application) -> None:
        self._application = application
        self.clock = SteadyClock()
        self.book = Book(application.metadata, {})
        self._stale = True
        """The book is older than the tables."""
        self._changes = 0
        self._seen: dict[tuple[str, str | None], _Seen] = {}
        application.repository.observers.append(self._changed)

    async def start(self) -> None:
        """Make ready; the secrets and the collections are there."""
        application = self._application
        self.throttle = Throttle()
        self.tokens = Tokens(application.name, application.secrets)
        self.sessions = Sessions(application.repository, self.tokens, Policy())
        self.invalidate()
        await self._read()

    async def stop(self) -> None:
        """Forget everyone."""
        self.invalidate()

    def invalidate(self) -> None:
        """Look up roles and people again, all of them."""
        self._stale = True
        self._changes += 1
        self._seen.clear()

    async def authenticate(self, request: Request, *, writes: bool, public: bool = False) -> Principal:
        """Who asks. ``public``: with a token that is of no use they are nobody, so that one can sign in again.

        Raises ``Unauthenticated`` with the reason, ``InvalidCsrfToken``. May put headers on the answer.
        """
        if self._stale:
            await self._read()
        if request.local:
            return LOCAL
        try:
            token = token_of(request, self._application.name, writes=writes)
            if token is None:
                return ANONYMOUS
            role = role_of(request, self._application.name)
            seen = self._seen.get((token, role))
            if seen is not None and self.clock.now() < seen.until:
                return seen.principal
            return await self._look_up(request, token, role)
        except (Unauthenticated, InvalidCsrfToken):
            if public:
                return ANONYMOUS
            raise

    def authorize(self, principal: Principal, resource: str, action: Action) -> Scopes:
        """The scopes within which the action may be done.

        Raises ``EmptyToken`` where someone signed in could, ``Denied`` where this person can not.
        """
        if principal.kind == "local":
            return EVERYTHING
        if not self._allowed(principal, resource, action):
            if principal.kind == "anonymous":
                raise EmptyToken()
            raise Denied(role=principal.role, action=action.name, resource=resource)
        return RoleScopes(self.book, principal)

    def holds(self, principal: Principal, snippet: str) -> bool:
        """Whether the role in force has this configuration right."""
        rules = self.book.rules(principal.role)
        return principal.kind == "local" or rules.root or rules.snippets.grant(snippet)

    def _allowed(self, principal: Principal, resource: str, action: Action) -> bool:
        match action.gate:
            case "public":
                return True
            case "signed_in":
                return principal.kind != "anonymous"
            case "snippet":
                return action.snippet is not None and self.holds(principal, action.snippet)
            case "records":
                if action.permission is None:
                    return False
                grant = self.book.grant(principal.role, resource, action.permission)
                return grant is not None and grant.direct

    async def _look_up(self, request: Request, token: str, role: str | None) -> Principal:
        changes = self._changes
        now = self.clock.now()
        claims = self.tokens.read(token)
        check_times(claims, now)
        repository = self._application.repository
        renewed: str | None = None
        if claims.role is None:
            renewed = await self.sessions.check(claims, now)
        else:
            keys = (await repository.find("apiKeys", where("jti", claims.jti), scopes=EVERYTHING)).rows
            if not keys or keys[0]["userId"] != claims.user_id:
                raise BlockedToken()
            role = claims.role
        principal = await self._principal(claims, role)
        if renewed is not None:
            request.answer_headers.append((b"x-new-token", renewed.encode()))
            if request.header(b"authorization") is None:
                set_cookies(request, self._application.name, renewed, None)
        elif changes == self._changes:
            self._remember(token, role if claims.role is None else None, principal, claims, now)
        return principal

    def _remember(
        self, token: str, role: str | None, principal: Principal, claims: Claims, now: float
    ) -> None:
        until = now + SEEN_S
        if claims.expires is not None:
            until = min(until, claims.expires)
        if claims.role is None and now < self.sessions.renewal(claims):
            until = min(until, self.sessions.renewal(claims))
        elif claims.role is None:
            until = min(until, now + 1)
        if len(self._seen) >= MAX_SEEN:
            del self._seen[next(iter(self._seen))]
        self._seen[token, role] = _Seen(principal, until)

    async def _principal(self, claims: Claims, role: str | None) -> Principal:
        repository = self._application.repository
        user: dict[str, Any] | None = await repository.find_one("users", claims.user_id, scopes=EVERYTHING)
        if user is None:
            raise UnknownUser()
        if user.get("blocked"):
            raise BlockedToken()
        roles = tuple(name for name in await roles_of(repository, claims.user_id) if name in self.book.roles)
        if not roles or (role is not None and role not in roles):
            raise NoRoles()
        return Principal(
            "user" if claims.role is None else "key",
            claims.user_id,
            role or roles[0],
            roles,
            MappingProxyType(user),
            claims.jti,
        )

    async def _read(self) -> None:
        # What changes while the tables are read makes the book stale again.
        self._stale = False
        try:
            if self._application.metadata.find("roles") is not None:
                self.book = await read_book(self._application.repository)
        except BaseException:
            self._stale = True
            raise

    def _changed(self, change: Change) -> None:
        if change.collection in _ROLES:
            self.invalidate()
        elif change.collection in _PEOPLE and not (
            change.collection == "sessions" and change.action == "create"
        ):
            self._changes += 1
            self._seen.clear()
