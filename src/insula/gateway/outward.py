"""The route of a front door before many environments: what is forwarded where, and what is answered in place of that.

What runs costs a choice and one look-up. Whatever else there may be to say (an application that has to come up first, a
page for people, why something is not there) says the same gateway that serves applications of its own process: it runs
here with a process in which applications of other environments seem to run, each of which says no more than "forward".
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import urlsplit

from insula.core.errors import InsulaError
from insula.core.names import MAIN
from insula.gateway import choosing, cookies, hop
from insula.gateway.answers import RETRY_AFTER, send_error, send_not_answering
from insula.gateway.errors import AWAY, AmbiguousApplication, OtherApplication, unknown
from insula.gateway.forward.answering import collected, error
from insula.gateway.forward.route import Answer, Failure, Fields, Tcp, Told, Unix, Upstream
from insula.gateway.selector import Asked as Named
from insula.gateway.selector import Choice, named_by_headers, select

if TYPE_CHECKING:
    from insula.fleet.directory.base import Directory
    from insula.fleet.process.base import AsgiApp, Message, Receive, Scope, Send
    from insula.fleet.traffic import Counts, Traffic
    from insula.gateway.entry import Gateway
    from insula.gateway.forward.route import Asked
    from insula.gateway.hop import Hops
    from insula.gateway.pages import Templates

_FORWARD: Final = "insula.forward"
"""Set in a scope whose request is to be forwarded."""
_SWITCHING: Final = 101


class Place(NamedTuple):
    """Where an application runs."""

    environment: str
    url: str
    """Where requests are forwarded to."""
    share_session: bool = False
    """Main's cookies go along."""
    others: tuple[str, ...] = ()
    """Environments in which it runs as well."""


Where = Callable[[str, str], Place | None]
"""Application, and an environment or nothing → where it runs now, in that one or the first of all; asked for each request."""


class Elsewhere:
    """A process in which everything seems to run that runs in some environment."""

    def __init__(self, where: Where) -> None:
        self._where = where

    def running(self, application: str) -> AsgiApp | None:
        """See ``ProcessAdapter.running``."""
        return None if self._where(application, "") is None else _forward


async def _forward(scope: Scope, receive: Receive, send: Send) -> None:
    scope[_FORWARD] = True


class Outward:
    """A ``Route``."""

    def __init__(
        self,
        api: str,
        directory: Directory,
        where: Where,
        main: Unix,
        gateway: Gateway,
        traffic: Traffic,
        suspect: Callable[[str], None],
        templates: Templates,
        hops: Hops | None = None,
    ) -> None:
        """``main`` is where the main application listens; ``gateway`` one over ``Elsewhere``; ``suspect`` is told the
        name of an environment that a request could not be forwarded to; ``hops`` prove there where requests come from."""
        self._api = api
        self._directory = directory
        self._application_of = directory.application_of
        self._where = where
        self._main = Upstream(main)
        self._gateway = gateway
        self._traffic = traffic
        self._suspect = suspect
        self._templates = templates
        self._hops = hops

    def __call__(self, asked: Asked) -> Told | Awaitable[Told]:
        named = Named(
            asked.path, asked.query, named_by_headers(asked.headers, asked.fields), asked.origin.hosts
        )
        try:
            choice = select(named, self._api, self._application_of)
        except (OtherApplication, AmbiguousApplication) as refused:
            return self._refuse(refused, asked)
        if choice.application == MAIN:
            return self._main
        place = self._where(choice.application, "")
        if place is not None:
            if place.others or choosing.HEADER in asked.headers:
                return self._chosen(choice, place, asked)
            return self._to(place, choice.application, asked)
        return self._refuse_talk(choice) if asked.websocket else self._look(choice, asked)

    def _to(self, place: Place, application: str, asked: Asked) -> Upstream:
        url = urlsplit(place.url)
        tls = url.scheme == "https"
        address = Tcp(url.hostname or "", url.port or (443 if tls else 80), tls)
        kept = cookies.names(application)
        if place.share_session:
            kept |= cookies.names(MAIN)
        base = url.path.rstrip("/")
        target = base.encode() + asked.target if base else None
        counts = self._traffic.of(application)
        counts.begin()
        watch = _Watched(counts, application, place.environment, self._suspect)
        headers: Fields = ()
        if self._hops is not None:
            origin = asked.origin
            told = hop.Told(origin.client, origin.scheme, next(iter(origin.hosts), ""))
            headers = (self._hops.header(told, asked.request_id),)
        return Upstream(address, target, headers, cookies=kept, watch=watch)

    def _chosen(self, choice: Choice, first: Place, asked: Asked) -> Told | Awaitable[Told]:
        """One of several environments: that which is named, else chosen before, else the first, which programs get."""
        name = choice.application
        if wanted := choosing.named(asked):
            place = self._where(name, wanted)
            if place is None:
                sentence = f"The application {name} does not run in the environment {wanted[:64]!r} now."
                return error(503, AWAY[0], sentence, maintaining=False)
            if choice.kind == "page" and choosing.by_query(asked) and choosing.wants_page(asked):
                return choosing.remember(asked, name, place.environment)
            return self._to(place, name, asked)
        chosen = choosing.remembered(asked, name)
        place = self._where(name, chosen) if chosen else None
        if place is None and choice.kind == "page" and choosing.wants_page(asked):
            return choosing.ask(self._templates, asked, name, (first.environment, *first.others))
        return self._to(place or first, name, asked)

    async def _look(self, choice: Choice, asked: Asked) -> Told:
        """An application that does not run: it is woken and waited for, or somebody is told why not."""
        told = await self._say(asked)
        if told is not None:
            return told
        place = self._where(choice.application, "")
        if place is not None:
            return self._to(place, choice.application, asked)
        target = await self._directory.find(choice.application)
        if target is None:
            return error(404, "APP_NOT_FOUND", unknown(choice.application))
        return await collected(lambda send: send_not_answering(send, target))

    async def _say(self, asked: Asked) -> Answer | None:
        """What the gateway answers; ``None``: the request is to be forwarded."""
        scope: Scope = {
            "type": "http",
            "http_version": "1.1",
            "method": asked.method,
            "scheme": asked.origin.scheme,
            "path": asked.path,
            "raw_path": asked.target.partition(b"?")[0],
            "query_string": asked.query,
            "root_path": "",
            "headers": [*asked.fields, (b"x-request-id", asked.request_id.encode())],
            "client": (asked.peer, 0),
        }
        answer = await collected(lambda send: self._gateway(scope, _nothing_more, send))
        if scope.get(_FORWARD):
            return None
        headers = [header for header in answer.headers if header[0] != b"x-request-id"]
        return answer._replace(headers=headers)

    async def _refuse(self, refused: InsulaError, asked: Asked) -> Answer:
        """It is for no application."""
        return await self._say(asked) or error(404, refused.code, refused.message)

    async def _refuse_talk(self, choice: Choice) -> Answer:
        """A WebSocket wakes nobody."""
        target = await self._directory.find(choice.application)
        if target is None:
            sentence = unknown(choice.application)
            return await collected(lambda send: send_error(send, 404, "APP_NOT_FOUND", sentence))
        return await collected(lambda send: send_not_answering(send, target))


async def _nothing_more() -> Message:
    """Nobody who answers here reads a body; the door itself sees the client leave."""
    await asyncio.get_running_loop().create_future()
    raise AssertionError("cancelled, and never done")


class _Watched:
    """One request on its way to an environment: counted, and what fails makes that suspect."""

    __slots__ = ("_application", "_counts", "_environment", "_suspect", "_talks")

    def __init__(
        self, counts: Counts, application: str, environment: str, suspect: Callable[[str], None]
    ) -> None:
        self._counts = counts
        self._application = application
        self._environment = environment
        self._suspect = suspect
        self._talks = False

    def failed(self, asked: Asked, failure: Failure, cause: str) -> Answer | None:
        """See ``Watch``."""
        if failure is Failure.BUSY:
            return None
        self._suspect(self._environment)
        if failure is not Failure.UNREACHABLE:
            return None
        code, sentence = AWAY
        message = sentence.format(application=self._application)
        return error(503, code, message, tuple(RETRY_AFTER), maintaining=False)

    def upgraded(self) -> None:
        """See ``Watch``."""
        self._talks = True
        self._counts.end(_SWITCHING, 0.0)
        self._counts.talk()

    def ended(self, status: int, seconds: float) -> None:
        """See ``Watch``."""
        if self._talks:
            self._counts.part()
        else:
            self._counts.end(status, seconds)
