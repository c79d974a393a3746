"""The compose file, service by service, as it stands: what it says, and what comes up when each of its services is started."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import yaml
from redis import Redis

from insula.server import settings
from insula.testing import servers
from insula.testing.compose import Composed, composed, services
from insula.testing.databases import connected
from insula.testing.fleet_client import FleetClient, environments, set_up
from insula.testing.image import Image
from insula.testing.instance import Instance

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "deploy" / "compose"
FILE = FOLDER / "compose.yaml"
DOCUMENTED = Path(__file__).parent / "compose" / "documented.yaml"
"""What the documentation of the protocol shows."""
APPLICATION = "composed"
"""Its database is named after it, on the server that other tests have, too."""
THEIRS, OURS = "nocobase/nocobase:alpha", "insula"


def test_only_the_image_is_another() -> None:
    assert FILE.read_text() == DOCUMENTED.read_text().replace(f"image: {THEIRS}\n", f"image: {OURS}\n")
    assert [*services(FILE, OURS)] == ["supervisor", "worker_a", "worker_b"]


def test_every_setting_is_one(tmp_path: Path) -> None:
    for service in services(FILE, OURS).values():
        reading = settings.read(service.environment, tmp_path)
        assert reading.wrong == {}
        assert reading.values.keys() == service.environment.keys()


def test_the_database_is_added_without_changing_the_rest() -> None:
    added = yaml.safe_load((FOLDER / "postgres.yaml").read_text())
    (name,) = added["services"]
    given = services(FILE, OURS)["supervisor"].environment
    said = dict(entry.split("=", 1) for entry in added["services"][name]["environment"])
    assert (name, said["POSTGRES_USER"], said["POSTGRES_PASSWORD"]) == (
        given["DB_HOST"],
        given["DB_USER"],
        given["DB_PASSWORD"],
    )
    assert added["services"][name]["networks"] == [*yaml.safe_load(FILE.read_text())["networks"]]


@pytest.fixture
async def fleet(postgresql: servers.Server, image: Image) -> AsyncIterator[Composed]:
    """All services of the file, not started, beside a Redis and a PostgreSQL with the role that the file names."""
    folder = image.root / "composed"
    folder.mkdir()
    databases = [service.environment["DB_DATABASE"] for service in services(FILE, OURS).values()]
    async with connected(postgresql) as connection:
        if not await connection.fetchval("SELECT 1 FROM pg_roles WHERE rolname = 'postgres'"):
            await connection.execute("CREATE ROLE postgres SUPERUSER LOGIN PASSWORD 'postgres'")
    with servers.redis() as redis:
        others = {"redis": redis.port, "postgres": postgresql.port}
        with composed(FILE, OURS, image, others, folder) as found:
            yield found
    async with connected(postgresql) as connection:
        for name in (*databases, APPLICATION):
            await connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def notes(client: FleetClient, at: Instance) -> list[str]:
    """What is kept in the application, asked for there."""
    with client.inside(APPLICATION, at=at.settings.get("ENVIRONMENT_URL", at.address)) as inside:
        return [row["text"] for row in inside.get("/notes:list").raise_for_status().json()["data"]]


@pytest.mark.timeout(600)
def test_all_services_come_up_and_serve(fleet: Composed) -> None:
    fleet.start()
    supervisor = fleet.instances["supervisor"]
    set_up(supervisor, supervisor.printed(r"/setup\?token="))
    with FleetClient(supervisor) as client:
        told = {row["name"]: (row["url"], row["proxyUrl"]) for row in environments(client, 2)}
        given = [fleet.instances[name].settings for name in ("worker_a", "worker_b")]
        assert told == {
            said["ENVIRONMENT_NAME"]: (said["ENVIRONMENT_URL"], said["ENVIRONMENT_PROXY_URL"])
            for said in given
        }
        made = client.create(APPLICATION, environments=["env_a"])
        assert (made["environments"], made["statuses"]) == (["env_a"], {"env_a": "running"})
        # People work in it at the Supervisor's address, and find the same where it runs.
        page = httpx.get(
            f"{supervisor.address}/apps/{APPLICATION}/admin/", headers={"Accept": "text/html"}, timeout=30
        )
        assert page.status_code == 200, page.text
        with client.inside(APPLICATION) as inside:
            fields = [{"name": "text", "type": "string"}]
            inside.post("/collections:create", json={"name": "notes", "fields": fields}).raise_for_status()
            inside.post("/notes:create", json={"text": "kept"}).raise_for_status()
        for at in (supervisor, fleet.instances["worker_a"]):
            assert notes(client, at) == ["kept"]
        # It moves as the how-to says, and is found at the same address.
        client.call("stop", APPLICATION)
        client.call("update", APPLICATION, {"environments": ["env_b"]})
        client.call("start", APPLICATION)
        assert client.get(APPLICATION)["statuses"] == {"env_b": "running"}
        for at in (supervisor, fleet.instances["worker_b"]):
            assert notes(client, at) == ["kept"]
    down(fleet)
    # A Redis that has no volume comes up empty.
    with Redis.from_url(supervisor.settings["APP_COMMAND_REDIS_URL"]) as redis:
        redis.flushall()
    fleet.start()
    with FleetClient(supervisor) as client:
        environments(client, 2)
        for at in (supervisor, fleet.instances["worker_b"]):
            assert notes(client, at) == ["kept"]
    down(fleet)


def down(fleet: Composed) -> None:
    for instance in fleet.instances.values():
        assert instance.stop() == 0, instance.log
