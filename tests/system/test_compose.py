"""The compose file, service by service, as it stands."""

from pathlib import Path

import yaml

from insula.server import settings
from insula.testing.compose import services

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "deploy" / "compose"
FILE = FOLDER / "compose.yaml"
DOCUMENTED = Path(__file__).parent / "compose" / "documented.yaml"
"""What the documentation of the protocol shows."""
THEIRS, OURS = "nocobase/nocobase:alpha", "insula"


def test_only_the_image_is_another() -> None:
    assert FILE.read_text() == DOCUMENTED.read_text().replace(f"image: {THEIRS}\n", f"image: {OURS}\n")
    assert [*services(FILE, OURS)] == ["supervisor", "worker_a", "worker_b"]


def test_every_setting_is_one(tmp_path: Path) -> None:
    for service in services(FILE, OURS).values():
        reading = settings.read(service.environment, tmp_path)
        assert (reading.wrong, reading.warnings) == ({}, [])
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
