"""Bodies: where they end, however they are cut. llhttp is the other reader."""

from collections.abc import Sequence

import httptools
import pytest
from hypothesis import given
from hypothesis import strategies as st

from insula.gateway.errors import InvalidHttp
from insula.gateway.forward.grammar import CHUNKED, UNTIL_CLOSE
from insula.gateway.forward.relay import SIZE_LINE_BYTES, TRAILER_BYTES, Body, Chunks, body

BEHIND = b"GET /next HTTP/1.1\r\n"


def read(reader: Body, pieces: Sequence[bytes]) -> tuple[bytes, bytes | None]:
    """What goes on, and what came behind the end; ``None`` when it has not come."""
    passed = b""
    for number, piece in enumerate(pieces):
        passed += reader.take(piece)
        if reader.done:
            return passed, reader.rest + b"".join(pieces[number + 1 :])
    return passed, None


def cut(data: bytes, places: Sequence[int]) -> list[bytes]:
    """``data`` in pieces, none of them empty."""
    at = sorted({place % len(data) for place in places} | {0})
    return [data[start:end] for start, end in zip(at, [*at[1:], len(data)], strict=True)]


CUTS = st.lists(st.integers(min_value=0, max_value=10_000), max_size=8)
CHUNKS = st.lists(
    st.tuples(
        st.binary(min_size=1, max_size=40),
        st.sampled_from([b"", b";a", b";a=b", b';a="b c";d', b";x=1;y=2"]),
        st.sampled_from([b"%x", b"%X", b"0%x", b"000%x"]),
    ),
    max_size=5,
)
TRAILERS = st.lists(st.sampled_from([b"X-Sum: 1\r\n", b"ETag: a\r\n", b"X:\r\n"]), max_size=2).map(b"".join)


def chunked(chunks: list[tuple[bytes, bytes, bytes]], trailers: bytes, last: bytes = b"0") -> bytes:
    sent = b"".join(form % len(data) + more + b"\r\n" + data + b"\r\n" for data, more, form in chunks)
    return sent + last + b"\r\n" + trailers + b"\r\n"


@given(st.binary(min_size=1, max_size=60), CUTS)
def test_a_counted_body_ends_where_it_says(data: bytes, cuts: list[int]) -> None:
    reader = body(len(data))
    assert reader is not None
    assert read(reader, cut(data + BEHIND, cuts)) == (data, BEHIND)


def test_there_is_no_body_of_length_nought() -> None:
    assert body(0) is None


def test_a_body_until_close_has_no_end() -> None:
    reader = body(UNTIL_CLOSE)
    assert reader is not None
    assert read(reader, [b"a", b"b"]) == (b"ab", None)


@given(CHUNKS, TRAILERS, CUTS)
def test_chunks_pass_as_they_came(
    chunks: list[tuple[bytes, bytes, bytes]], trailers: bytes, cuts: list[int]
) -> None:
    sent = chunked(chunks, trailers)
    assert read(Chunks(trailers=True), cut(sent + BEHIND, cuts)) == (sent, BEHIND)


@given(CHUNKS, TRAILERS, CUTS)
def test_trailers_of_requests_stay_behind(
    chunks: list[tuple[bytes, bytes, bytes]], trailers: bytes, cuts: list[int]
) -> None:
    sent = cut(chunked(chunks, trailers, b"00;last") + BEHIND, cuts)
    assert read(Chunks(), sent) == (chunked(chunks, b""), BEHIND)


@given(CHUNKS, TRAILERS, CUTS)
def test_what_is_in_chunks_is_taken_out(
    chunks: list[tuple[bytes, bytes, bytes]], trailers: bytes, cuts: list[int]
) -> None:
    sent = cut(chunked(chunks, trailers) + BEHIND, cuts)
    assert read(Chunks(plain=True), sent) == (b"".join(data for data, _, _ in chunks), BEHIND)


REFUSED = {
    "no number": b"x\r\n",
    "an empty size": b"\r\n",
    "a sign": b"+1\r\na\r\n",
    "a negative size": b"-1\r\na\r\n",
    "a size in 0x": b"0x1\r\na\r\n",
    "a size with an underscore": b"1_0\r\n",
    "a blank before": b" 1\r\na\r\n",
    "a blank behind": b"1 \r\na\r\n",
    "a size too large": b"1" * 16 + b"\r\n",
    "a lone LF behind the size": b"1\na\r\n0\r\n\r\n",
    "a lone CR in an extension": b"1;a\rb\r\na\r\n",
    "a lone LF in an extension": b"1;a\nb\r\na\r\n",
    "NUL in an extension": b"1;a\x00\r\na\r\n",
    "an endless size line": b"1;" + b"a" * SIZE_LINE_BYTES,
    "a chunk longer than it says": b"1\r\nab\r\n",
    "a chunk that ends with LF": b"1\r\na\n0\r\n\r\n",
    "a folded trailer": b"0\r\nX: 1\r\n 2\r\n\r\n",
    "a trailer that is none": b"0\r\nnothing\r\n\r\n",
    "a length in the trailers": b"0\r\nContent-Length: 1\r\n\r\n",
    "chunks in the trailers": b"0\r\nTransfer-Encoding: chunked\r\n\r\n",
    "endless trailers": b"0\r\nX: " + b"a" * TRAILER_BYTES,
}


@pytest.mark.parametrize("sent", REFUSED.values(), ids=REFUSED.keys())
@pytest.mark.parametrize("by_byte", [False, True])
def test_chunks_that_could_be_read_in_two_ways_are_refused(sent: bytes, by_byte: bool) -> None:
    with pytest.raises(InvalidHttp):
        read(Chunks(), [bytes([byte]) for byte in sent] if by_byte else [sent])


def test_nothing_goes_on_of_a_line_that_may_be_wrong() -> None:
    reader = Chunks()
    assert reader.take(b"1;a") == b""
    assert reader.take(b"\r\nx") == b"1;a\r\nx"
    assert reader.take(b"\r") == b""
    assert reader.take(b"\n0\r") == b"\r\n"


PIECES = st.sampled_from(
    [
        *(
            b"0",
            b"1",
            b"2",
            b"a",
            b"F",
            b"10",
            b"\r\n",
            b"\r\n",
            b"\r\n",
            b"\r",
            b"\n",
            b" ",
            b"\t",
            b";",
            b"=",
            b'"',
        ),
        *(
            b"xx",
            b"0\r\n\r\n",
            b"1\r\nx\r\n",
            b"X: 1",
            b":",
            b"\x00",
            b"\xff",
            b"_",
            b"-",
            b"+",
            b"0x",
            b";a=b",
        ),
    ]
)


class Other:
    """What llhttp reads."""

    def __init__(self) -> None:
        self.body = b""
        self.complete = False
        self.ended_at = -1
        self.parser = httptools.HttpRequestParser(self)
        self.parser.feed_data(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")

    def on_body(self, data: bytes) -> None:
        self.body += data

    def on_message_complete(self) -> None:
        self.complete = True

    def feed(self, data: bytes) -> bool:
        """Byte by byte up to the end of the message; whether it takes it."""
        try:
            for number, byte in enumerate(data, 1):
                self.parser.feed_data(bytes([byte]))
                if self.complete:
                    self.ended_at = number
                    return True
        except httptools.HttpParserError:
            return False
        return True


@given(
    st.one_of(
        st.lists(PIECES, max_size=12).map(b"".join),
        st.builds(
            lambda good, at, piece: good[: at % len(good)] + piece + good[at % len(good) :],
            st.builds(chunked, CHUNKS, TRAILERS),
            st.integers(0, 200),
            PIECES,
        ),
    ),
    CUTS,
)
def test_whatever_both_accept_they_read_alike(sent: bytes, cuts: list[int]) -> None:
    reader = Chunks(plain=True)
    try:
        ours, rest = read(reader, cut(sent, cuts) if sent else [])
    except InvalidHttp:
        return
    other = Other()
    if rest is None or not other.feed(sent):
        return
    assert other.complete
    assert other.body == ours
    assert sent[other.ended_at :] == rest


@given(st.lists(PIECES, max_size=12).map(b"".join), CUTS)
def test_however_it_is_cut_the_result_is_the_same(sent: bytes, cuts: list[int]) -> None:
    def result(pieces: list[bytes]) -> tuple[bytes, bytes | None] | str:
        try:
            return read(Chunks(plain=True), pieces)
        except InvalidHttp as error:
            return error.message

    if sent:
        assert result(cut(sent, cuts)) == result([sent])


def test_the_kind_of_a_body_is_told_by_its_head() -> None:
    reader = body(CHUNKED, plain=True)
    assert reader is not None
    assert reader.take(b"1\r\nx\r\n0\r\n\r\n") == b"x"
