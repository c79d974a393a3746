"""What an environment runs while it can ask nobody: an application's own database says whether it runs elsewhere."""

from datetime import timedelta

import pytest

from insula.application.application import Application
from insula.application.stored import write_stored
from insula.core.clock import now
from insula.database.provision.ownership import BEAT_S, HOME, MISSED_BEATS
from insula.fleet.configuration import Configuration
from insula.fleet.lifecycle import Observed
from insula.server.errors import RunsElsewhere
from insula.server.roles.single import Single
from insula.testing.whole import make


@pytest.mark.parametrize("options", ["file", "database"], indirect=True)
async def test_one_that_runs_elsewhere_is_not_started_where_nobody_can_be_asked(
    fleet: Single, options: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    await make(fleet, "shop", options)
    shop = fleet.process.running("shop")
    assert isinstance(shop, Application)
    configuration = fleet.records.configuration(fleet.records.get("shop"))

    async def moved_in(seconds_ago: float, application: Application) -> None:
        """Another installation says that it runs there, as if it had taken it over."""
        at = (now() - timedelta(seconds=seconds_ago)).isoformat()
        async with application.repository.transaction() as transaction:
            home = {HOME: {"installation": "another", "at": at}}
            await write_stored(application.repository, home, transaction)

    async def started(configuration: Configuration) -> str:
        """Whether it comes up by the process' own doing; else why not."""
        try:
            await fleet.process.start(configuration)
        except RunsElsewhere as error:
            return error.message
        return ""

    await fleet.supervisor.pause()
    monkeypatch.setattr(fleet.discovery, "held", lambda environment: False)
    await fleet.process.stop("shop")
    assert await started(configuration) == ""  # a clean stop has left nothing behind
    running = fleet.process.running("shop")
    assert isinstance(running, Application)
    monkeypatch.setattr("insula.server.homes._write", _nothing)  # as if it were killed
    await moved_in(1.0, running)
    await fleet.process.stop("shop")
    assert "shop was running in another installation" in await started(configuration)
    assert fleet.process.status("shop").observed is Observed.ERROR
    assert "Redis" in fleet.process.status("shop").cause
    monkeypatch.setattr(fleet.discovery, "held", lambda environment: True)
    assert await started(configuration) == ""  # who commands it knows better
    again = fleet.process.running("shop")
    assert isinstance(again, Application)
    await moved_in(BEAT_S * MISSED_BEATS + 60, again)
    await fleet.process.stop("shop")
    monkeypatch.setattr(fleet.discovery, "held", lambda environment: False)
    assert await started(configuration) == ""  # it has not been there for long


async def _nothing(application: Application, home: dict[str, str]) -> None:
    """Nothing is written."""
