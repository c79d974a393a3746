"""The fleet as a whole: a supervisor, its environments, and what happens to them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from unittest import mock

from insula.application.application import Application
from insula.application.options import Options
from insula.application.registry import Registry
from insula.application.secrets import MasterKey
from insula.core.errors import InsulaError, Kind
from insula.database.budget import ConnectionBudget
from insula.database.dialects import dialect
from insula.database.engine import open_database
from insula.database.options import DatabaseOptions
from insula.fleet.errors import EnvironmentTaken
from insula.fleet.lease import Life
from insula.fleet.traffic import Traffic
from insula.supervisor.control import NO_FAILURE
from insula.supervisor.entry import ON_FIRST_VISIT, WITH_MAIN
from insula.supervisor.errors import CommandFailed
from insula.supervisor.records import Records
from insula.supervisor.supervisor import Supervisor
from insula.testing.applications import APP_KEY
from insula.testing.fleet import SupervisorTables
from insula.testing.modelled_fleet.model import Result
from insula.testing.modelled_fleet.processes import Processes
from insula.testing.modelled_fleet.site import DatabaseServer, ReadLedger, Site
from insula.testing.modelled_fleet.watch import Watch, asked
from insula.testing.modelled_fleet.wires import Ends, WatchedBus, Wires

HEAD: Final = "supervisor"
WHO: Final = "a person"
DEADLINE_S: Final = 5.0
"""What each command gets, on a machine that does much else at the same time."""
SHORT_S: Final = 0.3
PATIENCE_S: Final = 20.0


class World:
    """Opened once; all environments and the supervisor are there then."""

    def __init__(self, wires: Wires, folder: Path, places: Sequence[str], read: ReadLedger) -> None:
        self.wires = wires
        self.watch = Watch()
        self.databases = DatabaseServer()
        self.sites = {name: Site(name, folder, self.databases, self.watch, read) for name in places}
        self.there: dict[str, Ends] = {}
        """The environments that are up."""
        self.supervisor: Supervisor
        self.records: Records
        self.head: Ends | None = None
        """While there is a supervisor."""
        self._folder = folder
        self._lives = 0

    async def open(self) -> None:
        """Make main, and begin everything."""
        logger = logging.getLogger("insula")
        logger.addHandler(self.watch)
        self._level = logger.level
        logger.setLevel(logging.INFO)
        self.processes = Processes(asyncio.get_running_loop())
        options = DatabaseOptions("sqlite", storage=self._folder / "main.sqlite")
        await dialect("sqlite").ensure(options, ConnectionBudget())
        registry, key = Registry([SupervisorTables()]), MasterKey(APP_KEY)
        self.main = Application(
            "main", open_database(options, ConnectionBudget()), registry, key, Options(main=True)
        )
        await self.main.install()
        await self.main.start()
        await self.begin_all()
        await self.processes.begin(HEAD, self._hears_of_all())

    async def close(self) -> None:
        """End everything."""
        logger = logging.getLogger("insula")
        logger.removeHandler(self.watch)
        logger.setLevel(self._level)
        await self.kill_all()
        await self.main.stop()
        await self.wires.close()

    async def begin_all(self) -> None:
        """Whatever is not there comes up."""
        for name in self.sites:
            await self.begin(name)
        if self.head is None:
            self.head = ends = self.wires.ends(self._life("head", ""))
            await self.processes.begin(HEAD, self._begin_head(ends))

    async def _begin_head(self, ends: Ends) -> None:
        await ends.discovery.follow()
        self.records = Records(ends.discovery)
        self.supervisor = Supervisor(
            self.records,
            WatchedBus(ends.bus, self.watch),
            ends.discovery,
            Traffic(),
            probe=self._probe,
            resolve=lambda told: told.database,
            deadline_s=DEADLINE_S,
        )
        await self.supervisor.open(self.main)
        self.supervisor.resume()

    async def _hears_of_all(self) -> None:
        """All environments have said that they are there; where Redis is slow, the supervisor is yet to hear it."""
        async with asyncio.timeout(PATIENCE_S):
            while len(await self.supervisor.environments()) < len(self.sites):
                await asyncio.sleep(0.01)

    async def begin(self, name: str) -> None:
        """An environment comes up with what it has kept, unless it is there."""
        if name in self.there:
            return
        site = self.sites[name]
        life = self._life(site.instance, site.last_life)
        site.last_life = life.id
        self.there[name] = ends = self.wires.ends(life)
        address = f"http://{name}" if self.wires.apart else ""
        await self.processes.begin(name, site.up(ends.bus, ends.discovery, address))
        if self.wires.apart:
            site.epochs.append(await self.wires.epoch(name))
            assert site.epochs == sorted(set(site.epochs)), f"{name}: epochs {site.epochs}"

    async def leave(self, name: str) -> None:
        """An environment is stopped, and says good-bye."""
        if name in self.there:
            await self.processes.begin(name, self.sites[name].leave())
            await self._end(name)

    async def kill(self, name: str) -> None:
        """An environment, or the supervisor, ends without a word: with all others where they are one process."""
        if not self.wires.apart:
            await self.kill_all()
        elif name in self.there:
            await self._end(name)
        elif name == HEAD and self.head is not None:
            await self._end_head()

    async def kill_all(self) -> None:
        """Everything ends without a word."""
        for name in list(self.there):
            await self._end(name)
        if self.head is not None:
            await self._end_head()
        self.wires.anew()

    async def _end(self, name: str) -> None:
        await self.processes.kill(name)
        await self.sites[name].ledger.close()
        await self.there.pop(name).close()

    async def _end_head(self) -> None:
        assert self.head is not None
        await self.processes.kill(HEAD)
        await self.head.close()
        self.head = None

    @contextmanager
    def hanging(self) -> Iterator[None]:
        """Within the block no database answers, and commands get little time."""
        self.databases.go_on.clear()
        orders = self.supervisor._control.orders
        with mock.patch.object(orders, "_deadline_s", SHORT_S):
            yield
        self.databases.go_on.set()

    async def forget(self) -> None:
        """Redis forgets everything."""
        self.watch.forgot()
        await self.wires.forget()

    async def intrude(self, name: str) -> None:
        """Another instance tries to be an environment that is there. AssertionError unless it is refused.

        Not in the moment after Redis has forgotten: whoever comes first has the name then.
        """
        await self.wires.epoch(name)
        ends = self.wires.ends(self._life("stranger", ""))
        try:
            await ends.discovery.hold(name, "stranger", lambda error: None)
        except EnvironmentTaken:
            return
        finally:
            await ends.close()
        raise AssertionError(f"two are {name} at once")

    async def again(self, number: int) -> None:
        """A command that was carried out is delivered once more."""
        if not self.watch.carried_out:
            return
        environment, command = self.watch.carried_out[number % len(self.watch.carried_out)]
        if environment not in self.there:
            return
        ends = self.wires.ends(self._life("head", ""))
        sending = self.processes.begin("another sender", ends.bus.send(environment, command))
        await asyncio.wait((sending,), timeout=PATIENCE_S)
        await self.processes.kill("another sender")
        await ends.close()

    async def do(self, name: str, verb: str, *, with_main: bool, places: Sequence[str], calm: bool) -> Result:
        """One of the verbs. Where it is ``calm``, nothing but a refusal, or a stop that came meanwhile, may keep
        it from being done."""
        if self.head is None:
            return "failed"
        work = self.processes.begin(HEAD, self._asked(lambda: self._verb(name, verb, with_main, places)))
        await asyncio.wait((work,), timeout=PATIENCE_S)
        assert work.done(), f"{verb} of {name} does not end"
        if work.cancelled():
            return "failed"
        error = work.exception()
        if error is None:
            return "failed" if verb == "visit" else "done"
        if isinstance(error, InsulaError) and not isinstance(error, CommandFailed):
            if error.kind in (Kind.CONFLICT, Kind.MISSING):
                return "refused"
        elif not isinstance(error, CommandFailed):
            raise error
        if calm and not (isinstance(error, CommandFailed) and error.cause_code in NO_FAILURE):
            raise error
        return "failed"

    async def _asked(self, work: Callable[[], Awaitable[object]]) -> None:
        asked.set(True)
        await work()

    async def _verb(self, name: str, verb: str, with_main: bool, places: Sequence[str]) -> None:
        if verb == "visit":
            await self.records.wake(name)
        elif verb == "create":
            options = {"startMode": WITH_MAIN if with_main else ON_FIRST_VISIT}
            values = {"name": name, "environments": list(places), "options": options}
            await self.supervisor.create(values, actor=WHO)
            await self.make(name)
        elif verb in ("destroy", "purge"):
            await getattr(self.supervisor, verb)(name, confirm=name, actor=WHO)
        else:
            await getattr(self.supervisor, verb)(name, actor=WHO)

    async def make(self, name: str) -> None:
        """What the job that makes an application does with it, from the beginning or again."""
        await self.supervisor.prepare(name)
        await self.supervisor.install(name)
        await self.supervisor.start(name, actor=WHO)

    async def make_on(self, name: str) -> None:
        """The job goes on: what keeps it from that passes."""
        work = self.processes.begin(HEAD, self._asked(lambda: self.make(name)))
        await asyncio.wait((work,), timeout=PATIENCE_S)
        if not work.cancelled() and (error := work.exception()) and not isinstance(error, InsulaError):
            raise error

    async def visit_there(self, place: str, name: str) -> None:
        """Somebody comes to an application in its environment, past the supervisor."""
        if place in self.there:
            await self.processes.begin(place, self.sites[place].worker.wake(name))

    def _life(self, instance: str, before: str) -> Life:
        self._lives += 1
        return Life(instance, f"life{self._lives}", before)

    async def _probe(self, address: str) -> str:
        return "" if address.removeprefix("http://") in self.there else f"{address} can not be reached"
