"""Lifecycle, bus and reconciler against a model: verbs and visits, while whatever may go wrong does so.

The model knows what may be wanted of each application. What must hold at any moment is looked at where it happens
(``Watch``); once nothing goes wrong any more, all parts of the fleet soon say the same, and that is what is wanted.
"""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, ClassVar, NamedTuple

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from insula.core.clock import monotonic
from insula.testing.modelled_fleet.compare import differences
from insula.testing.modelled_fleet.model import GONE, MAKING, Deed, Meanwhile, reach, state_of
from insula.testing.modelled_fleet.quick import quick
from insula.testing.modelled_fleet.site import ReadLedger
from insula.testing.modelled_fleet.wires import InMemory, OverRedis, Wires
from insula.testing.modelled_fleet.world import HEAD, World
from insula.testing.racing import VERBS
from insula.testing.servers import Server

PLACES = ("east", "west")
SOON_S = 30.0
EXAMPLES = 35
"""Some 20 s."""
DEEP = "deep"


class Kind(NamedTuple):
    places: tuple[str, ...]
    with_main: bool


APPLICATIONS = {
    "one": Kind(("east",), with_main=False),
    "always": Kind(("west",), with_main=True),
    "both": Kind(PLACES, with_main=False),
}
NAME = st.sampled_from(sorted(APPLICATIONS))
VERB = st.sampled_from((*VERBS, "create", "start"))
FAULT = st.sampled_from(
    ("none", "kill east", "kill west", f"kill {HEAD}", "leave east", "leave west", "forget", "deafen")
)

HARMLESS = ("none", "forget", "deafen")
"""What nobody notices who waits for a verb."""


class Fleet(RuleBasedStateMachine):
    """Two environments, three applications, one of which runs in both."""

    wires: ClassVar[Any]
    ledger: ClassVar[Any]

    @initialize()
    def begin(self) -> None:
        self.stack = ExitStack()
        self.stack.enter_context(quick())
        folder = self.stack.enter_context(TemporaryDirectory())
        self.runner = self.stack.enter_context(asyncio.Runner())
        self.model = {name: {GONE} for name in APPLICATIONS}
        self.meanwhile = dict.fromkeys(APPLICATIONS, Meanwhile())
        self.world = World(type(self).wires(), Path(folder), PLACES, type(self).ledger)
        self.run(self.world.open())
        self.run(self._burst([(name, "create") for name in APPLICATIONS], "none", 0))

    def run(self, work: Coroutine[Any, Any, None]) -> None:
        self.runner.run(work)

    def teardown(self) -> None:
        if hasattr(self, "world"):
            try:
                self.run(self._settle())
            finally:
                self.run(self.world.close())
                self.stack.close()

    # What happens

    @rule(burst=st.lists(st.tuples(NAME, VERB), min_size=1, max_size=4), fault=FAULT, after=st.integers(0, 6))
    def at_once(self, burst: list[tuple[str, str]], fault: str, after: int) -> None:
        self.run(self._burst(burst, fault, after))

    @rule(name=NAME, verbs=st.lists(VERB, min_size=1, max_size=4))
    def one_after_the_other(self, name: str, verbs: list[str]) -> None:
        for verb in verbs:
            self.run(self._burst([(name, verb)], "none", 0))

    @rule(name=NAME, verb=VERB)
    def for_too_long(self, name: str, verb: str) -> None:
        if self.world.head is not None:
            with self.world.hanging():
                self.run(self._burst([(name, verb)], "hanging", 0))

    @rule(fault=FAULT)
    def something_goes_wrong(self, fault: str) -> None:
        self.run(self._fault(fault))

    @rule(place=st.sampled_from(PLACES))
    def it_comes_back(self, place: str) -> None:
        self.run(self._restarted(self.world.begin(place)))

    @rule()
    def all_comes_back(self) -> None:
        self.run(self._restarted(self.world.begin_all()))

    @rule(place=st.sampled_from(PLACES), name=NAME)
    def somebody_comes_there(self, place: str, name: str) -> None:
        self.meanwhile[name] = self.meanwhile[name]._replace(visited=True)
        self.run(self.world.visit_there(place, name))

    @precondition(lambda self: self.world.wires.apart)
    @rule(number=st.integers(0, 50))
    def a_command_comes_again(self, number: int) -> None:
        self.run(self.world.again(number))

    @rule(place=st.sampled_from(PLACES))
    def another_wants_the_name(self, place: str) -> None:
        if place in self.world.there:
            self.run(self.world.intrude(place))

    @rule()
    def all_is_well_again(self) -> None:
        self.run(self._settle())

    @invariant()
    def nothing_has_happened_that_must_not(self) -> None:
        if hasattr(self, "world"):
            assert not self.world.watch.violations, self.world.watch.violations

    # How

    async def _burst(self, burst: list[tuple[str, str]], fault: str, after: int) -> None:
        world, steps = self.world, self.world.watch.steps
        calm = fault in HARMLESS and world.head is not None and set(world.there) == set(PLACES)
        deeds = [
            asyncio.ensure_future(world.do(name, verb, **APPLICATIONS[name]._asdict(), calm=calm))
            for name, verb in burst
        ]
        while world.watch.steps - steps < after and not all(deed.done() for deed in deeds):
            await asyncio.sleep(0.0005)
        await self._fault(fault)
        results = await asyncio.gather(*deeds)
        for name in APPLICATIONS:
            of_it = [
                Deed(verb, result)
                for (whose, verb), result in zip(burst, results, strict=True)
                if whose == name
            ]
            before = self.model[name]
            self.model[name] = reach(before, of_it, self.meanwhile[name])
            self._look(name, f"after {of_it} when it was {before}")

    async def _fault(self, fault: str) -> None:
        what, _, whom = fault.partition(" ")
        world = self.world
        if what == "kill" or (what == "leave" and not world.wires.apart):
            await self._restarted(world.kill(whom))
        elif what == "leave":
            await self._restarted(world.leave(whom))
        elif what == "forget":
            await world.forget()
        elif what == "deafen" and world.head is not None:
            world.wires.deafen(world.head)

    async def _restarted(self, work: Coroutine[Any, Any, None]) -> None:
        for name, kind in APPLICATIONS.items():
            if not kind.with_main:
                self.meanwhile[name] = self.meanwhile[name]._replace(restarted=True)
        await work

    def _look(self, name: str, when: str = "") -> None:
        """What is wanted of an application is what it may be."""
        if self.world.head is not None:
            wanted = state_of(self.world.records, name)
            allowed = reach(self.model[name], (), self.meanwhile[name])
            assert wanted in allowed, f"{name} is {wanted}, and may be {allowed} {when}"
            self.model[name] = {wanted}

    async def _settle(self) -> None:
        """Nothing goes wrong any more: soon all is as it is wanted."""
        await self._restarted(self.world.begin_all())
        until, well = monotonic() + SOON_S, 0
        while well < 2:
            left: list[str] = []
            for name, kind in APPLICATIONS.items():
                if state_of(self.world.records, name) == MAKING:
                    await self.world.make_on(name)
                    self.model[name] |= {"running"}
                left += await differences(self.world, name, kind.places)
            well = 0 if left else well + 1
            assert monotonic() < until, left
            await asyncio.sleep(0.02)
        for name in APPLICATIONS:
            self._look(name)
            self.meanwhile[name] = Meanwhile()
        assert not self.world.watch.violations, self.world.watch.violations


def thorough() -> settings:
    """The same examples each time; with ``--hypothesis-profile=deep`` others, and more of them."""
    if settings.get_current_profile_name() == DEEP:
        return settings()
    return settings(settings.get_profile(DEEP), max_examples=EXAMPLES, derandomize=True)


def machine(wires: Callable[[], Wires], ledger: ReadLedger) -> type[Fleet]:
    """A fleet that is joined by these."""
    return type("FleetOf", (Fleet,), {"wires": staticmethod(wires), "ledger": staticmethod(ledger)})


def test_in_memory(ledger: ReadLedger) -> None:
    run_state_machine_as_test(machine(InMemory, ledger), settings=thorough())


def test_over_redis(own_redis: Server, ledger: ReadLedger) -> None:
    def wires() -> Wires:
        return OverRedis(f"redis://127.0.0.1:{own_redis.port}/0")

    run_state_machine_as_test(machine(wires, ledger), settings=thorough())
