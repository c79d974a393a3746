"""Requests that take long, clients that go away, and an application that stops meanwhile."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest

from insula.application.api.action import Action, Answer, Context, Resource, Stream
from insula.application.api.errors import error_answer
from insula.application.application import Application
from insula.application.errors import Overloaded
from insula.application.plugin import Plugin
from insula.testing.applications import MakeApplication


class Slow(Plugin):
    """An action that ends when the test says so, and one whose stream breaks."""

    name = "slow"
    title = description = "Slow"

    def __init__(self) -> None:
        self.begun = asyncio.Event()
        self.go_on = asyncio.Event()
        self.cancelled = False
        actions = (
            Action("wait", self.wait, "public", "Waits."),
            Action("breaks", self.breaks, "public", "Breaks."),
            Action("wrong", self.wrong, "public", "Is wrong from the start."),
            Action("odd", self.odd, "public", "Answers what has no JSON."),
        )
        self.resources = (Resource("slow", actions),)

    async def wait(self, context: Context) -> Answer:
        self.begun.set()
        try:
            await self.go_on.wait()
        except asyncio.CancelledError:
            self.cancelled = True
            raise
        return Answer("done")

    async def breaks(self, context: Context) -> Stream:
        async def chunks() -> AsyncIterator[bytes]:
            yield b"one"
            raise RuntimeError("broken")

        return Stream(chunks())

    async def wrong(self, context: Context) -> Stream:
        async def chunks() -> AsyncIterator[bytes]:
            raise Overloaded(limit=1)
            yield b""

        return Stream(chunks())

    async def odd(self, context: Context) -> Answer:
        return Answer(object())


class Call:
    """One request, straight to the ASGI callable."""

    def __init__(self, application: Application, path: str) -> None:
        self.sent: list[dict[str, Any]] = []
        self.away = asyncio.Event()
        scope: dict[str, Any] = {
            "type": "http",
            "method": "GET",
            "path": path,
            "query_string": b"",
            "headers": [],
            "client": None,
            "insula.local": True,
        }
        self.task = asyncio.create_task(self._call(application, scope))

    async def _call(self, application: Application, scope: dict[str, Any]) -> None:
        await application(scope, self.receive, self.send)

    async def receive(self) -> dict[str, Any]:
        await self.away.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Any) -> None:
        self.sent.append(dict(message))

    @property
    def status(self) -> int:
        return int(self.sent[0]["status"])

    @property
    def code(self) -> str:
        return str(orjson.loads(self.sent[1]["body"])["errors"][0]["code"])


@pytest.fixture
def slow() -> Slow:
    return Slow()


async def running(make: MakeApplication, slow: Slow, **options: Any) -> Application:
    application = make(slow, **options)
    await application.install()
    await application.start()
    return application


async def test_a_request_that_takes_too_long_is_ended(make: MakeApplication, slow: Slow) -> None:
    application = await running(make, slow, request_deadline_s=0.01)
    call = Call(application, "/slow:wait")
    await call.task
    assert (call.status, call.code, slow.cancelled) == (504, "TIMEOUT", True)
    await application.stop()


async def test_a_client_that_goes_away_cancels_its_work(make: MakeApplication, slow: Slow) -> None:
    application = await running(make, slow)
    call = Call(application, "/slow:wait")
    await slow.begun.wait()
    call.away.set()
    await call.task
    assert slow.cancelled
    assert call.sent == []
    await application.stop()


async def test_stopping_lets_requests_finish(make: MakeApplication, slow: Slow) -> None:
    application = await running(make, slow)
    call = Call(application, "/slow:wait")
    await slow.begun.wait()
    stopping = asyncio.create_task(application.stop())
    while application.state.value != "stopping":
        await asyncio.sleep(0)
    late = Call(application, "/slow:wait")
    await late.task
    assert (late.status, late.code) == (503, "APP_STOPPED")
    slow.go_on.set()
    await stopping
    await call.task
    assert (call.status, call.sent[1]["body"]) == (200, b'{"data":"done"}')


async def test_stopping_ends_what_does_not_finish(make: MakeApplication, slow: Slow) -> None:
    application = await running(make, slow, stop_deadline_s=0.0)
    call = Call(application, "/slow:wait")
    await slow.begun.wait()
    await application.stop()
    await call.task
    assert (call.status, call.code) == (503, "APP_STOPPED")


async def test_no_more_than_the_limit_at_once(make: MakeApplication, slow: Slow) -> None:
    application = await running(make, slow, requests_at_once=1)
    first = Call(application, "/slow:wait")
    await slow.begun.wait()
    second = Call(application, "/slow:wait")
    await second.task
    assert (second.status, second.code) == (503, "OVERLOADED")
    slow.go_on.set()
    await first.task
    assert first.status == 200
    await application.stop()


async def test_the_servers_own_cancellation_is_passed_on(make: MakeApplication, slow: Slow) -> None:
    application = await running(make, slow)
    call = Call(application, "/slow:wait")
    await slow.begun.wait()
    call.task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call.task
    assert call.sent == []
    await application.stop()


async def test_a_stream_that_breaks_is_not_ended_properly(make: MakeApplication, slow: Slow) -> None:
    application = await running(make, slow)
    call = Call(application, "/slow:breaks")
    with pytest.raises(RuntimeError):
        await call.task
    assert call.status == 200
    assert call.sent[-1].get("more_body") is True
    wrong = Call(application, "/slow:wrong")
    await wrong.task
    assert (wrong.status, wrong.code) == (503, "OVERLOADED")
    odd = Call(application, "/slow:odd")
    await odd.task
    assert (odd.status, odd.code) == (500, "INTERNAL_ERROR")
    assert error_answer(Overloaded(limit=1), "")[0] == 503
    await application.stop()
