"""The set-up link where somebody has made an administrator by other means meanwhile, on both dialects."""

import re
import time
from collections.abc import Mapping
from pathlib import Path

import httpx

from insula.testing.instance import Instance

NOBODY = dict.fromkeys(
    ("INIT_ROOT_EMAIL", "INIT_ROOT_USERNAME", "INIT_ROOT_PASSWORD", "INIT_ROOT_NICKNAME"), ""
)
STRANGER = {"email": "stranger@example.com", "username": "stranger", "nickname": "Stranger"}
PATIENCE_S = 20.0
POLL_S = 0.01
PASSWORD = "analytical engine 7"


def test_an_old_link_makes_no_second_administrator(
    tmp_path: Path, dialect_settings: Mapping[str, str]
) -> None:
    with Instance(tmp_path / "one", {**dialect_settings, **NOBODY}) as one:
        one.start()
        deadline = time.monotonic() + PATIENCE_S
        while (link := re.search(r"setup\?token=(\S+)", one.log)) is None:
            assert time.monotonic() < deadline, one.log
            time.sleep(POLL_S)
        token = link[1]
        words = ["users", "create", "--username", "owner", "--role", "root", "--password", PASSWORD]
        assert one.command(*words).returncode == 0
        form = {**STRANGER, "password": PASSWORD, "again": PASSWORD, "token": token}
        answers = [httpx.post(f"{one.address}/setup", data=form) for _ in range(2)]
        assert [answer.status_code for answer in answers] == [410, 410]
        assert "There is an administrator" in answers[0].text
        assert httpx.get(f"{one.address}/setup", params={"token": token}).status_code == 410
        signing_in = {"account": "stranger", "password": PASSWORD}
        assert httpx.post(f"{one.address}/api/auth:signIn", json=signing_in).status_code == 401
        one.sign_in("owner", PASSWORD).close()
        assert one.stop() == 0
