"""The protocol's official client against a running installation, on both dialects."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from insula.testing.instance import ROOT_EMAIL, ROOT_PASSWORD, Instance, database_settings

FOLDER = Path(__file__).parent / "sdk"
TIMEOUT_S = 60


@pytest.fixture(params=["sqlite", "postgres"])
def instance(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Instance]:
    server = request.getfixturevalue("postgresql") if request.param == "postgres" else None
    with Instance(tmp_path / "storage", database_settings(server, f"client_{tmp_path.name[-8:]}")) as made:
        made.start()
        yield made
        assert made.stop() == 0


def test_the_client_tours_the_protocol(instance: Instance) -> None:
    tour = subprocess.run(
        ["node", "tour.js", instance.address, ROOT_EMAIL, ROOT_PASSWORD],
        cwd=FOLDER,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
    )
    assert tour.returncode == 0, tour.stderr
    assert tour.stdout == "the tour is complete\n"
