"""The pages of the web interface: one shell for all addresses of all applications, and the files that it loads.

What is built from ``ui/`` lies beside the package in ``web/dist``. Its manifest says which files a browser needs first; they
are named in the shell, so that it fetches all of them at once. What differs between applications stands in the shell as
data (``<script type="application/json" id="insula">``), and nothing else does.
"""

from __future__ import annotations

import asyncio
import html
import json
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple

from insula import __version__
from insula.core.names import MAIN
from insula.fleet.process.base import Scope, Send
from insula.gateway.answers import Headers, send_answer
from insula.gateway.assets import Assets
from insula.gateway.errors import PagesNotBuilt
from insula.gateway.selector import APP_SEGMENT, PAGES_PREFIX, Choice

DIST: Final = Path(__file__).parents[1] / "web" / "dist"
MANIFEST: Final = Path(".vite") / "manifest.json"
ENTRY: Final = "src/main.tsx"
ASSETS: Final = "/assets/"
PAGES: Final = "/admin"
"""Where the pages of an application are, behind what its address begins with."""
NONCE_BYTES: Final = 16

Mode = Literal["shared-memory", "supervisor", "worker"]

_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'nonce-{nonce}'; "
    "img-src 'self' data: blob: https:; font-src 'self' data:; connect-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'; manifest-src 'self'"
)
_ICON: Final = (
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 32 32' fill='none' stroke='%234f46e5' "
    "stroke-width='2.4' stroke-linejoin='round'%3E%3Cpath d='M4 28V10l12-6 12 6v18z'/%3E%3Cpath d='M10 28v-6h4v6M18 28v-6"
    "h4v6M10 13h4v4h-4zM18 13h4v4h-4z'/%3E%3C/svg%3E"
)
_SHELL: Final = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<link rel="icon" href="{icon}">
<script type="application/json" id="insula">{boot}</script>
{files}
</head>
<body>
<div id="root"></div>
<noscript><h1>{title}</h1><p>These pages need JavaScript. What they show is answered as JSON below {api}.</p></noscript>
</body>
</html>
"""


@dataclass(frozen=True, slots=True)
class WebOptions:
    """What the settings say about the pages."""

    api: str
    """Base path of the API, from slash to slash."""
    mode: Mode = "shared-memory"
    dist: Path = DIST
    """What was built."""


class _Files(NamedTuple):
    """What a browser loads first; names in ``assets/``."""

    entry: str
    scripts: tuple[str, ...]
    """All that the entry imports, and what these do, so that no round trip is spent on finding them."""
    styles: tuple[str, ...]


class Web:
    """The shell and the files of one process."""

    def __init__(self, options: WebOptions) -> None:
        self._api = options.api
        self._mode: Mode = options.mode
        self._dist = options.dist
        self._assets = Assets(options.dist / ASSETS.strip("/"))
        self._files: _Files | None = None

    async def send_asset(self, scope: Scope, send: Send, path: str) -> None:
        """Answer a request for a file, whose path begins with ``ASSETS``."""
        await self._assets.send(scope, send, path.removeprefix(ASSETS))

    async def send_shell(self, send: Send, choice: Choice, title: str) -> None:
        """Answer with the page of an application. Raises ``PagesNotBuilt``."""
        if self._files is None:
            self._files = await asyncio.to_thread(_read, self._dist)
        nonce = secrets.token_urlsafe(NONCE_BYTES)
        boot = self.boot(choice, nonce)
        page = _SHELL.format(
            title=html.escape(title),
            icon=_ICON,
            boot=_as_data(boot),
            api=html.escape(boot["api"]),
            files=_tags(self._files, self._assets_of(choice)),
        )
        await send_answer(send, 200, page.encode(), b"text/html; charset=utf-8", _headers(nonce))

    def boot(self, choice: Choice, nonce: str) -> dict[str, Any]:
        """What the pages are told of where they are."""
        name = choice.application
        root = name == MAIN or choice.own_host
        return {
            "app": name,
            "main": name == MAIN,
            "base": base_of(choice),
            "api": self._api if root else f"{self._api}{APP_SEGMENT}{name}/",
            "mainApi": None if choice.own_host else self._api,
            "mode": self._mode,
            "version": __version__,
            "nonce": nonce,
        }

    def _assets_of(self, choice: Choice) -> str:
        """A Worker may be of another version than the Supervisor before it: its pages load its own files."""
        if self._mode == "worker" and not choice.own_host:
            return f"{PAGES_PREFIX}{choice.application}{ASSETS}"
        return ASSETS


def base_of(choice: Choice) -> str:
    """Where the pages of the application are, without a slash at the end."""
    root = choice.application == MAIN or choice.own_host
    return PAGES if root else f"{PAGES_PREFIX}{choice.application}{PAGES}"


def _headers(nonce: str) -> Headers:
    return (
        (b"content-security-policy", _POLICY.format(nonce=nonce).encode()),
        (b"x-content-type-options", b"nosniff"),
        (b"referrer-policy", b"same-origin"),
        (b"cache-control", b"no-store"),
    )


def _as_data(boot: Mapping[str, Any]) -> str:
    """As JSON that ends no script element. What is not ASCII is escaped, U+2028 with it."""
    return json.dumps(boot).replace("<", "\\u003c")


def _tags(files: _Files, prefix: str) -> str:
    def at(name: str) -> str:
        return html.escape(prefix + name)

    return "\n".join(
        (
            *(f'<link rel="stylesheet" href="{at(name)}">' for name in files.styles),
            *(f'<link rel="modulepreload" href="{at(name)}">' for name in files.scripts),
            f'<script type="module" src="{at(files.entry)}"></script>',
        )
    )


def _read(dist: Path) -> _Files:
    """From the manifest. Raises ``PagesNotBuilt``."""
    try:
        manifest = json.loads((dist / MANIFEST).read_bytes())
    except FileNotFoundError:
        raise PagesNotBuilt() from None
    chunks = [manifest[key] for key in _needed(manifest)]
    styles = dict.fromkeys(name for chunk in chunks for name in chunk.get("css", ()))
    entry, *scripts = (_in_assets(chunk["file"]) for chunk in chunks)
    return _Files(entry, tuple(scripts), tuple(map(_in_assets, styles)))


def _needed(manifest: Mapping[str, Any]) -> Iterator[str]:
    """The keys of the entry and of all that it imports by way of others, each once."""
    seen = {ENTRY}
    waiting = [ENTRY]
    while waiting:
        key = waiting.pop(0)
        yield key
        new = [name for name in manifest[key].get("imports", ()) if name not in seen]
        seen.update(new)
        waiting += new


def _in_assets(file: str) -> str:
    return file.removeprefix(ASSETS.lstrip("/"))
