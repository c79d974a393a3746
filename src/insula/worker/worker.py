"""The worker of one environment: takes commands, and carries out one at a time for each application.

What it does by itself is a command as well, of its own: it brings up what it kept as running when it starts, and what a
visitor asks for that sleeps. Who commands it is told with the status what it made of an application by itself.

Commands of others are carried out while it is certain that nobody else has the environment's name. Its own need not wait
for that, so that it serves where nobody can be asked: an application's own database says whether it runs elsewhere.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Final

from insula import __version__
from insula.core.clock import monotonic
from insula.core.errors import InsulaError
from insula.core.ids import request_id
from insula.core.names import MAIN
from insula.core.pauses import Pauses
from insula.core.sparse import Sparse
from insula.fleet.bus.base import CommandBus
from insula.fleet.command import Command, Outcome, Verb
from insula.fleet.discovery.base import Discovery, Lost
from insula.fleet.environment import Environment
from insula.fleet.errors import CommandExpired, EnvironmentTaken
from insula.fleet.ledger.base import Kept, Ledger, after
from insula.fleet.lifecycle import Observed, Status, Wanted
from insula.fleet.process.base import ProcessAdapter
from insula.fleet.provisioner.base import Provisioner
from insula.worker.execute import Means
from insula.worker.lines import Lines, Turn
from insula.worker.once import Once

_logger = logging.getLogger(__name__)
_sparse = Sparse(_logger)

Join = Callable[[], Awaitable[None]]
"""Returns once others can be reached, and agree with us. Raises ``InsulaError`` as long as that is not so."""
LOOK_AGAIN_S: Final = 0.1
"""How often it is looked whether the name is held again."""
STOP_DEADLINE_S: Final = 20.0
"""What commands under way get when the worker stops; then they are not waited for."""


class Worker:
    """A command that was not done when the worker stops has no outcome: it is for whoever takes commands next."""

    def __init__(
        self,
        here: Environment,
        bus: CommandBus,
        discovery: Discovery,
        ledger: Ledger,
        process: ProcessAdapter,
        provisioner: Provisioner,
        *,
        load: Callable[[], Mapping[str, float]] = dict,
        idle_s: Callable[[str], float | None] = lambda application: None,
        lost: Lost = lambda error: None,
    ) -> None:
        """``load`` tells what the environment has to carry now, as in ``Environment``; ``idle_s`` how long nobody has
        visited an application here, as ``Counts.idle_s``; ``lost`` is told when another process has its name: nothing is
        carried out here any more."""
        self._here = here
        self._environment = here.name
        self._bus = bus
        self._discovery = discovery
        self._ledger = ledger
        self._lost = lost
        self._process = process
        self._load = load
        self._beat_s = here.beat_s
        self._once = Once(Means(process, provisioner, self.report, idle_s), ledger)
        self._lines = Lines(self._may, self._in_turn, self._finish, self._once.end_start, self._over)
        self._own: dict[str, Wanted] = {}
        """Application → what was made of it here by itself, since the last command that somebody gave."""
        self._wakings: dict[str, asyncio.Future[Outcome]] = {}
        """Application → what its visitors wait for. They may leave, and others come: it is started once for all of them."""
        self._loops: tuple[asyncio.Task[None], ...] = ()

    async def start(self, join: Join | None = None) -> None:
        """Take the environment's name, make it known, and take commands from now on.

        Raises ``EnvironmentTaken``, and ``RedisUnavailable`` where names are held in one. With ``join``, where others can
        not be reached now, it begins without the name, and takes that as soon as ``join`` has returned.
        """
        left = await self._ledger.applications()
        if join is None:
            await self._hold()
        joining = (
            () if join is None else (asyncio.create_task(self._join(join), name="joining of the fleet"),)
        )
        self._loops = (
            *joining,
            asyncio.create_task(
                _again(self._take, "no commands are taken"), name=f"worker of {self._environment}"
            ),
            asyncio.create_task(_again(self._beat, "no heartbeat"), name=f"heartbeat of {self._environment}"),
        )
        for kept in left:  # before any command is taken, which has the last word
            self._come_back(kept)
        await self._announce()  # whoever hears of it finds that commands are taken

    async def stop(self, deadline_s: float = STOP_DEADLINE_S) -> None:
        """Take no more commands, let those under way end, and say good-bye. Does nothing when it was not started.

        The name stays held until whoever stops the applications gives it back.
        """
        if not self._loops:
            return
        for loop in self._loops:
            loop.cancel()
        await asyncio.gather(*self._loops, return_exceptions=True)
        self._loops = ()
        await self._lines.end(deadline_s)
        await self._discovery.good_bye(self._environment)

    @property
    def started(self) -> bool:
        """Whether it does what it can, with or without the others."""
        return bool(self._loops)

    @property
    def takes(self) -> bool:
        """Whether commands are taken here now."""
        return bool(self._loops) and self._discovery.held(self._environment)

    async def _hold(self) -> None:
        await self._discovery.hold(self._environment, self._here.instance, self._lost)

    async def _join(self, join: Join) -> None:
        """Take the name as soon as that can be done. Where another has it, that is told as when it is lost."""
        pauses = Pauses()
        while True:
            try:
                await join()
                await self._hold()
                break
            except EnvironmentTaken as error:
                self._lost(error)
                return
            except InsulaError as error:
                _sparse.warning(
                    error.message, f"{self._environment} serves what it has, and takes no commands"
                )
            except Exception:  # a defect must not keep it out for good
                _logger.exception("%s has not joined", self._environment)
            await pauses.next()
        _logger.info("%s takes commands from now on", self._environment)
        await self._announce()

    async def _take(self) -> None:
        await self._held()  # what is taken here is not given to who has the name now
        self._lines.add(Turn(await self._bus.take(self._environment)))

    def _come_back(self, kept: Kept) -> None:
        """After a start of the process what ran is brought up; what waits for its first visit is asleep from now on."""
        told = kept.configuration
        name = told.application
        runs = kept.wanted is Wanted.RUNNING
        if runs and not told.with_main:
            self._own[name] = Wanted.ASLEEP
        self._process.rest(name)
        if runs:
            verb, how = (Verb.START, {}) if told.with_main else (Verb.STOP, {"asleep": True})
            command = Command(verb, name, request_id(), told, how, actor="what ran here before")
            self._lines.add(Turn(command, _nobody()))

    async def wake(self, application: str) -> None:
        """Bring up one that is kept, since a visitor is here; return when it is up, or has failed."""
        told = self._wakings.get(application) or self._begin_waking(application)
        if told is not None:
            await asyncio.wait((told,))

    def _begin_waking(self, application: str) -> asyncio.Future[Outcome] | None:
        kept = self._ledger.kept(application)
        if kept is None or not self._loops:
            return None
        told = self._wakings[application] = asyncio.get_running_loop().create_future()
        told.add_done_callback(lambda _: self._wakings.pop(application))
        command = Command(Verb.START, application, request_id(), kept.configuration, actor="a visitor")
        self._lines.add(Turn(command, told))
        return told

    async def _beat(self) -> None:
        await asyncio.sleep(self._beat_s)
        await self._announce()

    async def _may(self, turn: Turn) -> bool:
        return turn.own is not None or await self._held()

    async def _held(self) -> bool:
        """Wait until it is certain that nobody else carries out what comes next; false where the worker stops before that."""
        while self._loops and not self._discovery.held(self._environment):  # noqa: ASYNC110 - a lease ends with time, which tells nobody
            await asyncio.sleep(LOOK_AGAIN_S)
        return self._discovery.held(self._environment)

    async def _in_turn(self, turn: Turn) -> Outcome:
        """What comes of a command whose turn it is."""
        command, name = turn.command, turn.command.application
        kept = self._ledger.kept(name)
        if turn.own is None:
            if monotonic() > turn.until:  # who sent it has been told so
                late = CommandExpired(
                    command=command.verb.value, application=name, seconds=command.deadline_s
                )
                return Outcome(command.request_id, late.code, late.message)
            self._own.pop(name, None)
        elif kept is None or kept.wanted is Wanted.STOPPED:
            return Outcome(
                command.request_id
            )  # somebody has commanded so while it waited, and has the last word
        else:
            made = after(command, Outcome(command.request_id), kept)
            if made is not None and made.wanted is not kept.wanted:  # else it comes back as it was commanded
                self._own[name] = made.wanted
        return await self._once(command)

    async def _finish(self, outcome: Outcome) -> None:
        await self._bus.finish(self._environment, outcome)

    async def _over(self) -> None:
        if self._loops:
            await self._announce()

    def report(self, application: str, status: Status) -> None:
        """Something is observed of an application here, or kept of it."""
        kept = self._ledger.kept(application)
        wakes = None if kept is None else kept.wanted is not Wanted.STOPPED
        told = replace(status, own=self._own.get(application), wakes=wakes)
        self._discovery.report(self._environment, application, told)

    async def _announce(self) -> None:
        """Say what the environment is, and how many run there now."""
        statuses = self._process.statuses()
        running = sum(
            status.observed is Observed.RUNNING for name, status in statuses.items() if name != MAIN
        )
        here = replace(self._here, version=__version__, applications=running, load=self._load())
        await self._discovery.announce(here)


def _nobody() -> asyncio.Future[Outcome]:
    """For a command of the worker's own whose outcome nobody waits for."""
    return asyncio.get_running_loop().create_future()


async def _again(work: Callable[[], Awaitable[None]], without: str) -> None:
    """Do it again and again; a defect is logged, and does not end it. ``without``: what is not there meanwhile."""
    pauses = Pauses()
    while True:
        try:
            await work()
            pauses.over()
        except Exception:
            _logger.exception("for a moment: %s", without)
            await pauses.next()
