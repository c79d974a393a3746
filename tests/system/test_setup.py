"""What a person types first, in a copy of the project that nobody has touched."""

import os
import re
import shutil
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from sources import ROOT, files, shown

from insula.testing.servers import free_port

pytestmark = pytest.mark.timeout(600)
"""Pages are built here, which takes its time on a machine that does much else."""
TIMEOUT_S = 280
_POLL_S = 0.05
BASICS = [
    *("bash", "cat", "cp", "dirname", "env", "find", "flock", "id", "ln"),
    *("ls", "mkdir", "rm", "sh", "sha256sum", "sort", "xargs"),
]
"""Programs of every Debian that the set-up uses."""
BARE_PYTHON = """#!/bin/bash
# Debian's python3 without python3-venv and python3-pip, until apt-get has been asked.
case "$*" in
  "-m venv "*) [ -e "$APT_CAN" ] || exit 1; mkdir -p .cache/uv/bin; cp "$0" .cache/uv/bin/python ;;
  "-m pip install "*) ln -s "$UV_OF_THE_TEST" .cache/uv/bin/uv ;;
  "-m pip --version") exit 1 ;;
  *) exec "$PYTHON_OF_THE_TEST" "$@" ;;
esac
"""
APT = '#!/bin/bash\necho "$@" >>"$APT_LOG"; [ "$APT_WORKS" = yes ] && : >"$APT_CAN"\n'
UV = '#!/bin/bash\nPATH=$PATH_OF_THE_TEST exec uv "$@"\n'
AS_ROOT = "#!/bin/bash\necho 0\n"


def copy(into: Path) -> Path:
    for path in files():
        target = into / shown(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, target)
    return into


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A fresh copy; its tests build on one another's environment, since each would make the same."""
    folder = copy(tmp_path_factory.mktemp("clone"))
    yield folder
    shutil.rmtree(folder)


def environment(**more: str) -> dict[str, str]:
    """What a person's shell has, without what belongs to this run of the tests."""
    ours = (
        "VIRTUAL_ENV",
        "PYTHON",
        "MAKE",
        "MFLAGS",
        "UV_PROJECT",
        "APP_",
        "DB_",
        "INIT_",
        "INSULA_",
        "STORAGE_",
    )
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    found = ROOT / ".cache" / "uv" / "bin"
    return {**kept, "PATH": f"{kept['PATH']}:{found}", **more}


def set_up(clone: Path, what: str = "run", **variables: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        ["scripts/setup", what],
        cwd=clone,
        env=environment(**variables),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def said(process: subprocess.Popen[str]) -> str:
    """All that it printed, once it has ended well."""
    output, _ = process.communicate(timeout=TIMEOUT_S)
    assert process.returncode == 0, output
    return output


def packages(clone: Path) -> Path:
    return next((clone / ".venv" / "lib").glob("python3*")) / "site-packages"


def test_two_at_once_make_one_environment_without_test_tools(clone: Path) -> None:
    both = [set_up(clone), set_up(clone)]
    outputs = "".join([process.communicate(timeout=TIMEOUT_S)[0] for process in both])
    assert [process.returncode for process in both] == [0, 0], outputs
    assert outputs.count("installing the locked packages") == 1
    assert outputs.count("waiting for another set-up") == 1
    there = {path.name for path in packages(clone).iterdir()}
    assert "orjson" in there
    assert there & {"pytest", "mypy", "playwright", "hypothesis"} == set()
    assert list((clone / "src/insula/__pycache__").glob("*.pyc")), "the project's bytecode"
    assert list((packages(clone) / "sqlalchemy/__pycache__").glob("*.pyc")), "the libraries' bytecode"


def test_nothing_is_done_when_nothing_changed(clone: Path, tmp_path: Path) -> None:
    said(set_up(clone))
    program(tmp_path / "uv", "#!/bin/bash\necho asked >&2; exit 1\n")
    assert said(set_up(clone, PATH=f"{tmp_path}:{os.environ['PATH']}")) == ""


def test_what_was_put_in_by_hand_is_taken_away(clone: Path) -> None:
    said(set_up(clone))
    stranger = packages(clone) / "stranger-1.0.dist-info"
    stranger.mkdir()
    (stranger / "METADATA").write_text("Metadata-Version: 2.1\nName: stranger\nVersion: 1.0\n")
    (stranger / "RECORD").write_text("stranger-1.0.dist-info/METADATA,,\nstranger-1.0.dist-info/RECORD,,\n")
    said(set_up(clone))
    assert not stranger.exists()


def test_make_start_answers_and_says_how_to_go_on(clone: Path, tmp_path: Path) -> None:
    port = free_port()
    log = tmp_path / "log"
    with log.open("wb") as sink:
        process = subprocess.Popen(
            ["make", "start"],
            cwd=clone,
            env=environment(APP_PORT=str(port), STORAGE_PATH=str(tmp_path / "storage")),
            stdout=sink,
            stderr=sink,
            start_new_session=True,
        )
    try:
        deadline = time.monotonic() + TIMEOUT_S
        while f"http://localhost:{port}/setup?token=" not in log.read_text():
            assert process.poll() is None and time.monotonic() < deadline, log.read_text()
            time.sleep(_POLL_S)
        answer = httpx.get(f"http://127.0.0.1:{port}/api/__health_check")
        assert (answer.status_code, answer.text) == (200, "ok")
        page = httpx.get(f"http://127.0.0.1:{port}/admin/")
        assert page.status_code == 200
        asked = re.findall(r'(?:href|src)="(/assets/[^"]+)"', page.text)
        assert any(name.endswith(".js") for name in asked)
        assert {httpx.get(f"http://127.0.0.1:{port}{name}").status_code for name in asked} == {200}
    finally:
        os.killpg(process.pid, signal.SIGINT)
        process.wait(TIMEOUT_S)
    with pytest.raises(httpx.TransportError):
        httpx.get(f"http://127.0.0.1:{port}/api/__health_check")


def test_pages_are_built_anew_where_what_they_are_made_from_has_changed(clone: Path) -> None:
    manifest = clone / "src/insula/web/dist/.vite/manifest.json"
    said(set_up(clone))
    built = manifest.stat().st_mtime_ns
    said(set_up(clone, "pages"))
    assert manifest.stat().st_mtime_ns == built
    with (clone / "ui/src/main.css").open("a") as style:
        style.write("/* another */\n")
    assert said(set_up(clone)) == "setup: building the pages (a minute or so)\n"
    assert manifest.stat().st_mtime_ns > built


def test_where_no_package_can_be_had_the_server_is_set_up_all_the_same(clone: Path, tmp_path: Path) -> None:
    said(set_up(clone))
    away = {
        "npm_config_registry": f"http://127.0.0.1:{free_port()}/",
        "npm_config_cache": str(tmp_path / "npm"),
        "npm_config_fetch_retries": "0",
    }
    shutil.rmtree(clone / "ui/node_modules")
    (clone / "src/insula/web/dist/.vite/manifest.json").unlink()
    output = said(set_up(clone, **away))
    assert "the pages can not be built, see .cache/pages.log; the server starts" in output
    assert "ECONNREFUSED" in (clone / ".cache/pages.log").read_text()
    alone = set_up(clone, "pages", **away)
    output, _ = alone.communicate(timeout=TIMEOUT_S)
    assert (alone.returncode, "the pages can not be built" in output) == (1, True)
    assert "building the pages" in said(set_up(clone))


def test_the_front_page_names_commands_that_are_there(clone: Path) -> None:
    commands = re.findall(r"^```sh\n(.*?)^```$", (clone / "README.md").read_text(), re.MULTILINE | re.DOTALL)
    assert commands == ["make start\n", "make test\n"]
    plan = subprocess.run(
        ["make", "-n", "test"], cwd=clone, env=environment(), capture_output=True, text=True, check=True
    )
    assert re.search(r"/complete_run\.py( -\S+( \w+)?)* tests$", plan.stdout, re.MULTILINE)


def program(path: Path, text: str) -> None:
    path.write_text(text)
    path.chmod(stat.S_IRWXU)


@pytest.fixture
def bare(tmp_path: Path) -> dict[str, str]:
    """The variables of a machine with Debian's python3 and nothing more, whose apt-get is ours."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in BASICS:
        (folder / name).symlink_to(str(shutil.which(name)))
    program(folder / "python3", BARE_PYTHON)
    program(folder / "apt-get", APT)
    program(tmp_path / "uv", UV)
    (folder / "id").unlink()
    program(folder / "id", AS_ROOT)
    return {
        "PATH": str(folder),
        "APT_LOG": str(tmp_path / "apt.log"),
        "APT_CAN": str(tmp_path / "apt.can"),
        "PYTHON_OF_THE_TEST": str(Path(sys.executable).resolve()),
        "PATH_OF_THE_TEST": environment()["PATH"],
        "UV_OF_THE_TEST": str(tmp_path / "uv"),
    }


def test_without_ensurepip_and_apt_it_says_what_to_install(bare: dict[str, str], tmp_path: Path) -> None:
    process = set_up(copy(tmp_path / "clone"), **bare, APT_WORKS="no")
    output, _ = process.communicate(timeout=TIMEOUT_S)
    assert process.returncode == 1
    assert "install the package python3-venv, python3-pip or uv" in output


def test_without_ensurepip_it_asks_apt_for_it(bare: dict[str, str], tmp_path: Path) -> None:
    clone = copy(tmp_path / "clone")
    assert "apt-get install python3-venv" in said(set_up(clone, **bare, APT_WORKS="yes"))
    assert "python3-venv" in Path(bare["APT_LOG"]).read_text()
    assert (clone / ".venv/bin/insula").exists()


def test_an_old_python_is_refused_with_a_sentence(bare: dict[str, str], tmp_path: Path) -> None:
    program(Path(bare["PATH"]) / "python3", "#!/bin/bash\nexit 1\n")
    process = set_up(copy(tmp_path / "clone"), **bare)
    output, _ = process.communicate(timeout=TIMEOUT_S)
    assert process.returncode == 1
    assert "Insula needs Python 3.11 or newer" in output
