"""The composition root: the only place that names concrete adapters and puts the roles together."""

import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from insula.application.access.collections import ROOT_ROLE
from insula.application.access.holding import ROOT_LOCK
from insula.application.access.people import create_root
from insula.application.api.request import Request
from insula.application.application import Application
from insula.application.options import RootUser
from insula.core.errors import InsulaError
from insula.data.filters.tree import Condition
from insula.data.scope import Unrestricted
from insula.database.executor import Executor
from insula.fleet.process.base import AsgiApp
from insula.gateway.elsewhere import Elsewhere, PagesElsewhere
from insula.gateway.entry import Gateway, GatewayOptions
from insula.gateway.forward.route import Route, Unix
from insula.gateway.hop import Hops
from insula.gateway.outward import Outward
from insula.gateway.pages import Pages, Templates
from insula.gateway.trust import TrustedProxies
from insula.gateway.waiting import Runs, Waiting
from insula.gateway.web import Mode, Web, WebOptions
from insula.server import checks
from insula.server.declared import Settings
from insula.server.errors import AlreadySetUp
from insula.server.fleet_metrics import FleetFigures
from insula.server.host import Host
from insula.server.main_application import Told
from insula.server.metrics import PATH as METRICS_PATH
from insula.server.metrics import Gauge, Metrics
from insula.server.pulse import Pulse
from insula.server.roles.base import Role
from insula.server.roles.head import Head
from insula.server.setup_form import Administrator
from insula.server.setup_link import SetupLink
from insula.server.setup_page import PATH as SETUP_PATH
from insula.server.setup_page import SetupPage
from insula.server.sockets import MAIN_SOCKET_FILE
from insula.server.threads import DefaultThreads, ThreadWatch, busy_s
from insula.server.watchdog import Watchdog

_log = logging.getLogger(__name__)

_TEMPLATES = Path(__file__).parent / "templates"
_EVERYTHING = Unrestricted()
_MODES: Mapping[str, Mode] = {"single": "shared-memory", "supervisor": "supervisor", "worker": "worker"}
"""What the pages are told."""


@dataclass(frozen=True, slots=True)
class Installation:
    """Everything of one process, put together."""

    gateway: Gateway
    role: Role
    setup_token: Callable[[], Awaitable[str | None]]
    """A token for the set-up link where there is no administrator yet."""
    watchdog: Watchdog
    threads: DefaultThreads
    thread_watch: ThreadWatch
    metrics: Metrics
    proxies: TrustedProxies
    route: Route | None = None
    """Where requests go that come to a process whose applications run elsewhere …"""
    front: Gateway | None = None
    """… and what is asked about those that can not be forwarded at once."""

    def hold_no_more(self) -> None:
        """The server stops: who waits for an application is told how far it is."""
        for gateway in filter(None, (self.front, self.gateway)):
            gateway.hold_no_more()


def build(settings: Settings, folder: Path, lost: Told, *, makes: bool = True) -> Installation:
    """Put the roles together. Nothing runs yet. Unless ``makes``, an installation that is not there is an error.

    ``lost`` is told when another process has taken the database: this one has to end.
    """
    role = _role(Host(settings, folder, makes=makes), lost)
    process, directory, traffic = role.process, role.directory, role.traffic
    templates = Templates(_TEMPLATES)
    runs: Runs = process if role.forwarding is None else Elsewhere(role.forwarding.where)
    waiting = Waiting(directory, runs)
    watchdog = Watchdog(settings.insula_stall_limit_s)
    role.discovery.watch(watchdog.hear)
    threads = DefaultThreads(process.running)
    thread_watch = ThreadWatch(process.all_running, settings.insula_stall_limit_s)
    metrics = Metrics(
        traffic,
        process,
        watchdog.stalls,
        waiting.held,
        lambda name: busy_s(process.running(name)),
        settings.insula_metrics_token,
    )
    metrics.add(Gauge("insula_loop_lag_seconds", "The greatest delay of late.", lambda: watchdog.lag_s))
    metrics.add(
        Gauge("insula_database_connections", "Open connections to databases.", role.host.connections_used)
    )
    mounted: dict[str, AsgiApp] = {METRICS_PATH: metrics}
    pulse: Pulse | None = None
    setup_token: Callable[[], Awaitable[str | None]] = _no_token
    if role.head is not None:
        metrics.show(FleetFigures(role.head.supervisor).families())
        setup = _SetUp(role.head)
        mounted[SETUP_PATH] = SetupPage(setup.link, templates, setup.do, settings.api_base_path)
        pulse, setup_token = Pulse(setup.done), setup.token
    web = Web(WebOptions(settings.api_base_path, _MODES[settings.app_mode]))
    pages = Pages(templates, web, mounted, pulse)
    key = settings.app_supervisor_aes_secret_key
    hops = None if key is None else Hops(bytes.fromhex(key))
    behind = hops if role.forwarding is None else None  # in front of it there is nobody of ours
    proxies = TrustedProxies(checks.networks(settings.app_trusted_proxies), behind)
    options = GatewayOptions(
        settings.api_base_path, proxies, settings.insula_access_log, settings.insula_hold_timeout_s
    )
    if role.forwarding is None:
        gateway = Gateway(options, directory, process, pages, traffic, waiting, role.unready)
        return Installation(gateway, role, setup_token, watchdog, threads, thread_watch, metrics, proxies)
    where, suspect, watch = role.forwarding
    main = Unix(str(folder / MAIN_SOCKET_FILE))
    front = Gateway(
        replace(options, access_log=False), directory, runs, PagesElsewhere(pages, where), None, waiting
    )
    route = Outward(options.api, directory, where, main, front, traffic, suspect, templates, hops)
    watch(route.changed)
    assert role.head is not None, "it forwards"
    gateway = Gateway(options, directory, process, pages, traffic, places=role.head.places)
    return Installation(
        gateway, role, setup_token, watchdog, threads, thread_watch, metrics, proxies, route, front
    )


def _role(host: Host, lost: Told) -> Role:
    """What is of no use in a mode is not loaded."""
    match host.settings.app_mode:
        case "single":
            from insula.server.roles.single import Single

            return Single(host, lost)
        case "supervisor":
            from insula.server.roles.supervisor import SupervisorRole

            return SupervisorRole(host, lost)
        case "worker":
            from insula.server.roles.worker import WorkerRole

            return WorkerRole(host, lost)


class _SetUp:
    """How the first administrator of a main application comes in."""

    def __init__(self, head: Head) -> None:
        self._head = head
        self.link = SetupLink()

    async def do(self, asked: Administrator, request: Request) -> None:
        """Make the first administrator, and sign them in. Raises ``AlreadySetUp``."""
        application = self._head.main.application
        number = await make_administrator(application, asked)
        try:
            user = await application.repository.find_one("users", number, scopes=_EVERYTHING)
            await application.access.let_in(request, {"id": number, **(user or {})})
        except InsulaError as error:
            # They are there all the same, and the pages ask them to sign in.
            _log.warning("the first administrator could not be signed in: %s", error.message)

    async def done(self) -> bool:
        """Whether there is one."""
        return await _has_administrator(self._head.main.application)

    async def token(self) -> str | None:
        """For the link, where there is none."""
        return None if await self.done() else self.link.issue()


async def _no_token() -> None:
    """Nobody administrates here."""


async def make_administrator(application: Application, asked: Administrator) -> int:
    """The first one; gives their number. Raises ``AlreadySetUp`` where somebody is there by now, however they came."""
    root = RootUser(asked.email, asked.username, asked.nickname, asked.password)
    repository = application.repository
    async with repository.transaction() as transaction:
        await transaction.lock(ROOT_LOCK)
        if await _has_administrator(application, transaction):
            raise AlreadySetUp()
        return await create_root(repository, transaction, root, ROOT_ROLE)


async def _has_administrator(application: Application, on: Executor | None = None) -> bool:
    root = Condition(("roleName",), "$eq", ROOT_ROLE)
    return await application.repository.count("rolesUsers", root, scopes=_EVERYTHING, on=on) > 0
