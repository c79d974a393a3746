"""Requests per second of list, get and create on PostgreSQL, against the peer in interleaved slices."""

import sys

import harness
import peer

SLICES = 3
CREATE = """
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.body = '{"title":"Made","body":"by the benchmark","quantity":5,"price":1.5,"active":true,' ..
  '"due":"2026-01-02T03:04:05.000Z","email":"a@example.com","state":"new"}'
"""
GET = """
local n = 0
request = function()
  n = n % 10000 + 1
  return wrk.format("GET", "/api/items:get/" .. n)
end
"""
CASES: dict[str, tuple[str, str | None, str, float]] = {
    "list_exact": ("items:list?pageSize=20", None, "list", 7),
    "list_simple": ("simple:list?pageSize=20", None, "list", 15),
    "get": ("items:get/77", GET, "get", 8),
    "create": ("sink:create", CREATE, "create", 8),
}
"""Name → (address, wrk script, the peer's figure that it is held against, times it)."""
LIST_CPU_MS = 0.25


def main(names: list[str]) -> None:
    with harness.postgresql() as server, harness.insula(server) as running, peer.running(server) as address:
        harness.model(running)
        harness.model(running, simple=True, name="simple")
        harness.model(running, rows=0, name="sink")
        for name in names or CASES:
            measure(name, running, address)


def measure(name: str, running: harness.Running, address: str) -> None:
    path, script, against, times = CASES[name]
    ours, beside = [], []
    for _ in range(SLICES):
        ours.append(harness.load(running, path, script=script))
        beside.append(peer.per_s(address, against))
    per_s = harness.median([slice_.per_s for slice_ in ours])
    cpu_ms = harness.median([slice_.cpu_ms for slice_ in ours])
    pairs = zip(ours, beside, strict=True)  # each slice of ours with the peer's right after it
    ratio = harness.median([peer.ratio(slice_.per_s, against, peer_per_s) for slice_, peer_per_s in pairs])
    met = ratio >= times and (name != "list_exact" or cpu_ms <= LIST_CPU_MS)
    theirs = peer.REFERENCE["nocobase"][against]
    harness.report(
        name,
        ratio,
        "times",
        peer=f"{theirs:.0f}/s",
        goal=f">= {times} times" + (f", <= {LIST_CPU_MS} ms of CPU" if name == "list_exact" else ""),
        met=met,
        per_s=per_s,
        cpu_ms=cpu_ms,
        peer_per_s=harness.median(beside),
        times_uncorrected=per_s / theirs,
    )


if __name__ == "__main__":
    main(sys.argv[1:])
