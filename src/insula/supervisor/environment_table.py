"""The table ``environments``: those that have ever registered, so that a Redis that forgets loses none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from insula.core.clock import now
from insula.data.filters.tree import Condition
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
        self._kept: dict[str, int] = {}
        """Name → the epoch that was written down last."""

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
        """Write one down, instead of what was kept of it, once in each of its epochs."""
        if self._kept.get(environment.name) == environment.epoch:
            return
        values = {
            "name": environment.name,
            "url": environment.url,
            "proxyUrl": environment.proxy_url,
            "version": environment.version,
            "instance": environment.instance,
            "registeredAt": now(),
        }
        await self._repository.update_or_create(TABLE, ("name",), values, scopes=_EVERYTHING)
        self._kept[environment.name] = environment.epoch

    async def remove(self, name: str) -> None:
        """Keep nothing of it; does nothing where nothing is kept."""
        await self._repository.destroy(TABLE, filter=Condition(("name",), "$eq", name), scopes=_EVERYTHING)
        self._kept.pop(name, None)
