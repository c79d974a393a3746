"""Sessions: opened by a sign-in, renewed while they are used, ended by a sign-out."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from insula.application.access.collections import SESSION_ID_LENGTH
from insula.application.access.errors import BlockedToken, ExpiredSession, UnknownUser
from insula.application.access.people import EVERYTHING
from insula.application.access.policy import Policy
from insula.application.access.tokens import Claims, Tokens
from insula.core import ids
from insula.data.filters.tree import All, Condition
from insula.data.query import Query

if TYPE_CHECKING:
    from insula.data.repository import Repository
    from insula.database.executor import Transaction


MOST_OF_ONE: Final = 100
"""Sessions that one user may have open, unless the application says otherwise."""


class Issued(NamedTuple):
    """A token that was just made."""

    token: str
    claims: Claims


class Sessions:
    """The sessions of one application. A token names its session and how often that was renewed (``jti``)."""

    def __init__(self, repository: Repository, tokens: Tokens, policy: Policy) -> None:
        self._repository = repository
        self._tokens = tokens
        self.policy = policy
        self.most_of_one = MOST_OF_ONE

    async def open(self, user_id: int, subject: str | None, now: float) -> Issued:
        """A new session; gives its first token. Sessions that have ended are swept along, and of those that this
        user has open the oldest, when they are too many."""
        outdated = Condition(("expiresAt",), "$lt", _moment(now).isoformat())
        await self._repository.destroy("sessions", filter=outdated, scopes=EVERYTHING)
        row = {
            "id": ids.random_id(SESSION_ID_LENGTH),
            "userId": user_id,
            "generation": 0,
            "signInTime": _moment(now),
            "issuedAt": _moment(now),
            "expiresAt": _moment(now + self.policy.idle_s),
        }
        opened = await self._repository.create("sessions", row, scopes=EVERYTHING)
        await self._end_oldest(user_id, opened["id"])
        return self._issue(opened, subject)

    async def check(self, claims: Claims, now: float, *, renews: bool = True) -> Issued | None:
        """See that the session of a token is alive; gives the token to use from now on, where it is another.
        Unless ``renews``, the session stays as it is, and there is never another token.

        A token that was renewed stays good for a short time, in which its successor is told with each answer,
        so that one answer that gets lost loses nobody their session.
        Raises ``BlockedToken`` for a session that was ended, ``UnknownUser``, ``ExpiredSession``.
        """
        session, _, number = claims.jti.partition(".")
        row = await self._repository.find_one("sessions", session, scopes=EVERYTHING)
        if row is None:
            raise await self._gone(claims)
        if row["userId"] != claims.user_id or not number.isdigit():
            raise BlockedToken()
        if now >= row["signInTime"].timestamp() + self.policy.session_s:
            raise ExpiredSession()
        behind = row["generation"] - int(number)
        if behind == 0:
            due = renews and now >= self.renewal(claims)
            return await self._renew(claims, row, now) if due else None
        if behind != 1 or now >= row["issuedAt"].timestamp() + self.policy.overlap_s:
            raise BlockedToken()
        return self._issue(row, claims.subject) if renews else None

    def renewal(self, claims: Claims) -> float:
        """When a token is to be replaced by a new one."""
        return claims.issued + self.policy.renewal_s

    def limits(self, claims: Claims) -> tuple[float, ...]:
        """The times at which something about a token changes, by the policy of now; its renewal first."""
        signed_in = float(claims.sign_in_time or 0)
        return (
            self.renewal(claims),
            claims.issued + self.policy.idle_s,
            signed_in + self.policy.session_s,
        )

    async def end(self, jti: str) -> None:
        """End the session of a token."""
        await self._repository.destroy("sessions", keys=(jti.partition(".")[0],), scopes=EVERYTHING)

    async def end_all(self, user_id: int, but: str | None = None, on: Transaction | None = None) -> None:
        """End all sessions of a user, but that of the token ``but``; with whatever else ``on`` changes."""
        mine = Condition(("userId",), "$eq", user_id)
        kept = Condition(("id",), "$ne", (but or "").partition(".")[0])
        await self._repository.destroy("sessions", filter=All((mine, kept)), scopes=EVERYTHING, on=on)

    async def _end_oldest(self, user_id: int, newest: str) -> None:
        mine = All((Condition(("userId",), "$eq", user_id), Condition(("id",), "$ne", newest)))
        query = Query(
            filter=mine, fields=("id",), sort=("-signInTime", "id"), page_size=None, counting="none"
        )
        open_ = (await self._repository.find("sessions", query, scopes=EVERYTHING)).rows
        if excess := [row["id"] for row in open_[self.most_of_one - 1 :]]:
            oldest = Condition(("id",), "$in", excess)
            await self._repository.destroy("sessions", filter=oldest, scopes=EVERYTHING)

    async def _renew(self, claims: Claims, row: dict[str, Any], now: float) -> Issued | None:
        longest = row["signInTime"].timestamp() + self.policy.session_s
        changed = {
            "generation": row["generation"] + 1,
            "issuedAt": _moment(now),
            "expiresAt": _moment(min(now + self.policy.idle_s, longest)),
        }
        # Two requests that renew at once write the same generation, so that both their tokens are good.
        unchanged = All(
            (Condition(("id",), "$eq", row["id"]), Condition(("generation",), "$eq", row["generation"]))
        )
        rows = await self._repository.update("sessions", changed, filter=unchanged, scopes=EVERYTHING)
        return self._issue(rows[0], claims.subject) if rows else None

    async def _gone(self, claims: Claims) -> BlockedToken | UnknownUser:
        user = await self._repository.find_one("users", claims.user_id, scopes=EVERYTHING)
        return UnknownUser() if user is None else BlockedToken()

    def _issue(self, row: dict[str, Any], subject: str | None) -> Issued:
        """The token of a session as its row stands; always the same one."""
        claims = Claims(
            row["userId"],
            f"{row['id']}.{row['generation']}",
            int(row["issuedAt"].timestamp()),
            int(row["expiresAt"].timestamp()),
            row["signInTime"].timestamp(),
            None,
            subject,
        )
        return Issued(self._tokens.mint(claims), claims)


def _moment(seconds: float) -> dt.datetime:
    return dt.datetime.fromtimestamp(seconds, dt.UTC)
