"""The set-up link: how it is told, whom it signs in, and where somebody has made an administrator by other means meanwhile."""

import os
import pty
import re
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import httpx
import pytest

from insula.testing.instance import Instance

NOBODY = dict.fromkeys(
    ("INIT_ROOT_EMAIL", "INIT_ROOT_USERNAME", "INIT_ROOT_PASSWORD", "INIT_ROOT_NICKNAME"), ""
)
STRANGER = {"email": "stranger@example.com", "username": "stranger", "nickname": "Stranger"}
PATIENCE_S = 20.0
POLL_S = 0.01
PASSWORD = "analytical engine 7"
BLOCK = r"\r\n\r\n(-+)\r\n\r\nInsula .*\r\n\r\nThere is .*\r\n\r\n  http\S+\r\n\r\n\1\r\n\r\n"
"""The lines around the link, between rules."""


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


def test_who_has_set_up_is_signed_in_once_as_by_any_sign_in(
    tmp_path: Path, dialect_settings: Mapping[str, str]
) -> None:
    with Instance(
        tmp_path / "one", {**dialect_settings, **NOBODY, "APP_TRUSTED_PROXIES": "127.0.0.1"}
    ) as one:
        one.start()
        link = re.search(r"setup\?token=(\S+)", one.printed(r"setup\?token=\S+"))
        assert link is not None
        form = {**STRANGER, "password": PASSWORD, "again": PASSWORD, "token": link[1]}
        by_https = {"X-Forwarded-Proto": "https"}
        made = httpx.post(f"{one.address}/setup", data=form, headers=by_https)
        assert (made.status_code, made.headers["location"]) == (303, "/admin/")
        credentials = {"account": "stranger", "password": PASSWORD}
        signed_in = httpx.post(f"{one.address}/api/auth:signIn", json=credentials, headers=by_https)
        given, ordinary = (answer.headers.get_list("set-cookie") for answer in (made, signed_in))
        assert [flags(cookie) for cookie in given] == [flags(cookie) for cookie in ordinary]
        assert all(cookie.endswith("; Secure") for cookie in given)
        cookies = dict(cookie.partition(";")[0].split("=", 1) for cookie in given)
        carried = {"Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items())}
        with httpx.Client(base_url=f"{one.address}/api/", headers=carried) as client:
            checked = client.get("/auth:check")
            assert checked.status_code == 200, checked.text
            assert checked.json()["data"]["username"] == "stranger"
            assert client.post("/auth:signOut").status_code == 403
            proof = {"X-CSRF-Token": cookies["nb_csrf_token_main"]}
            assert client.post("/auth:signOut", headers=proof).status_code == 200
            assert client.get("/auth:check").status_code == 401
        again = httpx.post(f"{one.address}/setup", data=form)
        assert (again.status_code, again.headers.get_list("set-cookie")) == (410, [])
        assert one.stop() == 0


def flags(cookie: str) -> str:
    """A cookie without its value."""
    return re.sub(r"=[^;]*", "=", cookie, count=1)


@pytest.mark.parametrize("style", ["text", "json"])
def test_at_a_terminal_the_link_stands_apart_after_the_log(tmp_path: Path, style: str) -> None:
    with Instance(tmp_path / "one", {"DB_DIALECT": "sqlite", **NOBODY, "INSULA_LOG_FORMAT": style}) as one:
        mine, theirs = pty.openpty()
        server = [sys.executable, "-m", "insula.server"]
        one.process = subprocess.Popen(server, env=one.environment, stdout=theirs, stderr=theirs)
        os.close(theirs)
        seen = ""
        while (found := re.search(BLOCK if style == "text" else r"setup\?token=\S+\r\n", seen)) is None:
            seen += os.read(mine, 4096).decode()
        assert 0 < seen.find("running: port") < found.start()
        if style == "json":
            assert "" not in seen.splitlines()
        one.kill()
        os.close(mine)
