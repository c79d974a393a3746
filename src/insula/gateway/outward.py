"""The route of a front door before many environments: what is forwarded where, and what is answered in place of that.

What runs costs a choice and one look-up. Whatever else there may be to say (an application that has to come up first, a
page for people, why something is not there) says the same gateway that serves applications of its own process: it runs
here with a process in which applications of other environments seem to run, each of which says no more than "forward".
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING
from urllib.parse import quote

from insula.core.errors import InsulaError
from insula.core.names import MAIN
from insula.core.translation import Speaker, filled, in_language
from insula.gateway import choosing, hop, texts
from insula.gateway.answers import RETRY_AFTER, Headers, send_error, send_not_answering, send_not_woken
from insula.gateway.course import Place, Watched, Where, course_of
from insula.gateway.elsewhere import FORWARD
from insula.gateway.errors import AWAY, NOT_THERE, AmbiguousApplication, OtherApplication, unknown
from insula.gateway.forward.answering import FAILURES, collected, error, locale
from insula.gateway.forward.route import Answer, Failure, Fields, Standing, Told, Unix, Upstream
from insula.gateway.reader import language_of_reader
from insula.gateway.selector import Asked as Named
from insula.gateway.selector import Choice, deciding, named_by_headers, select
from insula.gateway.trust import DIRECT, is_direct

if TYPE_CHECKING:
    from insula.fleet.directory.base import Directory
    from insula.fleet.process.base import Message, Scope
    from insula.fleet.traffic import Traffic
    from insula.gateway.entry import Gateway
    from insula.gateway.forward.route import Asked
    from insula.gateway.hop import Hops
    from insula.gateway.pages import Templates


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
        self._main = Upstream(main, without=frozenset((DIRECT,)))
        self._main_directly = Upstream(main, headers=((DIRECT, b"1"),))
        self._gateway = gateway
        self._traffic = traffic
        self._suspect = suspect
        self._templates = templates
        self._hops = hops
        self._sent_api = quote(api).encode()
        self._standing = Standing()
        self._courses: dict[tuple[str, Place], Upstream] = {}
        """Of each application that was asked for of late, what is the same for all requests."""

    def __call__(self, asked: Asked) -> Told | Awaitable[Told]:
        named = Named(
            asked.path, asked.query, named_by_headers(asked.headers, asked.fields), asked.origin.hosts
        )
        try:
            choice = select(named, self._api, self._application_of)
        except (OtherApplication, AmbiguousApplication) as refused:
            return self._refuse(refused, asked)
        if choice.application == MAIN:
            if choice.kind == "page" and is_direct(asked.peer, asked.headers):
                return self._main_directly
            return self._main._replace(prefix=deciding(asked.target, self._sent_api), standing=self._standing)
        place = self._where(choice.application, "")
        if place is not None:
            return self._there(choice, place, asked)
        return self._refuse_talk(choice, asked) if asked.websocket else self._look(choice, asked)

    def changed(self) -> None:
        """Something of what decides where requests go may be another now: what was told before holds no longer."""
        self._standing.holds = False
        self._standing = Standing()
        self._courses.clear()

    def _there(self, choice: Choice, place: Place, asked: Asked) -> Told | Awaitable[Told]:
        """It runs, here first of all."""
        if place.others or choosing.HEADER in asked.headers or choosing.IN_QUERY in asked.query:
            return self._chosen(choice, place, asked)
        return self._to(place, choice, asked)

    def _to(self, place: Place, choice: Choice, asked: Asked) -> Upstream:
        application = choice.application
        course = self._courses.get((application, place))
        if course is None:
            watch = Watched(self._failed, self._traffic.of(application), application, place.environment)
            course = self._courses[application, place] = course_of(application, place, watch)
        headers: Fields = ()
        if self._hops is not None:
            origin = asked.origin
            told = hop.Told(application, origin.client, origin.scheme, next(iter(origin.hosts), ""))
            headers = (self._hops.header(told),)
        prefix = deciding(asked.target, self._sent_api)
        if place.others and choice.kind == "page":
            prefix = b""  # people may be asked
        return course._replace(headers=headers, prefix=prefix, standing=self._standing)

    def _failed(self, application: str, environment: str, asked: Asked, failure: Failure) -> Answer | None:
        """What is answered where an environment has not; ``None``: what the door says to programs."""
        if failure is not Failure.BUSY:
            self._suspect(environment)
        if failure is Failure.UNREACHABLE:
            sentence = filled(AWAY[1], {"application": application}, self._language(asked))
            return self._away(application, sentence, asked, RETRY_AFTER, environment)
        if not self._to_people(asked):
            return None
        status, message = FAILURES[failure]
        sentence = in_language(message, self._language(asked))
        return self._page(application, status, sentence, asked, (), environment)

    def _away(
        self, application: str, message: str, asked: Asked, headers: Headers = (), environment: str = ""
    ) -> Answer:
        """Where it should run, nobody answers."""
        if self._to_people(asked):
            return self._page(application, 503, message, asked, headers, environment)
        return error(503, AWAY[0], message, tuple(headers), maintaining=False)

    def _to_people(self, asked: Asked) -> bool:
        return choosing.wants_page(asked) and not asked.path.startswith(self._api)

    def _language(self, asked: Asked) -> str:
        return language_of_reader(asked.headers.items()) if self._to_people(asked) else locale(asked)

    def _page(
        self, application: str, status: int, message: str, asked: Asked, headers: Headers, environment: str
    ) -> Answer:
        """With links to the other environments in which it runs, but for the one that has failed."""
        place = self._where(application, "")
        up = () if place is None else (place.environment, *place.others)
        others = [choosing.address_of(asked) + name for name in up if name != environment]
        say = Speaker(self._language(asked))
        title = say(texts.NOT_AVAILABLE, name=(place.title if place else "") or application)
        own, page = self._templates.sentence(asked.request_id, say, title, message, others)
        return Answer(status, (*own, *headers), page)

    def _chosen(self, choice: Choice, first: Place, asked: Asked) -> Told | Awaitable[Told]:
        """One of several environments: that which is named, else chosen before, else the first, which programs get."""
        name = choice.application
        if wanted := choosing.named(asked):
            place = self._where(name, wanted)
            if place is None:
                details = {"application": name, "environment": wanted[:64]}
                sentence = filled(NOT_THERE, details, self._language(asked))
                return self._away(name, sentence, asked)
            if choice.kind == "page" and choosing.by_query(asked) and choosing.wants_page(asked):
                return choosing.remember(asked, name, place.environment)
            return self._to(place, choice, asked)
        chosen = choosing.remembered(asked, name)
        place = self._where(name, chosen) if chosen else None
        if place is None and first.others and choice.kind == "page" and choosing.wants_page(asked):
            return choosing.ask(
                self._templates, asked, first.title or name, (first.environment, *first.others)
            )
        return self._to(place or first, choice, asked)

    async def _look(self, choice: Choice, asked: Asked) -> Told:
        """An application that does not run: it is woken and waited for, or somebody is told why not."""
        told = await self._say(asked)
        if told is not None:
            return told
        place = self._where(choice.application, "")
        if place is not None:
            there = self._there(choice, place, asked)
            return await there if isinstance(there, Awaitable) else there
        target = await self._directory.find(choice.application)
        if target is None:
            return error(404, "APP_NOT_FOUND", unknown(choice.application, locale(asked)))
        return await collected(lambda send: send_not_answering(send, target, locale(asked)))

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
        if scope.get(FORWARD):
            return None
        headers = [header for header in answer.headers if header[0] != b"x-request-id"]
        return answer._replace(headers=headers)

    async def _refuse(self, refused: InsulaError, asked: Asked) -> Answer:
        """It is for no application."""
        return await self._say(asked) or error(404, refused.code, refused.message_in(locale(asked)))

    async def _refuse_talk(self, choice: Choice, asked: Asked) -> Answer:
        """A WebSocket wakes nobody."""
        target = await self._directory.find(choice.application)
        if target is None:
            sentence = unknown(choice.application, locale(asked))
            return await collected(lambda send: send_error(send, 404, "APP_NOT_FOUND", sentence))
        return await collected(lambda send: send_not_woken(send, target, locale(asked)))


async def _nothing_more() -> Message:
    """Nobody who answers here reads a body; the door itself sees the client leave."""
    await asyncio.get_running_loop().create_future()
    raise AssertionError("cancelled, and never done")
