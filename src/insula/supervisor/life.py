"""The verbs for one application: what is wanted of it is recorded first, then its environments are told.

Verbs on one application take turns in the order of asking; what contradicts what it is by then is refused with 409.
Only a start that is under way is cut short by who wants the application down, and told so. A verb goes on when whoever asked for it does not wait any more.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any

from insula.core.clock import now
from insula.core.failpoints import reach
from insula.fleet.command import Verb
from insula.fleet.lifecycle import Wanted
from insula.supervisor.control import Control
from insula.supervisor.entry import Entry
from insula.supervisor.making import Making
from insula.supervisor.moving import forget, introduce
from insula.supervisor.rules import check_confirmed, refuse
from insula.supervisor.telling import Telling
from insula.supervisor.wishes import read

if TYPE_CHECKING:
    from insula.supervisor.table import Also


class Life:
    """From the making of an application to its end. ``actor`` is who asks, as history tells it.

    All of them raise ``ApplicationNotFound``, ``NotNow`` (409: it contradicts what the application is),
    ``SupervisorClosed``, and ``CommandFailed`` where an environment did not do its part; what was wanted stays recorded then.
    """

    def __init__(self, control: Control, making: Making) -> None:
        self.records = control.records
        self._control = control
        self._making = making
        self._telling = Telling(control)

    # Coming to be: the steps of the job that makes an application

    async def check(self, values: Mapping[str, Any], *, adopt: str | None = None) -> list[dict[str, Any]]:
        """Try everything that making it would need, and change nothing.

        ``values`` as for ``create``; ``adopt`` is the stamp of an application to be taken over. Gives findings:
        ``level`` (``ok``, ``warning``, ``error``), ``code``, ``message``, ``remedy``.
        """
        return await self._making.check(values, adopt)

    async def create(
        self,
        values: Mapping[str, Any],
        *,
        actor: str,
        created_by: int | None = None,
        also: Also | None = None,
    ) -> Entry:
        """Record a new application, wanted running; nothing of it is made yet: ``prepare``, ``install``, ``start`` follow.

        ``values`` as the HTTP API takes them (``name displayName cname pinned icon labels environments options``);
        ``also`` is done in the same transaction.
        Raises ``InvalidName``, ``InvalidDomain``, ``InvalidOption``, ``NameTaken``, ``NameOfDeleted``, ``DomainTaken``.
        """
        return await self._making.record(values, actor, created_by, also)

    async def prepare(self, name: str, *, adopt: str | None = None) -> Mapping[str, Any]:
        """Have its database made (``Verb.PREPARE``) and keep where it is. Gives what the environment gave, without secrets."""
        return await self._making.prepare(name, adopt)

    async def install(
        self, name: str, *, root: Mapping[str, Any] | None = None, adopt: str | None = None
    ) -> Entry:
        """Have its tables and first data made (``Verb.CREATE``). ``root`` is its first user, as ``RootUser``. From then on it is made."""
        return await self._making.install(name, root, adopt)

    async def take_back(self, name: str, *, actor: str, keep_data: bool = False) -> str:
        """Undo a making: drop what bears its stamp, then forget it. Refused (``NotNow``) once it was visited.

        ``keep_data``: they were there before, and stay. Gives what ``purge`` gives.
        """
        return await self._making.take_back(name, actor, keep_data=keep_data)

    # Life

    async def update(self, name: str, values: Mapping[str, Any], *, actor: str) -> Entry:
        """Change its record. Options are laid over those that it has; what it runs with changes at its next start,
        its domain at once.

        A new connection is tried first: it is refused (``CommandFailed``) unless it leads to its own database. Raises as
        ``create``.
        """
        wish = read(values)

        async def work() -> Entry:
            entry = self.records.get(name)
            refuse(entry, "change")
            changes = await self._making.change(entry, wish)
            if not changes:
                return entry
            await self._making.try_connection(entry, changes)
            event = self._control.event(name, actor, f"changed: {', '.join(sorted(changes))}")
            async with self._making.room.held(name, changes.get("environments", ())):
                changed = await self.records.change(name, event, **changes)
            await introduce(self._control, entry, changed)
            await forget(self._control, entry, changed)
            if changed.cname != entry.cname:
                await self._telling.domain(changed)
            return changed

        return await self._turn(name, work)

    async def start(self, name: str, *, actor: str) -> Entry:
        """Wanted running, and up when this returns."""

        async def work() -> Entry:
            entry = self._allowed(name, "start")
            if entry.wanted is Wanted.RUNNING and self._control.runs(entry):
                return entry
            entry = await self._control.want(entry, Wanted.RUNNING, actor, "started")
            return await self._control.bring_up(entry)

        return await self._turn(name, work)

    async def stop(self, name: str, *, actor: str) -> Entry:
        """Wanted stopped, and down when this returns: it stays so until someone starts it."""
        return await self._down(name, "stop", Wanted.STOPPED, actor, "stopped")

    async def sleep(self, name: str, *, actor: str, reason: str = "put to sleep") -> Entry:
        """Wanted asleep, and down when this returns: a visit brings it up."""
        return await self._down(name, "sleep", Wanted.ASLEEP, actor, reason)

    async def restart(self, name: str, *, actor: str) -> Entry:
        """Down and up again; wanted running."""

        async def work() -> Entry:
            entry = self._allowed(name, "restart")
            entry = await self._control.want(entry, Wanted.RUNNING, actor, "restarted")
            await self._control.take_down(entry)
            return await self._control.bring_up(entry)

        return await self._turn(name, work)

    async def upgrade(self, name: str, *, actor: str) -> Entry:
        """Bring its database to the version of the code; it runs afterwards if it should. What is wanted does not change."""

        async def work() -> Entry:
            entry = self._allowed(name, "upgrade")
            event = self._control.event(name, actor, "upgraded")
            entry = await self.records.change(name, event)
            if not self._control.is_down(entry):
                await self._control.take_down(entry)
            outcome = await self._control.first(entry, Verb.UPGRADE)
            entry = await self._control.learn(entry, (outcome,))
            return await self._control.bring_up(entry) if entry.wanted is Wanted.RUNNING else entry

        return await self._turn(name, work)

    async def destroy(self, name: str, *, confirm: object, actor: str) -> Entry:
        """Delete it softly: wanted deleted, down, its data kept. Raises ``NotConfirmed`` unless ``confirm`` is its name."""
        check_confirmed(self.records.get(name).name, confirm, "delete")
        self._control.cut_short(self._allowed(name, "be deleted"))

        async def work() -> Entry:
            entry = self._allowed(name, "be deleted")
            entry = await self._control.want(entry, Wanted.DELETED, actor, "deleted", deleted_at=now())
            await reach("delete.recorded")
            await self._control.take_down(entry)
            await reach("delete.stopped")
            return entry

        return await self._turn(name, work)

    async def restore(self, name: str, *, actor: str) -> Entry:
        """Undo ``destroy``: wanted stopped. Raises ``EnvironmentFull``."""

        async def work() -> Entry:
            entry = self._allowed(name, "be restored")
            async with self._making.room.held(name, entry.places):
                return await self._control.want(entry, Wanted.STOPPED, actor, "restored", deleted_at=None)

        return await self._turn(name, work)

    async def purge(self, name: str, *, confirm: object, actor: str, keep_data: bool = False) -> str:
        """Drop the data of a deleted application, then its record. Raises ``NotConfirmed`` unless ``confirm`` is its name.

        ``keep_data``: only the record goes, such as where the data can not be reached any more. Gives a sentence on data
        that were left since they bear another's stamp, else nothing. Once begun it is brought to its end, also after a
        restart of main.
        """
        check_confirmed(self.records.get(name).name, confirm, "purge")

        async def work() -> str:
            entry = self._allowed(name, "be purged")
            return await self._making.purge(entry, actor, "purged", keep_data=keep_data)

        return await self._control.turn(name, work)

    # Inside

    def _allowed(self, name: str, verb: str) -> Entry:
        entry = self.records.get(name)
        refuse(entry, verb)
        return entry

    async def _turn(self, name: str, work: Callable[[], Awaitable[Entry]]) -> Entry:
        self.records.get(name)
        return await self._control.turn(name, work)

    async def _down(self, name: str, verb: str, wanted: Wanted, actor: str, reason: str) -> Entry:
        self._control.cut_short(self._allowed(name, verb))

        async def work() -> Entry:
            entry = self._allowed(name, verb)
            if entry.wanted is not wanted or not self._control.is_down(entry):
                entry = await self._control.want(entry, wanted, actor, reason)
                # Also one that is down already: its environment keeps whether a visitor may bring it up.
                await self._control.take_down(entry)
            return entry

        return await self._turn(name, work)
