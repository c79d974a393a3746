"""The other processes in which an application runs at once, over one database: what they change counts here too.

Each writes down what the others have to hear of, in the transaction of the change (``insula.data.change_log``), and
looks every ``LOOK_EVERY_S`` for what is new: one statement, beside all requests. What is heard goes the way that the
same change goes in the process that made it: collections are read and put in place as after a change of one's own,
plugins are loaded and taken off as by ``pm:enable``, and who may what is told to those who keep it in memory.

Who can not take over what it has heard keeps what it had, says so, and tries again with the next look.

For those who listen to records live, all other changes are gathered and told together with the next look, in a
transaction of their own: news that is lost with a process changes nothing but when a page is drawn again.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Final

from insula.application.collections import PLUGINS
from insula.application.gathered import Gathered
from insula.application.jobs.kinds import GO_ON
from insula.application.plugin_failures import reason_of
from insula.application.stored import read_stored
from insula.application.versions import fingerprint, refuse_newer
from insula.core.errors import InsulaError
from insula.core.sparse import Sparse
from insula.data.change_log import ChangeLog, Told
from insula.data.changes import Change
from insula.data.metadata_collections import COLLECTIONS
from insula.data.schema_journal import mend

if TYPE_CHECKING:
    from insula.application.application import Application
    from insula.database.executor import Transaction

_logger = logging.getLogger(__name__)
_sparse = Sparse(_logger)

LOOK_EVERY_S: Final = 0.5
"""What another process has changed counts here after this time and that of reading it: within a second."""
MEND_EVERY_S: Final = 5.0
"""A change of tables whose process died half way is taken back after this time, where the database does not do so."""

_WHO: Final = ("roles", "rolesResources", "rolesResourcesScopes", "rolesUsers", "apiKeys")
TOLD: Final[Told] = frozenset(
    (
        *((name, action) for name in _WHO for action in ("create", "update", "destroy")),
        ("users", "update"),
        ("users", "destroy"),
        ("sessions", "destroy"),
        (COLLECTIONS.name, "update"),
        (PLUGINS.name, "create"),
        (PLUGINS.name, "update"),
    )
)
"""What others keep in memory; everything else is read when it is asked for."""
UPGRADED: Final = "an upgrade"
"""What others are told of beside changes of records, and of jobs, in the place of a collection; none is named so."""
_APART: Final = frozenset((COLLECTIONS.name, PLUGINS.name, UPGRADED, GO_ON))

_taking_over: ContextVar[object | None] = ContextVar("taking over what others have changed", default=None)
"""The taking over by which this work was begun. Jobs and tasks of plugins that it begins go on after its end, with this."""


class Others:
    """Made for an application that runs in several processes; owned by it."""

    def __init__(self, application: Application) -> None:
        self._application = application
        self._log = ChangeLog(TOLD)
        self._looking = asyncio.Lock()
        self._under_way: object | None = None
        """What is being taken over now, named by an object of its own."""
        self._behind = False
        """Everything is to be read anew, which did not succeed yet."""
        self._asked = self._answered = 0
        """Looks that were begun, and the last of them that came to its end."""
        self._tasks: list[asyncio.Task[None]] = []
        self._news = Gathered(TOLD)

    async def join(self) -> None:
        """From here on this process tells the others, and hears of them. What was read before is to be read again."""
        application = self._application
        async with application.database.transaction() as transaction:
            await self._log.join(transaction)
        announcer = application.repository.writer.announcer
        if announcer.log is None:
            announcer.observers.append(self._news.note)
        announcer.log = self._log
        application.metadata.log = self._log
        application.metadata.catch_up = self.settle

    def start(self) -> None:
        """Look from now on."""
        self._tasks = [asyncio.create_task(self._look(), name="changes of other processes")]
        if not self._application.database.dialect.transactional_ddl:
            self._tasks.append(asyncio.create_task(self._mend(), name="changes that others left"))

    async def stop(self) -> None:
        """Look no more. May be called before ``start``."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []

    def part(self) -> None:
        """Tell no more, since nothing is changed any more. May be called before ``join``."""
        announcer, metadata = self._application.repository.writer.announcer, self._application.metadata
        if announcer.log is not None:
            announcer.observers.remove(self._news.note)
        announcer.log = metadata.log = metadata.catch_up = None

    async def tell(self, changes: Iterable[Change], on: Transaction) -> None:
        """Tell the others of what they do not hear of by itself. The last thing to be done on a transaction."""
        await self._log.tell(changes, on)

    async def settle(self) -> None:
        """Take over what others have changed up to now, also a change of tables that is under way."""
        await mend(self._application.database)
        await self.catch_up()

    async def catch_up(self) -> None:
        """Take over what is new at this moment. Raises what reading it raises; then it is new the next time, too.

        However many ask at once, two looks answer them all. What is done to take something over may itself ask.
        """
        if self._under_way is not None and _taking_over.get() is self._under_way:
            return
        asked = self._asked
        async with self._looking:
            if self._answered > asked:  # begun after this one asked
                return
            self._asked += 1
            self._under_way = object()
            token = _taking_over.set(self._under_way)
            try:
                await self._take_over()
            finally:
                _taking_over.reset(token)
                self._under_way = None
            self._answered = self._asked

    async def _take_over(self) -> None:
        heard = await self._log.read(self._application.database)
        if heard is None:
            _logger.warning("changes of other processes may have been missed: everything is read anew")
            self._behind = True
            await self.join()
        if self._behind:
            await self._take_all()
            self._behind = False
        elif heard is not None and heard.changes:
            await self._take(heard.changes)
        if heard is not None:
            self._log.counts(heard)

    async def _take_all(self) -> None:
        application = self._application
        await self._check_version()
        await self._load_metadata()
        await application.plugin_manager.follow()
        application.access.invalidate()
        application.live.look()
        await application.jobs.take_up()

    async def _take(self, changes: Iterable[Change]) -> None:
        application = self._application
        by_name: dict[str, list[Change]] = {}
        for change in changes:
            by_name.setdefault(change.collection, []).append(change)
        if UPGRADED in by_name:
            await self._check_version()
        if COLLECTIONS.name in by_name:
            await self._load_metadata()
        if PLUGINS.name in by_name:
            await application.plugin_manager.follow(_keys(by_name[PLUGINS.name]))
        for name in by_name.keys() - _APART:
            for change in by_name[name]:
                application.access.changed(change)
                application.live.changed(change)
        if GO_ON in by_name:
            await application.jobs.take_up(_keys(by_name[GO_ON]))

    async def _load_metadata(self) -> None:
        self._application.database.forget_prepared()
        await self._application.metadata.load()

    async def _check_version(self) -> None:
        """Another process has upgraded the database: this one goes on only where it knows what is there now."""
        application = self._application
        stored = await read_stored(application.repository)
        try:
            plugins = application.registry.in_order(application.plugin_manager.enabled)
            refuse_newer(application.name, stored.fingerprint if stored else {}, fingerprint(plugins))
        except InsulaError as error:
            application.fail(error)

    async def _look(self) -> None:
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            try:
                await self._pass_on()
                await self.catch_up()
            except Exception as error:  # noqa: BLE001 - whatever it is, what was there before counts on
                _sparse.warning(
                    reason_of(error), "what other processes have changed does not count yet; tried again"
                )

    async def _pass_on(self) -> None:
        """Tell those who listen elsewhere what was gathered."""
        if not (news := self._news.take()):
            return
        try:
            async with self._application.database.transaction() as transaction:
                await self._log.tell(news, transaction)
        except BaseException:
            for change in news:
                self._news.note(change)
            raise

    async def _mend(self) -> None:
        while True:
            await asyncio.sleep(MEND_EVERY_S)
            try:
                await mend(self._application.database)
            except Exception as error:  # noqa: BLE001 - the next time perhaps
                _sparse.warning(reason_of(error), "what a change left can not be looked for")


def _keys(changes: Iterable[Change]) -> list[Any]:
    return [key for change in changes for key in change.keys]
