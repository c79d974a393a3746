"""Live changes: who wants to hear of what in one application, and what waits to be told to them.

What waits is merged by topic and action, so that it is bounded by what someone listens to, however slowly they
read: of many keys none is named, which means that everything of the topic is to be read again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from insula.application.errors import TooManyListeners
from insula.data.changes import Change, ChangeAction

if TYPE_CHECKING:
    from insula.data.metadata import Metadata
    from insula.data.metadata_change import MetadataChange
    from insula.data.repository import Repository

MOST_SUBSCRIBERS: Final = 1000
"""Connections that listen to one application."""
MOST_STRANGERS: Final = 100
"""Connections that have not said yet who they are."""
MOST_TOPICS: Final = 100
"""Topics of one of them."""
MOST_KEYS: Final = 100
"""Keys that one message names; of more, none."""
STOP_S: Final = 2.0
"""What connections get to say goodbye in when the application stops."""

RECORDS: Final = "records:"
"""In front of the name of a collection: a topic."""
COLLECTIONS: Final = "collections"
RESOURCES: Final = frozenset(("applications", COLLECTIONS, "environments", "jobs"))
"""The other topics: resources that are listed by their own actions."""
_WHO: Final = frozenset(
    ("apiKeys", "roles", "rolesResources", "rolesResourcesScopes", "rolesUsers", "sessions", "users")
)
"""What is looked at to say who may hear what; a change here has everyone looked at again."""


@dataclass(frozen=True, slots=True)
class News:
    """What has changed in a topic."""

    topic: str
    action: ChangeAction
    keys: tuple[Any, ...] = ()
    """Of the records; none: of many, or not known."""


class Subscriber:
    """One connection that listens."""

    def __init__(self, task: asyncio.Task[Any] | None) -> None:
        """``task``: what talks to it, to be ended with the application."""
        self.task = task
        self.topics: set[str] = set()
        self.closing = False
        """The application stops."""
        self._came = asyncio.Event()
        self._waiting: dict[tuple[str, ChangeAction], dict[Any, None] | None] = {}
        """What waits to be told, oldest first: keys, or ``None`` where there are too many to name."""

    def tell(self, news: News) -> None:
        """Have news wait, together with what waits already."""
        place = (news.topic, news.action)
        keys = self._waiting.setdefault(place, {}) if news.keys else None
        if keys is not None:
            keys.update(dict.fromkeys(news.keys))
        if keys is None or len(keys) > MOST_KEYS:
            self._waiting[place] = None
        self._came.set()

    def look(self) -> None:
        """Have the one who listens looked at now."""
        self._came.set()

    def close(self) -> None:
        """The application stops."""
        self.closing = True
        self._came.set()

    async def wait(self, seconds: float) -> None:
        """Wait for news, or for this time."""
        try:
            async with asyncio.timeout(seconds):
                await self._came.wait()
        except TimeoutError:
            return
        self._came.clear()

    def take(self) -> list[News]:
        """What waits; it is theirs then."""
        waiting, self._waiting = self._waiting, {}
        return [News(topic, action, tuple(keys or ())) for (topic, action), keys in waiting.items()]


class Live:
    """All who listen to one application."""

    def __init__(self, repository: Repository, metadata: Metadata) -> None:
        self._subscribers: set[Subscriber] = set()
        self._strangers: set[Subscriber] = set()
        repository.observers.append(self.changed)
        metadata.subscribe(self._modelled)

    def __len__(self) -> int:
        return len(self._subscribers)

    def enter(self, subscriber: Subscriber, *, named: bool) -> None:
        """A connection has come; ``named``: it says whose, which is looked at now. Raises ``TooManyListeners``."""
        if not named and len(self._strangers) >= MOST_STRANGERS:
            raise TooManyListeners(limit=MOST_STRANGERS)
        self._strangers.add(subscriber)

    def admit(self, subscriber: Subscriber) -> None:
        """It is known who listens. Raises ``TooManyListeners``."""
        if subscriber not in self._subscribers and len(self._subscribers) >= MOST_SUBSCRIBERS:
            raise TooManyListeners(limit=MOST_SUBSCRIBERS)
        self._strangers.discard(subscriber)
        self._subscribers.add(subscriber)

    def leave(self, subscriber: Subscriber) -> None:
        """The connection has ended."""
        self._strangers.discard(subscriber)
        self._subscribers.discard(subscriber)

    def publish(self, topic: str, action: ChangeAction = "update", keys: Iterable[Any] = ()) -> None:
        """Tell everyone who listens to a topic. Returns at once."""
        news: News | None = None
        for subscriber in self._subscribers:
            if topic in subscriber.topics:
                news = news or News(topic, action, tuple(keys))
                subscriber.tell(news)

    def part(self) -> None:
        """Have all connections closed, since the application does not run any more."""
        for subscriber in self._all():
            subscriber.close()

    async def close(self) -> None:
        """The same, and wait for it."""
        self.part()
        if tasks := [one.task for one in self._all() if one.task is not None]:
            _, late = await asyncio.wait(tasks, timeout=STOP_S)
            for task in late:
                task.cancel()
            if late:
                await asyncio.wait(late, timeout=STOP_S)

    def _all(self) -> set[Subscriber]:
        return self._subscribers | self._strangers

    def look(self) -> None:
        """Have all who listen looked at now."""
        for subscriber in self._subscribers:
            subscriber.look()

    def changed(self, change: Change) -> None:
        """Records were written, here or by another process of the application."""
        if not self._subscribers:
            return
        name = change.collection
        if name in _WHO:
            self.look()
        if name in RESOURCES:
            self.publish(name, change.action, change.keys)
        self.publish(f"{RECORDS}{name}", change.action, change.keys)

    def _modelled(self, _: MetadataChange) -> None:
        """Collections or fields were changed: which ones is not for everybody who may list some."""
        self.publish(COLLECTIONS)
