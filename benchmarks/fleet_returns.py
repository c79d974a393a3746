"""An environment whose process is killed with fifty running applications, and started again: how long until all serve."""

import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import harness
import httpx
from environments import Head, head

from insula.testing.instance import Instance

APPLICATIONS = 50
ROUNDS = 3
GOAL_S = 5.0
PATIENCE_S = 60.0
POLL_S = 0.02


def main() -> None:
    names = [f"app{number}" for number in range(APPLICATIONS)]
    with head("w1") as running:
        running.many(names, "w1", startMode="withMain")
        # By their health, which wakes nobody: they come up by themselves. One after the other, so that asking costs little.
        returns(running, names, "__health_check", f"{APPLICATIONS} with their environment, killed", clients=1)
        for name in names:
            running.call("update", name, options={"startMode": "onFirstVisit"})
        running.call("restart", names)
        # Each is visited from the beginning on, and held until it is up.
        returns(
            running, names, "app:getLang", f"{APPLICATIONS} visited at once, killed", clients=APPLICATIONS
        )


def returns(running: Head, names: list[str], action: str, figure: str, clients: int) -> None:
    """Seconds from the start of the process until each has answered there. The Supervisor is back at them afterwards."""
    worker = running.fleet.worker("w1")
    limits = httpx.Limits(max_connections=clients)
    times = []
    for _ in range(ROUNDS):
        worker.kill()
        with httpx.Client(timeout=PATIENCE_S, limits=limits) as client, ThreadPoolExecutor(clients) as pool:
            began = time.perf_counter()
            worker.begin()
            list(pool.map(partial(_until_it_serves, client, worker, action), names))
            times.append(time.perf_counter() - began)
            for name in names:
                _until_it_serves(client, running.fleet.supervisor, "__health_check", name)
    seconds = harness.median(times)
    harness.report(
        figure,
        seconds,
        "s",
        peer="-",
        goal=f"<= {GOAL_S:g} s",
        met=max(times) <= GOAL_S,
        worst=max(times),
    )


def _until_it_serves(client: httpx.Client, instance: Instance, action: str, name: str) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            if client.get(f"{instance.address}/api/__app/{name}/{action}").status_code == httpx.codes.OK:
                return
        except httpx.TransportError:
            pass  # its process is on its way
        if time.monotonic() > deadline:
            raise TimeoutError(f"{name} is not served")
        time.sleep(POLL_S)


if __name__ == "__main__":
    main()
