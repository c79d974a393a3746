"""``/setup``: makes the first administrator. One form, no script; it says what is wrong beside the field.

Whoever has set up is signed in, and led to the pages.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from urllib.parse import parse_qsl

from insula.application.api.request import Request
from insula.core.errors import InsulaError
from insula.fleet.process.base import Receive, Scope, Send
from insula.gateway.answers import send_answer
from insula.gateway.pages import Templates
from insula.gateway.web import PAGES
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
        method = scope["method"]
        if method in ("GET", "HEAD"):
            query = dict(parse_qsl(scope["query_string"].decode("latin-1")))
            token = query.get("token", "")
            if await self._admitted(token, send):
                await self._show_form(token, Administrator("", "", "", ""), {}, send)
        elif method == "POST":
            await self._submit(scope, receive, send)
        else:
            await self._templates.send_sentence(
                send, 405, "Not that way", "This page is read and sent from a browser.",
                headers=((b"allow", b"GET, HEAD, POST"),),
            )  # fmt: skip

    async def _submit(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = await _body(receive)
        if body is None:
            await self._templates.send_sentence(
                send, 413, "Too long", "What was sent is longer than any form.", "Go back, and write less."
            )
            return
        # Its cookies are for the API, as those of every sign-in are.
        request = Request({**scope, "root_path": self._api.rstrip("/")}, receive)
        form = dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
        token = form.get("token", "")
        # One at a time, so that of two people with the same link one becomes administrator.
        async with self._one_at_a_time:
            if not await self._admitted(token, send):
                return
            asked, wrong = read_form(form)
            if not wrong:
                try:
                    wrong = await self._try_to_create(asked, request)
                except AlreadySetUp:
                    self._link.use()
                    await self._say_used(send)
                    return
            if wrong:
                await self._show_form(token, asked, wrong, send, status=400)
                return
            self._link.use()
        _log.info("the first administrator was set up")
        headers = ((b"location", _PAGES), (b"cache-control", b"no-store"), *request.answer_headers)
        await send_answer(send, 303, b"", b"text/plain; charset=utf-8", headers)

    async def _try_to_create(self, asked: Administrator, request: Request) -> dict[str, str]:
        """Field → sentence when it did not work; the empty field is the form as a whole."""
        try:
            await self._create(asked, request)
        except AlreadySetUp:
            raise
        except InsulaError as error:
            culprits = str(error.details.get("field") or error.details.get("fields") or "").split(", ")
            return {next((name for name in culprits if name in _FIELDS), ""): error.message}
        return {}

    async def _admitted(self, token: str, send: Send) -> bool:
        """Whether the token is good; when it is not, that has been answered."""
        verdict = self._link.check(token)
        if verdict is Verdict.RIGHT:
            return True
        page = self._templates.send_sentence
        if verdict is Verdict.USED:
            await self._say_used(send)
        elif verdict is Verdict.THROTTLED:
            await page(send, 429, "Too many tries", "Too many wrong links were tried.", "Wait a minute.",
                       ((b"retry-after", str(int(WINDOW_S)).encode()),))  # fmt: skip
        else:
            await page(send, 403, "This link is not valid", "It is incomplete, too old, or from an earlier start.",
                       "As long as there is no administrator, each start of Insula prints a new one "
                       "in its terminal.")  # fmt: skip
        return False

    async def _say_used(self, send: Send) -> None:
        await self._templates.send_sentence(
            send, 410, "Already set up", "There is an administrator; this link makes no other.",
            "Sign in with that account; a forgotten password is set anew with "
            f"“{command()} users reset-password ACCOUNT”.",
        )  # fmt: skip

    async def _show_form(
        self, token: str, asked: Administrator, wrong: dict[str, str], send: Send, status: int = 200
    ) -> None:
        first = next((name for name in _ORDER if name in wrong), None)
        await self._templates.send(
            send, status, "setup.html", token=token, asked=asked, wrong=wrong, first=first
        )


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
