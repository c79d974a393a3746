"""Process start to first answer of an installed application, and its resident memory when idle (PostgreSQL).

Memory is read twice: when nothing was asked yet but whether it answers, and after the first sign-in and list,
which load what hashes passwords and signs tokens.
"""

import tempfile
import time
from pathlib import Path

import harness

STARTS = 5
IDLE_S = 1.0
"""Between the last answer and a look at the memory."""
START_GOAL_S = 1.0
MEMORY_GOAL_MB = 90.0
MEMORY_PEER = "383-447 MB"


def main() -> None:
    times: list[float] = []
    cpu: list[float] = []
    fresh: list[float] = []
    used: list[float] = []
    with tempfile.TemporaryDirectory(prefix="insula-bench-") as folder, harness.postgresql() as server:
        instance = harness.installation(server, Path(folder) / "storage")
        installing = one(instance)
        for _ in range(STARTS):
            running_s, cpu_s, idle_mb, used_mb = one(instance)
            times.append(running_s)
            cpu.append(cpu_s)
            fresh.append(idle_mb)
            used.append(used_mb)
    start = harness.median(times)
    met = start <= START_GOAL_S
    goal = f"<= {START_GOAL_S} s"
    harness.report("start", start, "s", peer="7.4 s", goal=goal, met=met, cpu_s=harness.median(cpu))
    for name, memory, installed_mb in (
        ("memory", fresh, installing[2]),
        ("memory, used", used, installing[3]),
    ):
        resident = harness.median(memory)
        harness.report(
            name,
            resident,
            "MB",
            peer=MEMORY_PEER,
            goal=f"<= {MEMORY_GOAL_MB} MB",
            met=max(resident, installed_mb) <= MEMORY_GOAL_MB,
            process_that_installed_mb=installed_mb,
            after="start" if memory is fresh else "first sign-in and list",
        )


def one(instance: harness.Instance) -> tuple[float, float, float, float]:
    """Start and stop one process: seconds to its first answer, on the clock and of CPU; MB when idle then, and
    after sign-in and list."""
    running = harness.started(instance)
    cpu_s = running.cpu_s()
    try:
        time.sleep(IDLE_S)
        fresh_mb = running.resident_mb()
        running.sign_in()
        with running.client() as client:
            client.get("/users:list").raise_for_status()
        time.sleep(IDLE_S)
        return running.started_s, cpu_s, fresh_mb, running.resident_mb()
    finally:
        instance.stop()


if __name__ == "__main__":
    main()
