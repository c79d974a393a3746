"""The example manifests: what one says of another is there, and what containers are given are settings."""

import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

from insula.server import settings

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "deploy" / "kubernetes"
DOCKERFILE = (ROOT / "deploy" / "image" / "Dockerfile").read_text()
SECRETS = {"database-password": "p", "command-key": "0123456789abcdef" * 4}
"""What the secret ``insula`` holds."""
OURS = ("supervisor", "worker-a", "worker-b")


def manifests() -> dict[tuple[str, str], dict[str, Any]]:
    """(kind, name) → what stands in the files that belong together."""
    files = yaml.safe_load((FOLDER / "kustomization.yaml").read_text())["resources"]
    assert sorted([*files, "kustomization.yaml"]) == sorted(path.name for path in FOLDER.iterdir())
    found = [one for name in files for one in yaml.safe_load_all((FOLDER / name).read_text())]
    named = {(one["kind"], one["metadata"]["name"]): one for one in found}
    assert len(named) == len(found)
    return named


FOUND = manifests()


def pod(name: str) -> dict[str, Any]:
    spec: dict[str, Any] = FOUND["Deployment", name]["spec"]["template"]["spec"]
    return spec


def container(name: str) -> dict[str, Any]:
    (only,) = pod(name)["containers"]
    return dict(only)


def environment(name: str) -> dict[str, str]:
    """What the process gets, with what the secret holds; a number without quotes would be refused."""
    given: dict[str, str] = {}
    for entry in container(name)["env"]:
        kept = entry.get("valueFrom", {}).get("secretKeyRef")
        given[entry["name"]] = SECRETS[kept["key"]] if kept else entry["value"]
        assert kept is None or kept["name"] == "insula"
        assert isinstance(given[entry["name"]], str), entry
    return given


@pytest.mark.parametrize("name", [*OURS, "redis"])
def test_services_lead_to_pods(name: str) -> None:
    service, deployment = FOUND["Service", name]["spec"], FOUND["Deployment", name]["spec"]
    labels = deployment["template"]["metadata"]["labels"]
    assert service["selector"] == deployment["selector"]["matchLabels"] == labels
    (port,) = service["ports"]
    assert [{"containerPort": port.get("targetPort", port["port"])}] == container(name)["ports"]


@pytest.mark.parametrize("name", OURS)
def test_containers_are_given_settings(name: str, tmp_path: Path) -> None:
    given = environment(name)
    reading = settings.read(given, tmp_path)
    assert (reading.wrong, reading.warnings) == ({}, [])
    for address in (*re.findall(r"redis://\S+", str(given)), given.get("ENVIRONMENT_PROXY_URL", "")):
        host = urlsplit(address.rstrip("',")).hostname
        assert host is None or ("Service", host) in FOUND
    assert given["APP_PORT"] == str(container(name)["ports"][0]["containerPort"])
    own = "ENVIRONMENT_NAME" if name != "supervisor" else "APP_MODE"
    assert given["DB_DATABASE"] == f"insula_{given[own]}"


@pytest.mark.parametrize("name", OURS)
def test_what_is_kept_is_kept_where_the_image_looks_for_it(name: str) -> None:
    (mount,), (volume,) = container(name)["volumeMounts"], pod(name)["volumes"]
    assert f"STORAGE_PATH={mount['mountPath']} " in DOCKERFILE
    assert mount["name"] == volume["name"]
    assert ("PersistentVolumeClaim", volume["persistentVolumeClaim"]["claimName"]) in FOUND


@pytest.mark.parametrize("name", OURS)
def test_pods_run_as_the_user_of_the_image_and_end_in_their_time(name: str) -> None:
    who = pod(name)["securityContext"]
    assert f"useradd --uid {who['runAsUser']} " in DOCKERFILE
    assert who["runAsUser"] == who["runAsGroup"] == who["fsGroup"]
    assert pod(name)["terminationGracePeriodSeconds"] >= float(environment(name)["INSULA_STOP_TIMEOUT_S"]) * 2
    deployment = FOUND["Deployment", name]["spec"]
    # A second one would be refused the folder, the database and the name.
    assert (deployment["replicas"], deployment["strategy"]) == (1, {"type": "Recreate"})


def test_environments_differ_in_their_names_alone() -> None:
    a, b = ((FOLDER / f"worker-{x}.yaml").read_text() for x in "ab")
    assert a.replace("worker-a", "worker-b").replace("env_a", "env_b").replace("env-a", "env-b") == b
