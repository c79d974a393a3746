"""``/setup``: makes the first administrator. One form, no script; it says what is wrong beside the field.

Whoever has set up is signed in, and led to the pages.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qsl

from insula.application.access.passwords import SHORTEST
from insula.application.api.request import Request
from insula.core.errors import InsulaError
from insula.core.translation import Speaker
from insula.fleet.process.base import Receive, Scope, Send
from insula.gateway.answers import send_answer
from insula.gateway.pages import Templates
from insula.gateway.reader import reading
from insula.gateway.web import PAGES
from insula.server import texts
from insula.server.command import command
from insula.server.errors import AlreadySetUp
from insula.server.setup_form import Administrator, read_form
from insula.server.setup_link import WINDOW_S, SetupLink, Verdict

_log = logging.getLogger(__name__)

PATH = "/setup"
FORM_LIMIT_BYTES = 16 * 1024

_PAGES = f"{PAGES}/".encode()
_FIELDS = ("email", "username", "nickname", "password")
_ORDER = (*_FIELDS, "again")
"""As they stand on the page: the first that is wrong gets the focus."""

Create = Callable[[Administrator, Request], Awaitable[None]]
"""Makes the administrator, and signs them in: the cookies are put on the request. Raises ``AlreadySetUp``, and ``InsulaError``, whose detail ``field`` or ``fields`` names the culprit."""


class SetupPage:
    """An ASGI application, mounted by the gateway's pages."""

    def __init__(self, link: SetupLink, templates: Templates, create: Create, api: str) -> None:
        self._link = link
        self._templates = templates
        self._create = create
        self._api = api
        self._one_at_a_time = asyncio.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        method, say = scope["method"], Speaker(reading(scope))
        if method in ("GET", "HEAD"):
            query = dict(parse_qsl(scope["query_string"].decode("latin-1")))
            token = query.get("token", "")
            if await self._admitted(token, say, send):
                await self._show_form(token, Administrator("", "", "", ""), {}, say, send)
        elif method == "POST":
            await self._submit(scope, receive, say, send)
        else:
            title, message = say(texts.NOT_THAT_WAY), say(texts.IN_A_BROWSER)
            headers = ((b"allow", b"GET, HEAD, POST"),)
            await self._templates.send_sentence(send, say, 405, title, message, headers=headers)

    async def _submit(self, scope: Scope, receive: Receive, say: Speaker, send: Send) -> None:
        body = await _body(receive)
        if body is None:
            sentences = say(texts.TOO_LONG), say(texts.LONGER_THAN_ANY), say(texts.WRITE_LESS)
            await self._templates.send_sentence(send, say, 413, *sentences)
            return
        # Its cookies are for the API, as those of every sign-in are.
        request = Request({**scope, "root_path": self._api.rstrip("/")}, receive)
        form = dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
        token = form.get("token", "")
        # One at a time, so that of two people with the same link one becomes administrator.
        async with self._one_at_a_time:
            if not await self._admitted(token, say, send):
                return
            asked, wrong = read_form(form, say)
            if not wrong:
                try:
                    wrong = await self._try_to_create(asked, request, say.language)
                except AlreadySetUp:
                    self._link.use()
                    await self._say_used(say, send)
                    return
            if wrong:
                await self._show_form(token, asked, wrong, say, send, status=400)
                return
            self._link.use()
        _log.info("the first administrator was set up")
        headers = ((b"location", _PAGES), (b"cache-control", b"no-store"), *request.answer_headers)
        await send_answer(send, 303, b"", b"text/plain; charset=utf-8", headers)

    async def _try_to_create(self, asked: Administrator, request: Request, language: str) -> dict[str, str]:
        """Field → sentence when it did not work; the empty field is the form as a whole."""
        try:
            await self._create(asked, request)
        except AlreadySetUp:
            raise
        except InsulaError as error:
            culprits = str(error.details.get("field") or error.details.get("fields") or "").split(", ")
            return {next((name for name in culprits if name in _FIELDS), ""): error.message_in(language)}
        return {}

    async def _admitted(self, token: str, say: Speaker, send: Send) -> bool:
        """Whether the token is good; when it is not, that has been answered."""
        verdict = self._link.check(token)
        if verdict is Verdict.RIGHT:
            return True
        page = self._templates.send_sentence
        if verdict is Verdict.USED:
            await self._say_used(say, send)
        elif verdict is Verdict.THROTTLED:
            sentences = say(texts.TOO_MANY_TRIES), say(texts.WRONG_LINKS), say(texts.WAIT)
            await page(send, say, 429, *sentences, ((b"retry-after", str(int(WINDOW_S)).encode()),))
        else:
            sentences = say(texts.NOT_VALID), say(texts.INCOMPLETE), say(texts.PRINTS_ANOTHER)
            await page(send, say, 403, *sentences)
        return False

    async def _say_used(self, say: Speaker, send: Send) -> None:
        remedy = say(texts.SET_ANEW, command=f"{command()} users reset-password ACCOUNT")
        sentences = say(texts.ALREADY_SET_UP), say(texts.NO_OTHER), remedy
        way = (_PAGES.decode(), say(texts.SIGN_IN))
        await self._templates.send_sentence(send, say, 410, *sentences, way=way)

    async def _show_form(
        self,
        token: str,
        asked: Administrator,
        wrong: dict[str, str],
        say: Speaker,
        send: Send,
        status: int = 200,
    ) -> None:
        first = next((name for name in _ORDER if name in wrong), None)
        values: dict[str, Any] = {
            "token": token,
            "asked": asked,
            "wrong": wrong,
            "first": first,
            "shortest": SHORTEST,
        }
        await self._templates.send(send, say, status, "setup.html", (), **values)


async def _body(receive: Receive) -> bytes | None:
    """The body of the form; ``None`` when it is too long or its sender is gone."""
    body: bytes = b""
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return None
        body += message.get("body", b"")
        if len(body) > FORM_LIMIT_BYTES:
            return None
        if not message.get("more_body"):
            return body
