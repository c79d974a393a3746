"""What a Dockerfile says, done in a folder: for machines on which no container engine runs.

The steps of all stages but the last are carried out, with the paths of the image leading into the folder; of that, what
it copies, its variables and what a container runs. What only a system of its own can do (packages, users) is left to
engines, and to linters.
"""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from dockerfile_parse import DockerfileParser

STEP_S = 300.0
"""What one step may take."""
_IN_IMAGE = re.compile(r"(?<![\w./-])/(?=(?:app|build|opt|usr/local)/|(?:build|opt)\b)")
"""Where paths of the image begin that are no places of every machine."""
_MADE_HERE = shutil.ignore_patterns("__pycache__", "node_modules", "dist")
"""What engines are not sent, as ``.dockerignore`` says."""


@dataclass
class Image:
    """An image as far as it was made."""

    root: Path
    """Stands for the top of its file system."""
    variables: dict[str, str] = field(default_factory=dict)
    """What a container has in its environment."""
    entrypoint: list[str] = field(default_factory=list)
    command: list[str] = field(default_factory=list)
    health: list[str] = field(default_factory=list)
    """The command that says by its exit code whether a container is well."""

    def inside(self, text: str) -> str:
        """The text with the paths of the image as they are here."""
        return _IN_IMAGE.sub(f"{self.root}/", text)

    @property
    def environment(self) -> dict[str, str]:
        """Its variables, and ``PATH``."""
        return {"PATH": _path(), **self.variables}


def build_image(dockerfile: Path, context: Path, root: Path) -> Image:
    """Follow the Dockerfile. ``root``: an empty folder that others may enter. Raises RuntimeError with what a failed
    step said, and for an instruction that is not known here."""
    with dockerfile.open("rb") as opened:
        steps = [(s["instruction"], s["value"]) for s in DockerfileParser(fileobj=opened).structure]
    starts = [number for number, (instruction, _) in enumerate(steps) if instruction == "FROM"]
    image = Image(root)
    for start, end in pairwise(starts):
        _Stage(image, context, runs=True).follow(steps[start:end])
        image.variables.clear()
    _Stage(image, context, runs=False).follow(steps[starts[-1] :])
    return image


class _Stage:
    """The instructions of one stage, one after the other."""

    def __init__(self, image: Image, context: Path, *, runs: bool) -> None:
        self._image = image
        self._context = context
        self._runs = runs
        self._folder = image.root

    def follow(self, steps: list[tuple[str, str]]) -> None:
        for instruction, value in steps:
            match instruction:
                case "RUN" if self._runs:
                    self._run(self._image.inside(value))
                case "COPY":
                    self._copy(shlex.split(value))
                case "ENV":
                    assigned = shlex.split(self._image.inside(value))
                    self._image.variables |= dict(word.split("=", 1) for word in assigned)
                case "WORKDIR":
                    self._folder = Path(self._image.inside(value))
                    self._folder.mkdir(parents=True, exist_ok=True)
                case "ENTRYPOINT":
                    self._image.entrypoint = json.loads(self._image.inside(value))
                case "CMD":
                    self._image.command = json.loads(self._image.inside(value))
                case "HEALTHCHECK":
                    self._image.health = json.loads(self._image.inside(value.split("CMD", 1)[1]))
                case "RUN" | "FROM" | "EXPOSE" | "COMMENT":
                    pass
                case _:
                    raise RuntimeError(f"{instruction} {value}: not known here")

    def _run(self, script: str) -> None:
        kept = {
            name: text for name, text in os.environ.items() if not name.startswith(("VIRTUAL_ENV", "PYTHON"))
        }
        done = subprocess.run(
            ["sh", "-euc", script],
            check=False,
            cwd=self._folder,
            env={**kept, **self._image.environment},
            capture_output=True,
            text=True,
            timeout=STEP_S,
        )
        if done.returncode:
            raise RuntimeError(f"{script} ended with {done.returncode}: {done.stderr[-4000:]}")

    def _copy(self, words: list[str]) -> None:
        options = [word for word in words if word.startswith("--")]
        *sources, target = (word for word in words if not word.startswith("--"))
        if any(option.startswith("--from=") for option in options):
            # All stages have one root here: what comes from another is in its place already.
            if sources != [target]:
                raise RuntimeError(f"{sources} of another stage lands elsewhere: {target}")
            return
        mode = next((int(o.removeprefix("--chmod="), 8) for o in options if o.startswith("--chmod=")), None)
        for source in sources:
            self._copy_one(self._context / source, target, mode)

    def _copy_one(self, source: Path, target: str, mode: int | None) -> None:
        place = self._folder / self._image.inside(target)
        if source.is_dir():
            shutil.copytree(source, place, ignore=_MADE_HERE, dirs_exist_ok=True)
            return
        if target.endswith("/"):
            place /= source.name
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, place)
        if mode is not None:  # a script, which names places of the image
            place.write_text(self._image.inside(place.read_text()))
            place.chmod(mode)


def copied(dockerfile: Path) -> Iterator[str]:
    """What the Dockerfile takes from the folder of the project."""
    with dockerfile.open("rb") as opened:
        structure = DockerfileParser(fileobj=opened).structure
    for step in structure:
        words = shlex.split(step["value"]) if step["instruction"] == "COPY" else []
        if not any(word.startswith("--from=") for word in words):
            yield from [word for word in words if not word.startswith("--")][:-1]


def _path() -> str:
    """``PATH`` with a Python first that users other than this one can run too, then what every system has, then npm."""
    for folder in (*os.environ["PATH"].split(os.pathsep), "/usr/local/bin", "/usr/bin"):
        python = Path(folder) / "python3"
        if (
            python.exists()
            and not python.resolve().is_relative_to(sys.prefix)
            and _is_for_all(python.resolve())
        ):
            npm = shutil.which("npm")
            last = [str(Path(npm).parent)] if npm else []
            return os.pathsep.join((folder, "/usr/local/bin", "/usr/bin", "/bin", *last))
    raise RuntimeError("there is no python3 that all users may run: apt-get install python3 python3-venv")


def _is_for_all(program: Path) -> bool:
    return all(place.stat().st_mode & 0o001 for place in (program, *program.parents))
