"""The control plane: its parts put together, opened and closed with the main application."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from insula.fleet.bus.base import CommandBus
from insula.fleet.command import DEADLINE_S
from insula.fleet.discovery.base import Discovery, Watcher
from insula.fleet.environment import Environment
from insula.fleet.traffic import Traffic
from insula.supervisor.control import Control
from insula.supervisor.life import Life
from insula.supervisor.making import Making
from insula.supervisor.monitor import Monitor
from insula.supervisor.moving import Resolve
from insula.supervisor.orders import Orders
from insula.supervisor.places import Places, Probe
from insula.supervisor.reconcile import Reconcile
from insula.supervisor.records import Records
from insula.supervisor.waking import Waking

if TYPE_CHECKING:
    from insula.application.application import Application

CLOSE_DEADLINE_S: Final = 10.0
"""What verbs under way get to finish when the main application goes down."""


class Supervisor(Life):
    """Knows what should be running, and where. What can be asked of one application is in ``Life``."""

    def __init__(
        self,
        records: Records,
        bus: CommandBus,
        discovery: Discovery,
        traffic: Traffic,
        *,
        probe: Probe,
        resolve: Resolve,
        deadline_s: float = DEADLINE_S,
    ) -> None:
        """``probe`` looks whether an environment can be reached; ``resolve`` gives the whole address of a database that
        main's own process reaches; ``deadline_s`` is what each command gets."""
        self.traffic = traffic
        self.places = Places(discovery, probe)
        control = Control(records, bus, discovery, traffic, self.places, deadline_s)
        super().__init__(control, Making(control, resolve))
        self._reconcile = Reconcile(self._control, self._making)
        self._monitor = Monitor(records, discovery, traffic)
        self._waking = Waking(self._control)
        records.waker, records.why_not = self._waking, self.places.why_not

    async def open(self, application: Application) -> None:
        """Read the records. ``application`` is the main one, its tables made, its secrets open.

        Those that start on their first visit and ran when the process ended are asleep from now on.
        """
        await self.records.open(application)
        await self.places.open(application)
        self._control.closing = False
        await self._reconcile.lay_down()
        self._monitor.start()

    def resume(self) -> None:
        """Begin to bring up what should be running, and to repair. Called once main answers."""
        self._reconcile.start()

    async def pause(self) -> None:
        """Repair nothing any more. To be called before environments go down on purpose, which nobody should mend."""
        await self._reconcile.stop()

    async def look_at_all(self) -> None:
        """Compare what is wanted with what is observed now, instead of in a while, and begin the repairs."""
        await self._reconcile.look_at_all()

    def busy(self, name: str) -> bool:
        """Whether somebody is at work on the application, or waits for a turn at it."""
        return self._control.turns.busy(name)

    async def close(self) -> None:
        """Main goes down: verbs under way get ``CLOSE_DEADLINE_S``, what was seen last is written.

        May be called in any state, and twice.
        """
        self._control.closing = True
        await self.pause()
        await self._control.detached.end(CLOSE_DEADLINE_S)
        await self._waking.ended()
        await self._monitor.stop()
        await self.places.close()
        self.records.close()

    def watch(self, watcher: Watcher) -> Callable[[], None]:
        """Have ``watcher`` told of all that environments report; call what this gives to end that."""
        return self._control.discovery.watch(watcher)

    async def environments(self) -> Sequence[Environment]:
        """Where applications can run, by name."""
        await self.places.look()
        return self.places.known()

    @property
    def orders(self) -> Orders:
        """Commands to environments, for who counts them."""
        return self._control.orders

    def taken(self) -> Mapping[str, int]:
        """Environment → applications that are placed there, running or not."""
        return self._making.room.taken()

    def service(self, environments: tuple[str, ...]) -> str:
        """The dialect of the service on which databases are made in the first of these, or in the only environment."""
        return self._making.service(environments)

    async def forget(self, environment: str) -> None:
        """Know an environment no more that is not there any more; it is known again once it registers.

        Raises ``NoSuchEnvironment``, ``EnvironmentInUse`` while it answers or applications are placed there, and
        ``RedisUnavailable``.
        """
        await self._making.room.forget(environment)
