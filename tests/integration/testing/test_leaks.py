"""The look at what a test leaves behind sees each kind of thing, and names the test."""

import pytest

OPTIONS = ("-p", "insula.testing.leaks", "-o", "asyncio_mode=auto")
CONFTEST = """
    import insula.testing.leaks
    insula.testing.leaks.PATIENCE_S = 0.05
"""
LEFT = {
    "task": (
        """
        import asyncio
        kept = []
        async def test_guilty():
            kept.append(asyncio.create_task(asyncio.sleep(60), name="the forgotten task"))
        """,
        "the forgotten task",
    ),
    "thread": (
        """
        import threading
        enough = threading.Event()
        def test_guilty():
            threading.Thread(target=enough.wait, args=(5,), name="the forgotten thread").start()
        def test_after():
            enough.set()
        """,
        "thread the forgotten thread",
    ),
    "file": (
        """
        kept = []
        def test_guilty(tmp_path):
            kept.append((tmp_path / "forgotten.txt").open("w"))
        def test_after():
            kept.pop().close()
        """,
        "forgotten.txt",
    ),
    "connection to a database file": (
        """
        import sqlite3
        kept = []
        def test_guilty(tmp_path):
            kept.append(sqlite3.connect(tmp_path / "forgotten.sqlite"))
            kept[0].execute("CREATE TABLE t (a)")
        def test_after():
            kept.pop().close()
        """,
        "forgotten.sqlite",
    ),
    "connection to a server": (
        """
        import socket
        kept = []
        def test_guilty():
            listener = socket.create_server(("127.0.0.1", 0))
            kept.append(socket.create_connection(listener.getsockname()))
            listener.close()
        def test_after():
            kept.pop().close()
        """,
        "socket:",
    ),
    "child process": (
        """
        import subprocess
        kept = []
        def test_guilty():
            kept.append(subprocess.Popen(["sleep", "60"]))
        def test_after():
            kept[0].kill()
            kept[0].wait()
        """,
        "(sleep)",
    ),
}


@pytest.mark.parametrize("kind", sorted(LEFT))
def test_what_is_left_behind_fails_its_test_by_name(kind: str, pytester: pytest.Pytester) -> None:
    source, named = LEFT[kind]
    pytester.makeconftest(CONFTEST)
    pytester.makepyfile(test_zoo=source)
    result = pytester.runpytest_subprocess(*OPTIONS)
    result.stdout.fnmatch_lines([f"*test_zoo.py::test_guilty left behind: *{named}*"])
    assert result.parseoutcomes()["errors"] == 1


def test_who_cleans_up_passes(pytester: pytest.Pytester) -> None:
    pytester.makeconftest(CONFTEST)
    pytester.makepyfile(
        test_zoo="""
        import asyncio, subprocess, threading
        async def test_innocent(tmp_path):
            await asyncio.create_task(asyncio.sleep(0))
            thread = threading.Thread(target=print)
            thread.start()
            thread.join()
            subprocess.run(["true"], check=True)
            (tmp_path / "file").write_text("closed")
        """
    )
    pytester.runpytest_subprocess(*OPTIONS).assert_outcomes(passed=1)
