"""What the command line says of an application that runs without some of its plugins."""

import json
from typing import Any

import pytest
from click.testing import CliRunner

from insula.cli import apps

WHOLE = {"name": "depot", "status": "running", "degraded": {}}
LESS = {"name": "shop", "status": "running", "degraded": {"east": ["boxes", "shelf"], "west": ["shelf"]}}


class Told:
    """All that is asked of a client."""

    def answer(self, _path: str, **_more: Any) -> dict[str, Any]:
        return {"data": [WHOLE, LESS], "meta": {"count": 2, "page": 1, "totalPage": 1}}

    def call(self, _path: str, **_more: Any) -> dict[str, Any]:
        return LESS


@pytest.fixture(autouse=True)
def told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apps, "Client", Told)


def test_the_list_says_what_is_degraded() -> None:
    lines = CliRunner().invoke(apps.apps, ["list"]).stdout.splitlines()
    assert [line.split("running")[1].strip() for line in lines if "running" in line] == ["", ", degraded"]
    answered = json.loads(CliRunner().invoke(apps.apps, ["list", "--json"]).stdout)
    assert answered == [WHOLE, LESS]


def test_one_says_where_which_plugins_failed() -> None:
    shown = " ".join(CliRunner().invoke(apps.apps, ["show", "shop"]).stdout.split())
    assert "status running, degraded" in shown
    assert "degraded east: plugins boxes, shelf west: plugins shelf" in shown
    assert json.loads(CliRunner().invoke(apps.apps, ["show", "shop", "--json"]).stdout) == LESS
