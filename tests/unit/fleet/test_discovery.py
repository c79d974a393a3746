"""The contract of discoveries, run on every adapter."""

from dataclasses import replace

import pytest

from insula.core.clock import now
from insula.fleet.discovery.base import Discovery
from insula.fleet.discovery.local import LocalDiscovery
from insula.fleet.environment import Environment
from insula.fleet.lifecycle import Observed, Status


@pytest.fixture(params=[LocalDiscovery])
def discovery(request: pytest.FixtureRequest) -> Discovery:
    made: Discovery = request.param()
    return made


async def test_environments_come_change_and_leave(discovery: Discovery) -> None:
    local = Environment("local", version="1")
    await discovery.announce(Environment("b"))
    await discovery.announce(local)
    await discovery.announce(replace(local, applications=3))
    assert [(found.name, found.applications) for found in await discovery.environments()] == [
        ("b", 0),
        ("local", 3),
    ]
    await discovery.leave("b")
    await discovery.leave("b")
    assert [found.name for found in await discovery.environments()] == ["local"]


async def test_reports_are_kept_and_told_in_order(discovery: Discovery) -> None:
    told: list[tuple[str, str, Observed]] = []
    end = discovery.watch(lambda environment, name, status: told.append((environment, name, status.observed)))
    running, stopped = Status(Observed.RUNNING, now()), Status(Observed.STOPPED, now())
    discovery.report("local", "shop", running)
    discovery.report("other", "shop", stopped)
    assert discovery.statuses("shop") == {"local": running, "other": stopped}
    discovery.report("local", "shop", Status(Observed.NOT_FOUND, now()))
    end()
    discovery.report("other", "shop", Status(Observed.NOT_FOUND, now()))
    assert discovery.statuses("shop") == {}
    assert told == [
        ("local", "shop", Observed.RUNNING),
        ("other", "shop", Observed.STOPPED),
        ("local", "shop", Observed.NOT_FOUND),
    ]


async def test_a_watcher_that_fails_keeps_nothing_from_the_others(
    discovery: Discovery, caplog: pytest.LogCaptureFixture
) -> None:
    told: list[str] = []

    def broken(environment: str, application: str, status: Status) -> None:
        raise RuntimeError("broken")

    discovery.watch(broken)
    discovery.watch(lambda _, name, __: told.append(name))
    discovery.report("local", "shop", Status(Observed.RUNNING, now()))
    assert told == ["shop"]
    assert "shop" in caplog.text
