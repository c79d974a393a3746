"""HTTP over ``STORAGE_PATH/insula.sock``, as the operator of the machine."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from insula.core.errors import InsulaError
from insula.gateway.selector import MAIN
from insula.server import settings as reader
from insula.server.exits import Exit, of_error, of_status
from insula.server.storage import SOCKET_FILE

if TYPE_CHECKING:
    import httpx

TIMEOUT_S = 60.0


def fail(sentence: str, code: Exit) -> NoReturn:
    """Say what is wrong on standard error, and end with the code."""
    for line in sentence.splitlines():
        click.echo(f"insula: {line}", err=True)
    raise click.exceptions.Exit(int(code))


class Client:
    """Calls the server that holds the storage folder of these settings."""

    def __init__(self, application: str = MAIN) -> None:
        try:
            settings, _ = reader.load()
        except InsulaError as error:
            fail(error.message, of_error(error))
        self._socket = Path(settings.storage_path).expanduser().absolute() / SOCKET_FILE
        self._base = f"http://insula{settings.api_base_path}"
        self._headers = {"X-App": application}

    def call(
        self,
        path: str,
        *,
        params: dict[str, Any] | None = None,
        body: Any = None,
        content: Iterable[bytes] | None = None,
    ) -> Any:
        """``data`` of the answer. Ends the command with a sentence when there is none."""
        import httpx

        transport = httpx.HTTPTransport(uds=str(self._socket))
        try:
            with httpx.Client(transport=transport, timeout=TIMEOUT_S, headers=self._headers) as client:
                method = "GET" if body is None and content is None else "POST"
                answer = client.request(method, self._base + path, params=params, json=body, content=content)
        except httpx.TransportError:
            self._no_server()
        self._check(answer)
        return answer.json()["data"]

    def download(self, path: str, params: dict[str, Any], sink: Any) -> None:
        """Write the body of the answer to ``sink``, as it comes."""
        import httpx

        transport = httpx.HTTPTransport(uds=str(self._socket))
        try:
            with (
                httpx.Client(transport=transport, timeout=TIMEOUT_S, headers=self._headers) as client,
                client.stream("GET", self._base + path, params=params) as answer,
            ):
                if answer.is_error:
                    answer.read()
                self._check(answer)
                for chunk in answer.iter_raw():
                    sink.write(chunk)
        except httpx.TransportError:
            self._no_server()

    def _no_server(self) -> NoReturn:
        fail(
            f"no server answers at {self._socket}; start one with “insula start”, "
            "or name its folder with STORAGE_PATH",
            Exit.UNAVAILABLE,
        )

    def _check(self, answer: httpx.Response) -> None:
        if not answer.is_error:
            return
        try:
            told = answer.json()
            errors = told.get("errors") or [told["error"]]
            sentence = "\n".join(error["message"] for error in errors)
        except (ValueError, KeyError, TypeError, AttributeError):
            sentence = f"the server answered {answer.status_code}"
        fail(sentence, of_status(answer.status_code))
