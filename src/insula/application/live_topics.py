"""What one person may hear of: whatever they may list, and no more of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from insula.application.access.people import EVERYTHING
from insula.application.api.parameters import shown
from insula.application.errors import UnknownTopic
from insula.application.jobs.resource import open_jobs, told
from insula.application.live import RECORDS, RESOURCES, News
from insula.core.errors import InsulaError, Kind
from insula.data.filters.tree import All, Condition
from insula.data.query import Query

if TYPE_CHECKING:
    from insula.application.access.principal import Principal
    from insula.application.application import Application
    from insula.data.scope import Scopes

_JOBS: Final = "jobs"
_SHOWN_OF_JOBS: Final = ("id", "kind", "title", "status", "progress", "error", "createdById", "finishedAt")


class Topics:
    """What one person may hear of at one moment."""

    __slots__ = ("_application", "_principal")

    def __init__(self, application: Application, principal: Principal) -> None:
        self._application = application
        self._principal = principal

    def check(self, topic: str) -> Scopes:
        """Their scopes in a topic. Raises as listing it does, and ``UnknownTopic``."""
        name = topic.removeprefix(RECORDS)
        if name == topic and topic not in RESOURCES:
            raise UnknownTopic(topic=shown(topic))
        application = self._application
        manager = application.plugin_manager
        route = manager.table.route("GET", f"/{name}:list", application.metadata, manager.refused)
        return application.access.authorize(self._principal, route.subject, route.action)

    async def told(self, news: News, language: str) -> dict[str, Any] | None:
        """The message for them; ``None`` where it is nothing to them. Raises as ``check``."""
        scopes = self.check(news.topic)
        message: dict[str, Any] = {"type": "changed", "topic": news.topic, "action": news.action}
        if news.topic == _JOBS:
            return await self._of_jobs(message, news, language)
        name = news.topic.removeprefix(RECORDS)
        if news.keys and (name == news.topic or self._sees_all(name, scopes)):
            message["keys"] = news.keys
        return message

    def _sees_all(self, collection: str, scopes: Scopes) -> bool:
        """Whether all records are open to them, so that every key is."""
        try:
            return scopes.scope(collection, "view").filter is None
        except InsulaError as error:
            if error.kind is not Kind.DENIED:
                raise
            return False

    async def _of_jobs(self, message: dict[str, Any], news: News, language: str) -> dict[str, Any] | None:
        """Jobs as they are now, with how far they are: those that they may see."""
        seen = open_jobs(self._application, self._principal)
        if not news.keys or news.action == "destroy":
            return message if seen is None else None
        named = Condition(("id",), "$in", list(news.keys))
        wanted = named if seen is None else All((named, seen))
        query = Query(filter=wanted, fields=_SHOWN_OF_JOBS, page_size=None, counting="none")
        rows = (await self._application.repository.find(_JOBS, query, scopes=EVERYTHING)).rows
        if not rows:
            return None
        return {**message, "keys": [row["id"] for row in rows], "rows": [told(row, language) for row in rows]}
