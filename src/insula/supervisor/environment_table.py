"""The table ``environments``: those that have ever registered, so that a Redis that forgets loses none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from insula.core.clock import now
from insula.data.query import Query
from insula.data.scope import Unrestricted
from insula.fleet.environment import Environment

if TYPE_CHECKING:
    from insula.data.repository import Repository

TABLE: Final = "environments"
_ALL: Final = Query(page_size=None, counting="none")
_EVERYTHING: Final = Unrestricted()


class EnvironmentTable:
    """In the database of the main application."""

    def __init__(self, repository: Repository) -> None:
        self._repository = repository

    async def read(self) -> list[Environment]:
        """All of them, as they registered last."""
        page = await self._repository.find(TABLE, _ALL, scopes=_EVERYTHING)
        return [
            Environment(
                row["name"],
                row["url"] or "",
                row["proxyUrl"] or "",
                row["version"] or "",
                heartbeat_at=row["registeredAt"],
                instance=row["instance"] or "",
            )
            for row in page.rows
        ]

    async def keep(self, environment: Environment) -> None:
        """Write one down, instead of what was kept of it."""
        values = {
            "name": environment.name,
            "url": environment.url,
            "proxyUrl": environment.proxy_url,
            "version": environment.version,
            "instance": environment.instance,
            "registeredAt": now(),
        }
        await self._repository.update_or_create(TABLE, ("name",), values, scopes=_EVERYTHING)
