"""The front door beside one nginx worker: same core, same upstream, slices that alternate; latency; idle WebSockets.

The proxies have the first core for themselves, the upstream and the clients the second.
"""

import asyncio
import contextlib
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
from harness import SECONDS, median, report

SLICES = 5
CONNECTIONS = 32
LATENCY_ROUNDS, LATENCY_REQUESTS = 15, 1_000
WEBSOCKETS = 5_000
ANSWER_BYTES = 2_048
PROXY_CORE, REST_CORE = "0", "1"
PATIENCE_S = 20.0

RATE_GOAL = 0.8
P50_GOAL_MS, P99_GOAL_MS = 0.15, 1.0
WEBSOCKET_GOAL_KB = 12.0

NGINX = """
worker_processes 1; daemon off; master_process off; pid {folder}/{name}.pid; error_log {folder}/{name}.log;
events {{ worker_connections 4096; }}
http {{
  access_log off; keepalive_requests 1000000000;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  {server}
}}
"""
SERVES = """
  server {{ listen 127.0.0.1:{port}; location / {{ root {folder}/www; default_type application/json; }} }}
"""
FORWARDS = """
  upstream behind {{ server 127.0.0.1:{upstream}; keepalive 64; keepalive_requests 1000000000; }}
  server {{
    listen 127.0.0.1:{port};
    location / {{
      proxy_pass http://behind; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host $host;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for; proxy_set_header X-Forwarded-Proto $scheme;
      proxy_set_header X-Forwarded-Host $host; proxy_set_header X-Request-Id $request_id;
    }}
  }}
"""
PATH = "api/__app/shop/items"
GET = b"GET /%b HTTP/1.1\r\nHost: localhost\r\n\r\n" % PATH.encode()
UPGRADE = (
    b"GET /api/__app/talks/ws HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)
AGREED = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"


def free_ports(count: int) -> list[int]:
    """Different ones, which nobody listens on now."""
    with contextlib.ExitStack() as stack:
        bound = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [each.getsockname()[1] for each in bound]


@contextlib.contextmanager
def pinned(core: str, command: list[str], port: int) -> Iterator[psutil.Process]:
    """A program on one core, once it answers at its port."""
    with subprocess.Popen(["taskset", "-c", core, *command]) as process:
        try:
            deadline = time.monotonic() + PATIENCE_S
            while not _answers(port):
                if process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError(f"{command} does not answer")
                time.sleep(0.05)
            yield psutil.Process(process.pid)
        finally:
            process.terminate()


def _answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


def nginx(folder: Path, name: str, server: str) -> list[str]:
    file = folder / f"{name}.conf"
    file.write_text(NGINX.format(folder=folder, name=name, server=server))
    return ["nginx", "-c", str(file), "-e", str(folder / f"{name}.log")]


def wrk(port: int) -> tuple[float, int]:
    """Requests per second, and how many there were."""
    command = ["taskset", "-c", REST_CORE, "wrk", "-t1", f"-c{CONNECTIONS}", f"-d{SECONDS}s"]
    output = subprocess.run(
        [*command, f"http://127.0.0.1:{port}/{PATH}"], check=True, capture_output=True, text=True
    ).stdout
    rate, total = re.search(r"Requests/sec:\s+([\d.]+)", output), re.search(r"(\d+) requests in", output)
    if "Non-2xx" in output or rate is None or total is None:
        raise RuntimeError(output)
    return float(rate[1]), int(total[1])


def slice_of(process: psutil.Process, port: int) -> tuple[float, float]:
    """Requests per second, and µs of the proxy's CPU for each."""
    before = process.cpu_times()
    per_s, count = wrk(port)
    after = process.cpu_times()
    return per_s, (after.user + after.system - before.user - before.system) / count * 1e6


def rates(door: psutil.Process, door_port: int, peer: psutil.Process, peer_port: int) -> None:
    ratios, cpu_ratios, ours, theirs = [], [], [], []
    for _ in range(SLICES):
        their_rate, their_us = slice_of(peer, peer_port)
        our_rate, our_us = slice_of(door, door_port)
        ratios.append(our_rate / their_rate)
        cpu_ratios.append(their_us / our_us)
        ours.append((our_rate, our_us))
        theirs.append((their_rate, their_us))
    ratio = median(ratios)
    report(
        "forwarded requests per second",
        ratio,
        "of one nginx worker's",
        peer=f"{median([rate for rate, _ in theirs]):,.0f} per s",
        goal=f">= {RATE_GOAL} of nginx's",
        met=ratio >= RATE_GOAL,
        connections=CONNECTIONS,
        per_s=median([rate for rate, _ in ours]),
        cpu_us=median([us for _, us in ours]),
        nginx_cpu_us=median([us for _, us in theirs]),
        by_cpu=median(cpu_ratios),
    )


def ask(sock: socket.socket) -> float:
    """One request; how many ms it took."""
    began = time.perf_counter()
    sock.sendall(GET)
    got = sock.recv(65536)
    while len(got.partition(b"\r\n\r\n")[2]) < ANSWER_BYTES:
        got += sock.recv(65536)
    return (time.perf_counter() - began) * 1e3


def latency(door_port: int, peer_port: int, upstream_port: int) -> None:
    """At one connection, in turns: through the door, through nginx, and straight.

    What is told is the median of rounds: one in which the machine had something else to do says nothing.
    """
    rounds = []
    with contextlib.ExitStack() as stack:
        lines = [
            stack.enter_context(socket.create_connection(("127.0.0.1", port)))
            for port in (door_port, peer_port, upstream_port)
        ]
        for _ in range(LATENCY_ROUNDS):
            turns = [[ask(line) for line in lines] for _ in range(LATENCY_REQUESTS)]
            rounds.append([sorted(turn[which] for turn in turns) for which in range(3)])
    for name, share, goal in (("p50", 0.5, P50_GOAL_MS), ("p99", 0.99, P99_GOAL_MS)):
        at = int(LATENCY_REQUESTS * share)
        added = [ours[at] - straight[at] for ours, _, straight in rounds]
        figure = median(added)
        report(
            f"latency added by forwarding, {name}",
            figure,
            "ms",
            peer=f"{median([theirs[at] - straight[at] for _, theirs, straight in rounds]):.3f} ms by nginx",
            goal=f"<= {goal} ms",
            met=figure <= goal,
            connections=1,
            without_ms=median([straight[at] for _, _, straight in rounds]),
            least=min(added),
            most=max(added),
        )


async def agree(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(AGREED)


async def websockets(door: psutil.Process, door_port: int, behind_port: int) -> None:
    behind = await asyncio.start_server(agree, "127.0.0.1", behind_port, backlog=1024)
    held = []
    before = door.memory_full_info().uss
    for _ in range(WEBSOCKETS):
        reader, writer = await asyncio.open_connection("127.0.0.1", door_port)
        writer.write(UPGRADE)
        await reader.readuntil(b"\r\n\r\n")
        held.append(writer)
    each_kb = (door.memory_full_info().uss - before) / WEBSOCKETS / 1e3
    report(
        "memory of an idle WebSocket through the front door",
        each_kb,
        "kB",
        peer="-",
        goal=f"<= {WEBSOCKET_GOAL_KB:g} kB",
        met=each_kb <= WEBSOCKET_GOAL_KB,
        connections=WEBSOCKETS,
    )
    for writer in held:
        writer.transport.abort()
    behind.close()


def main() -> None:
    upstream, peer, door, behind = free_ports(4)
    program = [
        sys.executable,
        str(Path(__file__).with_name("door.py")),
        str(door),
        str(upstream),
        str(behind),
    ]
    with tempfile.TemporaryDirectory(prefix="insula-bench-") as name, contextlib.ExitStack() as stack:
        folder = Path(name)
        folder.chmod(0o755)
        served = folder / "www" / PATH
        served.parent.mkdir(parents=True)
        served.write_bytes(b"x" * ANSWER_BYTES)
        serves = nginx(folder, "upstream", SERVES.format(port=upstream, folder=folder))
        forwards = nginx(folder, "peer", FORWARDS.format(port=peer, upstream=upstream))
        stack.enter_context(pinned(REST_CORE, serves, upstream))
        theirs = stack.enter_context(pinned(PROXY_CORE, forwards, peer))
        ours = stack.enter_context(pinned(PROXY_CORE, program, door))
        os.sched_setaffinity(0, {int(REST_CORE)})
        latency(door, peer, upstream)
        rates(ours, door, theirs, peer)
        asyncio.run(websockets(ours, door, behind))


if __name__ == "__main__":
    main()
