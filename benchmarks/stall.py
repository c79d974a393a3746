"""The longest wait of other requests while a list of 10,000 rows is answered without paging (PostgreSQL).

A second connection asks ``__health_check`` without a pause; the longest of its answers during the big list,
less the median of those without one, is the stall. Where the machine has other work, that work is in it too; so
the CPU time of the longest turn of the event loop, in which nobody is answered, is told as a figure of its own.
"""

import threading
import time
from typing import Self

import harness
import httpx
from watched import Watched

REPEATS = 8
GOAL_MS = 5.0
PEER = "384-458 ms"
QUIET_S = 2.0


class Probe:
    """Asks for the health check again and again, and remembers each wait (seconds)."""

    def __init__(self, address: str) -> None:
        self.waits: list[float] = []
        self._address = address
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        import socket

        host, port = self._address.removeprefix("http://").split(":")
        request = f"GET /api/__health_check HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()
        with socket.create_connection((host, int(port))) as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            while not self._stop.is_set():
                began = time.perf_counter()
                connection.sendall(request)
                answer = b""
                while not answer.endswith(b"ok"):
                    answer += connection.recv(65536)
                self.waits.append(time.perf_counter() - began)


def fetch(running: harness.Running) -> int:
    """Read the whole list as it comes, without looking at it; gives its size in bytes."""
    size = 0
    with httpx.stream(
        "GET",
        f"{running.address}/api/items:list?paginate=false",
        headers=running.headers,
        timeout=60,
    ) as answer:
        answer.raise_for_status()
        for chunk in answer.iter_raw():
            size += len(chunk)
    return size


def longest_ms(running: harness.Running) -> tuple[float, int]:
    """The longest wait of others during one list (ms), and the list's size in bytes."""
    with Probe(running.address) as probe:
        size = fetch(running)
    return max(probe.waits) * 1e3, size


def waits(running: harness.Running) -> None:
    with Probe(running.address) as quiet:
        time.sleep(QUIET_S)
    ordinary = harness.median(quiet.waits) * 1e3
    first, size = longest_ms(running)
    longest = [longest_ms(running)[0] for _ in range(REPEATS)]
    stall = harness.median(longest) - ordinary
    harness.report(
        "stall",
        stall,
        "ms",
        peer=PEER,
        goal=f"<= {GOAL_MS} ms",
        met=stall <= GOAL_MS,
        bytes=size,
        first_of_the_process_ms=first,
        worst_ms=max(longest),
        quiet_ms=ordinary,
        quiet_max_ms=max(quiet.waits) * 1e3,
    )


def turns(running: harness.Running, instance: Watched) -> None:
    instance.longest_turn_ms()  # of start and sign-in
    longest = []
    for _ in range(REPEATS + 1):
        fetch(running)
        longest.append(instance.longest_turn_ms())
    harness.report(
        "stall, longest turn",
        max(longest),
        "ms of CPU",
        peer=PEER,
        goal=f"<= {GOAL_MS} ms",
        met=max(longest) <= GOAL_MS,
        first_of_the_process_ms=longest[0],
        median_ms=harness.median(longest),
    )


def main() -> None:
    with harness.postgresql() as server, harness.insula(server) as made:
        harness.model(made)
        made.instance.stop()
        waits(harness.launch(made.instance))
        made.instance.stop()
        with Watched(made.instance.storage, made.instance.settings) as watched:
            turns(harness.launch(watched), watched)


if __name__ == "__main__":
    main()
