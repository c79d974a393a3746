"""A small disk of a test's own, to be filled and freed."""

import contextlib
import errno
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_BLOCK = b"\0" * 65536


class NoDisks(Exception):
    """This user can not mount a file system here."""


@dataclass(frozen=True, slots=True)
class Disk:
    """A mounted file system."""

    path: Path

    def fill(self, *, leave_bytes: int = 0) -> None:
        """Take all room but so much."""
        with (self.path / "ballast").open("ab", buffering=0) as file:
            block = _BLOCK
            while block:
                try:
                    file.write(block)
                except OSError as error:
                    if error.errno != errno.ENOSPC:
                        raise
                    block = block[: len(block) // 2]
            size = file.tell()
            file.truncate(max(0, size - leave_bytes))

    def free(self) -> None:
        """Give the room back."""
        (self.path / "ballast").unlink(missing_ok=True)

    def permit_writing(self, permitted: bool) -> None:
        """Mount it anew, for reading alone or not."""
        mode = "rw" if permitted else "ro"
        subprocess.run(["mount", "-o", f"remount,{mode}", self.path], check=True, capture_output=True)


@contextlib.contextmanager
def small_disk(path: Path, megabytes: int, *, owner: int | None = None) -> Iterator[Disk]:
    """A file system in memory, mounted at ``path``, of the user ``owner`` (a number; our own when not given).

    Raises ``NoDisks`` where that is not permitted.
    """
    path.mkdir(parents=True)
    options = f"size={megabytes}m,mode=0755,uid={os.getuid() if owner is None else owner}"
    try:
        subprocess.run(
            ["mount", "-t", "tmpfs", "-o", options, "insula-test", path], check=True, capture_output=True
        )
    except (OSError, subprocess.CalledProcessError) as error:
        raise NoDisks(getattr(error, "stderr", b"").decode() or str(error)) from error
    try:
        yield Disk(path)
    finally:
        subprocess.run(["umount", "--lazy", path], check=True, capture_output=True)
