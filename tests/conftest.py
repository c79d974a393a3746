"""Fixtures for all tests: real servers, fresh databases."""

from collections.abc import Iterator

import pytest

from insula.testing import servers


@pytest.fixture(scope="session")
def postgresql() -> Iterator[servers.Server]:
    """A PostgreSQL server for the whole run; make databases of your own in it."""
    with servers.postgresql() as server:
        yield server
