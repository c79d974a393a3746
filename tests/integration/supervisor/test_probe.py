"""Whether an environment can be reached is found out on real sockets, in bounded time."""

import asyncio

import pytest

from insula.gateway.forward.route import Tcp
from insula.supervisor import probe as probing
from insula.supervisor.probe import probe
from insula.testing.front import Line, Server, serving


def address_of(server: Server) -> str:
    assert isinstance(server.address, Tcp)
    return f"http://{server.address.host}:{server.address.port}"


@pytest.mark.parametrize(
    ("answer", "failure"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", ""),
        (b"HTTP/1.1 503 Service Unavailable\r\n\r\n", ""),
        (
            b"HTTP/1.1 404 Not Found\r\n\r\n",
            "{}/base/api/__health_check answers 404, which no environment does when it is asked for its health",
        ),
        (b"-ERR unknown command\r\n", "{} does not answer as HTTP does"),
        (b"", "{} does not answer as HTTP does"),
    ],
)
async def test_what_is_answered_says_whether_it_is_one_of_ours(answer: bytes, failure: str) -> None:
    asked: list[bytes] = []

    async def serve(line: Line) -> None:
        asked.append(await line.head())
        await line.send(answer)

    async with serving(serve) as server:
        address = address_of(server)
        assert await probe("/base/api/")(f"{address}/") == failure.format(address)
    assert asked[0].startswith(b"GET /base/api/__health_check HTTP/1.1\r\nHost: 127.0.0.1:")


async def test_where_nobody_listens_nothing_is_reached() -> None:
    async with serving(Line.left) as server:
        address = address_of(server)
    assert "can not be reached" in await probe("/api/")(address)
    assert "can not be reached" in await probe("/api/")("http://127.0.0.1:none")


async def test_one_that_answers_byte_by_byte_has_no_more_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probing, "PROBE_WITHIN_S", 0.3)

    async def serve(line: Line) -> None:
        while True:
            await line.send(b"H")
            await asyncio.sleep(0.05)

    async with serving(serve) as server:
        address = address_of(server)
        async with asyncio.timeout(60):
            failure = await probe("/api/")(address)
    assert failure == f"{address} can not be reached (no answer within 0.3 s)"


async def test_silent_ones_keep_no_thread_from_others() -> None:
    async with serving(Line.left) as server:
        asking = [asyncio.ensure_future(probe("/api/")(address_of(server))) for _ in range(64)]
        async with asyncio.timeout(probing.PROBE_WITHIN_S / 2):
            while len(server.lines) < len(asking):
                await asyncio.sleep(0)
            assert await asyncio.to_thread(int, "1") == 1
        for each in asking:
            each.cancel()
        ended = await asyncio.gather(*asking, return_exceptions=True)
        await server.all_left()
    assert all(isinstance(each, asyncio.CancelledError) for each in ended)
