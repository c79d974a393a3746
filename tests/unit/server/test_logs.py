"""The logs of applications: each line in the right file, without secrets, and nobody waits for the disk."""

import contextlib
import json
import logging
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from insula.core import log
from insula.core.errors import InsulaError
from insula.core.log_files import LogFiles
from insula.server.logs import LINES_WAITING, ApplicationLogs, application_logs

SECRET = "s3cr3t-Of-The-House"
_logger = logging.getLogger("insula.test")


@pytest.fixture(autouse=True)
def level() -> Iterator[None]:
    root = logging.getLogger()
    before = root.level
    root.setLevel("INFO")
    yield
    root.setLevel(before)


@contextlib.contextmanager
def belonging_to(application: str, request_id: str = "") -> Iterator[None]:
    tokens = log.application.set(application), log.request_id.set(request_id)
    yield
    log.application.reset(tokens[0])
    log.request_id.reset(tokens[1])


def entries(files: LogFiles, application: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in files.last(application, 1000)]


def test_each_application_has_its_own_with_the_ids_of_requests(tmp_path: Path) -> None:
    with application_logs(tmp_path) as files:
        with belonging_to("shop", "r-1"):
            _logger.info("sold %d", 3)
        with belonging_to("bank"):
            _logger.warning("x")
        _logger.info("of the process")
    (sold,) = entries(files, "shop")
    assert sold["time"].endswith("Z")
    del sold["time"]
    assert sold == {
        "level": "info",
        "logger": "insula.test",
        "message": "sold 3",
        "application": "shop",
        "requestId": "r-1",
    }
    assert [entry["message"] for entry in entries(files, "bank")] == ["x"]
    assert [entry["message"] for entry in entries(files, "main")] == ["of the process"]
    assert sorted(path.name for path in (tmp_path / "logs").iterdir()) == ["bank.log", "main.log", "shop.log"]


def test_secrets_stay_out_of_messages_and_tracebacks(tmp_path: Path) -> None:
    with application_logs(tmp_path, [SECRET]) as files, belonging_to("shop"):
        _logger.info("saw %s and password=hunter2", SECRET)
        try:
            raise RuntimeError(f"the server said {SECRET}")
        except RuntimeError:
            _logger.exception("failed")
    text = (tmp_path / "logs" / "shop.log").read_text()
    assert SECRET not in text
    assert "hunter2" not in text
    said, failed = entries(files, "shop")
    assert said["message"] == "saw *** and password=***"
    assert "RuntimeError: the server said ***" in failed["error"]


def test_what_is_logged_is_what_was_then(tmp_path: Path) -> None:
    items = ["a"]
    with application_logs(tmp_path) as files, belonging_to("shop"):
        _logger.info("items: %s", items)
        items.append("b")
    assert entries(files, "shop")[0]["message"] == "items: ['a']"


def test_a_name_that_is_none_makes_no_file(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with application_logs(tmp_path) as files:
        with belonging_to("../../outside"):
            _logger.info("x")
        with belonging_to("shop"):
            _logger.info("still there")
    assert entries(files, "shop")[0]["message"] == "still there"
    assert [path.name for path in (tmp_path / "logs").iterdir()] == ["shop.log"]
    assert not list(tmp_path.parent.glob("outside*"))


class Stuck(LogFiles):
    """A disk that does not answer until it is told to."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.asked = threading.Event()
        self.answer = threading.Event()

    def append(self, application: str, lines: list[str]) -> None:
        self.asked.set()
        assert self.answer.wait(10)
        super().append(application, lines)


def test_a_disk_that_hangs_costs_lines_and_holds_up_nobody(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    files = Stuck(tmp_path)
    handler = ApplicationLogs(files, log.Redactor())
    _logger.addHandler(handler)
    _logger.info("first")
    assert files.asked.wait(10)
    took = []
    for number in range(LINES_WAITING + 50):
        began = time.perf_counter()
        _logger.info("%d", number)
        took.append(time.perf_counter() - began)
    files.answer.set()
    _logger.removeHandler(handler)
    handler.close()
    assert sorted(took)[len(took) // 2] < 0.001
    assert len(files.last("main", 100_000)) == 10_000
    assert "50 or more: lines are missing in the logs of applications" in caplog.text


def test_a_folder_that_can_not_be_written_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "logs").write_text("no folder")
    with application_logs(tmp_path):
        _logger.info("x")
    assert "the logs of applications can not be written: Not a directory" in caplog.text


def test_flushing_waits_for_what_was_logged_before(tmp_path: Path) -> None:
    files = LogFiles(tmp_path)
    handler = ApplicationLogs(files, log.Redactor())
    _logger.addHandler(handler)
    _logger.info("x")
    handler.flush()
    assert len(files.last("main", 10)) == 1
    _logger.removeHandler(handler)
    handler.close()
    handler.close()


class Wrong(InsulaError):
    """It can not start."""


@pytest.mark.parametrize(("fresh", "left"), [(True, []), (False, ["logs"])])
def test_a_first_start_that_fails_leaves_nothing(tmp_path: Path, fresh: bool, left: list[str]) -> None:
    with pytest.raises(Wrong), application_logs(tmp_path, fresh=fresh):
        _logger.info("why")
        raise Wrong()
    assert [path.name for path in tmp_path.iterdir()] == left
