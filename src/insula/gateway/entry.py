"""The way in: every request passes here once, on its way to the application that it is for.

This is the hot path: for a running application it costs a walk over the headers, a choice and one look-up.
What it puts into the ASGI scope for applications: ``insula.local`` (came over the operator's socket),
``insula.behind`` (through our own front door), ``insula.request_id``, ``insula.host`` (as the client wrote it), ``insula.own_host`` (which is the application's
own domain), and the believed ``client`` and ``scheme``;
``path`` is cut to what is the application's own, ``root_path`` is what was cut off.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from insula.core import log
from insula.core.clock import monotonic
from insula.core.errors import InsulaError, Kind
from insula.core.names import MAIN
from insula.core.translation import Speaker, filled
from insula.fleet.directory.base import Directory
from insula.fleet.lifecycle import Wanted
from insula.fleet.process.base import AsgiApp, Message, Receive, Scope, Send
from insula.fleet.target import Target
from insula.fleet.traffic import Counts, Traffic
from insula.gateway import cookies, hop
from insula.gateway.answers import (
    RETRY_AFTER,
    locale,
    send_error,
    send_not_answering,
    send_not_woken,
    send_ready,
)
from insula.gateway.errors import (
    DEFECT,
    AmbiguousApplication,
    InEnvironment,
    NoMain,
    OtherApplication,
    TooManyWaiting,
    unknown,
)
from insula.gateway.reader import reading
from insula.gateway.selector import Asked, Choice, named_by_headers, select
from insula.gateway.trust import Origin, TrustedProxies
from insula.gateway.trust import request_id as taken_request_id
from insula.gateway.waiting import HOLD_S, EarlyReceive, Runs, Waiting, comes
from insula.gateway.websocket import WebSockets

_log = logging.getLogger(__name__)
_access = logging.getLogger("insula.access")

LOCAL_CLIENT = "local"
"""The client's address of a request that came over the operator's socket."""
PEOPLE_WAIT_S = 0.1
"""How long a page is held before people are shown how far the application is: too short to notice, and enough for most."""


class PageHandler(Protocol):
    """Answers what is not API."""

    def wakes(self, choice: Choice, scope: Scope) -> bool:
        """Whether there is a page of the application itself, for which it is brought up."""

    def is_of_all(self, choice: Choice) -> bool:
        """Whether there is a file of all applications at this path, for which none is looked for."""

    async def send_file(self, choice: Choice, scope: Scope, send: Send) -> None:
        """Answer with that file."""

    async def __call__(
        self, choice: Choice, target: Target | None, scope: Scope, receive: Receive, send: Send
    ) -> None:
        """Answer. The target is ``None`` when there is no application of its name."""

    async def refuse(self, status: int, sentence: str, say: Speaker, send: Send) -> None:
        """A page that says why nothing is here, in the language that ``sentence`` is in."""


@dataclass(frozen=True, slots=True)
class GatewayOptions:
    """What the settings say about the gateway."""

    api: str
    """Base path of the API, from slash to slash."""
    proxies: TrustedProxies
    access_log: bool = False
    hold_s: float = HOLD_S
    """How long a request is held for an application that is on its way up."""


class Gateway:
    """An ASGI application for the TCP socket; its method ``local`` is one for the operator's socket."""

    def __init__(
        self,
        options: GatewayOptions,
        directory: Directory,
        process: Runs,
        pages: PageHandler,
        traffic: Traffic | None = None,
        waiting: Waiting | None = None,
        unready: Callable[[], InsulaError | None] | None = None,
        places: Callable[[str], Sequence[str]] | None = None,
    ) -> None:
        """``unready``: why a process that has no main application to say so does not do what it is there for; ``places``:
        the environments of an application, where all but main run in others than this one."""
        self._api = options.api
        self._proxies = options.proxies
        self._access_log = options.access_log
        self._hold_s = options.hold_s
        self._directory = directory
        self._application_of = directory.application_of
        self._running = process.running
        self._pages = pages
        self._traffic = Traffic() if traffic is None else traffic
        self._waiting = Waiting(directory, process) if waiting is None else waiting
        self._unready = unready
        self._places = places
        self._websockets = WebSockets(options.api, directory, process, self._traffic, self._hand_over)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """A request from anywhere: never local, whatever its headers say."""
        scope["insula.local"] = False
        headers = dict(scope["headers"])
        peer = scope["client"][0] if scope["client"] else ""
        origin = self._proxies.origin(peer, scope["scheme"], headers)
        if hop.HEADER in headers:  # a proof is for us: whoever sees it could use it again
            scope["headers"] = [header for header in scope["headers"] if header[0] != hop.HEADER]
        if scope["type"] == "websocket":
            await self._websockets(scope, receive, send, headers, origin)
            return
        await self._enter(scope, receive, send, headers, origin)

    async def behind(self, scope: Scope, receive: Receive, send: Send) -> None:
        """A request over the socket that the front door alone reaches: its word is taken for where it comes from."""
        scope["insula.local"] = False
        scope["insula.behind"] = True
        headers = dict(scope["headers"])
        origin = self._proxies.told(scope["scheme"], headers)
        if scope["type"] == "websocket":
            await self._websockets(scope, receive, send, headers, origin)
            return
        await self._enter(scope, receive, send, headers, origin)

    async def local(self, scope: Scope, receive: Receive, send: Send) -> None:
        """A request over the operator's socket, whose file permissions let nobody else in."""
        scope["insula.local"] = True
        headers = dict(scope["headers"])
        origin = Origin(LOCAL_CLIENT, "http", headers.get(b"host", b"").decode("latin-1"), ())
        if scope["type"] == "websocket":
            await self._websockets(scope, receive, send, headers, origin)
            return
        await self._enter(scope, receive, send, headers, origin)

    def hold_no_more(self) -> None:
        """The server stops: who waits for an application is told how far it is."""
        self._waiting.close()

    async def _enter(
        self, scope: Scope, receive: Receive, send: Send, headers: dict[bytes, bytes], origin: Origin
    ) -> None:
        request_id = taken_request_id(headers.get(b"x-request-id"))
        identifier = request_id.encode()
        log.request_id.set(request_id)
        scope["insula.request_id"] = request_id
        scope["insula.host"] = origin.host
        scope["client"] = (origin.client, 0)
        scope["scheme"] = origin.scheme
        visit = _Visit(send, identifier)
        began = monotonic()
        original = scope["path"]
        broke = False
        try:
            await self._pass_on(scope, receive, visit, headers, origin)
        except Exception as error:  # whatever a part of the application raises: the client gets an answer
            if not _is_away(error):
                _log.exception("a request failed: %s %s", scope["method"], original)
            if visit.status:
                broke = True
                raise  # The head of the answer is out: only breaking the connection tells the client.
            await _send_failure(error, request_id, locale(scope), visit.send)
        finally:
            seconds = monotonic() - began
            if visit.counts is not None:
                visit.counts.end(500 if broke else visit.status, seconds)
            if self._access_log:
                user = scope.get("insula.user")
                who = origin.client if user is None else f"{origin.client} user {user}"
                line = (scope["method"], original, visit.status, seconds * 1000, who)
                _access.info("%s %s %d %.1f ms %s", *line)

    async def _pass_on(
        self, scope: Scope, receive: Receive, visit: _Visit, headers: dict[bytes, bytes], origin: Origin
    ) -> None:
        named = named_by_headers(headers, scope["headers"])
        asked = Asked(scope["path"], scope["query_string"], named, origin.hosts, origin.application)
        try:
            choice = select(asked, self._api, self._application_of)
        except (OtherApplication, AmbiguousApplication) as error:
            await self._refuse(error, scope, visit.send)
            return
        answers = self._running(choice.application)
        if choice.kind == "api" and answers is not None:
            visit.begin(self._traffic.of(choice.application))
            await self._hand_over(choice, answers, scope, receive, visit.send)
        elif scope["insula.local"] and (refused := self._elsewhere(choice.application)) is not None:
            await self._refuse(refused, scope, visit.send)
        else:
            await self._look(choice, answers is not None, scope, receive, visit)

    def _elsewhere(self, application: str) -> InsulaError | None:
        """Operators are answered by the process that they ask alone, since no other knows who they are."""
        places = self._places(application) if self._places is not None and application != MAIN else ()
        return InEnvironment(application=application, environments=", ".join(places)) if places else None

    async def _refuse(self, error: InsulaError, scope: Scope, send: Send) -> None:
        """It is for no application: people are told so on a page."""
        status = 404 if error.kind is Kind.MISSING else 400
        if not scope["path"].startswith(self._api) and wants_page(scope):
            say = Speaker(reading(scope))
            await self._pages.refuse(status, error.message_in(say.language), say, send)
        else:
            await send_error(send, status, error.code, error.message_in(locale(scope)))

    async def _hand_over(
        self, choice: Choice, answers: AsgiApp, scope: Scope, receive: Receive, send: Send
    ) -> None:
        """Hand the request over to the application that it is for."""
        name = choice.application
        log.application.set(name)
        scope["path"] = choice.path
        scope["root_path"] = choice.prefix
        scope["insula.own_host"] = choice.own_host
        for key, value in scope["headers"]:
            if key == b"cookie" and b"nb_" in value:
                scope["headers"] = await self._own_cookies(name, scope["headers"])
                break
        await answers(scope, receive, send)

    async def _own_cookies(self, application: str, headers: cookies.Headers) -> cookies.Headers:
        kept = cookies.names(application)
        if application != MAIN and cookies.sent(headers, MAIN):
            target = await self._directory.find(application)
            if target is not None and target.share_session:
                kept |= cookies.names(MAIN)
        return cookies.strip(headers, kept)

    async def _look(self, choice: Choice, runs: bool, scope: Scope, receive: Receive, visit: _Visit) -> None:
        """Everything but the API of an application that runs."""
        if choice.kind == "health" and runs:
            log.application.set(choice.application)
            await send_ready(visit.send, None)
            return
        if choice.kind == "page" and self._pages.is_of_all(choice):
            await self._pages.send_file(choice, scope, visit.send)
            return
        target = await self._directory.find(choice.application)
        if target is None and choice.kind == "health" and choice.application == MAIN and self._unready:
            await send_ready(visit.send, self._unready(), locale(scope))
            return
        if target is None or target.wanted is Wanted.DELETED:
            await self._miss(choice, scope, receive, visit)
            return
        if target.certain:
            log.application.set(choice.application)
        if choice.kind == "health":
            await send_not_woken(visit.send, target, locale(scope))
        elif choice.kind == "page" and not self._pages.wakes(choice, scope):
            await self._pages(choice, target, scope, receive, visit.send)
        else:
            if target.certain:
                visit.begin(self._traffic.of(choice.application))
            if runs or not comes(target):
                await self._answer(choice, target, scope, receive, visit)
            else:
                await self._hold(choice, target, scope, EarlyReceive(receive), visit)

    async def _hold(
        self, choice: Choice, target: Target, scope: Scope, client: EarlyReceive, visit: _Visit
    ) -> None:
        """Wake the application, and keep the request until it is up."""
        people = choice.kind == "page" and wants_page(scope)
        within_s = min(PEOPLE_WAIT_S, self._hold_s) if people else self._hold_s
        try:
            found = await self._waiting.until_up(choice.application, client, within_s)
        except TooManyWaiting as error:
            if not people:
                message = error.message_in(locale(scope))
                await send_error(visit.send, 503, error.code, message, RETRY_AFTER, maintaining=True)
                return
            found = target
        if client.gone:
            return
        if found is None or found.wanted is Wanted.DELETED:
            await self._miss(choice, scope, client, visit)
        else:
            if visit.counts is None and found.certain:
                visit.begin(self._traffic.of(choice.application))
            await self._answer(choice, found, scope, client, visit)

    async def _miss(self, choice: Choice, scope: Scope, receive: Receive, visit: _Visit) -> None:
        """There is no such application."""
        if choice.kind == "page":
            await self._pages(choice, None, scope, receive, visit.send)
        elif scope["insula.local"] and choice.application == MAIN:
            await self._refuse(NoMain(), scope, visit.send)
        else:
            await send_error(visit.send, 404, "APP_NOT_FOUND", unknown(choice.application, locale(scope)))

    async def _answer(
        self, choice: Choice, target: Target, scope: Scope, receive: Receive, visit: _Visit
    ) -> None:
        """With what there is now: the application, a page, or why there is neither."""
        answers = self._running(choice.application)
        if choice.kind == "page":
            await self._pages(choice, target, scope, receive, visit.send)
        elif answers is not None:
            await self._hand_over(choice, answers, scope, receive, visit.send)
        else:
            await send_not_answering(visit.send, target, locale(scope))


class _Visit:
    """One request on its way through: its answer is stamped with its id, and counted."""

    __slots__ = ("_identifier", "_send", "counts", "status")

    def __init__(self, send: Send, identifier: bytes) -> None:
        self._send = send
        self._identifier = identifier
        self.status = 0
        """Of the answer, once its head is out."""
        self.counts: Counts | None = None
        """Of the application that it is for, if there is one."""

    def begin(self, counts: Counts) -> None:
        """Count it from now on."""
        self.counts = counts
        counts.begin()

    async def send(self, message: Message) -> None:
        """The ``send`` of whoever answers."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            message["headers"] = [*message.get("headers", ()), (b"x-request-id", self._identifier)]
        await self._send(message)


def _is_away(error: Exception) -> bool:
    """Whether something that is needed does not answer: no defect, and logged by whoever noticed."""
    return isinstance(error, InsulaError) and error.kind is Kind.UNAVAILABLE


async def _send_failure(error: Exception, request_id: str, language: str, send: Send) -> None:
    """What is told of something that was raised on the way to an application."""
    if isinstance(error, InsulaError) and _is_away(error):
        message = error.told_in(language) or error.message_in(language)
        await send_error(send, 503, error.code, message, RETRY_AFTER)
    else:
        sentence = filled(DEFECT, {"request_id": request_id}, language)
        await send_error(send, 500, "INTERNAL_ERROR", sentence)


def header(scope: Scope, name: bytes) -> str:
    """One header of a scope (lower-case name), or nothing."""
    value: Any = next((value for key, value in scope["headers"] if key == name), b"")
    return str(value.decode("latin-1"))


def wants_page(scope: Scope) -> bool:
    """Whether a person asks, who reads HTML, and not a program."""
    return scope["method"] in ("GET", "HEAD") and "text/html" in header(scope, b"accept")
