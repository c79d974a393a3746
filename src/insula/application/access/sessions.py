"""Sessions: opened by a sign-in, renewed while they are used, ended by a sign-out."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from insula.application.access.collections import SESSION_ID_LENGTH
from insula.application.access.errors import BlockedToken, ExpiredSession
from insula.application.access.people import EVERYTHING
from insula.application.access.policy import Policy
from insula.application.access.tokens import Claims, Tokens
from insula.core import ids
from insula.data.filters.tree import All, Condition

if TYPE_CHECKING:
    from insula.data.repository import Repository


class Sessions:
    """The sessions of one application. A token names its session and how often that was renewed (``jti``)."""

    def __init__(self, repository: Repository, tokens: Tokens, policy: Policy) -> None:
        self._repository = repository
        self._tokens = tokens
        self.policy = policy

    async def open(self, user_id: int, subject: str | None, now: float) -> str:
        """A new session; gives its first token. Sessions that have ended are swept along."""
        outdated = Condition(("expiresAt",), "$dateBefore", _moment(now).isoformat())
        await self._repository.destroy("sessions", filter=outdated, scopes=EVERYTHING)
        session = ids.random_id(SESSION_ID_LENGTH)
        expires = now + self.policy.idle_s
        row = {
            "id": session,
            "userId": user_id,
            "generation": 0,
            "signInTime": _moment(now),
            "issuedAt": _moment(now),
            "expiresAt": _moment(expires),
        }
        await self._repository.create("sessions", row, scopes=EVERYTHING)
        return self._tokens.mint(Claims(user_id, f"{session}.0", int(now), int(expires), now, None, subject))

    async def check(self, claims: Claims, now: float) -> str | None:
        """See that the session of a token is alive; gives a new token where it is time for one.

        Raises ``BlockedToken`` for a session that was ended, ``ExpiredSession``.
        """
        session, _, number = claims.jti.partition(".")
        row = await self._repository.find_one("sessions", session, scopes=EVERYTHING)
        if row is None or row["userId"] != claims.user_id or not number.isdigit():
            raise BlockedToken()
        if now >= row["signInTime"].timestamp() + self.policy.session_s:
            raise ExpiredSession()
        generation = int(number)
        if generation == row["generation"]:
            return await self._renew(claims, row, now) if now >= self.renewal(claims) else None
        overlaps = (
            generation == row["generation"] - 1 and now < row["issuedAt"].timestamp() + self.policy.overlap_s
        )
        if not overlaps:
            raise BlockedToken()
        return None

    def renewal(self, claims: Claims) -> float:
        """When a token is to be replaced by a new one."""
        return claims.issued + self.policy.renewal_s

    async def _renew(self, claims: Claims, row: dict[str, Any], now: float) -> str | None:
        generation = row["generation"] + 1
        signed_in = row["signInTime"].timestamp()
        expires = min(now + self.policy.idle_s, signed_in + self.policy.session_s)
        # Of several requests at once one renews; the others go on with the token that overlaps.
        unchanged = All(
            (Condition(("id",), "$eq", row["id"]), Condition(("generation",), "$eq", row["generation"]))
        )
        values = {"generation": generation, "issuedAt": _moment(now), "expiresAt": _moment(expires)}
        if not await self._repository.update("sessions", values, filter=unchanged, scopes=EVERYTHING):
            return None
        jti = f"{row['id']}.{generation}"
        return self._tokens.mint(
            Claims(claims.user_id, jti, int(now), int(expires), signed_in, None, claims.subject)
        )

    async def end(self, jti: str) -> None:
        """End the session of a token."""
        await self._repository.destroy("sessions", keys=(jti.partition(".")[0],), scopes=EVERYTHING)

    async def end_all(self, user_id: int, but: str | None = None) -> None:
        """End all sessions of a user, but that of the token ``but``."""
        mine = Condition(("userId",), "$eq", user_id)
        kept = Condition(("id",), "$ne", (but or "").partition(".")[0])
        await self._repository.destroy("sessions", filter=All((mine, kept)), scopes=EVERYTHING)


def _moment(seconds: float) -> dt.datetime:
    return dt.datetime.fromtimestamp(seconds, dt.UTC)
