"""A Redis that comes late, never, says nothing or lets nobody in, under the real start of a supervisor and a worker."""

import re
import signal
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from insula.server.exits import Exit
from insula.testing import servers
from insula.testing.instance import Instance
from insula.testing.relay import Relay

PATIENCE_S = 30.0
MODES = {
    "supervisor": {"APP_MODE": "supervisor", "APP_PROCESS_ADAPTER": "remote"},
    "worker": {
        "APP_MODE": "worker",
        "APP_PROCESS_ADAPTER": "local",
        "ENVIRONMENT_NAME": "env_a",
        "ENVIRONMENT_URL": "http://localhost:15000",
    },
}
PASSWORD = "s3cr3t-s3cr3t"

Make = Callable[..., Instance]


@pytest.fixture(params=MODES)
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Make]:
    """Makes an installation of this mode over a Redis at a port; it is ended with the test."""
    made: list[Instance] = []

    def one(port: int, wait_s: float = 60.0, user: str = "") -> Instance:
        url = f"redis://{user}127.0.0.1:{port}/0"
        settings = MODES[request.param] | {
            "DB_DIALECT": "sqlite",
            "APP_DISCOVERY_ADAPTER": "remote",
            "APP_COMMAND_ADAPTER": "redis",
            "APP_SUPERVISOR_REDIS_URL": url,
            "APP_COMMAND_REDIS_URL": url,
            "INSULA_WAIT_TIMEOUT_S": str(wait_s),
        }
        made.append(Instance(tmp_path / "s", settings))
        return made[-1]

    yield one
    for each in made:
        each.__exit__()


def ended(instance: Instance) -> tuple[int, str]:
    """Its exit code and all that it said, once it has ended by itself."""
    process = instance.begin()
    code = process.wait(PATIENCE_S)
    assert "Traceback" not in instance.log
    assert PASSWORD not in instance.log
    return code, instance.log


def test_one_that_stays_away_ends_the_start(make: Make) -> None:
    port = servers.free_port()
    code, said = ended(make(port, wait_s=1.0, user=f":{PASSWORD}@"))
    assert code == Exit.UNAVAILABLE
    assert (
        f"insula: The Redis 127.0.0.1:{port}/0 (APP_SUPERVISOR_REDIS_URL and APP_COMMAND_REDIS_URL) does not answer: "
        in said
    )


def test_one_that_comes_late_is_waited_for_with_a_line_every_five_seconds(make: Make) -> None:
    with servers.redis() as redis:
        relay = Relay(servers.free_port(), redis.port)
        instance = make(relay.port)
        process = instance.begin()
        instance.printed(
            rf"waiting for Redis, 5 of 60 s: The Redis 127.0.0.1:{relay.port}/0 \(.*\) does not answer"
        )
        instance.printed(r"waiting for Redis, 10 of 60 s")
        assert process.poll() is None
        with relay:
            instance.wait_until_well()
            assert instance.stop() == 0
    assert not re.search(r"REDIS_(UNAVAILABLE|REFUSED)", instance.log)
    assert "Traceback" not in instance.log


def test_one_that_takes_connections_and_says_nothing_ends_the_start(make: Make) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        began = time.monotonic()
        code, said = ended(make(silent.getsockname()[1], wait_s=1.0))
    assert code == Exit.UNAVAILABLE
    assert "it took too long to answer" in said
    assert time.monotonic() - began < PATIENCE_S / 2


@pytest.mark.parametrize("user", ["", f":wrong-{PASSWORD}@", f"nobody:{PASSWORD}@"])
def test_one_that_lets_nobody_in_ends_the_start_at_once(make: Make, user: str) -> None:
    with servers.redis(settings=("--requirepass", PASSWORD)) as redis:
        code, said = ended(make(redis.port, user=user))
    assert code == Exit.INVALID
    assert f"insula: The Redis 127.0.0.1:{redis.port}/0 does not let us in" in said
    assert "write a user and password that may in APP_SUPERVISOR_REDIS_URL and APP_COMMAND_REDIS_URL" in said


def test_a_stop_while_waiting_ends_at_once(make: Make) -> None:
    instance = make(servers.free_port())
    process = instance.begin()
    instance.printed(r"waiting for Redis, 5 of 60 s")
    process.send_signal(signal.SIGTERM)
    assert process.wait(PATIENCE_S) == 0
    assert "Traceback" not in instance.log
