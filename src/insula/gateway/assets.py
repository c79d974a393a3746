"""The files of the built pages, by name: which there are, and how they are sent.

A name carries the hash of what is in the file, so that browsers keep it for ever and ask for each file once: what is asked
for often are the few files of a first visit, and those after an upgrade. So nothing is loaded before somebody asks; then
the bytes that were sent are kept, and no disk is read for them again. Those are nearly always the compressed ones (a few
hundred kB for all pages that people use); what only clients without compression want is read for each of them, in a thread.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from insula.fleet.process.base import Scope, Send
from insula.gateway.answers import send_answer

_TEXT: Final = b"text/plain; charset=utf-8"
_TYPES: Final[Mapping[str, bytes]] = {
    ".css": b"text/css; charset=utf-8",
    ".ico": b"image/x-icon",
    ".jpg": b"image/jpeg",
    ".js": b"text/javascript; charset=utf-8",
    ".json": b"application/json",
    ".png": b"image/png",
    ".svg": b"image/svg+xml",
    ".webp": b"image/webp",
    ".woff2": b"font/woff2",
}
_OTHER_TYPE: Final = b"application/octet-stream"
_CODINGS: Final = (("br", ".br"), ("gzip", ".gz"))
"""Content coding → what such a file ends in; what is shorter first."""
_HEADERS: Final = (
    (b"x-content-type-options", b"nosniff"),
    (b"vary", b"accept-encoding"),
    (b"cache-control", b"public, max-age=31536000, immutable"),
)
_NOTHING: Final = ((b"x-content-type-options", b"nosniff"), (b"cache-control", b"no-store"))


class Assets:
    """The files of one folder, each perhaps with compressed ones beside it (``x.js``, ``x.js.br``, ``x.js.gz``)."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._table: Mapping[str, frozenset[str]] = {}
        """Name → codings in which it is there. Nothing but what stands here is ever opened."""
        self._kept: dict[str, bytes] = {}

    async def send(self, scope: Scope, send: Send, name: str) -> None:
        """Answer a request for one of them; 404 where there is none of this name."""
        if not self._table:
            self._table = await asyncio.to_thread(_listed, self._folder)
        codings = self._table.get(name)
        if codings is None:
            await _send_nothing(send)
            return
        coding, ending = next(
            (found for found in _CODINGS if found[0] in codings and found[0] in accepted(scope)), ("", "")
        )
        try:
            body = await self._body(name + ending, keep=bool(ending) or not codings)
        except FileNotFoundError:  # the package was replaced under this process
            await _send_nothing(send)
            return
        headers = (*_HEADERS, (b"content-encoding", coding.encode())) if coding else _HEADERS
        await send_answer(send, 200, body, _TYPES.get(Path(name).suffix, _OTHER_TYPE), headers)

    async def _body(self, file: str, *, keep: bool) -> bytes:
        body = self._kept.get(file)
        if body is None:
            body = await asyncio.to_thread((self._folder / file).read_bytes)
            if keep:
                self._kept[file] = body
        return body


def accepted(scope: Scope) -> frozenset[str]:
    """The content codings that the client takes, as far as they are ours."""
    taken: dict[str, bool] = {}
    for key, value in scope["headers"]:
        if key == b"accept-encoding":
            for part in value.decode("latin-1").lower().split(","):
                coding, _, weight = part.partition(";")
                taken[coding.strip()] = not _is_nothing(weight)
    rest = taken.get("*", False)
    return frozenset(coding for coding, _ in _CODINGS if taken.get(coding, rest))


def _is_nothing(weight: str) -> bool:
    """Whether it is ``q=0``, which refuses."""
    key, _, value = weight.partition("=")
    return key.strip() == "q" and not value.strip().strip("0.")


def _listed(folder: Path) -> Mapping[str, frozenset[str]]:
    """What is in the folder; nothing where it is not there."""
    files = {path.name for path in folder.iterdir() if path.is_file()} if folder.is_dir() else set()
    found = {name: frozenset(coding for coding, end in _CODINGS if name + end in files) for name in files}
    beside = {name + end for name in files for _, end in _CODINGS}
    return {name: codings for name, codings in found.items() if name not in beside}


async def _send_nothing(send: Send) -> None:
    await send_answer(send, 404, b"There is no file of this name.\n", _TEXT, _NOTHING)
