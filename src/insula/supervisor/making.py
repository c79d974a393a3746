"""How applications come to be: the steps that a job of making one goes through, each of which may be done again."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final
from uuid import uuid4

from insula.core.clock import now
from insula.core.failpoints import reach
from insula.data.errors import DataError
from insula.fleet.command import Verb
from insula.fleet.environment import LOCAL
from insula.fleet.lifecycle import Wanted
from insula.supervisor import seals
from insula.supervisor.control import Control
from insula.supervisor.entry import NOTHING, PREPARED, PURGING, Entry
from insula.supervisor.errors import CommandFailed, CommandUnanswered, InvalidOption, SupervisorError
from insula.supervisor.moving import Resolve, arrive, leave_home
from insula.supervisor.names import new_name
from insula.supervisor.options import check_change, check_places
from insula.supervisor.room import Room
from insula.supervisor.rules import refuse
from insula.supervisor.wishes import SECRET, SERVER, Wish, options_of, read

if TYPE_CHECKING:
    from insula.supervisor.table import Also

_log = logging.getLogger(__name__)

OWNED_BY_ANOTHER: Final = "OWNED_BY_ANOTHER"
"""The code of the failure to drop what is not its own."""


class Making:
    """Check, record, prepare, install; and take it back."""

    def __init__(self, control: Control, resolve: Resolve) -> None:
        self._control = control
        self._records = control.records
        self._resolve = resolve
        self.room = Room(control.records, control.places)

    async def check(self, values: Mapping[str, Any], adopt: str | None) -> list[dict[str, Any]]:
        """Findings (``level code message remedy``), what is wrong with the values themselves among them."""
        try:
            wish = read(values)
            entry = await self._entry(wish, None)
            self._records.check_name_free(entry.name)
            self._records.check_domain_free(entry.cname, entry.name)
        except (SupervisorError, DataError) as error:
            return [{"level": "error", "code": error.code, "message": error.message, "remedy": ""}]
        shared = {"shared": True} if len(entry.places) > 1 else {}
        given = {"adopt": adopt} if adopt else {}
        outcome = await self._control.first(entry, Verb.CHECK, {**given, **shared})
        return [dict(finding) for finding in outcome.result.get("findings", ())]

    async def record(
        self, values: Mapping[str, Any], actor: str, created_by: int | None, also: Also | None = None
    ) -> Entry:
        """Keep a new application that is to run. It is not made yet."""
        wish = read(values)
        entry = await self._entry(wish, created_by)

        async def work() -> Entry:
            event = self._control.event(entry.name, actor, "created", Wanted.RUNNING)
            async with self.room.held(entry.name, entry.places):
                await self._records.add(entry, event, also)
            return entry

        return await self._control.turn(entry.name, work)

    async def prepare(self, name: str, adopt: str | None) -> Mapping[str, Any]:
        """Have its database made, unless it is. Gives where it is (no secret), which is kept."""

        async def work() -> Mapping[str, Any]:
            entry = self._records.get(name)
            refuse(entry, "be prepared")
            if entry.made:
                return {"database": entry.options.get("database", NOTHING)}
            shared = {"shared": True} if len(entry.places) > 1 else {}
            given = {"adopt": adopt} if adopt else {}
            outcome = await self._control.first(entry, Verb.PREPARE, {**given, **shared})
            found = outcome.result.get("database") or {}
            secret = {key: value for key, value in found.items() if key in SECRET and value}
            plain = {key: value for key, value in found.items() if key not in SECRET and value is not None}
            place = {**entry.options.get("database", NOTHING), **plain}
            options = {**entry.options, "database": place, PREPARED: True}
            changes: dict[str, Any] = {"options": options}
            if secret:
                changes["credentials"] = seals.seal_credentials(self._records.main, name, secret)
            entry = await self._records.change(name, None, **changes)
            for other in entry.places[1:]:
                await self._control.do_in(other, entry, Verb.CONNECT)
            await reach("create.prepared")
            return {**outcome.result, "database": plain}

        return await self._control.turn(name, work)

    async def install(self, name: str, root: Mapping[str, Any] | None, adopt: str | None) -> Entry:
        """Have its tables and first data made in the prepared database, unless they are. From then on it is made."""

        async def work() -> Entry:
            entry = self._records.get(name)
            refuse(entry, "be installed")
            if entry.made:
                return entry
            arguments = {"root": dict(root) if root else None, **({"adopt": adopt} if adopt else {})}
            outcome = await self._control.first(entry, Verb.CREATE, arguments)
            version = outcome.result.get("version") or self._control.version_of(entry.places[0])
            changes = {"version": str(version), "fingerprint": str(outcome.result.get("fingerprint") or "")}
            entry = await self._records.change(name, None, **changes)
            await reach("create.created")
            return entry

        return await self._control.turn(name, work)

    async def take_back(self, name: str, actor: str, *, keep_data: bool = False) -> str:
        """Undo a making: what bears its stamp is dropped (unless it was there before), then the record goes.

        Gives what ``drop`` gives.
        """

        async def work() -> str:
            entry = self._records.get(name)
            refuse(entry, "be taken back")
            return await self.purge(entry, actor, "its making is taken back", keep_data=keep_data)

        return await self._control.turn(name, work)

    async def purge(self, entry: Entry, actor: str, reason: str, *, keep_data: bool) -> str:
        """Record that it goes, then drop it. From then on it goes to the end, whatever happens. In its turn."""
        options = {**entry.options, PURGING: "record" if keep_data else "data"}
        since = entry.deleted_at or now()
        want = self._control.want
        return await self.drop(
            await want(entry, Wanted.DELETED, actor, reason, deleted_at=since, options=options)
        )

    async def drop(self, entry: Entry) -> str:
        """Take it down, drop its data unless they are kept, then forget it. In its turn, its purge recorded.

        Gives a sentence on data that were left since they bear another's stamp, else nothing. Raises ``CommandFailed``.
        """
        if not self._control.is_down(entry):
            await self._control.take_down(entry)
        keeps = entry.options.get(PURGING) == "record"
        left = await self._forget(entry) if keeps else await self._remove(entry)
        await reach("purge.removed")
        await self._records.remove(entry.name)
        self._control.traffic.forget(entry.name)
        return left

    async def _remove(self, entry: Entry) -> str:
        try:
            for place in entry.places:
                await self._control.do_in(place, entry, Verb.REMOVE)
        except CommandFailed as error:
            if error.cause_code != OWNED_BY_ANOTHER:
                raise
            _log.warning("the data of %s were left where they are: %s", entry.name, error.message)
            await self._forget(entry)
            return f"Its data were left where they are: {error.details['message']}"
        return ""

    async def _forget(self, entry: Entry) -> str:
        """Have its environments let go of all but its data. One that does not answer is not waited for."""
        try:
            await self._control.orders.send(entry, Verb.REMOVE, arguments={"keep": True})
        except CommandUnanswered as error:
            _log.warning("something of %s may be left: %s", entry.name, error.message)
        return ""

    async def change(self, entry: Entry, wish: Wish) -> dict[str, Any]:
        """What a wish changes of an application: attribute → new value. In its turn: what it has is what is checked.

        Raises ``InvalidOption``, ``InvalidDomain``.
        """
        changes = dict(wish.changes)
        if wish.name not in (None, entry.name):
            raise InvalidOption(field="name", reason="can not change: it is its id")
        check_change(wish, entry, self._records.main, self.service(changes.get("environments", entry.places)))
        if "options" in changes:
            changes["options"] = options_of(entry, changes["options"])
        if "environments" in changes:
            changes["environments"] = await self._places(changes["environments"])
            if replace(entry, environments=changes["environments"]).places == entry.places:
                del changes["environments"]
            else:
                self.room.check(entry.name, changes["environments"])
                if entry.settled:
                    leave_home(self._control, entry, changes, self._resolve)
        if entry.credentials and not wish.credentials and _is_elsewhere(entry, changes.get("options")):
            reason = "must be given anew with another server: the one that is kept is shown to no other"
            raise InvalidOption(field="options.database.password", reason=reason)
        if wish.credentials:
            known = seals.open_credentials(self._records.main, entry)
            sealed = seals.seal_credentials(self._records.main, entry.name, {**known, **wish.credentials})
            changes["credentials"] = sealed
        return {key: value for key, value in changes.items() if getattr(entry, key) != value}

    async def try_connection(self, entry: Entry, changes: Mapping[str, Any]) -> None:
        """Try what changes of its connection, once it is settled. Raises ``CommandFailed`` unless its own database is there."""
        if "environments" in changes and entry.settled:
            await arrive(self._control, entry, changes)
            return
        database = changes.get("options", entry.options).get("database")
        if entry.settled and ("credentials" in changes or database != entry.options.get("database")):
            await self._control.first(replace(entry, **changes), Verb.CONNECT)

    async def _entry(self, wish: Wish, created_by: int | None) -> Entry:
        """The application that was wished for, not recorded."""
        main = self._records.main
        name = wish.name or new_name()
        entry = Entry(
            name,
            Wanted.RUNNING,
            str(uuid4()),
            data_key=seals.new_data_key(main, name),
            credentials=seals.seal_credentials(main, name, wish.credentials),
            created_at=now(),
            created_by_id=created_by,
            updated_at=now(),
        )
        changes = {**wish.changes, "options": options_of(entry, wish.changes.get("options", {}))}
        changes["environments"] = await self._places(changes.get("environments", ()))
        made = replace(entry, **changes)
        self.room.check(made.name, made.places)
        return made

    def service(self, named: tuple[str, ...]) -> str:
        """The dialect of the service on which databases are made in the first of these environments, or in the only one."""
        known = {environment.name: environment for environment in self._control.places.known()}
        first = known.get(named[0]) if named else next(iter(known.values()), None)
        return (first.dialect if first else "") or self._records.main.database.dialect.name

    async def _places(self, named: tuple[str, ...]) -> tuple[str, ...]:
        """The environments to run in. None were named: the only one that there is. Raises ``InvalidOption``."""
        await self._control.places.look()
        there = [environment.name for environment in self._control.places.known()]
        check_places(named, there)
        if named:
            return named
        return () if there == [LOCAL] else (there[0],)


def _is_elsewhere(entry: Entry, options: Mapping[str, Any] | None) -> bool:
    """Whether options lead to another server than those that the application has."""
    if options is None:
        return False
    old, new = entry.options.get("database", NOTHING), options.get("database", NOTHING)
    return any(new.get(key) != old.get(key) for key in SERVER)
