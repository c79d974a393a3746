"""Whose a token is: read, looked up, and remembered for a while."""

from __future__ import annotations

import weakref
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from insula.application.access.errors import (
    BlockedToken,
    ExpiredSession,
    InvalidToken,
    NoRoles,
    RoleNotHeld,
    UnknownUser,
)
from insula.application.access.people import EVERYTHING, roles_of, where
from insula.application.access.principal import Principal
from insula.application.access.seen import SEEN_S, Bearer, Seen
from insula.application.access.shared import SharedSession, Visiting, Visitor
from insula.application.access.tokens import Claims, TokenReader, check_times
from insula.application.access.visitors import Visitors
from insula.application.api.parameters import shown
from insula.core.names import MAIN

if TYPE_CHECKING:
    from insula.application.access.access import Access
    from insula.application.access.sessions import Issued
    from insula.data.changes import Change
    from insula.data.repository import Repository

_ROLES = frozenset({"roles", "rolesResources", "rolesResourcesScopes"})


@dataclass(frozen=True, slots=True)
class Found:
    """Whom a look-up found."""

    principal: Principal
    until: float
    """Seconds since the epoch: looked up again from then on."""
    issued: Issued | None = None
    """The token to use from now on, where it is another."""


class Bearers:
    """The bearers of tokens of one application, and where it shares main's session, of main's."""

    def __init__(self, access: Access, repository: Repository, shared: SharedSession | None) -> None:
        self._access: Access = weakref.proxy(access)  # which owns this: both are freed when it is let go of
        self._repository = repository
        self._shared = shared
        self._main = None if shared is None else TokenReader(MAIN, shared)
        self._visitors = Visitors(repository)
        self.visiting = Visiting()
        self.seen = Seen()
        """Those who use their token."""
        self._known = Seen()
        """Those who were asked about without using it, so that it was not renewed."""

    def forget(self) -> None:
        """Look everyone up again."""
        self.seen.forget()
        self._known.forget()

    def changed(self, change: Change) -> bool:
        """Look up again whom a change of records is about. Gives whether it was about anyone."""
        for seen in (self.seen, self._known):
            if change.collection in _ROLES or change.collection in ("rolesUsers", "apiKeys"):
                seen.forget()
            elif change.collection == "users" and change.action != "create":
                seen.forget_users(change.keys)
            elif change.collection == "sessions" and change.action == "destroy":
                seen.forget_sessions(change.keys)
            else:
                return False
        return True

    async def use(self, token: str, role: str | None) -> Found:
        """Who uses a token; renewed where it is time. Raises ``Unauthenticated``, ``RoleNotHeld``."""
        changes = self.seen.changes
        found = await self._look_up(token, role, renews=True)
        if found.issued is None and changes == self.seen.changes:
            self.seen.keep((token, role), Bearer(found.principal, found.until))
        return found

    async def know(self, token: str, role: str | None = None) -> Principal:
        """Whose a token is at this moment, without a renewal: the session is not used by this.

        Raises ``Unauthenticated``, ``RoleNotHeld``.
        """
        bearer = self._known.find((token, role))
        if bearer is None or self._access.clock.now() >= bearer.until:
            changes = self._known.changes
            found = await self._look_up(token, role, renews=False)
            bearer = Bearer(found.principal, found.until)
            if changes == self._known.changes:
                self._known.keep((token, role), bearer)
        elif bearer.principal.shared:
            await self.confirm(token)
        return bearer.principal

    async def confirm(self, token: str) -> Visitor:
        """See that main's session still stands, which main alone knows. Raises ``Unauthenticated``."""
        if self._shared is None:
            raise InvalidToken()
        return await self._shared.vouch(token)

    async def _look_up(self, token: str, role: str | None, *, renews: bool) -> Found:
        access = self._access
        now = access.clock.now()
        try:
            claims = access.tokens.read(token)
        except InvalidToken:
            if self._main is None:
                raise
            return await self._visitor(self._main, token, role, now)
        self._check_times(claims, now)
        issued: Issued | None = None
        ends = [now + SEEN_S, *([] if claims.expires is None else [claims.expires])]
        if claims.role is None:
            issued = await access.sessions.check(claims, now, renews=renews)
            ends += access.sessions.limits(claims) if renews else access.sessions.limits(claims)[1:]
        else:
            await self._check_key(claims)
        return Found(await self._principal(claims, claims.role or role), min(ends), issued)

    async def _visitor(self, main: TokenReader, token: str, role: str | None, now: float) -> Found:
        """The user here of someone who is signed in to main. Numbers and roles of main's mean nothing here."""
        claims = main.read(token)
        visitor = await self.confirm(token)
        if claims.role is not None or claims.subject != visitor.subject:
            raise InvalidToken()
        user = await self._visitors.user_of(visitor, self.visiting, self._access.book)
        if user is None:
            raise UnknownUser()
        roles = await self._roles(user, role)
        principal = Principal(
            "user", user["id"], role or roles[0], roles, MappingProxyType(user), claims.jti, shared=True
        )
        return Found(principal, now + SEEN_S)

    def _check_times(self, claims: Claims, now: float) -> None:
        """Of two limits that have passed, the session's is the one to tell."""
        policy = self._access.sessions.policy
        if claims.sign_in_time is not None and now >= claims.sign_in_time + policy.session_s:
            raise ExpiredSession()
        check_times(claims, now, None if claims.sign_in_time is None else policy.idle_s)

    async def _check_key(self, claims: Claims) -> None:
        found = await self._repository.find("apiKeys", where("jti", claims.jti), scopes=EVERYTHING)
        row = found.rows[0] if found.rows else None
        if row is None or row["userId"] != claims.user_id or row["roleName"] != claims.role:
            raise BlockedToken()

    async def _principal(self, claims: Claims, role: str | None) -> Principal:
        user: dict[str, Any] | None = await self._repository.find_one(
            "users", claims.user_id, scopes=EVERYTHING
        )
        if user is None:
            raise UnknownUser()
        roles = await self._roles(user, role, bound=claims.role)
        kept = MappingProxyType(user)
        if claims.role is not None:
            return Principal("key", claims.user_id, claims.role, (claims.role,), kept, claims.jti)
        return Principal("user", claims.user_id, role or roles[0], roles, kept, claims.jti)

    async def _roles(
        self, user: Mapping[str, Any], role: str | None, bound: str | None = None
    ) -> tuple[str, ...]:
        """The roles of a user who may come in, in ``role`` where one is asked for; ``bound``: by an API key."""
        if user.get("blocked"):
            raise BlockedToken()
        held = await roles_of(self._repository, user["id"])
        roles = tuple(name for name in held if name in self._access.book.roles)
        if not roles or (bound is not None and bound not in roles):
            raise NoRoles()
        if role is not None and role not in roles:
            raise RoleNotHeld(role=shown(role))
        return roles
