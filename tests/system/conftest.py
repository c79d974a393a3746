"""Installations for the tests of this folder: real processes, ended whatever the test does."""

import itertools
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import httpx
import pytest

from insula.testing import servers
from insula.testing.eventful import Events
from insula.testing.fleets import FleetOfProcesses
from insula.testing.image import Image, build_image
from insula.testing.instance import Instance, Run, database_settings
from insula.testing.leaks import outlives_a_test
from insula.testing.writers import Way, Writers, ways_in, writers_on

Install = Callable[..., Instance]
"""Makes an installation, not started yet: ``install(INSULA_BODY_LIMIT_BYTES="1024", …)``."""
_numbers = itertools.count(1)


@pytest.fixture
def install(tmp_path: Path) -> Iterator[Install]:
    """Installations on SQLite, each with a storage folder of its own."""
    with ExitStack() as stack:

        def make(**settings: str) -> Instance:
            storage = tmp_path / f"s{next(_numbers)}"
            return stack.enter_context(Instance(storage, {"DB_DIALECT": "sqlite", **settings}))

        yield make


@pytest.fixture(scope="module")
def redis() -> Iterator[servers.Server]:
    """One for the tests of a module, where nobody else has registered."""
    with servers.redis() as server:
        outlives_a_test(server.process.pid)
        yield server


@pytest.fixture
def web(fleet: FleetOfProcesses) -> Iterator[httpx.Client]:
    """The API of the ``fleet`` of a module, signed in."""
    with fleet.supervisor.sign_in() as client:
        yield client


@pytest.fixture(scope="module")
def ways(fleet: FleetOfProcesses) -> list[Way]:
    """Into the ``fleet`` of a module, whose environment is ``w1``."""
    return ways_in(fleet, "w1")


@pytest.fixture
def writers(ways: list[Way], request: pytest.FixtureRequest) -> Iterator[Writers]:
    """They write all the time while a test runs."""
    with writers_on(ways, request.node.name) as made:
        yield made


@pytest.fixture
def events(fleet: FleetOfProcesses, ways: list[Way]) -> Iterator[Events]:
    """Commands to the applications in ``w1``."""
    with Events(fleet, "w1", ways[-1].headers) as made:
        yield made


@pytest.fixture
def short_path() -> Iterator[Path]:
    """A folder for storage folders in it: names of sockets may not be long, as those in ``tmp_path`` are."""
    with tempfile.TemporaryDirectory(prefix="insula_") as folder:
        yield Path(folder)


@pytest.fixture(params=["sqlite", "postgres"])
def dialect_settings(request: pytest.FixtureRequest, tmp_path: Path) -> Mapping[str, str]:
    """``DB_*`` for a database that nobody else has, once per dialect."""
    if request.param == "sqlite":
        return database_settings(None)
    name = f"system_{next(_numbers)}_{tmp_path.name[-12:]}"
    if request.param == "mariadb":
        return database_settings(request.getfixturevalue("mariadb"), name, "mariadb")
    return database_settings(request.getfixturevalue("postgresql"), name)


@pytest.fixture
def run(server: Instance, tmp_path: Path) -> Run:
    """For tests that share a ``server`` of their module."""
    return partial(server.command, folder=tmp_path)


@pytest.fixture(scope="session")
def image() -> Iterator[Image]:
    """The image of ``deploy/image``, as far as it can be made here; in a folder that other users may enter."""
    project = Path(__file__).parents[2]
    root = Path(tempfile.mkdtemp(prefix="insula-image-"))
    root.chmod(0o755)
    try:
        yield build_image(project / "deploy" / "image" / "Dockerfile", project, root)
    finally:
        shutil.rmtree(root)
