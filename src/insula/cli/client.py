"""HTTP over ``STORAGE_PATH/insula.sock``, as the operator of the machine."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from insula.cli.options import option_of
from insula.core.names import MAIN
from insula.server import settings as reader
from insula.server.command import command
from insula.server.exits import Exit, of_status
from insula.server.storage import LOCK_FILE, SOCKET_FILE

if TYPE_CHECKING:
    import httpx

TIMEOUT_S = 60.0
"""For an answer to what only reads."""
CHANGE_TIMEOUT_S = 720.0
"""For an answer to what changes something: a schema of large tables may take the server's own 660 s."""


def complain(sentences: str) -> None:
    """Say what is wrong on standard error, one sentence a line."""
    for line in sentences.splitlines():
        click.echo(f"insula: {line}", err=True)


def fail(sentence: str, code: Exit) -> NoReturn:
    """Say what is wrong on standard error, and end with the code."""
    complain(sentence)
    raise click.exceptions.Exit(int(code))


class Client:
    """Calls the server that holds the storage folder of these settings.

    With ``offline`` and no server running (but a folder that one has used), the application is opened in this process instead, under the
    same lock, and closed when the command ends. Raises ``SettingsWrong``.
    """

    def __init__(self, application: str = MAIN, *, offline: bool = False) -> None:
        self._settings, self._reading = reader.load()
        self._socket = Path(self._settings.storage_path).expanduser().absolute() / SOCKET_FILE
        self._base = f"http://insula{self._settings.api_base_path}"
        self._headers = {"X-App": application}
        self.application = application
        self._offline = offline
        self._opened: httpx.Client | None = None

    def call(
        self,
        path: str,
        *,
        params: dict[str, Any] | None = None,
        body: Any = None,
        content: Iterable[bytes] | None = None,
    ) -> Any:
        """``data`` of the answer. Ends the command with a sentence when there is none."""
        return self.answer(path, params=params, body=body, content=content)["data"]

    def answer(
        self,
        path: str,
        *,
        params: dict[str, Any] | None = None,
        body: Any = None,
        content: Iterable[bytes] | None = None,
    ) -> Any:
        """The whole answer, with ``meta``. Ends the command with a sentence when it is an error."""
        import httpx

        changes = not (body is None and content is None)
        method, timeout_s = ("POST", CHANGE_TIMEOUT_S) if changes else ("GET", TIMEOUT_S)
        timeout = httpx.Timeout(TIMEOUT_S, read=timeout_s)
        try:
            answer = self._http().request(
                method, self._base + path, params=params, json=body, content=content, timeout=timeout
            )
        except httpx.ReadTimeout:
            goes_on = " What it has begun goes on there, and its log says how it ends." if changes else ""
            fail(f"The server did not answer within {timeout_s:.0f} s.{goes_on}", Exit.UNAVAILABLE)
        except httpx.TransportError as error:
            self._broken(error)
        self._check(answer)
        return answer.json()

    def peek(self, path: str, params: dict[str, Any]) -> Any:
        """``data`` of an answer that nobody depends on, from any thread; ``None`` where there is none."""
        import httpx

        try:
            answer = self._http().get(self._base + path, params=params)
            return None if answer.is_error else answer.json()["data"]
        except (httpx.TransportError, ValueError, KeyError):
            return None

    def download(self, path: str, params: dict[str, Any], sink: Any) -> None:
        """Write the body of the answer to ``sink``, as it comes."""
        import httpx

        try:
            with self._http().stream("GET", self._base + path, params=params) as answer:
                if answer.is_error:
                    answer.read()
                self._check(answer)
                for chunk in answer.iter_raw():
                    sink.write(chunk)
        except httpx.TransportError as error:
            self._broken(error)

    def _http(self) -> httpx.Client:
        """The one client of this command, closed with it."""
        if self._opened is None:
            import httpx

            transport = self._transport()
            self._opened = httpx.Client(transport=transport, timeout=TIMEOUT_S, headers=self._headers)
            if context := click.get_current_context(silent=True):
                context.call_on_close(self._opened.close)
        return self._opened

    def _transport(self) -> httpx.BaseTransport:
        """To the server, else to the application opened here. Ends the command when neither can be."""
        import httpx

        if _listens(self._socket):
            return httpx.HTTPTransport(uds=str(self._socket))
        if self._offline and (self._socket.parent / LOCK_FILE).exists():
            from insula.cli.offline import OfflineTransport

            return OfflineTransport(self._settings, self._reading)
        fail(
            f"No server answers at {self._socket}; start one with “{command()} start”, "
            "or name its folder with STORAGE_PATH.",
            Exit.UNAVAILABLE,
        )

    def _broken(self, error: httpx.TransportError) -> NoReturn:
        import httpx

        if isinstance(error, httpx.TimeoutException):
            fail(f"The server did not answer within {TIMEOUT_S:.0f} s.", Exit.UNAVAILABLE)
        fail(f"The connection to the server broke: {error}.", Exit.UNAVAILABLE)

    def _check(self, answer: httpx.Response) -> None:
        if not answer.is_error:
            return
        codes: list[str] = []
        try:
            told = answer.json()
            errors = told.get("errors") or [told["error"]]
            sentence = "\n".join(_told(error) for error in errors)
            codes = [str(error.get("code")) for error in errors]
        except (ValueError, KeyError, TypeError, AttributeError):
            sentence = f"The server answered {answer.status_code}."
        fail(sentence, of_status(answer.status_code, codes))


def _told(error: dict[str, Any]) -> str:
    """The sentence of an error, with the option that it is about."""
    option = option_of(str(error.get("field", "")))
    return f"{error['message']} It is given by {option}." if option else str(error["message"])


def _listens(path: Path) -> bool:
    """Whether a server takes connections there; a socket that was left by a killed one does not.

    Ends the command where this user may not ask.
    """
    import socket

    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(str(path))
        except PermissionError:
            fail(f"This user may not use {path}; run the command as the user of the server.", Exit.DENIED)
        except OSError:
            return False
    return True
