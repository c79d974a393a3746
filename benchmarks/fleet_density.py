"""Many applications that run: memory of each, connections and memory of PostgreSQL under load, and what stopping gives back."""

import asyncio
import contextlib
import random
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import asyncpg
import harness
import httpx
import psutil
from fleet import AT_ONCE, Fleet, fleet
from harness import servers

APPLICATIONS = 200
SETTLE_S = 8.0
"""Until what was freed is given back to the system."""
LOAD_S = 20.0
WARM_S = 2.0
"""Of the same requests to one application, which sleeps again before the others start."""
COUNT_EVERY_S = 0.01
WEIGH_EVERY_S = 1.0
CONNECTED = (
    "SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
)
BUDGET = 50
MEMORY_GOAL_MB = 0.6
BACKENDS_GOAL_MB = 1000.0
LEFT_GOAL = 1.2
CASES = {
    "sqlite": (False, "new_database"),
    "database": (True, "new_database"),
    "schema": (True, "new_schema"),
}
"""Name → whether there is a server, what is made for each application."""


def main(names: list[str]) -> None:
    for name in names or CASES:
        on_server, connection = CASES[name]
        with (
            harness.postgresql() if on_server else contextlib.nullcontext() as server,
            tempfile.TemporaryDirectory(prefix="insula-bench-") as folder,
        ):
            case(name, harness.installation(server, Path(folder) / "storage"), connection, server)


def case(name: str, instance: harness.Instance, connection: str, server: servers.Server | None) -> None:
    """Make all applications in one process, then measure them in another, as after a restart."""
    names = [f"{name}{number}" for number in range(APPLICATIONS)]
    try:
        with fleet(harness.launch(instance)) as many:
            many.many(names, connection)
            with ThreadPoolExecutor(AT_ONCE) as pool:
                list(pool.map(many.furnish, names))
            many.call("sleep", names)
        instance.stop()
        with fleet(harness.launch(instance)) as many:
            measure(many, name, names, server)
    finally:
        instance.stop()


def measure(many: Fleet, case: str, names: list[str], server: servers.Server | None) -> None:
    _warm(many, names[0])
    time.sleep(SETTLE_S)
    before_mb = many.running.resident_mb()
    for name in names:
        many.visit(name)
    time.sleep(SETTLE_S)
    each_mb = (many.running.resident_mb() - before_mb) / APPLICATIONS
    harness.report(
        f"memory of one, {case}",
        each_mb,
        "MB",
        peer="13-16 MB",
        goal=f"<= {MEMORY_GOAL_MB} MB",
        met=each_mb <= MEMORY_GOAL_MB,
        running=APPLICATIONS,
    )
    most, backends_mb, requests = load(many, names, server)
    if server is not None:
        harness.report(
            f"connections, {case}", most, "at most", peer="-", goal=f"<= {BUDGET}", met=most <= BUDGET
        )
        met = backends_mb <= BACKENDS_GOAL_MB
        goal = f"<= {BACKENDS_GOAL_MB:.0f} MB"
        harness.report(
            f"backends, {case}", backends_mb, "MB", peer="-", goal=goal, met=met, requests=requests
        )
    many.call("stop", names)
    time.sleep(SETTLE_S)
    left = many.running.resident_mb() / before_mb
    harness.report(
        f"left after stop, {case}",
        left,
        "times",
        peer="-",
        goal=f"<= {LEFT_GOAL} times",
        met=left <= LEFT_GOAL,
        before_mb=before_mb,
    )


def _warm(many: Fleet, name: str) -> None:
    """What the process loads and compiles once, whichever application is the first: as of a process that is in use."""
    _work(many, [name], [_token(many, name)], time.monotonic() + WARM_S, seed=0)
    many.call("sleep", name)


def load(many: Fleet, names: list[str], server: servers.Server | None) -> tuple[int, float, int]:
    """Lists and creates in all applications at once: most connections that the server saw, most memory of its
    processes together, and how much was asked."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        tokens = list(pool.map(lambda name: _token(many, name), names))
        ends = time.monotonic() + LOAD_S
        working = [pool.submit(_work, many, names, tokens, ends, seed) for seed in range(AT_ONCE - 1)]
        most, backends_mb = (0, 0.0) if server is None else asyncio.run(_watch(server, ends))
        return most, backends_mb, sum(one.result() for one in working)


def _token(many: Fleet, name: str) -> str:
    with many.sign_in(name) as client:
        return client.headers["Authorization"]


def _work(many: Fleet, names: list[str], tokens: list[str], ends: float, seed: int) -> int:
    chance, done = random.Random(seed), 0
    with httpx.Client(timeout=60) as client:
        while time.monotonic() < ends:
            place = chance.randrange(len(names))
            collection = f"things{chance.randrange(5)}"
            headers = {"Authorization": tokens[place]}
            base = many.of(names[place])
            if chance.random() < 0.2:
                answer = client.post(f"{base}{collection}:create", headers=headers, json={"title": "more"})
            else:
                answer = client.get(f"{base}{collection}:list", headers=headers)
            answer.raise_for_status()
            done += 1
    return done


async def _watch(server: servers.Server, ends: float) -> tuple[int, float]:
    """Most connections, as the server counts them all the time, and most memory of their processes, in MB."""
    most, backends_mb, weigh_at = 0, 0.0, 0.0
    watcher = await asyncpg.connect(
        host=server.host, port=server.port, user=server.user, password=server.password, database="postgres"
    )
    try:
        while time.monotonic() < ends:
            pids = [row["pid"] for row in await watcher.fetch(CONNECTED)]
            most = max(most, len(pids))
            if time.monotonic() >= weigh_at:
                backends_mb = max(backends_mb, sum(map(_share_mb, pids)))
                weigh_at = time.monotonic() + WEIGH_EVERY_S
            await asyncio.sleep(COUNT_EVERY_S)
    finally:
        await watcher.close()
    return most, backends_mb


def _share_mb(pid: int) -> float:
    """What a process has for itself, and its part of what it shares with others: the server's buffers, for the most."""
    try:
        return psutil.Process(pid).memory_full_info().pss / 1e6
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return 0.0


if __name__ == "__main__":
    main(sys.argv[1:])
