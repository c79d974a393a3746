"""``/metrics``: figures of this process and of its applications, in the text format of Prometheus (0.0.4).

Read by programs that watch; never by strangers. With ``INSULA_METRICS_TOKEN`` it takes that as a bearer token; without
it only what comes from the machine itself, by no proxy, is answered. The operator's socket is always let in.
"""

from __future__ import annotations

import asyncio
import hmac
import resource
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import accumulate
from pathlib import Path
from typing import Final, NamedTuple, TypeVar

from insula import __version__
from insula.fleet.process.base import ProcessAdapter, Receive, Scope, Send
from insula.fleet.traffic import Counts, Traffic
from insula.fleet.traffic_numbers import BUCKETS_S
from insula.gateway.answers import send_error
from insula.gateway.entry import header
from insula.gateway.trust import DIRECT, is_direct

PATH: Final = "/metrics"
CONTENT_TYPE: Final = b"text/plain; version=0.0.4; charset=utf-8"
APPLICATIONS_AT_ONCE: Final = 50
"""Applications whose figures are written before others get a turn on the loop."""

_SELF: Final = Path("/proc/self")
_BOUNDS: Final = (*(f"{bound:g}" for bound in BUCKETS_S), "+Inf")


T = TypeVar("T")
Labels = Mapping[str, str]


class Gauge(NamedTuple):
    """One figure of the process."""

    name: str
    about: str
    read: Callable[[], float]
    kind: str = "gauge"


class PerApplication(NamedTuple):
    """One figure of each application."""

    name: str
    about: str
    read: Callable[[str, Counts], float]
    kind: str


class Family(NamedTuple):
    """One figure of several things, told apart by labels."""

    name: str
    about: str
    read: Callable[[], Iterable[tuple[Labels, float] | None]]
    """``None`` among them: others may get a turn on the loop before it goes on."""
    kind: str = "gauge"


class Metrics:
    """An ASGI application, mounted on the main one's pages."""

    def __init__(
        self,
        traffic: Traffic,
        process: ProcessAdapter,
        stalls: Mapping[str, int],
        held: Callable[[str], int],
        busy_s: Callable[[str], float],
        token: str | None = None,
    ) -> None:
        """``stalls``: how often an application held up the loop; ``held``: requests that wait for it to come up;
        ``busy_s``: for how long one of its threads has been busy with one call."""
        self._traffic = traffic
        self._statuses = process.statuses
        self._stalls = stalls
        self._token = token
        self._per_application = (
            PerApplication("insula_requests_total", "Requests that were answered.",
                           lambda _, counts: counts.requests, "counter"),
            PerApplication("insula_request_errors_total", "Answers of 500 and above, and those that broke off.",
                           lambda _, counts: counts.errors, "counter"),
            PerApplication("insula_requests_in_flight", "Requests under way, held ones and streams among them.",
                           lambda _, counts: counts.in_flight, "gauge"),
            PerApplication("insula_requests_held", "Requests that wait for the application to come up.",
                           lambda name, _: held(name), "gauge"),
            PerApplication("insula_thread_busy_seconds", "The longest time that a thread has been busy with one call.",
                           lambda name, _: busy_s(name), "gauge"),
            PerApplication("insula_websockets", "Open WebSockets.", lambda _, counts: counts.sockets, "gauge"),
            PerApplication("insula_last_visit_timestamp_seconds", "When the last request came.",
                           lambda _, counts: counts.visited, "gauge"),
        )  # fmt: skip
        self._gauges = list(_of_process())
        self._families: list[Family] = []

    def add(self, gauge: Gauge) -> None:
        """Show one figure more."""
        self._gauges.append(gauge)

    def show(self, families: Iterable[Family]) -> None:
        """Show some figures more."""
        self._families += families

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not await self._refused(scope, send):
            headers = [(b"content-type", CONTENT_TYPE), (b"cache-control", b"no-store")]
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            for piece in self._pieces():
                if piece:
                    await send({"type": "http.response.body", "body": piece.encode(), "more_body": True})
                await asyncio.sleep(0)
            await send({"type": "http.response.body", "body": b""})

    async def _refused(self, scope: Scope, send: Send) -> bool:
        if scope["insula.local"]:
            return False
        if self._token is not None:
            given = header(scope, b"authorization").encode("latin-1")
            if hmac.compare_digest(given, b"Bearer " + self._token.encode()):
                return False
            sentence = "Give the token of INSULA_METRICS_TOKEN as a bearer token."
            await send_error(send, 401, "INVALID_TOKEN", sentence, ((b"www-authenticate", b"Bearer"),))
        elif _is_direct(scope):
            return False
        else:
            sentence = (
                "Metrics are for the machine itself; others need a token, which INSULA_METRICS_TOKEN sets."
            )
            await send_error(send, 403, "NOT_ALLOWED", sentence)
        return True

    def _pieces(self) -> Iterator[str]:
        """The text, in pieces that are quick to make."""
        yield "".join(_lines_of_process(self._gauges))
        for family in self._families:
            yield from _lines_of(family)
        yield _head("insula_application_state", "1 for the state that an application is in.", "gauge")
        statuses = self._statuses()
        states = [(name, status.observed.value) for name, status in statuses.items()]
        for some in _in_parts(states):
            yield "".join(
                f"insula_application_state{{{_label('application', name)},{_label('state', state)}}} 1\n"
                for name, state in some
            )
        yield _head(
            "insula_application_degraded", "How many of its plugins are off since they failed.", "gauge"
        )
        lacking = [(name, len(status.failed)) for name, status in statuses.items()]
        for few in _in_parts(lacking):
            yield "".join(
                f"insula_application_degraded{{{_label('application', name)}}} {count}\n"
                for name, count in few
            )
        counted = list(self._traffic.all().items())
        for figure in self._per_application:
            yield _head(figure.name, figure.about, figure.kind)
            for part in _in_parts(counted):
                yield "".join(
                    f"{figure.name}{{{_label('application', name)}}} {_number(figure.read(name, counts))}\n"
                    for name, counts in part
                )
        yield _head(
            "insula_request_duration_seconds", "From the request to the end of its answer.", "histogram"
        )
        for part in _in_parts(counted):
            yield "".join(line for name, counts in part for line in _histogram(name, counts))
        yield _head("insula_loop_stalls_total", "How often an application held up all others.", "counter")
        yield "".join(
            f"insula_loop_stalls_total{{{_label('application', name)}}} {count}\n"
            for name, count in list(self._stalls.items())
        )


def _is_direct(scope: Scope) -> bool:
    headers = dict(scope["headers"])
    if scope.get("insula.behind"):  # the front door has seen who asks, and says so
        return DIRECT in headers
    return is_direct(scope["client"][0], headers)


def _of_process() -> Iterator[Gauge]:
    """Under the names that Prometheus' own clients use."""
    began = time.time()
    yield Gauge("process_start_time_seconds", "When the process started.", lambda: began)
    yield Gauge("process_cpu_seconds_total", "Processor time used.", time.process_time, "counter")
    if (_SELF / "statm").exists():
        yield Gauge("process_resident_memory_bytes", "Memory in use.", _resident_bytes)
        yield Gauge("process_open_fds", "Open files and sockets.", _open_descriptors)
    yield Gauge(
        "process_max_fds", "How many there may be.", lambda: resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    )


def _open_descriptors() -> float:
    return sum(1 for _ in (_SELF / "fd").iterdir())


def _resident_bytes() -> float:
    return int((_SELF / "statm").read_text().split()[1]) * resource.getpagesize()


def _lines_of_process(gauges: Iterable[Gauge]) -> Iterator[str]:
    yield _head("insula_build_info", "The version that runs.", "gauge")
    yield f"insula_build_info{{{_label('version', __version__)}}} 1\n"
    for gauge in gauges:
        yield _head(gauge.name, gauge.about, gauge.kind)
        yield f"{gauge.name} {_number(gauge.read())}\n"


def _lines_of(family: Family) -> Iterator[str]:
    lines = [_head(family.name, family.about, family.kind)]
    for found in family.read():
        if found is None:
            yield "".join(lines)
            lines.clear()
        else:
            labels, value = found
            inside = ",".join(_label(name, text) for name, text in labels.items())
            lines.append(f"{family.name}{{{inside}}} {_number(value)}\n")
    yield "".join(lines)


def _histogram(name: str, counts: Counts) -> Iterator[str]:
    label = _label("application", name)
    for bound, total in zip(_BOUNDS, accumulate(counts.buckets), strict=True):
        yield f'insula_request_duration_seconds_bucket{{{label},le="{bound}"}} {total}\n'
    yield f"insula_request_duration_seconds_sum{{{label}}} {_number(counts.seconds)}\n"
    yield f"insula_request_duration_seconds_count{{{label}}} {counts.requests}\n"


def _head(name: str, about: str, kind: str) -> str:
    return f"# HELP {name} {about}\n# TYPE {name} {kind}\n"


def _label(name: str, value: str) -> str:
    escaped = value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
    return f'{name}="{escaped}"'


def _number(value: float) -> str:
    return str(value) if isinstance(value, int) else repr(round(value, 6))


def _in_parts(items: list[T]) -> Iterator[list[T]]:
    for start in range(0, len(items), APPLICATIONS_AT_ONCE):
        yield items[start : start + APPLICATIONS_AT_ONCE]
