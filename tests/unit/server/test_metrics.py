"""What programs that watch can read, and who may."""

import asyncio
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, cast

import pytest
from prometheus_client.parser import text_string_to_metric_families

from insula.core.clock import now
from insula.fleet.lifecycle import Observed, Status
from insula.fleet.process.base import ProcessAdapter
from insula.fleet.traffic import Traffic
from insula.fleet.traffic_numbers import BUCKETS_S
from insula.server.metrics import APPLICATIONS_AT_ONCE, Family, Gauge, Metrics
from insula.testing.gateway import Client, Heard

TOKEN = "a token of sixteen and more"


class Known:
    """All that is asked of a process adapter."""

    def __init__(self, *names: str) -> None:
        self._names = names

    def statuses(self) -> dict[str, Status]:
        failed = {"shop": ("shelf", "boxes")}
        return {name: Status(Observed.RUNNING, now(), failed=failed.get(name, ())) for name in self._names}


def metrics(traffic: Traffic, *names: str, token: str | None = None) -> Metrics:
    stalls = Counter({"shop": 2, "": 1})
    process = cast(ProcessAdapter, Known(*names))
    return Metrics(
        traffic,
        process,
        stalls,
        lambda name: {"shop": 3}.get(name, 0),
        lambda name: {"shop": 1.5}.get(name, 0.0),
        token,
    )


async def ask(
    asked: Metrics, *headers: tuple[bytes, bytes], client: str = "127.0.0.1", local: bool = False
) -> Heard:
    scope: dict[str, Any] = {"client": (client, 0), "headers": list(headers), "insula.local": local}
    heard = Heard()
    await asked(scope, Client().receive, heard.take)
    return heard


def samples(text: str) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    """Name and labels → value, as Prometheus' own parser understands the text."""
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def of(name: str, *labels: Iterable[str]) -> tuple[str, frozenset[tuple[str, str]]]:
    return name, frozenset(cast(Iterable[tuple[str, str]], labels))


async def test_figures_of_each_application_and_of_the_process() -> None:
    traffic = Traffic()
    shop = traffic.of("shop")
    for status, seconds in ((200, 0.004), (404, 0.03), (500, 99.0)):
        shop.begin()
        shop.end(status, seconds)
    shop.begin()
    asked = metrics(traffic, "shop", "main")
    asked.add(Gauge("insula_loop_lag_seconds", "Lag.", lambda: 0.25))
    heard = await ask(asked)
    assert (heard.status, heard.headers["content-type"]) == (200, "text/plain; version=0.0.4; charset=utf-8")
    found = samples(heard.body.decode())
    at_shop = ("application", "shop")
    assert found[of("insula_requests_total", at_shop)] == 3
    assert found[of("insula_request_errors_total", at_shop)] == 1
    assert found[of("insula_requests_in_flight", at_shop)] == 1
    assert found[of("insula_requests_held", at_shop)] == 3
    assert found[of("insula_thread_busy_seconds", at_shop)] == 1.5
    assert abs(found[of("insula_last_visit_timestamp_seconds", at_shop)] - now().timestamp()) < 10
    assert found[of("insula_application_state", at_shop, ("state", "running"))] == 1
    assert found[of("insula_application_state", ("application", "main"), ("state", "running"))] == 1
    assert found[of("insula_application_degraded", at_shop)] == 2
    assert found[of("insula_application_degraded", ("application", "main"))] == 0
    assert found[of("insula_loop_stalls_total", at_shop)] == 2
    assert found[of("insula_loop_stalls_total", ("application", ""))] == 1
    assert found[of("insula_loop_lag_seconds")] == 0.25
    assert found[of("process_resident_memory_bytes")] > 10_000_000
    assert found[of("process_open_fds")] > 0
    assert found[of("process_cpu_seconds_total")] > 0


async def test_latencies_are_a_histogram_that_adds_up() -> None:
    traffic = Traffic()
    shop = traffic.of("shop")
    for seconds in (0.004, 0.005, 0.03, 99.0):
        shop.begin()
        shop.end(200, seconds)
    found = samples((await ask(metrics(traffic))).body.decode())
    name = "insula_request_duration_seconds"
    buckets = {
        dict(labels)["le"]: value
        for (found_name, labels), value in found.items()
        if found_name == f"{name}_bucket"
    }
    assert [float(bound) for bound in buckets] == [*BUCKETS_S, float("inf")]
    assert list(buckets.values()) == [2, 2, 2, 3, 3, 3, 3, 3, 3, 3, 3, 4]
    assert found[of(f"{name}_count", ("application", "shop"))] == buckets["+Inf"] == 4
    assert found[of(f"{name}_sum", ("application", "shop"))] == pytest.approx(99.039)


async def test_figures_of_several_things_are_told_apart_and_leave_others_their_turns() -> None:
    def read() -> Iterator[tuple[dict[str, str], float] | None]:
        yield {"environment": "a"}, 1
        yield None
        yield {"environment": 'b"', "state": "online"}, 2.5

    asked = metrics(Traffic())
    asked.show([Family("insula_things", "Things.", read), Family("insula_none", "None.", lambda: ())])
    heard = await ask(asked)
    assert heard.body.decode().count("# TYPE insula_things gauge") == 1
    found = samples(heard.body.decode())
    assert found[of("insula_things", ("environment", "a"))] == 1
    assert found[of("insula_things", ("environment", 'b"'), ("state", "online"))] == 2.5


async def test_names_can_not_break_the_format() -> None:
    traffic = Traffic()
    name = 'a"b\\c\nd'
    traffic.of(name)
    found = samples((await ask(metrics(traffic))).body.decode())
    assert found[of("insula_requests_total", ("application", name))] == 0


async def test_many_applications_do_not_hold_up_the_loop() -> None:
    traffic = Traffic()
    for number in range(4 * APPLICATIONS_AT_ONCE):
        traffic.of(f"a{number}")
    asking = asyncio.create_task(ask(metrics(traffic)))
    turns = 0
    while not asking.done():
        await asyncio.sleep(0)
        turns += 1
    assert turns > 20
    assert len(samples((await asking).body.decode())) > 4 * APPLICATIONS_AT_ONCE * (5 + len(BUCKETS_S))


@pytest.mark.parametrize(
    ("client", "headers", "token", "status"),
    [
        ("127.0.0.1", (), None, 200),
        ("::1", (), None, 200),
        ("::ffff:127.0.0.1", (), None, 200),
        ("10.0.0.7", (), None, 403),
        ("::ffff:10.0.0.7", (), None, 403),
        ("", (), None, 403),
        ("127.0.0.1", ((b"x-forwarded-for", b"127.0.0.1"),), None, 403),
        ("127.0.0.1", ((b"forwarded", b"for=127.0.0.1"),), None, 403),
        ("10.0.0.7", ((b"authorization", b"Bearer " + TOKEN.encode()),), None, 403),
        ("10.0.0.7", ((b"authorization", b"Bearer " + TOKEN.encode()),), TOKEN, 200),
        ("127.0.0.1", (), TOKEN, 401),
        ("127.0.0.1", ((b"authorization", b"Bearer wrong"),), TOKEN, 401),
        ("127.0.0.1", ((b"authorization", "Bearer ü".encode()),), TOKEN, 401),
        ("127.0.0.1", ((b"authorization", TOKEN.encode()),), TOKEN, 401),
    ],
)
async def test_who_may_read(
    client: str, headers: tuple[tuple[bytes, bytes], ...], token: str | None, status: int
) -> None:
    heard = await ask(metrics(Traffic(), token=token), *headers, client=client)
    assert heard.status == status
    if status != 200:
        assert "INSULA_METRICS_TOKEN" in heard.json["error"]["message"]
        assert b"insula_requests" not in heard.body


async def test_the_operator_may_always() -> None:
    assert (await ask(metrics(Traffic(), token=TOKEN), client="local", local=True)).status == 200
