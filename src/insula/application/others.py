"""The other processes in which an application runs at once, over one database: what they change counts here too.

Each writes down what the others have to hear of, in the transaction of the change (``insula.data.change_log``), and
looks every ``LOOK_EVERY_S`` for what is new: one statement, beside all requests. What is heard goes the way that the
same change goes in the process that made it: collections are read and put in place as after a change of one's own,
plugins are loaded and taken off as by ``pm:enable``, and who may what is told to those who keep it in memory.

Who can not take over what it has heard keeps what it had, says so, and tries again with the next look.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from contextvars import ContextVar
from typing import TYPE_CHECKING, Final

from insula.application.plugin_failures import reason_of
from insula.application.stored import read_stored
from insula.application.versions import fingerprint, refuse_newer
from insula.core.errors import InsulaError
from insula.core.sparse import Sparse
from insula.data.change_log import ChangeLog, Told
from insula.data.changes import Change
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
        ("collections", "update"),
        ("plugins", "create"),
        ("plugins", "update"),
    )
)
"""What others keep in memory; everything else is read when it is asked for. Beside it they are told of an upgrade
(``insula``) and of jobs that were asked to go on (``jobs``)."""

_taking_over: ContextVar[bool] = ContextVar("taking over what others have changed", default=False)


class Others:
    """Made for an application that runs in several processes; owned by it."""

    def __init__(self, application: Application) -> None:
        self._application = application
        self._log = ChangeLog(TOLD)
        self._looking = asyncio.Lock()
        self._behind = False
        """Everything is to be read anew, which did not succeed yet."""
        self._asked = self._answered = 0
        """Looks that were begun, and the last of them that came to its end."""
        self._tasks: list[asyncio.Task[None]] = []

    async def join(self) -> None:
        """From here on this process tells the others, and hears of them. What was read before is to be read again."""
        application = self._application
        async with application.database.transaction() as transaction:
            await self._log.join(transaction)
        application.repository.writer.announcer.log = self._log
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
        application = self._application
        application.repository.writer.announcer.log = None
        application.metadata.log = application.metadata.catch_up = None

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
        if _taking_over.get():
            return
        asked = self._asked
        async with self._looking:
            if self._answered > asked:  # begun after this one asked
                return
            self._asked += 1
            token = _taking_over.set(True)
            try:
                await self._take_over()
            finally:
                _taking_over.reset(token)
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
        await application.metadata.load()
        await application.plugin_manager.follow()
        application.access.invalidate()
        application.live.look()
        await application.jobs.take_up()

    async def _take(self, changes: Iterable[Change]) -> None:
        application = self._application
        by_name: dict[str, list[Change]] = {}
        for change in changes:
            by_name.setdefault(change.collection, []).append(change)
        if "insula" in by_name:
            await self._check_version()
        if "collections" in by_name:
            await application.metadata.load()
        if "plugins" in by_name:
            await application.plugin_manager.follow(
                [key for change in by_name["plugins"] for key in change.keys]
            )
        for name in by_name.keys() - {"insula", "collections", "plugins", "jobs"}:
            for change in by_name[name]:
                application.access.changed(change)
                application.live.changed(change)
        if "jobs" in by_name:
            await application.jobs.take_up([key for change in by_name["jobs"] for key in change.keys])

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
                await self.catch_up()
            except Exception as error:  # noqa: BLE001 - whatever it is, what was there before counts on
                _sparse.warning(
                    reason_of(error), "what other processes have changed does not count yet; tried again"
                )

    async def _mend(self) -> None:
        while True:
            await asyncio.sleep(MEND_EVERY_S)
            try:
                await mend(self._application.database)
            except Exception as error:  # noqa: BLE001 - the next time perhaps
                _sparse.warning(reason_of(error), "what a change left can not be looked for")
