"""The worker of one environment: takes commands, and carries out one at a time for each application.

What it does by itself is a command as well, of its own: it brings up what it kept as running when it starts, and what a
visitor asks for that sleeps. Who commands it is told with the status what it made of an application by itself.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Coroutine, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from typing import Any, Final

from insula import __version__
from insula.core import log
from insula.core.clock import monotonic, now
from insula.core.errors import InsulaError
from insula.core.ids import request_id
from insula.core.names import MAIN
from insula.core.slots import Slots
from insula.fleet.bus.base import CommandBus
from insula.fleet.command import Command, Outcome, Verb
from insula.fleet.discovery.base import Discovery, Lost
from insula.fleet.environment import Environment
from insula.fleet.errors import CommandExpired, StartGivenUp
from insula.fleet.ledger.base import Kept, Ledger, after
from insula.fleet.lifecycle import Observed, Status, Wanted
from insula.fleet.process.base import ProcessAdapter
from insula.fleet.provisioner.base import Provisioner
from insula.worker.execute import EXECUTE, Means

_logger = logging.getLogger(__name__)

STARTS_AT_ONCE: Final = 4
"""Applications that are made, started or upgraded at once."""
BEAT_S: Final = 10.0
"""How often the environment says that it lives, and what it carries."""
LOOK_AGAIN_S: Final = 0.1
"""How often it is looked whether the name is held again."""
STOP_DEADLINE_S: Final = 20.0
"""What commands under way get when the worker stops; then they are not waited for."""
HEAVY: Final = frozenset((Verb.CREATE, Verb.START, Verb.UPGRADE))
OF_PROCESS: Final = HEAVY | {Verb.STOP}
"""What the process adapter does, which logs by itself why a step failed."""


@dataclass(slots=True, eq=False)
class _Turn:
    """A command in the line of its application."""

    command: Command
    own: asyncio.Future[Outcome] | None = None
    """Told its outcome, in place of the bus, where it is the worker's own."""
    until: float = field(init=False)
    """Monotonic seconds, after which it is not begun any more."""

    def __post_init__(self) -> None:
        self.until = monotonic() + self.command.deadline_s


class Worker:
    """Different applications go side by side. A stop does not wait for the start before it: it ends that.

    A command that was not done when the worker stops has no outcome: it is for whoever takes commands next.
    """

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
        lost: Lost = lambda error: None,
        beat_s: float = BEAT_S,
    ) -> None:
        """``load`` tells what the environment has to carry now, as in ``Environment``; ``lost`` is told when another
        process has its name: nothing is carried out here any more."""
        self._here = here
        self._environment = here.name
        self._bus = bus
        self._discovery = discovery
        self._ledger = ledger
        self._lost = lost
        self._process = process
        self._means = Means(process, provisioner, self.report)
        self._load = load
        self._beat_s = beat_s
        self._slots = Slots(STARTS_AT_ONCE)
        self._lines: dict[str, deque[_Turn]] = {}
        """Application → what is under way, and what waits behind it. No line is empty."""
        self._own: dict[str, Wanted] = {}
        """Application → what was made of it here by itself, since the last command that somebody gave."""
        self._endings: dict[str, asyncio.Task[None]] = {}
        """Application → what ends its start, and is waited for before the next command."""
        self._waits: dict[str, asyncio.Timeout] = {}
        """Application → the wait of its start for a slot, without a limit unless a stop sets it one."""
        self._tasks: set[asyncio.Task[None]] = set()
        self._loops: tuple[asyncio.Task[None], ...] = ()

    async def start(self) -> None:
        """Take the environment's name, make it known, and take commands from now on.

        Raises ``EnvironmentTaken``, and ``RedisUnavailable`` where names are held in one.
        """
        await self._discovery.hold(self._environment, self._here.instance, self._lost)
        self._loops = (
            asyncio.create_task(self._take(), name=f"worker of {self._environment}"),
            asyncio.create_task(self._beat(), name=f"heartbeat of {self._environment}"),
        )
        await self._announce()  # whoever hears of it finds that commands are taken
        for kept in await self._ledger.applications():
            self._come_back(kept)

    async def stop(self, deadline_s: float = STOP_DEADLINE_S) -> None:
        """Take no more commands, let those under way end, and leave. Does nothing when it was not started."""
        if not self._loops:
            return
        for loop in self._loops:
            loop.cancel()
        await asyncio.gather(*self._loops, return_exceptions=True)
        self._loops = ()
        for line in self._lines.values():
            while len(line) > 1:
                _given_up(line.pop())
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=deadline_s)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        await self._discovery.leave(self._environment)

    @property
    def takes(self) -> bool:
        """Whether commands are taken here now."""
        return bool(self._loops) and self._discovery.held(self._environment)

    async def _take(self) -> None:
        while True:
            await self._may()  # what is taken here is not given to who has the name now
            self._line_up(_Turn(await self._bus.take(self._environment)))

    def _line_up(self, turn: _Turn) -> None:
        name = turn.command.application
        line = self._lines.get(name)
        if line is None:
            line = self._lines[name] = deque((turn,))
            self._begin(self._work_off(name, line))
            return
        line.append(turn)
        starts = line[0].command.verb is Verb.START
        if turn.command.verb is Verb.STOP and starts and name not in self._endings:
            self._endings[name] = self._begin(self._end_start(name))

    def _come_back(self, kept: Kept) -> None:
        """After a start of the process what ran is brought up; what waits for its first visit is asleep from now on."""
        told = kept.configuration
        name = told.application
        runs = kept.wanted is Wanted.RUNNING
        if runs:
            self._own[name] = Wanted.RUNNING if told.with_main else Wanted.ASLEEP
        self._process.rest(name)
        if runs:
            verb, how = (Verb.START, {}) if told.with_main else (Verb.STOP, {"asleep": True})
            self._line_up(_Turn(Command(verb, name, request_id(), told, how), _nobody()))

    async def wake(self, application: str) -> None:
        """Bring up one that is kept, since a visitor is here; return when it is up, or has failed."""
        kept = self._ledger.kept(application)
        if kept is None or not self._loops:
            return
        told: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        command = Command(Verb.START, application, request_id(), kept.configuration)
        self._line_up(_Turn(command, told))
        await asyncio.wait((told,))

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(self._beat_s)
            await self._announce()

    def _begin(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _work_off(self, application: str, line: deque[_Turn]) -> None:
        """All that is in the line of an application, one after the other."""
        log.application.set(application)
        try:
            while line and await self._may():
                turn = line[0]
                log.request_id.set(turn.command.request_id)
                outcome = await self._in_turn(turn)
                if (ending := self._endings.pop(application, None)) is not None:
                    await asyncio.wait((ending,))
                if turn.own is None:
                    await self._bus.finish(self._environment, outcome)
                elif not turn.own.done():
                    turn.own.set_result(outcome)
                line.popleft()
        finally:
            for turn in self._lines.pop(application):
                _given_up(turn)
        if self._loops:
            await self._announce()

    async def _may(self) -> bool:
        """Wait until it is certain that nobody else carries out what comes next; false where the worker stops before that."""
        while self._loops and not self._discovery.held(self._environment):  # noqa: ASYNC110 - a lease ends with time, which tells nobody
            await asyncio.sleep(LOOK_AGAIN_S)
        return self._discovery.held(self._environment)

    async def _in_turn(self, turn: _Turn) -> Outcome:
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
        elif (made := after(command, Outcome(command.request_id), kept)) is not None:
            self._own[name] = made.wanted
        return await self._once(command)

    async def _once(self, command: Command) -> Outcome:
        """What came of the command before, if it was carried out already."""
        try:
            known = await self._ledger.outcome(command.request_id)
        except InsulaError as error:
            return self._failed(command, error.code, error.message)
        if known is not None:
            return known
        outcome = await self._carry_out(command)
        try:
            await self._ledger.keep(command, outcome)
        except InsulaError as error:
            # Carried out once more it changes nothing, unless others came in between.
            _logger.warning("that %s was done is not kept: %s", command.request_id, error.message)
        return outcome

    async def _carry_out(self, command: Command) -> Outcome:
        try:
            async with AsyncExitStack() as room:
                if command.verb in HEAVY:
                    await self._slot(command, room)
                result = await EXECUTE[command.verb](self._means, command)
        except InsulaError as error:
            if command.verb not in OF_PROCESS:
                _logger.warning("%s of %s failed: %s", command.verb.value, command.application, error.message)
            return self._failed(command, error.code, error.message)
        except Exception as error:  # whatever a plugin raises: its sender waits for an outcome
            trace = None if command.verb in OF_PROCESS else error  # told once, where it was seen
            line = (command.verb.value, command.application, error)
            _logger.error("%s of %s failed: %r", *line, exc_info=trace)  # noqa: TRY400 - its trace was logged where it was seen
            message = f"Something went wrong; the log has {command.request_id}."
            return self._failed(command, InsulaError.code, message)
        return Outcome(command.request_id, result=result)

    async def _slot(self, command: Command, room: AsyncExitStack) -> None:
        """Wait for a slot. Raises ``StartGivenUp`` where a stop ends the wait."""
        name, limit = command.application, asyncio.timeout(None)
        if command.verb is Verb.START:
            self._waits[name] = limit
        try:
            async with limit:
                await room.enter_async_context(self._slots.slot())
        except TimeoutError:
            raise StartGivenUp(application=name) from None
        finally:
            self._waits.pop(name, None)

    def _failed(self, command: Command, code: str, message: str) -> Outcome:
        status = self._process.status(command.application)
        return Outcome(command.request_id, code, message, status.step or command.verb.value)

    async def _end_start(self, application: str) -> None:
        """A stop has come while the application starts: what it begins is carried on when it has its turn."""
        wait = self._waits.pop(application, None)
        if wait is not None:
            wait.reschedule(0.0)
            return
        try:
            await self._process.stop(application)
        except Exception as error:  # noqa: BLE001 - the stop itself tells its sender
            _logger.debug("the start of %s could not be ended: %s", application, error)

    def report(self, application: str, status: Status) -> None:
        """Something is observed of an application here."""
        own = self._own.get(application)
        self._discovery.report(
            self._environment, application, replace(status, own=own) if own is not None else status
        )

    async def _announce(self) -> None:
        """Say what the environment is, and how many run there now."""
        statuses = self._process.statuses()
        running = sum(
            status.observed is Observed.RUNNING for name, status in statuses.items() if name != MAIN
        )
        here = replace(
            self._here, version=__version__, heartbeat_at=now(), applications=running, load=self._load()
        )
        await self._discovery.announce(here)


def _nobody() -> asyncio.Future[Outcome]:
    """For a command of the worker's own whose outcome nobody waits for."""
    return asyncio.get_running_loop().create_future()


def _given_up(turn: _Turn) -> None:
    """It is not carried out any more: of the worker's own commands nobody else hears."""
    if turn.own is not None:
        turn.own.cancel()
