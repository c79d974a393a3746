"""Process start to first answer of an installed application, and its resident memory when idle (PostgreSQL)."""

import tempfile
from pathlib import Path

import harness

STARTS = 5
START_GOAL_S = 1.0
MEMORY_GOAL_MB = 90.0


def main() -> None:
    times, memory = [], []
    with tempfile.TemporaryDirectory(prefix="insula-bench-") as folder, harness.postgresql() as server:
        instance = harness.installation(server, Path(folder) / "storage")
        for number in range(STARTS + 1):
            running = harness.launch(instance)
            try:
                with running.client() as client:
                    client.get("/users:list").raise_for_status()
                if number:  # the first start installs
                    times.append(running.started_s)
                    memory.append(running.resident_mb())
            finally:
                instance.stop()
    start, resident = harness.median(times), harness.median(memory)
    harness.report("start", start, "s", f"<= {START_GOAL_S} s (NocoBase: 7.4)", start <= START_GOAL_S)
    goal = f"<= {MEMORY_GOAL_MB} MB (NocoBase: 383-447)"
    harness.report("memory", resident, "MB", goal, resident <= MEMORY_GOAL_MB, after="sign-in and one list")


if __name__ == "__main__":
    main()
