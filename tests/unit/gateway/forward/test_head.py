"""Heads: what is read, and what is refused since others could read it in another way. llhttp is the other reader."""

import httptools
import pytest
from hypothesis import given
from hypothesis import strategies as st

from insula.gateway.errors import InvalidHttp
from insula.gateway.forward.answer import read_answer, whole_status
from insula.gateway.forward.grammar import CHUNKED, END, HEADERS, UNTIL_CLOSE, tokens
from insula.gateway.forward.request import RequestHead, read_request

GET = b"GET / HTTP/1.1\r\nHost: a"
POST = b"POST / HTTP/1.1\r\nHost: a"


def test_a_request_is_read() -> None:
    head = read_request(
        b"POST /api/a:list?x=1 HTTP/1.1\r\nHOST: Shop_a.example:80\r\nX-One:  1 \t\r\nx-empty:\r\nContent-Length: 12"
    )
    assert (head.method, head.target, head.minor) == (b"POST", b"/api/a:list?x=1", 1)
    assert head.headers == {
        b"host": b"Shop_a.example:80",
        b"x-one": b"1",
        b"x-empty": b"",
        b"content-length": b"12",
    }
    assert list(head.headers.items()) == head.fields
    assert head.length == 12
    assert head.keep_alive
    assert not head.websocket
    assert not head.expects


@pytest.mark.parametrize(
    ("head", "keeps"),
    [
        (GET, True),
        (GET + b"\r\nConnection: keep-alive", True),
        (GET + b"\r\nConnection: Close", False),
        (GET + b"\r\nConnection: x\r\nConnection: y, close", False),
        (b"GET / HTTP/1.0", False),
        (b"GET / HTTP/1.0\r\nConnection: keep-alive", False),
    ],
)
def test_whether_more_requests_may_follow(head: bytes, keeps: bool) -> None:
    assert read_request(head).keep_alive is keeps


def test_a_websocket_is_asked_for_by_both_headers() -> None:
    asks = GET + b"\r\nConnection: keep-alive, Upgrade\r\nUpgrade: WebSocket"
    assert read_request(asks).websocket
    assert not read_request(GET + b"\r\nUpgrade: websocket").websocket
    assert not read_request(GET + b"\r\nConnection: upgrade\r\nUpgrade: h2c").websocket


def test_an_expectation_counts_where_there_is_a_body() -> None:
    expects = b"\r\nExpect: 100-Continue"
    assert read_request(POST + expects + b"\r\nContent-Length: 1").expects
    assert not read_request(POST + expects).expects
    assert not read_request(b"POST / HTTP/1.0\r\nContent-Length: 1" + expects).expects


@pytest.mark.parametrize(
    ("target", "passed"),
    [(b"http://A/x?y", b"/x?y"), (b"HTTP://a/", b"/"), (b"http://a", b"/"), (b"//b/c", b"//b/c")],
)
def test_the_address_goes_on_from_its_slash(target: bytes, passed: bytes) -> None:
    assert read_request(b"GET %b HTTP/1.1\r\nHost: a" % target).target == passed


REFUSED = {
    "two lengths": POST + b"\r\nContent-Length: 1\r\nContent-Length: 1",
    "a list of lengths": POST + b"\r\nContent-Length: 1, 1",
    "a length with a sign": POST + b"\r\nContent-Length: +1",
    "a negative length": POST + b"\r\nContent-Length: -1",
    "a length in hex": POST + b"\r\nContent-Length: 0x1",
    "an empty length": POST + b"\r\nContent-Length:",
    "a length too long": POST + b"\r\nContent-Length: " + b"1" * 19,
    "length and chunks": POST + b"\r\nContent-Length: 1\r\nTransfer-Encoding: chunked",
    "chunks twice": POST + b"\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
    "chunks in a list": POST + b"\r\nTransfer-Encoding: gzip, chunked",
    "chunks after a name": POST + b"\r\nTransfer-Encoding: xchunked",
    "chunks after a tab": POST + b"\r\nTransfer-Encoding: \x0bchunked",
    "identity": POST + b"\r\nTransfer-Encoding: identity",
    "chunks of HTTP/1.0": b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked",
    "a folded line": GET + b"\r\nX-One: 1\r\n 2",
    "a line folded with a tab": GET + b"\r\nX-One: 1\r\n\tTransfer-Encoding: chunked",
    "a blank before the colon": POST + b"\r\nContent-Length : 1",
    "a header without a name": GET + b"\r\n: 1",
    "a line without a colon": GET + b"\r\nnothing",
    "a lone LF": GET + b"\r\nX: 1\nContent-Length: 1",
    "a lone CR": GET + b"\r\nX: 1\rContent-Length: 1",
    "CR CR LF": GET + b"\r\nX: 1\r\r\nY: 2",
    "NUL": GET + b"\r\nX: a\x00b",
    "NUL in a name": GET + b"\r\nX\x00: a",
    "a name beyond ASCII": GET + "\r\nX\u00fc: a".encode(),
    "no host": b"GET / HTTP/1.1\r\nX: 1",
    "two hosts": GET + b"\r\nHost: b",
    "a host with a path": b"GET / HTTP/1.1\r\nHost: a/b",
    "a host with a user": b"GET / HTTP/1.1\r\nHost: a@b",
    "a host with a blank": b"GET / HTTP/1.1\r\nHost: a b",
    "another host in the address": b"GET http://b/ HTTP/1.1\r\nHost: a",
    "a user in the address": b"GET http://a@a/ HTTP/1.1\r\nHost: a",
    "an address without its host": b"GET http://a/ HTTP/1.0",
    "another scheme": b"GET ftp://a/ HTTP/1.1\r\nHost: a",
    "no slash": b"GET x HTTP/1.1\r\nHost: a",
    "a star": b"OPTIONS * HTTP/1.1\r\nHost: a",
    "a tunnel": b"CONNECT a:443 HTTP/1.1\r\nHost: a",
    "a fragment": b"GET /a#b HTTP/1.1\r\nHost: a",
    "an address beyond ASCII": "GET /\u00fc HTTP/1.1\r\nHost: a".encode(),
    "a blank in the address": b"GET /a b HTTP/1.1\r\nHost: a",
    "two blanks": b"GET  / HTTP/1.1\r\nHost: a",
    "a blank at the front": b" GET / HTTP/1.1\r\nHost: a",
    "a blank at the end": b"GET / HTTP/1.1 \r\nHost: a",
    "a tab for a blank": b"GET\t/ HTTP/1.1\r\nHost: a",
    "HTTP/0.9": b"GET /",
    "HTTP/2.0": b"GET / HTTP/2.0\r\nHost: a",
    "HTTP/1.2": b"GET / HTTP/1.2\r\nHost: a",
    "HTTP/1.10": b"GET / HTTP/1.10\r\nHost: a",
    "http in small letters": b"GET / http/1.1\r\nHost: a",
    "a method in small letters": b"get / HTTP/1.1\r\nHost: a",
    "a method that nobody knows": b"BREW / HTTP/1.1\r\nHost: a",
    "HTTP/2's own": b"PRI * HTTP/2.0",
    "nothing": b"",
    "an empty line": b"\r\n" + GET,
    "two expectations": POST + b"\r\nContent-Length: 1\r\nExpect: 100-continue\r\nExpect: 100-continue",
    "another expectation": POST + b"\r\nContent-Length: 1\r\nExpect: tea",
    "a WebSocket with a body": GET + b"\r\nConnection: upgrade\r\nUpgrade: websocket\r\nContent-Length: 1",
    "a WebSocket by POST": POST + b"\r\nConnection: upgrade\r\nUpgrade: websocket",
    "a WebSocket of HTTP/1.0": b"GET / HTTP/1.0\r\nConnection: upgrade\r\nUpgrade: websocket",
    "too many headers": GET + b"\r\nX: 1" * HEADERS,
}


@pytest.mark.parametrize("head", REFUSED.values(), ids=REFUSED.keys())
def test_what_could_be_read_in_two_ways_is_refused(head: bytes) -> None:
    with pytest.raises(InvalidHttp):
        read_request(head)


@pytest.mark.parametrize(
    ("head", "status", "length", "keeps"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 0", 200, 0, True),
        (b"HTTP/1.1 200\r\nContent-Length: 7", 200, 7, True),
        (b"HTTP/1.1 404 Not Found, sorry\r\nTransfer-Encoding: Chunked", 404, CHUNKED, True),
        (b"HTTP/1.1 200 \r\nX: 1", 200, UNTIL_CLOSE, True),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 1", 200, 1, False),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nConnection: Close", 200, 1, False),
    ],
)
def test_an_answer_is_read(head: bytes, status: int, length: int, keeps: bool) -> None:
    read = read_answer(head + END)
    assert (read.status, read.length, read.keep_alive) == (status, length, keeps)


@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/1.1 20 OK",
        b"HTTP/1.1 099 OK",
        b"HTTP/1.1 2000 OK",
        b"HTTP/1.1\t200 OK",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2",
        b"HTTP/1.1 200 OK\r\nX: a\nb",
        b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked",
        b"SSH-2.0-OpenSSH",
        b"",
    ],
)
def test_an_answer_that_is_none_is_refused(head: bytes) -> None:
    with pytest.raises(InvalidHttp):
        read_answer(head + END)


PASSED = [
    b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nX: a",
    b"HTTP/1.1 200\r\nTrace: a\r\ncontent-length:1 ",
    b"HTTP/1.1 200 OK\r\nCONNECTION: Keep-Alive\r\nContent-Length: 1",
    b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nConnection: keep-alive",
    b"HTTP/1.1 200 OK\r\nC: a\r\nt: b\r\nContent-Length: 1\r\nTef: c\r\nUp: d\r\nContent-Type: e",
]
TAKEN_APART = [
    b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nConnection: close",
    b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nConnection: keep-alive, x",
    b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nConnection : keep-alive",
    b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nKeep-Alive: 5",
    b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nUPGRADE: h2c",
    b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTe: trailers",
    b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1",
    b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length : 1",
    b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n folded",
    b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nnothing",
    b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nX: a\nb",
    b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nX: a\rb",
    b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nX: a\x00b",
    b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nX\x00: a",
    b"HTTP/1.1 200 OK\r\nContent-Length: 1, 1",
    b"HTTP/1.1 200 OK\r\nContent-Length: +1",
    b"HTTP/1.0 200 OK\r\nContent-Length: 1",
    b"HTTP/1.1 100 Continue\r\nContent-Length: 1",
    b"HTTP/1.1 204 No\r\nContent-Length: 1",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 1",
    b"HTTP/1.1 200 OK",
]


@pytest.mark.parametrize("head", PASSED)
def test_what_need_not_be_changed_is_seen_at_once(head: bytes) -> None:
    assert read_answer(head + END).as_it_is
    assert whole_status(head + END + b"x") == 200


@pytest.mark.parametrize("head", TAKEN_APART)
def test_what_is_more_than_a_length_is_taken_apart(head: bytes) -> None:
    assert whole_status(head + END + b"x") == 0
    try:
        assert not read_answer(head + END).as_it_is
    except InvalidHttp as refused:
        assert refused.message


def test_only_an_answer_that_is_here_as_a_whole_is_passed_at_once() -> None:
    whole = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab"
    assert not any(whole_status(whole[:end]) for end in range(len(whole)))
    assert whole_status(whole) == 200
    assert whole_status(whole + b"c") == 0
    assert whole_status(whole.replace(b"200 OK", b"304 Not Modified")) == 0


ANSWER_LINES = st.sampled_from(
    [
        *(
            b"Content-Length: 3",
            b"content-length:3",
            b"CONTENT-LENGTH: 4 ",
            b"Content-Length : 3",
            b"Content-Length: x",
        ),
        *(
            b"Connection: keep-alive",
            b"Connection: close",
            b"connection: x",
            b"Keep-Alive: 5",
            b"Transfer-Encoding: chunked",
        ),
        *(
            b"X: Content-Length: 5",
            b" folded",
            b"\tContent-Length: 5",
            b"Date: x",
            b'ETag: "a"',
            b"Upgrade: x",
            b"nothing",
        ),
    ]
)


@given(
    st.sampled_from([b"HTTP/1.1 200 OK", b"HTTP/1.1 204 No", b"HTTP/1.0 200 OK", b"HTTP/1.1 304"]),
    st.lists(ANSWER_LINES, max_size=4),
)
def test_reading_quickly_is_reading_well(line: bytes, lines: list[bytes]) -> None:
    head = b"\r\n".join([line, *lines])
    try:
        read = read_answer(head + END)
    except InvalidHttp:
        assert not any(whole_status(head + END + b"x" * length) for length in range(6))
        return
    _, fields, headers = read.parts()
    closes = (b"connection", b"close") in fields
    assert read.keep_alive is (line.startswith(b"HTTP/1.1") and not closes)
    lengths = [value for name, value in fields if name == b"content-length"]
    if lengths:
        assert [read.length] == [int(value) for value in lengths]
    else:
        assert read.length == (CHUNKED if b"transfer-encoding" in headers else UNTIL_CLOSE)
    if read.as_it_is:
        assert {name for name, _ in fields}.isdisjoint({b"keep-alive", b"upgrade", b"transfer-encoding"})
        assert {value.lower() for name, value in fields if name == b"connection"} <= {b"keep-alive"}
        assert whole_status(head + END + b"x" * read.length) == (0 if read.status == 304 else read.status)
        assert whole_status(head + END + b"x" * (read.length + 1)) == 0


def test_a_list_is_read_over_all_its_lines() -> None:
    fields = [(b"connection", b"Close, X-One"), (b"other", b"x"), (b"connection", b" ,y")]
    assert tokens(fields, b"connection") == {b"close", b"x-one", b"", b"y"}


PIECES = st.sampled_from(
    [
        *(
            b"GET",
            b"POST",
            b" ",
            b"/",
            b"/a?b=c",
            b"http://a/",
            b" HTTP/1.1",
            b" HTTP/1.0",
            b"\r\n",
            b"\r",
            b"\n",
        ),
        *(
            b"Host: a",
            b"Host: b",
            b"Content-Length: 3",
            b"Content-Length: 0",
            b"content-length:4",
            b"Content-Length",
        ),
        *(b"Transfer-Encoding: chunked", b"transfer-encoding:\tchunked ", b"Transfer-Encoding : chunked"),
        *(
            b"Connection: close",
            b"Connection: upgrade",
            b"Upgrade: websocket",
            b"Upgrade: h2c",
            b"Expect: 100-continue",
        ),
        *(
            b"X: ",
            b"X",
            b":",
            b"a",
            b"\x00",
            b"\t",
            b"\x0b",
            b"\x7f",
            b"\xff",
            b",",
            b";",
            b'"',
            b"chunked",
            b"#",
        ),
    ]
)
WELL_FORMED = st.builds(
    lambda line, lines: b"\r\n".join([line, *lines]),
    st.sampled_from(
        [b"GET / HTTP/1.1", b"POST /a?b HTTP/1.1", b"PUT http://a/x HTTP/1.1", b"POST /a HTTP/1.0"]
    ),
    st.lists(
        st.sampled_from(
            [
                *(b"Host: a", b"host:a", b"Content-Length: 3", b"Transfer-Encoding: chunked", b"X-One: 1"),
                *(
                    b"Connection: close",
                    b"Connection: keep-alive, upgrade",
                    b"Upgrade: websocket",
                    b"X: \xe9 a",
                ),
                *(b"Expect: 100-continue", b"Cookie: a=b; c=d", b"Accept:", b"Connection: x, close"),
            ]
        ),
        max_size=6,
    ),
)


@st.composite
def heads(draw: st.DrawFn) -> bytes:
    """Heads that are nearly right: cut, and with something put in."""
    head = draw(WELL_FORMED)
    for _ in range(draw(st.integers(0, 3))):
        at = draw(st.integers(0, len(head)))
        to = draw(st.integers(at, min(len(head), at + 3)))
        head = head[:at] + draw(PIECES) + head[to:]
    return head


class Other:
    """What llhttp reads."""

    def __init__(self) -> None:
        self.target = b""
        self.fields: list[tuple[bytes, bytes]] = []
        self.complete = False
        self.parser = httptools.HttpRequestParser(self)

    def on_url(self, target: bytes) -> None:
        self.target += target

    def on_header(self, name: bytes, value: bytes) -> None:
        self.fields.append((name.lower(), value.strip(b" \t")))

    def on_message_complete(self) -> None:
        self.complete = True

    def feed(self, data: bytes) -> bool:
        """Whether it takes it."""
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self.complete = True
        except httptools.HttpParserError:
            return False
        return True


@given(st.one_of(heads(), st.lists(PIECES, max_size=20).map(b"".join), st.binary(max_size=60)))
def test_whatever_both_accept_they_read_alike(head: bytes) -> None:
    try:
        ours = read_request(head)
    except InvalidHttp:
        return
    other = Other()
    if b"\r\n\r\n" not in head and other.feed(head + b"\r\n\r\n"):
        agree(ours, other)


def agree(ours: RequestHead, other: Other) -> None:
    assert ours.method == other.parser.get_method()
    assert f"1.{ours.minor}" == other.parser.get_http_version()
    assert other.target.lower().removeprefix(b"http://a") in (ours.target.lower(), b"")
    assert ours.fields == other.fields
    assert other.complete is (ours.length == 0)
    if ours.length == CHUNKED:
        assert other.feed(b"1\r\nx\r\n")
        assert not other.complete
        assert other.feed(b"0\r\n\r\n")
        assert other.complete
    elif 0 < ours.length < 1000:
        assert other.feed(b"x" * (ours.length - 1))
        assert not other.complete
        assert other.feed(b"x")
        assert other.complete


def test_of_two_lists_of_options_both_count() -> None:
    lines = b"\r\nConnection: close, X-Own\r\nConnection: keep-alive"
    request = read_request(b"GET / HTTP/1.1\r\nHost: a" + lines)
    assert not request.keep_alive
    assert request.block.options == {b"close", b"x-own"}
    assert not read_answer(b"HTTP/1.1 200 OK\r\nContent-Length: 0" + lines + END).keep_alive
