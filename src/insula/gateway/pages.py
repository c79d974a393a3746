"""What is answered outside the API: the pages of applications, and small ones rendered here, which say how one is.

Those rendered here load nothing from elsewhere and have a strict policy. None needs a script, and one has one: that an
application is on its way is brought up to date in place, since a page that is loaded anew every second begins anew every
second for whoever has it read to them. Their template engine is imported when the first of them is asked for; an
installation that is only spoken to by programs never pays for it.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from insula.core import log
from insula.core.clock import now
from insula.core.names import MAIN
from insula.core.translation import Speaker
from insula.fleet.lifecycle import Observed
from insula.fleet.process.base import AsgiApp, Receive, Scope, Send
from insula.fleet.target import Target
from insula.gateway import texts
from insula.gateway.answers import (
    Headers,
    locale,
    passes,
    retry_headers,
    send_answer,
    send_error,
    send_not_answering,
)
from insula.gateway.entry import wants_page
from insula.gateway.errors import PagesNotBuilt, not_answering, unknown
from insula.gateway.reader import VARY, reading
from insula.gateway.selector import Choice
from insula.gateway.web import ASSETS, PAGES, Web, base_of

if TYPE_CHECKING:
    from jinja2 import Environment

_TEMPLATES = Path(__file__).parent / "templates"
_HTML = b"text/html; charset=utf-8"
_ON_ITS_WAY = "progress.html"
_MAIN_TITLE = "Insula"
_READING = ("GET", "HEAD")
_WAYS_IN = ("/", "/signin")
"""What people type, from where they are led to the pages."""
_IN_PATHS = "/:@!$&'()*+,;=~"
"""What stands in a path as it is, beside letters and digits."""


class Templates:
    """The templates of the gateway, and those of the folders given beside them."""

    def __init__(self, *folders: Path) -> None:
        self._folders = (*folders, _TEMPLATES)

    @cached_property
    def _style(self) -> str:
        return (_TEMPLATES / "base.css").read_text(encoding="utf-8")

    @cached_property
    def _script(self) -> str:
        return (_TEMPLATES / "progress.js").read_text(encoding="utf-8")

    @cached_property
    def _headers(self) -> Headers:
        return self._headers_with("")

    @cached_property
    def _headers_on_its_way(self) -> Headers:
        return self._headers_with(f"script-src {_hash(self._script)}; connect-src 'self'; ")

    def _headers_with(self, more: str) -> Headers:
        """What every page is sent with. The one style sheet is allowed by its hash, as the one script is."""
        policy = (
            f"default-src 'none'; {more}style-src {_hash(self._style)}; img-src data:; form-action 'self'; "
            "base-uri 'none'; frame-ancestors 'none'"
        )
        return (
            (b"content-security-policy", policy.encode()),
            (b"x-content-type-options", b"nosniff"),
            (b"referrer-policy", b"no-referrer"),
            (b"cache-control", b"no-store"),
            VARY,
        )

    @cached_property
    def _environment(self) -> Environment:
        from jinja2 import Environment, FileSystemLoader, StrictUndefined

        return Environment(
            loader=FileSystemLoader(self._folders),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    async def send(
        self, send: Send, say: Speaker, status: int, template: str, headers: Headers = (), **values: Any
    ) -> None:
        """Render a template and send it."""
        page = self._rendered(template, say, log.request_id.get(), values)
        own = self._headers_on_its_way if template == _ON_ITS_WAY else self._headers
        await send_answer(send, status, page, _HTML, (*own, *headers))

    async def send_sentence(
        self,
        send: Send,
        say: Speaker,
        status: int,
        title: str,
        message: str,
        remedy: str = "",
        headers: Headers = (),
        way: tuple[str, str] | None = None,
    ) -> None:
        """A page that says one thing, in the language of ``say``; ``way``: where to go from there, and what that is called."""
        values = {"title": title, "message": message, "remedy": remedy, "links": (), "way": way}
        await self.send(send, say, status, "error.html", headers, **values)

    def sentence(
        self, request_id: str, say: Speaker, title: str, message: str, others: Sequence[str] = ()
    ) -> tuple[Headers, bytes]:
        """The same page as it is sent: all its headers, and its body. ``others``: addresses of the same page in other
        environments, which end in their names."""
        links = [(address, address.rpartition("=")[2]) for address in others]
        values = {"title": title, "message": message, "remedy": "", "links": links, "way": None}
        return ((b"content-type", _HTML), *self._headers), self._rendered(
            "error.html", say, request_id, values
        )

    def _rendered(self, template: str, say: Speaker, request_id: str, values: Mapping[str, Any]) -> bytes:
        from markupsafe import Markup

        # Our own files, between <style> and <script> tags, where nothing would be unescaped again.
        own = {"style": Markup(self._style)}  # noqa: S704 - our own file
        if template == _ON_ITS_WAY:
            own["script"] = Markup(self._script)  # noqa: S704 - our own file
        page = self._environment.get_template(template).render(
            say=say, request_id=request_id, **own, **values
        )
        return page.encode()


class Pages:
    """Answers every path outside the API: pages of applications and their files, pages of others by path, and 404."""

    def __init__(
        self,
        templates: Templates,
        web: Web,
        mounted: Mapping[str, AsgiApp] = MappingProxyType({}),
        answers: Callable[[], Awaitable[bool]] | None = None,
    ) -> None:
        """``mounted``: path → page of the main application; ``answers``: whether main's database does."""
        self._templates = templates
        self._web = web
        self._mounted = mounted
        self._answers = answers

    def wakes(self, choice: Choice, scope: Scope) -> bool:
        """Whether it is a page that the application itself has, and not one that is mounted, or none."""
        return scope["method"] in _READING and self._mounted_at(choice) is None and _is_page(choice.path)

    def is_of_all(self, choice: Choice) -> bool:
        """See ``PageHandler.is_of_all``."""
        return choice.path.startswith(ASSETS)

    async def __call__(
        self, choice: Choice, target: Target | None, scope: Scope, receive: Receive, send: Send
    ) -> None:
        """A ``PageHandler`` of the gateway."""
        people = wants_page(scope)
        say = Speaker(reading(scope) if people else locale(scope))
        mounted = self._mounted_at(choice)
        if mounted is not None:
            await mounted(scope, receive, send)
        elif target is None:
            await self._not_found(
                people, unknown(choice.application, say.language), "APP_NOT_FOUND", say, send
            )
        elif not (_is_page(choice.path) or choice.path in _WAYS_IN):
            await self._not_found(people, say(texts.NO_PAGE), "NOT_FOUND", say, send)
        elif scope["method"] not in _READING:
            await _only_read(Speaker(locale(scope)), send)
        elif (place := _place(choice)) != choice.prefix + choice.path:
            await _redirect(send, place, scope["query_string"])
        elif target.status.observed is Observed.RUNNING:
            await self._shell(choice, target, people, say, send)
        elif people:
            await self._not_yet(target, say, send)
        else:
            await send_not_answering(send, target, say.language)

    async def send_file(self, choice: Choice, scope: Scope, send: Send) -> None:
        """See ``PageHandler.send_file``."""
        if scope["method"] in _READING:
            await self._web.send_asset(scope, send, choice.path)
        else:
            await _only_read(Speaker(locale(scope)), send)

    async def refuse(self, status: int, sentence: str, say: Speaker, send: Send) -> None:
        """See ``PageHandler.refuse``."""
        title, remedy = say(texts.NOTHING_HERE), say(texts.CHECK_ADDRESS)
        await self._templates.send_sentence(send, say, status, title, sentence, remedy)

    def _mounted_at(self, choice: Choice) -> AsgiApp | None:
        if choice.application != MAIN or choice.prefix:
            return None
        return self._mounted.get(choice.path.rstrip("/") or "/")

    async def _not_yet(self, target: Target, say: Speaker, send: Send) -> None:
        """How far the application is, until it is there; or why it does not come."""
        code, sentence = not_answering(target, say.language)
        name = target.display_name or target.application
        if passes(target):
            await self._templates.send(
                send,
                say,
                503,
                _ON_ITS_WAY,
                retry_headers(target),
                name=name,
                message=sentence,
                progress=target.status.progress,
                phase=say(texts.PHASES[code]) if code in texts.PHASES else "",
                seconds=max(0, int((now() - target.status.since).total_seconds())),
            )
        else:
            title = say(texts.NOT_AVAILABLE, name=name)
            await self._templates.send_sentence(send, say, 503, title, sentence)

    async def _not_found(self, people: bool, sentence: str, code: str, say: Speaker, send: Send) -> None:
        if people:
            await self.refuse(404, sentence, say, send)
        else:
            await send_error(send, 404, code, sentence)

    async def _shell(self, choice: Choice, target: Target, people: bool, say: Speaker, send: Send) -> None:
        if target.application == MAIN and self._answers is not None and not await self._answers():
            title, message, remedy = say(texts.NOT_NOW), say(texts.NO_DATABASE), say(texts.IN_A_MOMENT)
            headers = ((b"retry-after", b"5"),)
            await self._templates.send_sentence(send, say, 503, title, message, remedy, headers)
            return
        try:
            title = _MAIN_TITLE if target.application == MAIN else target.display_name or target.application
            await self._web.send_shell(send, choice, title)
        except PagesNotBuilt as error:
            message, remedy = error.message_in(say.language), say(texts.BUILD_THEM)
            if people:
                await self._templates.send_sentence(send, say, 503, say(texts.NO_PAGES), message, remedy)
            else:
                await send_error(send, 503, error.code, f"{message} {remedy}")


def _hash(text: str) -> str:
    """As policies name what stands in the page itself."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _is_page(path: str) -> bool:
    """Whether every application has this page."""
    return path == PAGES or path.startswith(f"{PAGES}/")


def _place(choice: Choice) -> str:
    """The one address of a page of an application: the pages find out from it where they are."""
    return base_of(choice) + (choice.path.removeprefix(PAGES) if _is_page(choice.path) else "/")


async def _only_read(say: Speaker, send: Send) -> None:
    await send_error(send, 405, "METHOD_NOT_ALLOWED", say(texts.ONLY_READ), ((b"allow", b"GET, HEAD"),))


async def _redirect(send: Send, place: str, query: bytes) -> None:
    location = quote(place, safe=_IN_PATHS).encode() + (b"?" + query if query else b"")
    headers = ((b"location", location), (b"cache-control", b"no-store"))
    await send_answer(send, 302, b"", b"text/plain; charset=utf-8", headers)
