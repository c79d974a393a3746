"""Logs in files: what is written can be read back, the size has an end, and followers miss nothing."""

import asyncio
import stat
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from insula.core.log_files import LogFiles, Position


def test_lines_are_read_back_in_order(tmp_path: Path) -> None:
    files = LogFiles(tmp_path / "logs")
    assert files.last("shop", 10) == []
    files.append("shop", ["one", "two"])
    files.append("shop", ["three", "ü \udc80"])
    files.append("main", ["other"])
    assert files.last("shop", 3) == ["two", "three", "ü \\udc80"]
    assert files.last("shop", 100) == ["one", "two", "three", "ü \\udc80"]
    assert files.last("shop", 0) == []
    assert files.last("main", 1) == ["other"]


def test_only_the_owner_may_read_them(tmp_path: Path) -> None:
    LogFiles(tmp_path / "logs").append("shop", ["x"])
    modes = [
        stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "logs", tmp_path / "logs" / "shop.log")
    ]
    assert modes == [0o700, 0o600]


def test_the_oldest_go_when_there_is_no_room(tmp_path: Path) -> None:
    files = LogFiles(tmp_path, bytes_each=100, kept=3)
    lines = [f"line {number:04d}" for number in range(200)]
    for line in lines:
        files.append("shop", [line])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["shop.log", "shop.log.1", "shop.log.2"]
    assert all(path.stat().st_size <= 100 for path in tmp_path.iterdir())
    kept = files.last("shop", 1000)
    assert kept == lines[-len(kept) :]
    assert len(kept) >= 20


@given(some.lists(some.lists(some.text("ab", max_size=60), max_size=8), max_size=12), some.integers(1, 3))
@settings(max_examples=60, deadline=None)
def test_however_it_is_cut_the_end_is_there(
    tmp_path_factory: pytest.TempPathFactory, batches: list[list[str]], kept: int
) -> None:
    folder = tmp_path_factory.mktemp("logs")
    files = LogFiles(folder, bytes_each=64, kept=kept)
    written = [line for batch in batches for line in batch]
    for batch in batches:
        files.append("a", batch)
    found = files.last("a", 1000)
    assert found == written[len(written) - len(found) :]
    assert bool(found) == bool(written)
    assert len(list(folder.iterdir())) <= kept


def test_a_line_longer_than_a_file_is_kept_whole(tmp_path: Path) -> None:
    files = LogFiles(tmp_path, bytes_each=10, kept=2)
    files.append("a", ["x" * 200_000])
    assert files.last("a", 1) == ["x" * 200_000]


def test_who_reads_on_gets_each_line_once_across_files(tmp_path: Path) -> None:
    files = LogFiles(tmp_path, bytes_each=50, kept=4)
    seen: list[str] = []
    position = Position()
    lines = [f"{number:09d}" for number in range(60)]
    files.append("a", lines[:1])
    for number in range(1, 60, 7):
        new, position = files.since("a", position)
        seen += new
        files.append("a", lines[number : number + 7])
    seen += files.since("a", position)[0]
    assert seen == lines


def test_half_a_line_waits_for_its_end(tmp_path: Path) -> None:
    files = LogFiles(tmp_path)
    path = tmp_path / "a.log"
    path.write_text("one\ntw")
    assert files.last("a", 9) == ["one"]
    lines, position = files.since("a", Position())
    assert lines == ["one"]
    path.write_text("one\ntwo\n")
    assert files.since("a", position)[0] == ["two"]


async def test_following(tmp_path: Path) -> None:
    files = LogFiles(tmp_path)
    files.append("a", ["zero", "one"])
    following = files.follow("a", 1)
    assert await anext(following) == "one"
    files.append("a", ["two", "three"])
    async with asyncio.timeout(60):
        assert [await anext(following), await anext(following)] == ["two", "three"]
    await following.aclose()


async def test_following_what_is_not_there_yet(tmp_path: Path) -> None:
    files = LogFiles(tmp_path / "logs")
    following = files.follow("a", 10)
    first = asyncio.ensure_future(anext(following))
    await asyncio.sleep(0)
    files.append("a", ["one"])
    async with asyncio.timeout(60):
        assert await first == "one"
    await following.aclose()


@pytest.mark.parametrize("name", ["", "..", "../x", "a/b", "A", "a.b", "a\n", "x" * 64, "é"])
def test_what_is_no_name_makes_no_file(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="no name"):
        LogFiles(tmp_path).append(name, ["x"])
    assert list(tmp_path.iterdir()) == []


def test_removing(tmp_path: Path) -> None:
    files = LogFiles(tmp_path, bytes_each=10)
    for _ in range(4):
        files.append("a", ["0123456789"])
    files.append("b", ["x"])
    files.remove("a")
    files.remove("a")
    assert [path.name for path in tmp_path.iterdir()] == ["b.log"]
