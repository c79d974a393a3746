"""Answers: cut anywhere, what goes on is the same."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from insula.gateway.errors import InvalidHttp
from insula.gateway.forward.reply import SWITCHING, Reply
from insula.gateway.forward.request import read_request

GET = b"GET / HTTP/1.1\r\nHost: a"
HEAD = b"HEAD / HTTP/1.1\r\nHost: a"
OLD = b"GET / HTTP/1.0"
ASKS_TO_SWITCH = GET + b"\r\nConnection: Upgrade\r\nUpgrade: websocket"
COUNTED = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3;a=b\r\nllo\r\n0\r\nX: 1\r\n\r\n"

CASES = {
    "counted": (GET, COUNTED, COUNTED),
    "nothing": (GET, b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", None),
    "chunks": (GET, CHUNKED, CHUNKED),
    "chunks for an old client": (OLD, CHUNKED, b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nhello"),
    "head": (HEAD, b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", None),
    "not modified": (GET, b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", None),
    "early hints": (GET, b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + COUNTED, None),
    "early hints for an old client": (
        OLD,
        b"HTTP/1.1 103 Early Hints\r\n\r\n" + COUNTED,
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nconnection: close\r\n\r\nhello",
    ),
    "switch": (
        ASKS_TO_SWITCH,
        b"HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\nX: 1\r\n\r\n",
        b"HTTP/1.1 101 Switching\r\nX: 1\r\nconnection: Upgrade\r\nupgrade: websocket\r\n\r\n",
    ),
}


@pytest.mark.parametrize(("request_head", "sent", "passed"), CASES.values(), ids=CASES.keys())
@given(cuts=st.lists(st.integers(0, 300), max_size=6))
def test_however_an_answer_is_cut_the_same_goes_on(
    request_head: bytes, sent: bytes, passed: bytes | None, cuts: list[int]
) -> None:
    reply = Reply(read_request(request_head))
    at = sorted({cut % len(sent) for cut in cuts} | {0})
    got = b""
    for start, end in zip(at, [*at[1:], len(sent)], strict=True):
        assert not reply.done
        got += reply.take(sent[start:end], last=False)
    assert got == (sent if passed is None else passed)
    assert reply.done
    assert reply.rest == b""
    assert reply.closes is (request_head == OLD)


def test_what_comes_behind_is_told_apart() -> None:
    reply = Reply(read_request(GET))
    assert reply.take(CHUNKED + b"more", last=False) == CHUNKED
    assert reply.rest == b"more"
    reply = Reply(read_request(HEAD))
    assert reply.take(COUNTED, last=False) == COUNTED[:-5]
    assert reply.rest == b"hello"


def test_an_answer_until_close_is_never_done() -> None:
    reply = Reply(read_request(GET))
    assert reply.take(b"HTTP/1.1 200 OK\r\n\r\nabc", last=False).endswith(b"connection: close\r\n\r\nabc")
    assert reply.until_close
    assert reply.closes
    assert not (reply.done or reply.reusable)


def test_the_last_answer_says_so() -> None:
    reply = Reply(read_request(GET))
    assert b"\r\nconnection: close\r\n" in reply.take(COUNTED, last=True)
    assert reply.reusable


def test_only_who_asked_is_switched() -> None:
    sent = b"HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\n\r\n"
    with pytest.raises(InvalidHttp):
        Reply(read_request(GET)).take(sent, last=False)
    reply = Reply(read_request(ASKS_TO_SWITCH))
    assert reply.take(sent + b"frames", last=False).endswith(b"\r\n\r\nframes")
    assert reply.status == SWITCHING
