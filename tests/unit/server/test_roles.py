"""Whatever can not be stopped, the rest is: nobody else could begin what is still held here."""

from pathlib import Path

import pytest

from insula.core.names import MAIN
from insula.server.declared import Settings
from insula.server.host import Host
from insula.server.roles.supervisor import SupervisorRole


async def test_a_supervisor_gives_its_links_back_although_main_can_not_be_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    away = "redis://127.0.0.1:1/0"
    settings = Settings(
        storage_path=str(tmp_path),
        app_mode="supervisor",
        app_supervisor_redis_url=away,
        app_command_redis_url=away,
    )
    role = SupervisorRole(Host(settings, tmp_path, makes=True), lambda error: None)
    closed: list[str] = []

    async def fails(application: str) -> None:
        raise RuntimeError(f"{application} hangs")

    async def close() -> None:
        closed.append("links")

    monkeypatch.setattr(role.process, "stop", fails)
    monkeypatch.setattr(role._links, "close", close)
    await role.stop()
    assert closed == ["links"]
    assert "the main application could not be stopped" in caplog.text
    assert f"{MAIN} hangs" in caplog.text
