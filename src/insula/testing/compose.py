"""A compose file without its engine: each service as a real process of the image, with exactly its environment.

Host names of services and published ports become addresses of loopback, what is mounted a folder of the test; the rest
stays as it stands in the file.
"""

import re
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from insula.testing import servers
from insula.testing.image import Image
from insula.testing.instance import Instance

MOUNTED = "/app/nocobase/storage"
"""Where the image keeps its storage."""
LISTENS = 80
"""The port of the image."""
LOOPBACK = "127.0.0.1"
_HOST = re.compile(r"(?<=://)([\w.-]+)(?::(\d+))?")


@dataclass(frozen=True, slots=True)
class Service:
    """One service of ours, as it stands in the file."""

    name: str
    image: str
    environment: Mapping[str, str]
    published: int
    """The port of the machine that leads to port 80 of the image."""
    folder: str
    """The folder of the machine that is mounted as its storage."""


def services(file: Path, image: str) -> dict[str, Service]:
    """Name → service of all that run this image, in the order of the file. Raises ValueError where one is not as it
    must be: one port to 80, one folder to the storage."""
    found: dict[str, Service] = {}
    for name, said in yaml.safe_load(file.read_text())["services"].items():
        if said["image"] == image:
            found[name] = _service(name, said)
    return found


def _service(name: str, said: Mapping[str, Any]) -> Service:
    (port,) = said["ports"]
    published, _, inside = port.partition(":")
    (volume,) = said["volumes"]
    folder, _, mounted = volume.partition(":")
    if (int(inside), mounted) != (LISTENS, MOUNTED):
        raise ValueError(f"{name} publishes {port} and mounts {volume}")
    environment = dict(entry.split("=", 1) for entry in said["environment"])
    return Service(name, said["image"], environment, int(published), folder)


class Composed:
    """The services of a file as installations of the image; none runs yet."""

    def __init__(
        self, found: Mapping[str, Service], image: Image, others: Mapping[str, int], folder: Path
    ) -> None:
        """``others``: name of a service that is not ours → where it listens here."""
        self._others = others
        self._ports = {name: servers.free_port() for name in found}
        self._published = {service.published: self._ports[name] for name, service in found.items()}
        self.instances = {
            name: _Contained(
                folder / service.folder, self._here(service.environment), self._ports[name], image=image
            )
            for name, service in found.items()
        }

    def start(self) -> None:
        """Start all in the order of the file, and return once all answer."""
        for instance in self.instances.values():
            instance.begin()
        for instance in self.instances.values():
            instance.wait_until_well()

    def _here(self, environment: Mapping[str, str]) -> dict[str, str]:
        """The same variables, with what is reached here."""
        here = {name: _HOST.sub(self._address, text) for name, text in environment.items()}
        server = self._others[environment["DB_HOST"]]
        return here | {"DB_HOST": LOOPBACK, "DB_PORT": str(server)}

    def _address(self, found: re.Match[str]) -> str:
        host, port = found.groups()
        if host == "localhost":  # as seen from the machine itself
            return f"localhost:{self._published[int(port)]}"
        if host in self._ports:
            return f"{LOOPBACK}:{self._ports[host]}"
        return f"{LOOPBACK}:{self._others[host]}"


@dataclass(kw_only=True)
class _Contained(Instance):
    """What an engine runs of the image for a service."""

    image: Image

    @property
    def environment(self) -> dict[str, str]:
        """What the image sets, and the service; its port and its mount are where they can be here."""
        here = {"APP_PORT": str(self.port), "STORAGE_PATH": str(self.storage)}
        return {**self.image.environment, **self.settings, **here}

    def begin(self) -> subprocess.Popen[bytes]:
        """Start the container's process, with the mounted folder as an engine makes it: root's, and empty."""
        self.storage.mkdir(exist_ok=True)
        with self.log_path.open("ab") as sink:
            self.process = subprocess.Popen(
                [*self.image.entrypoint, *self.image.command],
                env=self.environment,
                cwd=self.image.root,
                stdout=sink,
                stderr=sink,
            )
        return self.process


@contextmanager
def composed(
    file: Path, name: str, image: Image, others: Mapping[str, int], folder: Path
) -> Iterator[Composed]:
    """The services of ``file`` that run the image of that name, each ended with the block.

    Mounted folders are made in ``folder``, which others may enter.
    """
    with ExitStack() as stack:
        found = Composed(services(file, name), image, others, folder)
        for instance in found.instances.values():
            stack.enter_context(instance)
        yield found
