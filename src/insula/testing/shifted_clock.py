"""The wall clock of a whole process, moved from outside while it runs: a small library is loaded before libc's."""

import shutil
import struct
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

_SOURCE: Final = r"""
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static volatile int64_t *shift;

__attribute__((constructor)) static void open_shift(void) {
    const char *path = getenv("SHIFTED_CLOCK");
    int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (file < 0) return;
    void *seen = mmap(0, sizeof(int64_t), PROT_READ, MAP_SHARED, file, 0);
    close(file);
    if (seen != MAP_FAILED) shift = seen;
}

int clock_gettime(clockid_t id, struct timespec *found) {
    int result = syscall(SYS_clock_gettime, id, found);
    if (result == 0 && shift && (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE)) found->tv_sec += *shift;
    return result;
}

int gettimeofday(struct timeval *restrict found, void *restrict zone) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    found->tv_sec = now.tv_sec;
    found->tv_usec = now.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *found) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (found) *found = now.tv_sec;
    return now.tv_sec;
}
"""


class NoCompiler(Exception):
    """There is no C compiler here."""


@dataclass(frozen=True, slots=True)
class ShiftedClock:
    """Wall time of processes that are started with ``environment``."""

    _library: Path
    _shift: Path

    @classmethod
    def built(cls, folder: Path) -> Self:
        """Compile the library into ``folder``. Raises ``NoCompiler``."""
        compiler = shutil.which("cc") or shutil.which("gcc")
        if compiler is None:
            raise NoCompiler
        source, library, shift = folder / "clock.c", folder / "clock.so", folder / "shift"
        source.write_text(_SOURCE)
        command: list[str | Path] = [
            compiler,
            "-shared",
            "-fPIC",
            "-O1",
            "-Wall",
            "-Werror",
            "-o",
            library,
            source,
        ]
        subprocess.run(command, check=True, capture_output=True)
        shift.write_bytes(struct.pack("=q", 0))
        return cls(library, shift)

    @property
    def environment(self) -> dict[str, str]:
        """Variables for the process."""
        return {"LD_PRELOAD": str(self._library), "SHIFTED_CLOCK": str(self._shift)}

    def jump_to(self, seconds: int) -> None:
        """From now on the wall clock is so many seconds ahead of the true one, or behind it."""
        with self._shift.open("r+b") as file:
            file.write(struct.pack("=q", seconds))
