"""Several programs as one, with small ones that say when they begin and when they end."""

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from insula.server import together
from insula.server.errors import ProgramEnded, ProgramSilent
from insula.server.together import Probe, Program, run_together
from insula.testing.servers import free_port

PATIENCE_S = 20.0
Make = Callable[..., Program]

ANSWERS = """
import signal, socket, sys
name, port, diary = sys.argv[1:]

def write(what):
    with open(diary, "a") as file:
        file.write(f"{name} {what}\\n")

def end(*_):
    write("told")
    {on_stop}

signal.signal(signal.SIGTERM, end)
server = socket.create_server(("127.0.0.1", int(port)))
write("begun")
print("out of", name, flush=True)
while True:
    client, _ = server.accept()
    client.recv(100)
    client.sendall(b"{says}")
    client.close()
"""


@pytest.fixture
def diary(tmp_path: Path) -> Path:
    return tmp_path / "diary"


@pytest.fixture
def make(tmp_path: Path, diary: Path) -> Make:
    """Makes programs that answer, unless ``script`` says what else to do."""

    def one(
        name: str,
        script: str = ANSWERS,
        says: str = "well",
        on_stop: str = "sys.exit()",
        speaks: bool = False,
    ) -> Program:
        port = free_port()
        script = script.replace("{on_stop}", on_stop).replace("{says}", says)
        command = (sys.executable, "-IS", "-c", script, name, str(port), str(diary))
        return Program(name, command, {}, tmp_path / f"{name}.log", Probe(port, b"?", b"well"), speaks)

    return one


def tell(times: int = 1) -> Callable[[], None]:
    """Told to stop, as soon as all is announced."""

    def announce() -> None:
        for _ in range(times):
            os.kill(os.getpid(), signal.SIGTERM)

    return announce


def written(diary: Path) -> list[str]:
    return diary.read_text().splitlines()


async def test_stages_begin_in_order_and_end_in_the_other(make: Make, diary: Path) -> None:
    await run_together([[make("redis")], [make("a"), make("b")]], tell(), PATIENCE_S)
    first, *two, again, once, last = written(diary)
    assert first == "redis begun"
    assert sorted(two) == ["a begun", "b begun"]
    assert {again, once} == {"a told", "b told"}
    assert last == "redis told"


async def test_each_has_its_log_and_one_speaks_to_the_person(
    make: Make, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.log").write_text("of another time")
    await run_together([[make("a"), make("b", speaks=True)]], tell(), PATIENCE_S)
    assert (tmp_path / "a.log").read_text() == "out of a\n"
    assert (tmp_path / "b.log").read_text() == ""
    assert capfd.readouterr().out == "out of b\n"


async def test_nothing_is_announced_before_it_has_spoken(
    make: Make, capfd: pytest.CaptureFixture[str]
) -> None:
    late = ANSWERS.replace(
        'print("out of", name, flush=True)',
        "import threading\nthreading.Timer(0.5, print, ['out of', name], {'flush': True}).start()",
    )

    def announce() -> None:
        assert capfd.readouterr().out == "out of b\n"
        tell()()

    await run_together([[make("b", late, speaks=True)]], announce, PATIENCE_S)


async def test_all_end_when_one_ends_and_its_last_words_are_told(
    make: Make, diary: Path, tmp_path: Path
) -> None:
    script = ANSWERS.replace(
        "client.close()",
        f"client.close()\n    print(*range({together.SHOWN_LINES * 2}), sep='\\n', file=sys.stderr)\n    sys.exit(7)",
    )
    with pytest.raises(ProgramEnded) as raised:
        await run_together([[make("redis")], [make("a", script)]], lambda: None, PATIENCE_S)
    assert raised.value.message.startswith(
        f"a ended with 7, so the others were stopped, too; its log {tmp_path}"
    )
    shown = raised.value.details["end"].splitlines()
    assert shown == [str(number) for number in range(together.SHOWN_LINES, together.SHOWN_LINES * 2)]
    assert "redis told" in written(diary)


async def test_one_that_is_killed_is_said_to_be(make: Make) -> None:
    script = "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)"
    with pytest.raises(ProgramEnded, match=r"a was killed by signal 9, .* ends with: \(nothing\)"):
        await run_together([[make("a", script)]], lambda: None, PATIENCE_S)


async def test_what_fails_to_begin_keeps_later_stages_from_beginning(make: Make, diary: Path) -> None:
    with pytest.raises(ProgramEnded, match="no such thing"):
        await run_together(
            [[make("redis")], [make("a", "import sys; sys.exit('no such thing')")], [make("b")]],
            lambda: pytest.fail("announced"),
            PATIENCE_S,
        )
    assert written(diary) == ["redis begun", "redis told"]


async def test_a_program_that_is_missing_ends_those_that_run(make: Make, diary: Path, tmp_path: Path) -> None:
    missing = Program("a", (str(tmp_path / "none"),), {}, tmp_path / "a.log", Probe(1, b"", b""))
    with pytest.raises(FileNotFoundError):
        await run_together([[make("redis")], [missing]], lambda: None, PATIENCE_S)
    assert written(diary) == ["redis begun", "redis told"]


async def test_one_that_never_answers_well(make: Make, diary: Path) -> None:
    with pytest.raises(ProgramSilent, match="a did not answer within 0.5 s, so all were stopped"):
        await run_together([[make("a", says="unwell")]], lambda: pytest.fail("announced"), 0.5)
    assert written(diary)[-1] == "a told"


async def test_told_to_stop_while_it_begins(make: Make, diary: Path) -> None:
    script = ANSWERS.replace(
        'write("begun")', 'write("begun")\nimport os; os.kill(os.getppid(), signal.SIGINT)'
    )
    await run_together([[make("a", script, says="unwell")]], lambda: pytest.fail("announced"), PATIENCE_S)
    assert written(diary) == ["a begun", "a told"]


async def test_one_that_does_not_end_is_killed_in_time(
    make: Make, diary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(together, "STOP_TIMEOUT_S", 0.3)
    await run_together([[make("a", on_stop="return")]], tell(), PATIENCE_S)
    assert written(diary) == ["a begun", "a told"]


async def test_a_second_signal_does_not_wait(make: Make) -> None:
    """The time that a stop has is longer than a test's."""
    stubborn = make("a", on_stop="import os; os.kill(os.getppid(), signal.SIGTERM)")
    await run_together([[stubborn]], tell(), PATIENCE_S)
