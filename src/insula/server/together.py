"""Several programs run as one: begun stage by stage, ended in the other order, all of them when one of them ends.

Each is in a session of its own, so that the Ctrl-C of a terminal reaches this process alone, and has a log of its own.
"""

import asyncio
import signal
import sys
from asyncio.subprocess import Process
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from insula.server.errors import ProgramEnded, ProgramSilent

STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
STOP_TIMEOUT_S = 40.0
"""What a program gets to end after it was told to; then it is killed."""
POLL_S = 0.05
"""Between two looks whether a program answers."""
ANSWER_S = 2.0
"""For one answer."""
_PIECE_BYTES = 65536
SHOWN_LINES = 20
"""Of the log of a program that failed."""


@dataclass(frozen=True, slots=True)
class Probe:
    """A program that listens on this port of loopback is well when its answer to ``say`` begins with ``hear``."""

    port: int
    say: bytes
    hear: bytes

    async def answers(self) -> bool:
        """Whether it is well just now."""
        try:
            async with asyncio.timeout(ANSWER_S):
                reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
                try:
                    writer.write(self.say)
                    return await reader.readexactly(len(self.hear)) == self.hear
                finally:
                    writer.close()
        except (OSError, asyncio.IncompleteReadError):  # not yet; a TimeoutError is an OSError
            return False


@dataclass(frozen=True, slots=True)
class Program:
    """What to run, and how to tell that it is well."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    log: Path
    """Where it prints to, written anew."""
    probe: Probe
    speaks: bool = False
    """Its standard output is for the person at the terminal, and not for its log; it is not well before it has spoken."""


async def run_together(
    stages: Sequence[Sequence[Program]], announce: Callable[[], None], patience_s: float
) -> None:
    """Begin the programs of each stage once all before are well, announce, and return when a signal says stop.

    However it ends, all programs have ended then. Raises ``ProgramEnded`` where one did by itself, ``ProgramSilent``
    where one is not well ``patience_s`` after its stage began.
    """
    running: list[_Running] = []
    with _told_to_stop(running) as told:
        async with AsyncExitStack() as ending:
            for stage in stages:
                begun: list[_Running] = []
                ending.push_async_callback(_stop_all, begun)
                for program in stage:
                    begun.append(await _Running.begin(program))
                running += begun
                if not await _unless_one_ends(_all_well(begun, patience_s), running, told):
                    return
            announce()
            await _unless_one_ends(_for_ever(), running, told)


@dataclass(frozen=True, slots=True)
class _Running:
    program: Program
    process: Process
    spoken: asyncio.Event
    passing_on: asyncio.Task[None]

    @classmethod
    async def begin(cls, program: Program) -> "_Running":
        with program.log.open("wb") as log:
            process = await asyncio.create_subprocess_exec(
                *program.command,
                env=program.environment,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE if program.speaks else log,
                stderr=log,
                start_new_session=True,
            )
        spoken = asyncio.Event()
        return cls(program, process, spoken, asyncio.create_task(_pass_on(process.stdout, spoken)))

    async def wait_until_well(self, deadline: float, patience_s: float) -> None:
        """Raises ``ProgramSilent`` after the deadline, on the loop's clock."""
        try:
            async with asyncio.timeout_at(deadline):
                while not await self.program.probe.answers():  # noqa: ASYNC110 - another process, which tells no event
                    await asyncio.sleep(POLL_S)
                await self.spoken.wait()
        except TimeoutError:
            raise ProgramSilent(
                name=self.program.name,
                seconds=f"{patience_s:g}",
                log=self.program.log,
                end=self._last_words(),
            ) from None

    def ended(self) -> ProgramEnded:
        """The error for one that has ended by itself."""
        code = self.process.returncode
        how = f"was killed by signal {-code}" if code is not None and code < 0 else f"ended with {code}"
        return ProgramEnded(name=self.program.name, how=how, log=self.program.log, end=self._last_words())

    def _last_words(self) -> str:
        lines = self.program.log.read_text("utf-8", "replace").splitlines()
        return "\n".join(lines[-SHOWN_LINES:]) or "(nothing)"

    async def stop(self) -> None:
        """Tell it to end, and kill it where it does not."""
        if self.process.returncode is None:
            self.process.terminate()
        try:
            async with asyncio.timeout(STOP_TIMEOUT_S):
                await self.process.wait()
        except TimeoutError:
            self.process.kill()
            await self.process.wait()


async def _pass_on(output: asyncio.StreamReader | None, spoken: asyncio.Event) -> None:
    """To the person at the terminal, as it comes. What has no output there has nothing to say."""
    while output is not None and (said := await output.read(_PIECE_BYTES)):
        sys.stdout.buffer.write(said)
        sys.stdout.buffer.flush()
        spoken.set()
    spoken.set()


async def _all_well(begun: Sequence[_Running], patience_s: float) -> None:
    deadline = asyncio.get_running_loop().time() + patience_s
    for each in begun:
        await each.wait_until_well(deadline, patience_s)


async def _stop_all(begun: Sequence[_Running]) -> None:
    await asyncio.gather(*(each.stop() for each in begun))
    for each in begun:
        await each.passing_on


async def _for_ever() -> None:
    await asyncio.Event().wait()


async def _unless_one_ends(
    work: Coroutine[Any, Any, None], running: Sequence[_Running], told: asyncio.Event
) -> bool:
    """Whether the work was done: not where we were told to stop first. Raises what it raised, and ``ProgramEnded``."""
    doing, stopping = asyncio.ensure_future(work), asyncio.ensure_future(told.wait())
    endings = [asyncio.ensure_future(each.process.wait()) for each in running]
    try:
        await asyncio.wait((doing, stopping, *endings), return_when=asyncio.FIRST_COMPLETED)
    finally:
        unfinished = [task for task in (doing, stopping, *endings) if not task.done()]
        for task in unfinished:
            task.cancel()
        await asyncio.gather(*unfinished, return_exceptions=True)
    if stopping in unfinished and (
        gone := next((r for r in running if r.process.returncode is not None), None)
    ):
        raise gone.ended()
    if doing in unfinished or doing.cancelled():
        return False
    doing.result()
    return True


@contextmanager
def _told_to_stop(running: Sequence[_Running]) -> Iterator[asyncio.Event]:
    """Set by the first signal; a second one kills all that still runs."""
    loop = asyncio.get_running_loop()
    told = asyncio.Event()

    def stop() -> None:
        if told.is_set():
            for each in running:
                if each.process.returncode is None:
                    each.process.kill()
        told.set()

    for number in STOP_SIGNALS:
        loop.add_signal_handler(number, stop)
    try:
        yield told
    finally:
        for number in STOP_SIGNALS:
            loop.remove_signal_handler(number)
