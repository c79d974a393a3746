"""A plugin that holds up a real server is found out."""

import json
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from insula.testing import shelf
from insula.testing.instance import Instance

PATIENCE_S = 20.0
LIMIT_S = 1.0
BLOCKS = '''
import time

from insula.application.api.action import Action, Answer, Resource
from insula.application.plugin import Plugin


def wait_without_giving_way(seconds):
    time.sleep(seconds)


def compute(seconds):
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        sum(range(10_000))


async def block(context):
    work = {"wait": wait_without_giving_way, "compute": compute}[context.key]
    work(3.0)
    return Answer("done")


class Shelf(Plugin):
    """Holds up everyone."""

    name = "shelf"
    title = description = "Shelf"
    enabled_by_default = True
    resources = (Resource("shelf", (Action("block", block, "public", "Block."),), "Shelf"),)
'''


@pytest.mark.parametrize(
    ("how", "where"), [("wait", "in wait_without_giving_way"), ("compute", "in compute")]
)
def test_a_plugin_that_holds_up_the_loop_is_named(
    install: Callable[..., Instance], tmp_path: Path, how: str, where: str
) -> None:
    plugin = shelf.installed(tmp_path / "plugin", BLOCKS)
    server = install(INSULA_STALL_LIMIT_S=str(LIMIT_S), INSULA_LOG_FORMAT="json", **plugin)
    server.start()
    began = time.monotonic()
    headers = {"X-Request-Id": "the-one-that-blocks"}
    assert httpx.get(f"{server.address}/api/shelf:block/{how}", headers=headers).status_code == 200
    assert time.monotonic() - began >= 3.0
    while "moves again" not in server.log:
        assert time.monotonic() - began < PATIENCE_S, server.log
        time.sleep(0.02)
    lines = [json.loads(line) for line in server.log.splitlines() if line.startswith("{")]
    (told,) = [line for line in lines if line["logger"] == "insula.server.watchdog" and "error" in line]
    assert told["level"] == "error"
    assert told["application"] == "main"
    assert "it is in the application main" in told["message"]
    assert where in told["error"]
    page = httpx.get(f"{server.address}/metrics").text
    found = {s.name: s.value for f in text_string_to_metric_families(page) for s in f.samples}
    assert found["insula_loop_stalls_total"] == 1
    assert found["insula_loop_lag_seconds"] > LIMIT_S
    assert where in (server.storage / "logs" / "main.log").read_text()
