"""Metrics of a real server, read as Prometheus reads them."""

import time
from collections.abc import Callable

import httpx
from prometheus_client.parser import text_string_to_metric_families

from insula.server.sockets import socket_path
from insula.testing.instance import Instance

TOKEN = "a-token-for-whoever-watches"
PATIENCE_S = 10.0


def read(text: str) -> dict[str, float]:
    """Name → value, of samples that belong to main or to no application."""
    return {
        sample.name: sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.labels.get("application", "main") == "main" and "le" not in sample.labels
    }


def test_what_a_server_tells_of_itself(install: Callable[..., Instance]) -> None:
    server = install()
    server.start()
    asked = 7
    for _ in range(asked):
        assert httpx.get(f"{server.address}/api/app:getInfo").status_code == 200
    found = read(httpx.get(f"{server.address}/metrics").raise_for_status().text)
    assert found["insula_requests_total"] == asked
    assert found["insula_request_duration_seconds_count"] == asked
    assert found["insula_requests_in_flight"] == 0
    assert found["insula_application_state"] == 1
    assert found["insula_connections"] >= 1
    assert 0 <= found["insula_loop_lag_seconds"] < PATIENCE_S
    assert found["process_resident_memory_bytes"] > 10_000_000
    assert abs(found["process_start_time_seconds"] - time.time()) < 100
    proxied = httpx.get(f"{server.address}/metrics", headers={"X-Forwarded-For": "198.51.100.1"})
    assert (proxied.status_code, proxied.json()["error"]["code"]) == (403, "NOT_ALLOWED")


def test_with_a_token_and_over_the_operators_socket(install: Callable[..., Instance]) -> None:
    server = install(INSULA_METRICS_TOKEN=TOKEN)
    server.start()
    assert httpx.get(f"{server.address}/metrics").status_code == 401
    given = {"Authorization": f"Bearer {TOKEN}"}
    assert "insula_build_info" in httpx.get(f"{server.address}/metrics", headers=given).text
    transport = httpx.HTTPTransport(uds=str(socket_path(server.storage)))
    with httpx.Client(transport=transport) as operator:
        assert "insula_build_info" in operator.get("http://local/metrics").text
    assert server.stop() == 0
    assert TOKEN not in server.log
