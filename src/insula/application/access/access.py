"""Who asks, and what they may do: the doorkeeper of one application."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from insula.application.access.bearers import Bearers
from insula.application.access.book import Book, read_book
from insula.application.access.collections import ROLES_SNIPPET
from insula.application.access.cookies import Carried, Cookies
from insula.application.access.errors import (
    Denied,
    EmptyToken,
    InvalidCsrfToken,
    InvalidToken,
    NoRoles,
    NotLetIn,
    RoleNotHeld,
    Unauthenticated,
)
from insula.application.access.escalation import covers
from insula.application.access.leavings import Leavings
from insula.application.access.passwords import SHORTEST
from insula.application.access.people import EVERYTHING, roles_of
from insula.application.access.policy import Policy
from insula.application.access.principal import ANONYMOUS, LOCAL, Principal
from insula.application.access.scopes import RoleScopes
from insula.application.access.sessions import Issued, Sessions
from insula.application.access.shared import Visitor
from insula.application.access.steady_clock import SteadyClock
from insula.application.access.throttle import Throttle
from insula.application.access.tokens import Tokens

if TYPE_CHECKING:
    from insula.application.api.action import Action
    from insula.application.api.request import Request
    from insula.application.application import Application
    from insula.data.changes import Change
    from insula.data.metadata_change import MetadataChange
    from insula.data.scope import Scopes

BOOK_S: Final = 60.0
"""Roles are read again after this time, for what other hands have changed in the tables."""

_ROLES: Final = frozenset({"roles", "rolesResources", "rolesResourcesScopes"})


class Access:
    """Settles who asks (``authenticate``) and what they may do (``authorize``)."""

    throttle: Throttle
    tokens: Tokens
    sessions: Sessions
    cookies: Cookies

    def __init__(self, application: Application) -> None:
        self._application = application
        self.clock = SteadyClock()
        """By which tokens, sessions and waiting times end; another one is put here before ``start``."""
        self.shortest_password = SHORTEST
        """Characters."""
        self.book = Book(application.metadata, {})
        self._edition = 0
        """Of the roles in the tables: rises with every change."""
        self._read_edition = -1
        """Of the book; behind, it is read again before the next request."""
        self._read_again = 0.0
        """Monotonic seconds."""
        self._reading = asyncio.Lock()
        self.bearers = Bearers(self, application.repository, application.options.shared)
        application.repository.observers.append(self.changed)
        self._leavings = Leavings(application.repository)
        self._unsubscribe: Callable[[], None] | None = None

    async def start(self) -> None:
        """Make ready; the secrets and the collections are there."""
        application = self._application
        self.throttle = Throttle(self.clock.monotonic)
        self.tokens = Tokens(application.name, application.secrets)
        self.sessions = Sessions(application.repository, self.tokens, Policy())
        options = application.options
        self.cookies = Cookies(
            application.name, options.main, application.secrets.data_key, options.shared is not None
        )
        if self._unsubscribe is None:
            application.metadata.companions.append(self._leavings)
            self._unsubscribe = application.metadata.subscribe(self._modelled)
        self.invalidate()
        await self._read()

    async def stop(self) -> None:
        """Forget everyone."""
        self.invalidate()
        if self._unsubscribe is not None:
            self._application.metadata.companions.remove(self._leavings)
            self._unsubscribe()
            self._unsubscribe = None

    def invalidate(self) -> None:
        """Look up roles and people again, all of them."""
        self._edition += 1
        self.bearers.forget()

    async def authenticate(self, request: Request, *, writes: bool, public: bool = False) -> Principal:
        """Who asks. ``public``: with a token that is of no use they are nobody, so that one can sign in again.

        Raises ``Unauthenticated`` with the reason, ``RoleNotHeld``, ``InvalidCsrfToken``. May put headers on the answer.
        """
        if self._outdated:
            await self._read()
        if request.local:
            return LOCAL
        carried = self.cookies.token(request)
        if carried is None:
            return ANONYMOUS
        try:
            role = request.header(b"x-role") or None
            bearer = self.bearers.seen.find((carried.token, role))
            if bearer is not None and self.clock.now() < bearer.until:
                principal = bearer.principal
                if principal.shared:
                    await self.bearers.confirm(carried.token)
            else:
                found = await self.bearers.use(carried.token, role)
                principal = found.principal
                if found.issued is not None:
                    self._tell(request, carried, found.issued)
            if carried.by_cookie:
                return self._in_browser(request, principal, chosen=role is not None, writes=writes)
            return principal
        except (Unauthenticated, InvalidCsrfToken, RoleNotHeld) as error:
            if public:
                return ANONYMOUS
            kept = isinstance(error, NoRoles | InvalidCsrfToken | RoleNotHeld)
            if carried.by_cookie and not carried.of_main and not kept:
                # The page itself can not: the cookie is HttpOnly.
                self.cookies.clear(request)
            raise

    async def let_in(self, request: Request, user: Mapping[str, Any]) -> str:
        """Open a session for someone who has shown who they are: its token, and its cookies on the answer."""
        subject = None if user.get("sub") is None else str(user["sub"])
        issued = await self.sessions.open(user["id"], subject, self.clock.now())
        roles = await roles_of(self._application.repository, user["id"])
        role = roles[0] if roles else None
        self.cookies.put(request, issued.token, issued.claims.jti, role, self.sessions.policy.idle_s)
        return issued.token

    async def know(self, token: str, role: str | None = None) -> Principal:
        """Whose a token is at this moment; its session is not used by this. Raises ``Unauthenticated``, ``RoleNotHeld``."""
        if self._outdated:
            await self._read()
        return await self.bearers.know(token, role)

    async def vouch(
        self, token: str, lets_in: Callable[[Principal], Awaitable[bool]] | None = None
    ) -> Visitor:
        """Who is signed in here with this token, for applications that share this one's session.

        ``lets_in`` says whether such an application is open to them. Raises ``Unauthenticated``: ``NotLetIn`` where it is
        not; ``InvalidToken`` for API keys too, which are no one who signed in.
        """
        principal = await self.know(token)
        subject = principal.user.get("sub")
        if principal.kind != "user" or principal.shared or subject is None:
            raise InvalidToken()
        if lets_in is not None and not await lets_in(principal):
            raise NotLetIn()
        names = (principal.user.get(name) for name in ("username", "email", "nickname"))
        return Visitor(str(subject), *names)

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
                # Configuration is never open to nobody, whatever their role says.
                known = principal.kind != "anonymous" and action.snippet is not None
                return known and self.holds(principal, str(action.snippet))
            case "records":
                if action.permission is None:
                    return False
                grant = self.book.grant(principal.role, resource, action.permission)
                return grant is not None and grant.direct

    def _in_browser(self, request: Request, principal: Principal, *, chosen: bool, writes: bool) -> Principal:
        """A bearer by cookie: a write needs its proof; the role is that of the cookie, while they may act in it."""
        fresh = False
        if principal.shared and principal.session is not None:
            fresh = self.cookies.prove(request, principal.session, self.sessions.policy.idle_s)
        if writes and principal.session is not None:
            self.cookies.check_proof(request, principal.session)
        return principal if chosen or fresh else self.acting(principal, self.cookies.role(request))

    def acting(self, principal: Principal, role: str | None) -> Principal:
        """Someone in the role that their page has chosen; as they are where they may not act in it (any more)."""
        if role is None or role == principal.role or principal.kind == "key":
            return principal
        return _in_role(principal, role) if self._may_act_in(principal, role) else principal

    def _may_act_in(self, principal: Principal, role: str) -> bool:
        """In a role that they hold; whoever gives rights to roles, also in one that may do no more than theirs."""
        if role in principal.roles:
            return True
        book = self.book
        return (
            role in book.roles
            and self.holds(principal, ROLES_SNIPPET)
            and covers(book.rules(principal.role), book.rules(role))
        )

    def _tell(self, request: Request, carried: Carried, issued: Issued) -> None:
        """Give the new token the way the old one came: what is HttpOnly stays out of reach of scripts."""
        if carried.by_cookie:
            age = self.sessions.policy.idle_s
            self.cookies.put(request, issued.token, issued.claims.jti, self.cookies.role(request), age)
        else:
            request.answer_headers.append((b"x-new-token", issued.token.encode()))

    @property
    def _outdated(self) -> bool:
        return self._read_edition != self._edition or self.clock.monotonic() >= self._read_again

    async def _read(self) -> None:
        """Bring the book up to date; requests that come meanwhile wait for it."""
        async with self._reading:
            while self._outdated:
                edition = self._edition
                if self._application.metadata.find("roles") is not None:
                    self.book = await read_book(self._application.repository)
                self._read_edition = edition
                self._read_again = self.clock.monotonic() + BOOK_S

    def _modelled(self, change: MetadataChange) -> None:
        """Collections and fields have changed, and with them perhaps what roles may do: see ``Leavings``."""
        self._edition += 1

    def changed(self, change: Change) -> None:
        """Records were written, here or by another process of the application."""
        if change.collection in _ROLES:
            self._edition += 1
        self.bearers.changed(change)


def _in_role(principal: Principal, role: str) -> Principal:
    held = principal
    return Principal(held.kind, held.user_id, role, held.roles, held.user, held.session, held.shared)
