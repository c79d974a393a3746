"""A file that a thread uses is closed when that is over, and nobody waits for it."""

import threading
from collections.abc import Iterator

import pytest

from insula.plugins.import_export.shared import Shared

PATIENCE_S = 10.0


class File:
    def __init__(self) -> None:
        self.closed = 0
        self.begun, self.go_on = threading.Event(), threading.Event()

    def close(self) -> None:
        self.closed += 1

    def read(self) -> str:
        self.begun.set()
        assert self.go_on.wait(PATIENCE_S)
        assert not self.closed
        return "text"


@pytest.fixture
def file() -> Iterator[File]:
    made = File()
    yield made
    made.go_on.set()


def test_what_is_not_in_use_is_closed_at_the_end_of_the_block(file: File) -> None:
    file.go_on.set()
    with Shared(file.close) as use:
        assert use(file.read) == "text"
        assert not file.closed
    assert file.closed


def test_what_is_in_use_is_closed_by_its_user(file: File) -> None:
    read: list[str] = []
    with Shared(file.close) as use:
        user = threading.Thread(target=lambda: read.append(use(file.read)))
        user.start()
        assert file.begun.wait(PATIENCE_S)
    assert not file.closed
    file.go_on.set()
    user.join(PATIENCE_S)
    assert read == ["text"]
    assert file.closed


def test_also_a_use_that_fails_closes_it(file: File) -> None:
    def fails() -> None:
        file.read()
        raise OSError("no room")

    def use_it() -> None:
        with pytest.raises(OSError, match="no room"):
            use(fails)

    with Shared(file.close) as use:
        user = threading.Thread(target=use_it)
        user.start()
        assert file.begun.wait(PATIENCE_S)
    file.go_on.set()
    user.join(PATIENCE_S)
    assert file.closed
