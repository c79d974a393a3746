"""Verbs, visits and crashes race each other; whatever their order, the table of the design holds.

The model knows what each verb may make of an application. After each burst of verbs, begun at the same time and carried
out in turns, what is wanted must be what one order of them gives, and what is observed must follow from it.
"""

import asyncio
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from insula.application.application import Application
from insula.application.options import Options
from insula.application.registry import Registry
from insula.application.secrets import MasterKey
from insula.core.errors import InsulaError, Kind
from insula.data.scope import Unrestricted
from insula.database.budget import ConnectionBudget
from insula.database.dialects import dialect
from insula.database.engine import open_database
from insula.database.options import DatabaseOptions
from insula.fleet.lifecycle import Observed, Wanted
from insula.testing.applications import APP_KEY
from insula.testing.fleet import PlayedFleet, SupervisorTables, played_fleet
from insula.testing.racing import GONE, OBSERVED, VERBS, outcomes, wanted_of

NAMES = ("one", "two")
WHO = "a racer"
VERB = st.sampled_from(VERBS)
BURST = st.one_of(
    st.tuples(st.sampled_from(NAMES), st.lists(VERB, min_size=1, max_size=5)).map(
        lambda drawn: [(drawn[0], verb) for verb in drawn[1]]
    ),
    st.lists(st.tuples(st.sampled_from(NAMES), VERB), min_size=1, max_size=6),
)


class Racing(RuleBasedStateMachine):
    """One main application, one environment, three names."""

    @initialize()
    def begin(self) -> None:
        self.runner = asyncio.Runner()
        self.folder = TemporaryDirectory()
        self.model = dict.fromkeys(NAMES, GONE)
        self.runner.run(self._open())

    @rule(burst=BURST, pace=st.integers(0, 2))
    def at_once(self, burst: list[tuple[str, str]], pace: int) -> None:
        self.runner.run(self._burst(burst, pace))

    @rule(burst=BURST)
    def one_after_the_other(self, burst: list[tuple[str, str]]) -> None:
        for name, verb in burst:
            self.runner.run(self._burst([(name, verb)], 0))

    @rule()
    def crash_of_everything(self) -> None:
        self.runner.run(self._restart())
        self.model = {
            name: "asleep" if wanted == "running" else wanted for name, wanted in self.model.items()
        }

    @rule(name=st.sampled_from(NAMES))
    def crash_of_one(self, name: str) -> None:
        if self.model[name] == "running":
            self.runner.run(self._fail(name))

    @invariant()
    def wanted_and_observed_are_what_the_table_says(self) -> None:
        if hasattr(self, "model"):
            self.runner.run(self._compare())

    def teardown(self) -> None:
        if hasattr(self, "runner"):
            self.runner.run(self._close())
            self.runner.close()
            self.folder.cleanup()

    async def _open(self) -> None:
        options = DatabaseOptions("sqlite", storage=Path(self.folder.name) / "main.sqlite")
        await dialect("sqlite").ensure(options, ConnectionBudget())
        database = open_database(options, ConnectionBudget())
        registry, key = Registry([SupervisorTables()]), MasterKey(APP_KEY)
        self.main = Application("main", database, registry, key, Options(main=True))
        await self.main.install()
        await self.main.start()
        self.context = played_fleet(self.main)
        self.fleet: PlayedFleet = await self.context.__aenter__()

    async def _close(self) -> None:
        await self.context.__aexit__(None, None, None)
        await self.main.stop()

    async def _burst(self, burst: list[tuple[str, str]], pace: int) -> None:
        carried = self.fleet.local.carried
        begun, at_work = len(carried), 0

        async def later(number: int, name: str, verb: str) -> None:
            """Begin once so many commands have been taken, or when nothing else goes on any more."""
            nonlocal at_work
            while len(carried) - begun < number * pace and (at_work or not number):
                await asyncio.sleep(0)
            at_work += 1
            await self._do(name, verb)
            at_work -= 1

        await asyncio.gather(*(later(number, *one) for number, one in enumerate(burst)))
        for name in NAMES:
            verbs = [verb for whose, verb in burst if whose == name]
            allowed = outcomes(self.model[name], verbs)
            now_wanted = wanted_of(self.fleet.records, name)
            assert now_wanted in allowed, (name, self.model[name], verbs, now_wanted)
            self.model[name] = now_wanted

    async def _do(self, name: str, verb: str) -> None:
        try:
            if verb == "visit":
                target = await self.fleet.records.wake(name)
                assert target is None or target.application == name
            elif verb == "create":
                await self.fleet.make(name)
            elif verb in ("destroy", "purge"):
                await getattr(self.fleet.supervisor, verb)(name, confirm=name, actor=WHO)
            else:
                await getattr(self.fleet.supervisor, verb)(name, actor=WHO)
        except InsulaError as error:
            assert error.kind in (Kind.CONFLICT, Kind.MISSING), error

    async def _restart(self) -> None:
        await self.fleet.restart()

    async def _fail(self, name: str) -> None:
        self.fleet.local.report(name, Observed.ERROR, step="run", cause="it fell over")
        await self.fleet.supervisor.start(name, actor=WHO)

    async def _compare(self) -> None:
        environment = self.fleet.local
        for name, wanted in self.model.items():
            row = await self.main.repository.find_one("applications", name, scopes=Unrestricted())
            target = await self.fleet.records.find(name)
            if wanted == GONE:
                assert (row, target) == (None, None)
                assert name not in environment.databases
                continue
            assert row is not None and target is not None
            entry = self.fleet.records.get(name)
            assert row["wanted"] == entry.wanted.value
            assert (row["deletedAt"] is not None) == (entry.wanted is Wanted.DELETED)
            assert environment.databases.get(name) in (row["stamp"], None)
            if wanted in OBSERVED:
                assert target.status.observed is OBSERVED[wanted], (name, wanted, target)
                assert environment.databases[name] == row["stamp"]
            assert (name in environment.running) == (target.status.observed is Observed.RUNNING)


TestRacing = Racing.TestCase
TestRacing.settings = settings(
    max_examples=25,
    stateful_step_count=12,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
