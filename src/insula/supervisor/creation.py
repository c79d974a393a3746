"""The job that makes an application: recorded together with its record, so that whatever ends the process, it goes on.

Every step may be done again. What a step is about to do is known before it begins: the record is there, so undoing finds
whatever was begun.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from insula.application.access.collections import ROOT_ROLE
from insula.application.access.people import EVERYTHING, password_hash
from insula.application.errors import JobWithdrawn
from insula.application.jobs.kinds import JobKind, Run, Step, StepContext
from insula.core.detached import Detached
from insula.core.errors import InsulaError
from insula.core.failpoints import reach
from insula.data.filters.tree import Condition
from insula.data.query import Query
from insula.fleet.errors import ApplicationNotFound, StartGivenUp, StaysDown
from insula.fleet.lifecycle import Wanted
from insula.supervisor.collections import SNIPPET
from insula.supervisor.entry import Entry
from insula.supervisor.errors import CommandFailed, CreationGone, NobodyToOwn, NotNow
from insula.supervisor.orders import asked_by
from insula.supervisor.progress import followed
from insula.supervisor.supervisor import CLOSE_DEADLINE_S, Supervisor

if TYPE_CHECKING:
    from insula.application.application import Application
    from insula.database.executor import Transaction

KIND: Final = "applications.create"
AT_ONCE: Final = 4
"""Applications that are made at the same time; the others wait."""
ACTOR: Final = "the job that makes it"
_MARK_LENGTH: Final = 16


class Creation:
    """Makes applications, by jobs of the main application."""

    def __init__(self, supervisor: Supervisor) -> None:
        self._supervisor = supervisor
        self._detached = Detached()
        steps = (
            Step("check", _done),
            Step("record", _done, self._take_back),
            Step("prepare", self._while_wanted(self._prepare)),
            Step("create", self._while_wanted(self._create)),
            Step("start", self._while_wanted(self._start)),
        )
        self.kind = JobKind(
            KIND,
            "Create an application",
            steps,
            undoable=True,
            snippet=SNIPPET,
            at_once=AT_ONCE,
            refuse_undo=self._refuse_undo,
        )

    async def begin(
        self,
        main: Application,
        values: Mapping[str, Any],
        findings: Sequence[Mapping[str, Any]],
        *,
        adopt: str | None,
        actor: str,
        creator: int | None,
    ) -> tuple[Entry, int]:
        """Record an application that was checked, and the job that makes it, in one transaction. Gives both.

        ``creator`` is the user of the main application who becomes its first; ``None``: the local administrator asks,
        and main's first administrator does. Raises ``NobodyToOwn``, and what ``Supervisor.create`` raises.
        """
        # Whoever hangs up meanwhile leaves no job that nobody begins.
        return await self._detached.run(self._begin(main, values, findings, adopt, actor, creator))

    async def close(self) -> None:
        """Wait for what is being recorded."""
        await self._detached.end(CLOSE_DEADLINE_S)

    async def _begin(
        self,
        main: Application,
        values: Mapping[str, Any],
        findings: Sequence[Mapping[str, Any]],
        adopt: str | None,
        actor: str,
        creator: int | None,
    ) -> tuple[Entry, int]:
        owner = creator if creator is not None else await _first_administrator(main)
        if owner is None:
            raise NobodyToOwn()
        numbers: list[int] = []

        async def also(entry: Entry, transaction: Transaction) -> None:
            given = {"application": entry.name, "mark": mark_of(entry), "owner": owner}
            if adopt is not None:
                given["adopt"] = main.secrets.seal(adopt.encode(), _purpose(entry.name))
            done = {"check": {"findings": list(findings)}, "record": {"application": entry.name}}
            title = f"Create the application {entry.display_name or entry.name}"
            numbers.append(
                await main.jobs.record(KIND, given, transaction, created_by=creator, title=title, done=done)
            )

        entry = await self._supervisor.create(values, actor=actor, created_by=creator, also=also)
        await reach("create.recorded")
        main.jobs.begin(numbers[-1], KIND)
        return entry, numbers[-1]

    def _while_wanted(self, run: Run) -> Run:
        """What fails since the application was deleted or stopped meanwhile has not failed: nobody wants it any more."""

        async def step(context: StepContext) -> Any:
            asked_by.set(ACTOR)
            try:
                async with followed(self._supervisor.watch, str(context.input["application"]), context):
                    return await run(context)
            except InsulaError as error:
                if reason := self._withdrawn(context, error):
                    raise JobWithdrawn(reason=reason) from error
                raise

        return step

    def _withdrawn(self, context: StepContext, error: InsulaError) -> str:
        """Why nobody wants any more what the job makes, and what can be done; empty: it is wanted."""
        name = context.input["application"]
        try:
            entry = self._entry(context.input)
        except CreationGone:
            return f"the application {name} is not there any more: it was purged; nothing is left to do"
        if entry.wanted is Wanted.DELETED:
            return f"the application {name} was deleted while it was made; purge it, or undo this job, to take it back"
        if isinstance(error, CommandFailed) and error.cause_code == StartGivenUp.code:
            return f"the application {name} was stopped while it started; start it, or retry this job"
        return ""

    async def _prepare(self, context: StepContext) -> Any:
        entry = self._entry(context.input)
        found = await self._supervisor.prepare(entry.name, adopt=_adopted(context))
        return {"database": found.get("database")}

    async def _create(self, context: StepContext) -> Any:
        entry, adopt = self._entry(context.input), _adopted(context)
        root = None if adopt is not None else await _root(context.application, context.input["owner"])
        entry = await self._supervisor.install(entry.name, root=root, adopt=adopt)
        return {"version": entry.version}

    async def _start(self, context: StepContext) -> Any:
        """Whatever its start mode. One that was taken over in an older version stays down, unless it may be upgraded."""
        entry = self._entry(context.input)
        try:
            await self._supervisor.start(entry.name, actor=ACTOR)
        except CommandFailed as error:
            if error.cause_code != StaysDown.code:
                raise
            context.log(f"it stays stopped: {error.details['message']}")
            return {"status": "stopped"}
        await reach("create.started")
        return {"status": "running"}

    async def _take_back(self, context: StepContext) -> Any:
        """Drop what was made, where it bears the application's stamp and was not there before; then forget it."""
        try:
            name = self._entry(context.input).name
        except CreationGone:
            return None  # taken back before, or purged
        keep = "adopt" in context.input
        if keep:
            context.log(
                "its data were there before, and stay; the stamp that they bear is this application's"
            )
        left = await self._supervisor.take_back(name, actor=ACTOR, keep_data=keep)
        if left:
            context.log(left)
        return None

    async def _refuse_undo(self, application: Application, given: Mapping[str, Any]) -> None:
        """What people have begun to use is not lost by undoing. Raises ``NotNow``."""
        try:
            entry = self._entry(given)
        except CreationGone:
            return
        counts = self._supervisor.traffic.seen(entry.name)
        if entry.made and (entry.last_visit_at is not None or (counts is not None and counts.visited)):
            raise NotNow(
                application=entry.name,
                verb="be taken back",
                reason="was visited by now; delete it and purge it",
            )

    def _entry(self, given: Mapping[str, Any]) -> Entry:
        """The application of this job, and no later one of its name. Raises ``CreationGone``."""
        name = str(given["application"])
        try:
            entry = self._supervisor.records.get(name)
        except ApplicationNotFound:
            raise CreationGone(application=name) from None
        if mark_of(entry) != given["mark"]:
            raise CreationGone(application=name)
        return entry


def mark_of(entry: Entry) -> str:
    """Tells applications that had the same name one after the other apart, and nothing about their stamps."""
    return hashlib.sha256(entry.stamp.encode()).hexdigest()[:_MARK_LENGTH]


async def _done(context: StepContext) -> Any:
    """Done before the job was recorded."""
    return context.record.result


def _adopted(context: StepContext) -> str | None:
    """The stamp of the application to take over, if one is."""
    sealed = context.input.get("adopt")
    if sealed is None:
        return None
    return context.application.secrets.open(sealed, _purpose(context.input["application"])).decode()


def _purpose(name: str) -> str:
    return f"stamp that {name} takes over"


async def _root(main: Application, user_id: int) -> dict[str, Any]:
    """The first user of the new application: a copy of main's (fields of ``RootUser``). Raises ``NobodyToOwn``."""
    user = await main.repository.find_one("users", user_id, scopes=EVERYTHING)
    if user is None:
        raise NobodyToOwn()
    return {
        "email": user.get("email"),
        "username": user.get("username"),
        "nickname": user.get("nickname"),
        "password_hash": await password_hash(main.repository, user_id),
        "subject": user.get("sub"),
    }


async def _first_administrator(main: Application) -> int | None:
    query = Query(
        filter=Condition(("roleName",), "$eq", ROOT_ROLE), sort=("userId",), page_size=1, counting="none"
    )
    rows = (await main.repository.find("rolesUsers", query, scopes=EVERYTHING)).rows
    return int(rows[0]["userId"]) if rows else None
