"""What runs applications goes down in an order: nobody else may begin what is not ended here."""

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from insula.fleet.environment import LOCAL
from insula.server.declared import Settings
from insula.server.host import Host
from insula.server.roles import hosting
from insula.server.roles.hosting import Hosting
from insula.server.roles.single import Single


@pytest.fixture
async def here(tmp_path: Path) -> Hosting:
    """One that takes commands, and runs nothing yet."""
    settings = Settings(storage_path=str(tmp_path), insula_stop_timeout_s=0.0)
    single = Single(Host(settings, tmp_path, makes=True), lambda error: None)
    await single.hosting.start()
    return single.hosting


def told_when_they_stop(here: Hosting, monkeypatch: pytest.MonkeyPatch, told: Callable[[], Any]) -> None:
    async def stop_all(but: str) -> None:
        await told()

    monkeypatch.setattr(here.process, "stop_all", stop_all)


async def test_the_good_bye_comes_first_and_the_name_is_given_back_last(
    here: Hosting, monkeypatch: pytest.MonkeyPatch
) -> None:
    discovery, seen = here._discovery, list[tuple[int, bool]]()

    async def look() -> None:
        seen.append((len(await discovery.environments()), discovery.held(LOCAL)))

    told_when_they_stop(here, monkeypatch, look)
    assert len(await discovery.environments()) == 1
    await here.stop()
    assert seen == [(0, True)]
    assert not discovery.held(LOCAL)


async def test_the_name_is_not_held_for_what_does_not_stop(
    here: Hosting, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    go_on = asyncio.Event()

    async def hang() -> None:
        while not go_on.is_set():
            try:
                await go_on.wait()
            except asyncio.CancelledError:
                logging.getLogger("a plugin").info("goes on all the same")

    monkeypatch.setattr(hosting, "LAST_WORDS_S", 0.0)
    monkeypatch.setattr(hosting, "CANCELLED_S", 0.0)
    told_when_they_stop(here, monkeypatch, hang)
    await here.stop()
    assert not here._discovery.held(LOCAL)
    assert "these have not stopped in time" in caplog.text
    go_on.set()
