"""A start with applications: twenty that start with main, and a thousand that are asleep."""

import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import harness
import httpx
from fleet import TIMEOUT_S, fleet

WITH_MAIN = 20
REGISTERED = 1_000
STARTS = 5
ALL_GOAL_S = 2.0
MORE_START_GOAL_S = 0.1
MORE_MEMORY_GOAL_MB = 5.0
COPY = """
INSERT INTO "applications" ({columns})
SELECT {values} FROM "applications", generate_series(1, {count}) AS number WHERE "name" = 'first'
"""


def main() -> None:
    with harness.postgresql() as server, tempfile.TemporaryDirectory(prefix="insula-bench-") as folder:
        with_main(harness.installation(server, Path(folder) / "storage"))
    with harness.postgresql() as server, tempfile.TemporaryDirectory(prefix="insula-bench-") as folder:
        registered(server, harness.installation(server, Path(folder) / "storage"))


def with_main(instance: harness.Instance) -> None:
    """Seconds from the start of the process until main and all applications have answered."""
    names = [f"app{number}" for number in range(WITH_MAIN)]
    running = harness.launch(instance)
    try:
        with fleet(running) as many:
            many.many(names, startMode="withMain")
    finally:
        instance.stop()
    times = []
    for _ in range(STARTS):
        began = time.perf_counter()
        running = harness.started(instance)
        try:
            with ThreadPoolExecutor(WITH_MAIN) as pool:
                list(pool.map(partial(_until_it_runs, running), names))
            times.append(time.perf_counter() - began)
        finally:
            instance.stop()
    seconds = harness.median(times)
    harness.report(
        f"start with {WITH_MAIN} applications",
        seconds,
        "s",
        peer="55-83 s",
        goal=f"<= {ALL_GOAL_S:.0f} s",
        met=seconds <= ALL_GOAL_S,
        worst=max(times),
    )


def _until_it_runs(running: harness.Running, name: str) -> None:
    """Asked by its health alone, which wakes nobody: it comes up by itself."""
    deadline = time.monotonic() + TIMEOUT_S
    with httpx.Client(timeout=TIMEOUT_S) as client:
        while client.get(f"{running.address}/api/__app/{name}/__health_check").status_code != 200:
            if time.monotonic() > deadline:
                raise TimeoutError(name)
            time.sleep(0.01)


def registered(server: harness.servers.Server, instance: harness.Instance) -> None:
    """What a thousand that are asleep add to time and memory of a start."""
    running = harness.launch(instance)
    try:
        with fleet(running) as many:
            many.made("first")
            many.call("sleep", "first")
    finally:
        instance.stop()
    before = [_start(instance) for _ in range(STARTS)]
    _copy(server)
    after = [_start(instance) for _ in range(STARTS)]
    more_s = harness.median([one[0] for one in after]) - harness.median([one[0] for one in before])
    more_mb = harness.median([one[1] for one in after]) - harness.median([one[1] for one in before])
    harness.report(
        f"start, {REGISTERED} registered",
        more_s,
        "s more",
        peer="-",
        goal=f"< {MORE_START_GOAL_S} s more",
        met=more_s < MORE_START_GOAL_S,
    )
    harness.report(
        f"memory, {REGISTERED} registered",
        more_mb,
        "MB more",
        peer="-",
        goal=f"< {MORE_MEMORY_GOAL_MB:.0f} MB more",
        met=more_mb < MORE_MEMORY_GOAL_MB,
    )


def _start(instance: harness.Instance) -> tuple[float, float]:
    running = harness.started(instance)
    try:
        time.sleep(1.0)
        return running.started_s, running.resident_mb()
    finally:
        instance.stop()


def _copy(server: harness.servers.Server) -> None:
    """Write as many records as there should be, like the first."""
    import asyncio

    import asyncpg

    async def write() -> None:
        connection = await asyncpg.connect(
            host=server.host,
            port=server.port,
            user=server.user,
            password=server.password,
            database=harness.DATABASE,
        )
        try:
            rows = await connection.fetch(
                "SELECT column_name FROM information_schema.columns WHERE table_name = 'applications'"
            )
            columns = [f'"{row[0]}"' for row in rows]
            changed = {
                '"name"': "'app' || number",
                '"stamp"': "gen_random_uuid()::text",
                '"cname"': "'app' || number || '.example.com'",
            }
            values = [changed.get(column, column) for column in columns]
            await connection.execute(
                COPY.format(columns=", ".join(columns), values=", ".join(values), count=REGISTERED)
            )
        finally:
            await connection.close()

    asyncio.run(write())


if __name__ == "__main__":
    main()
