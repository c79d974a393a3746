"""The package as it is built: with the pages in it, or not at all."""

import os
import shutil
import subprocess
import tarfile
import zipfile
from pathlib import Path

import pytest
from sources import ROOT, files, shown

from insula.gateway.web import DIST, MANIFEST
from insula.testing.web import MADE_UP_DIST

TIMEOUT_S = 100
PAGES = DIST.relative_to(ROOT / "src").as_posix()
NAMES = sorted(
    path.relative_to(MADE_UP_DIST).as_posix() for path in MADE_UP_DIST.rglob("*.*") if path.is_file()
)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of what is kept in the repository: nothing is built in it."""
    folder = tmp_path / "project"
    for path in files():
        if not shown(path).startswith(("docs/", "tests/", "ui/")):
            target = folder / shown(path)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, target)
    return folder


def build(project: Path, *kinds: str) -> subprocess.CompletedProcess[str]:
    path = f"{os.environ['PATH']}:{ROOT / '.cache' / 'uv' / 'bin'}"
    return subprocess.run(
        ["uv", "build", *kinds, "--out-dir", str(project.parent / "out")],
        cwd=project,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
    )


def test_pages_are_in_the_wheel_also_by_way_of_the_source_archive(project: Path) -> None:
    shutil.copytree(MADE_UP_DIST, project / "src" / PAGES)
    done = build(project)
    assert done.returncode == 0, done.stderr
    (wheel,) = (project.parent / "out").glob("insula-*.whl")
    with zipfile.ZipFile(wheel) as opened:
        inside = set(opened.namelist())
        assert {f"{PAGES}/{name}" for name in NAMES} <= inside
        assert opened.read(f"{PAGES}/{MANIFEST}") == (MADE_UP_DIST / MANIFEST).read_bytes()
    assert {"insula/gateway/templates/base.css", "insula/py.typed"} <= inside
    assert {name.split("/")[0] for name in inside if ".dist-info/" not in name} == {"insula"}
    (archive,) = (project.parent / "out").glob("insula-*.tar.gz")
    with tarfile.open(archive) as sources:
        kept = {name.partition("/")[2] for name in sources.getnames()}
    assert {f"src/{PAGES}/{name}" for name in NAMES} | {"hatch_build.py"} <= kept


@pytest.mark.parametrize("kind", ["--wheel", "--sdist"])
def test_without_pages_nothing_is_built(project: Path, kind: str) -> None:
    done = build(project, kind)
    assert done.returncode != 0
    assert f"src/{PAGES}/{MANIFEST} is missing: scripts/setup pages builds the pages first." in done.stderr
    assert list((project.parent / "out").glob("insula-*")) == []
