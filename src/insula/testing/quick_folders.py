"""Folders in memory for servers of tests: who made one stands in its name, so that what a killed run left is found."""

import contextlib
import os
import re
import shutil
import signal
import tempfile
import time
from pathlib import Path

MEMORY = Path("/dev/shm")
PROCESS_FILE = "server.pid"
"""Where a server that runs in such a folder writes its number."""
_ROOM_BYTES = 2 * 1024**3
_PROCESSES = Path("/proc")
_END_TIMEOUT_S = 20.0
_POLL_S = 0.05


def quick_folder(prefix: str, memory: Path = MEMORY) -> Path:
    """A new folder for what may be lost: in memory where the machine has room, for a change of tables makes and drops
    files, and a disk takes its time for each. What runs that were killed have left there is taken away before."""
    if memory.is_dir():
        sweep(prefix, memory)
    roomy = memory.is_dir() and shutil.disk_usage(memory).free >= _ROOM_BYTES
    return Path(tempfile.mkdtemp(prefix=f"{prefix}{os.getpid()}-", dir=memory if roomy else None))


def sweep(prefix: str, memory: Path) -> None:
    """Take away the folders whose makers are gone, and end the servers that still run in them."""
    for folder in memory.glob(f"{prefix}*"):
        maker = re.match(r"\d+", folder.name.removeprefix(prefix))
        if maker is not None and not _lives(int(maker[0])):
            _end_server(folder)
            shutil.rmtree(folder, ignore_errors=True)


def _lives(process: int) -> bool:
    return (_PROCESSES / str(process)).exists()


def _end_server(folder: Path) -> None:
    """End what was started in the folder and outlived its maker; numbers are given again, so it has to name the folder."""
    try:
        process = int((folder / PROCESS_FILE).read_text())
        started = (_PROCESSES / str(process) / "cmdline").read_bytes()
    except (OSError, ValueError):
        return  # it never ran, or has ended
    if os.fsencode(folder) not in started:
        return
    deadline = time.monotonic() + _END_TIMEOUT_S
    with contextlib.suppress(ProcessLookupError):
        os.kill(process, signal.SIGKILL)
    while _lives(process) and time.monotonic() < deadline:
        time.sleep(_POLL_S)
