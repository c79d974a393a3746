"""One process from start to stop, and the order in which things are taken and given back.

start: settings → log → storage folder → lock → port → operator's socket → (answering 503 from here on)
       database → main application → ready → applications that start with it
stop:  no new connections → requests in flight → other applications → main and its connections → sockets → lock

Besides a signal, a database that another server has taken ends the process: 5, with the sentence.
"""

import asyncio
import contextlib
import logging
import os
import shutil
import signal
import socket
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from insula import __version__
from insula.core import failpoints, log
from insula.core.errors import InsulaError
from insula.server import settings as reader
from insula.server.declared import Settings
from insula.server.exits import Exit, of_error
from insula.server.heap import heap
from insula.server.logs import application_logs
from insula.server.memory import keep_what_is_loaded
from insula.server.sockets import bind_tcp, bound_unix
from insula.server.storage import StorageLock, missing_folders, open_folder

if TYPE_CHECKING:
    from insula.server.build import Installation

_log = logging.getLogger("insula")

STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)
OTHER_SIGNALS = (signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2)
"""What tools send to have logs opened again, and would end a process that does not know them."""
THREAD_TURN_S = 0.001
"""How long a thread that computes keeps the event loop waiting for its turn; Python's own 5 ms are a stall."""


def run() -> int:
    """Start, serve until told to stop, and give the exit code. What is wrong is said on standard error."""
    try:
        return _run()
    finally:
        _let_go_of_output()


def _run() -> int:
    try:
        settings, reading = reader.load()
    except InsulaError as error:
        return complain(error)
    log.configure(settings.logger_level, settings.insula_log_format, reading.secrets())
    reader.apply_time_zone(settings)
    for warning in reading.warnings:
        _log.warning("%s", warning)
    failpoints.configure(failpoints.parse(settings.insula_failpoints or ""))
    try:
        made = missing_folders(settings.storage_path)
        folder = open_folder(settings.storage_path)
        with (
            StorageLock(folder, made),
            application_logs(folder, reading.secrets(), fresh=bool(made)),
            bind_tcp(settings.insula_host, settings.app_port) as tcp,
            bound_unix(folder) as unix,
        ):
            _run_loop(settings, folder, tcp, unix)
    except InsulaError as error:
        return complain(error)
    return Exit.DONE


def complain(error: InsulaError) -> Exit:
    """Say what is wrong, one sentence a line, and give the exit code for it."""
    for sentence in error.message.splitlines():
        _say(f"insula: {sentence}", sys.stderr)
    return of_error(error)


def _say(text: str, stream: TextIO) -> None:
    """Tell the person at the terminal. Where it can not be told (a full disk, a closed pipe), that is all."""
    with contextlib.suppress(OSError):
        print(text, file=stream, flush=True)


def _let_go_of_output() -> None:
    """Drop what could not be written: else writing it once more at the very end would make the exit code."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            with Path(os.devnull).open("wb") as nowhere:
                os.dup2(nowhere.fileno(), stream.fileno())


def _run_loop(settings: Settings, folder: Path, tcp: socket.socket, unix: socket.socket) -> None:
    import uvloop

    sys.setswitchinterval(THREAD_TURN_S)
    heap().keep_little()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(settings, folder, tcp, unix))


async def _serve(settings: Settings, folder: Path, tcp: socket.socket, unix: socket.socket) -> None:
    # Imported here, so that a wrong setting is told without loading half the program.
    from insula.server.build import build
    from insula.server.fronts import Fronts
    from insula.server.metrics import Gauge

    told_to_stop = _on_signals()
    lost: list[InsulaError] = []

    def end(error: InsulaError) -> None:
        lost.append(error)
        told_to_stop.set()

    installation = build(settings, folder, end)
    with Fronts(installation, settings, folder, tcp, unix) as fronts:
        clients = Gauge("insula_connections", "Clients that are connected.", fronts.connections)
        installation.metrics.add(clients)
        asyncio.get_running_loop().set_default_executor(installation.threads)
        installation.watchdog.start()
        installation.thread_watch.start()
        try:
            await fronts.open()
            if await _start(installation, told_to_stop):
                keep_what_is_loaded()
                await _announce(settings, installation)
                await told_to_stop.wait()
                _log.info("stopping: requests in flight have %g s", settings.insula_stop_timeout_s)
        finally:
            installation.hold_no_more()
            await fronts.drain()
            await installation.role.stop()
            installation.thread_watch.stop()
            installation.watchdog.stop()
    _log.info("stopped")
    if lost:
        raise lost[0]


async def _start(installation: "Installation", told_to_stop: asyncio.Event) -> bool:
    """Whether everything runs; not when the process was told to stop first. Raises what it raised."""
    starting = asyncio.ensure_future(installation.role.start())
    stopping = asyncio.ensure_future(told_to_stop.wait())
    await asyncio.wait((starting, stopping), return_when=asyncio.FIRST_COMPLETED)
    unfinished = stopping if starting.done() else starting
    unfinished.cancel()
    await asyncio.gather(unfinished, return_exceptions=True)
    if starting.cancelled():
        return False
    starting.result()
    return True


def _on_signals() -> asyncio.Event:
    """Set by the first SIGTERM or SIGINT; a second one ends the process at once, as operators expect."""
    loop = asyncio.get_running_loop()
    told_to_stop = asyncio.Event()

    def stop(number: signal.Signals) -> None:
        if told_to_stop.is_set():
            _log.warning("told to stop twice: ending without waiting")
            os._exit(128 + number)
        told_to_stop.set()

    for number in STOP_SIGNALS:
        loop.add_signal_handler(number, stop, number)
    for number in OTHER_SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:  # as nohup leaves it
            # A terminal that is closed takes its programs along; elsewhere there is nothing to open again.
            closing = number is signal.SIGHUP and _at_a_terminal()
            loop.add_signal_handler(number, stop if closing else _pass_over, number)
    return told_to_stop


def _at_a_terminal() -> bool:
    return sys.stdin is not None and sys.stdin.isatty()


def _pass_over(number: signal.Signals) -> None:
    _log.info(
        "%s is passed over: the log goes to standard error, and settings are read at a start", number.name
    )


async def _announce(settings: Settings, installation: "Installation") -> None:
    """Tell the operator where to go. On standard output and not in the log: the link is a secret."""
    token = await installation.setup_token()
    _log.info("running: port %d, %s", settings.app_port, settings.db_dialect)
    address = settings.insula_url or f"http://localhost:{settings.app_port}"
    lines = [f"Insula {__version__} answers at {address}"]
    if token:
        lines.append("There is no administrator yet. This link makes one; it works once, for 24 hours:")
        lines.append(f"  {address.rstrip('/')}/setup?token={token}")
    if token and settings.insula_log_format == "text" and sys.stdout.isatty():
        lines = apart(lines, shutil.get_terminal_size().columns)
    _say("\n".join(lines), sys.stdout)


def apart(lines: Sequence[str], columns: int) -> list[str]:
    """The lines as a block that is seen among those of a log: between rules, with air around."""
    rule = "-" * min(columns, max(map(len, lines)))
    return ["", rule, *(line for text in lines for line in ("", text)), "", rule, ""]
