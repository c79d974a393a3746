"""A Supervisor over a hundred workers and ten thousand applications: its CPU and memory when nobody asks it anything but
what the workers tell, and a page of the list."""

import asyncio
import contextlib
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import asyncpg
import harness
from environments import Head, head

from insula.testing import servers

WORKERS, EACH, RUNNING = 100, 100, 20
"""Workers, applications of each, and how many of these run from the beginning on."""
VISIT_EVERY_S = 60.0
"""On each worker, one of those that are asleep is woken so often."""
BEAT_S = 120.0
WINDOW_S = 6.0 * harness.SECONDS
SETTLE_S = 12.0
"""From the moment at which all are online: once round of everything that comes from time to time."""
PAGES = 50
CPU_GOAL, MEMORY_GOAL_MB, PAGE_GOAL_MS = 0.05, 200.0, 30.0
PATIENCE_S = 60.0
COPY = """
INSERT INTO "applications" ({columns})
SELECT {values} FROM "applications", generate_series(0, $1::int - 1) AS worker, generate_series(0, $2::int - 1) AS number
WHERE "name" = 'first'
"""
SPREAD = {
    '"name"': "'app' || worker || 'x' || number",
    '"stamp"': "gen_random_uuid()::text",
    '"cname"': "'app' || worker || 'x' || number || '.example.com'",
    '"environments"': "jsonb_build_array('sim' || worker)",
    '"wanted"': f"CASE WHEN number < {RUNNING} THEN 'running' ELSE 'asleep' END",
}
"""Some of each worker run, the others are asleep."""


def main() -> None:
    with head("w1") as running:
        running.many(["first"], "w1", startMode="withMain")
        running.fleet.supervisor.stop()
        asyncio.run(register(running.database, running.fleet.supervisor.settings["DB_DATABASE"], SPREAD))
        with simulated(running.redis.port):
            running.running = harness.launch(running.fleet.supervisor)
            with running.running.client() as running.client:
                large(running)


def large(running: Head) -> None:
    wait_until_online(running)
    time.sleep(SETTLE_S)
    before, began = running.running.cpu_s(), time.perf_counter()
    time.sleep(WINDOW_S)
    share = (running.running.cpu_s() - before) / (time.perf_counter() - began)
    about = {"workers": WORKERS, "applications": WORKERS * EACH, "window": WINDOW_S}
    harness.report(
        f"supervisor of {WORKERS} workers, CPU",
        share * 100,
        "% of a core",
        peer="-",
        goal=f"<= {CPU_GOAL * 100:g} %",
        met=share <= CPU_GOAL,
        **about,
    )
    first, last = (page_ms(running, page) for page in (1, WORKERS * EACH // 20))
    by_status = page_ms(running, 1, filter='{"status": "running"}')
    harness.report(
        "page of 10,000 applications",
        max(first, last),
        "ms",
        peer="-",
        goal=f"<= {PAGE_GOAL_MS:g} ms",
        met=max(first, last) <= PAGE_GOAL_MS,
        first=first,
        last=last,
        by_status=by_status,
    )
    memory = running.running.resident_mb()
    harness.report(
        f"supervisor of {WORKERS} workers, memory",
        memory,
        "MB",
        peer="-",
        goal=f"<= {MEMORY_GOAL_MB:g} MB",
        met=memory <= MEMORY_GOAL_MB,
        **about,
    )


def page_ms(running: Head, page: int, **params: str) -> float:
    """Median of some."""
    times = []
    for _ in range(PAGES):
        began = time.perf_counter()
        answer = running.client.get("/applications:list", params={"page": str(page), **params})
        times.append((time.perf_counter() - began) * 1e3)
        assert len(answer.raise_for_status().json()["data"]) == 20, answer.text
    return harness.median(times)


def wait_until_online(running: Head) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while True:
        states = [row["state"] for row in running.client.get("/environments:list").json()["data"]]
        if states.count("online") == WORKERS + 1:
            return
        if time.monotonic() > deadline:
            raise TimeoutError(f"not all are online: {states}")
        time.sleep(0.2)


@contextlib.contextmanager
def simulated(redis_port: int) -> Iterator[None]:
    """The workers, from now on."""
    words = [str(each) for each in (redis_port, WORKERS, RUNNING, VISIT_EVERY_S, BEAT_S)]
    script = Path(__file__).with_name("simulated.py")
    with subprocess.Popen([sys.executable, str(script), *words]) as process:
        try:
            yield
        finally:
            servers.stop(process, signal.SIGTERM)


async def register(server: servers.Server, database: str, changed: Mapping[str, str]) -> None:
    """Write as many records as there should be, like the first; ``changed``: what stands in a column instead, by ``worker``
    and ``number``."""
    connection = await asyncpg.connect(
        host=server.host, port=server.port, user=server.user, password=server.password, database=database
    )
    try:
        rows = await connection.fetch(
            "SELECT column_name FROM information_schema.columns WHERE table_name = 'applications'"
        )
        columns = [f'"{row[0]}"' for row in rows]
        values = [changed.get(column, column) for column in columns]
        text = COPY.format(columns=", ".join(columns), values=", ".join(values))
        await connection.execute(text, WORKERS, EACH)
    finally:
        await connection.close()


if __name__ == "__main__":
    main()
