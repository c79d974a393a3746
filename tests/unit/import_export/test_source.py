"""CSV files as they come: encodings, delimiters, headers, batches."""

from pathlib import Path

import pytest

from insula.plugins.import_export import source
from insula.plugins.import_export.errors import UnreadableCsv


def written(tmp_path: Path, data: bytes) -> Path:
    path = tmp_path / "file.csv"
    path.write_bytes(data)
    return path


@pytest.mark.parametrize(
    ("data", "encoding", "delimiter"),
    [
        (b"a,b\n1,2\n", "utf-8", ","),
        ("a;b\nä;ö\n".encode(), "utf-8", ";"),
        ("\ufeffa\tb\nä\tö\n".encode(), "utf-8-sig", "\t"),
        ("a|b\n1|2\n".encode("utf-16"), "utf-16", "|"),
        (b'name,note\n"x","a;b;c"\n"y","d;e;f"\n', "utf-8", ","),
        (b"single\n1\n2\n", "utf-8", ","),
    ],
)
def test_layout_is_proposed_from_the_data(tmp_path: Path, data: bytes, encoding: str, delimiter: str) -> None:
    assert source.detect(written(tmp_path, data)) == source.Layout(encoding, delimiter)


def test_text_that_is_not_utf8_is_not_guessed_but_refused_with_its_line(tmp_path: Path) -> None:
    """One wrong byte far down would otherwise turn all other letters of the file into other ones."""
    text = "ville,pays\nLyon,France\nBesançon,France\nSaint-Étienne,France\n"
    path = written(tmp_path, text.encode("cp1252"))
    with pytest.raises(UnreadableCsv, match=r"line 3: the text is not UTF-8; .*encoding=windows-1252"):
        source.detect(path)
    layout = source.detect(path, encoding="windows-1252")
    (batch,) = source.batches(path, layout, size=10)
    assert [row[0] for row in batch.rows] == ["Lyon", "Besançon", "Saint-Étienne"]


@pytest.mark.parametrize("letter", ["ä", "€", "😀"])
def test_the_beginning_of_a_file_is_cut_between_letters(tmp_path: Path, letter: str) -> None:
    whole = letter.encode()
    for sent in range(len(whole) + 1):
        path = written(tmp_path, b"a\n1" + whole[:sent])
        source.cut_whole(path)
        assert path.read_bytes() == b"a\n1" + (whole if sent == len(whole) else b"")
    path = written(tmp_path, b"")
    source.cut_whole(path)
    assert path.read_bytes() == b""


def test_a_batch_holds_no_more_text_than_its_limit(tmp_path: Path) -> None:
    """Also where rows come that are just short enough to be taken many at once."""
    row = b"x" * 1_900 + b"\n"
    path = written(tmp_path, b"a\n" + row * 20_000)
    found = list(source.batches(path, source.Layout("utf-8", ","), size=20_000))
    assert sum(len(batch.rows) for batch in found) == 20_000
    most = max(sum(len(cell) for cells in batch.rows for cell in cells) for batch in found)
    assert most < source.MAX_BATCH_CHARACTERS + 2 * 1024 * 1024
    assert all(batch.characters >= 0.9 * sum(len(row[0]) for row in batch.rows) for batch in found)


@pytest.mark.parametrize("end", [b"\r", b"\n", b"\r\n"])
def test_lines_end_as_they_do_anywhere(tmp_path: Path, end: bytes) -> None:
    path = written(tmp_path, end.join((b"a,b", b"1,2", b"", b"3,4", b"")))
    assert source.header(path, source.Layout("utf-8", ",")) == ["a", "b"]
    assert list(source.batches(path, source.Layout("utf-8", ","), size=10)) == [
        source.Batch([2, 4], [["1", "2"], ["3", "4"]])
    ]


@pytest.mark.parametrize(
    ("data", "given", "reason"),
    [
        (b"", {}, "empty"),
        (b"  \n \n", {}, "empty"),
        (b"a,b\n", {"encoding": "klingon"}, 'no text encoding "klingon"'),
        (b"a,b\n", {"encoding": "base64"}, "no text encoding"),
        (b"a,b\n", {"encoding": "punycode"}, '"punycode" is no text encoding'),
        (b"a,b\n", {"encoding": "undefined"}, '"undefined" is no text encoding'),
        (b"a,b\n", {"encoding": "raw_unicode_escape"}, "no text encoding"),
        (b"a,b\n", {"encoding": "utf-16"}, "line 1: the text is not utf-16; name another"),  # no mark
        (b"a,b\n", {"encoding": "utf-32"}, "line 1: the text is not utf-32; name another"),
        (b"a,b\n", {"delimiter": "::"}, "one character"),
        (b"a,b\n\xff\xfe,2\n", {"encoding": "utf-8"}, "not utf-8"),
    ],
)
def test_what_can_not_be_read_says_why(
    tmp_path: Path, data: bytes, given: dict[str, str], reason: str
) -> None:
    with pytest.raises(UnreadableCsv, match=reason):
        source.detect(written(tmp_path, data), **given)


@pytest.mark.parametrize(
    ("first", "reason"),
    [
        ("a,,c", "column 2 has no name"),
        ("a,b,a", "more than once"),
        (",".join(f"c{n}" for n in range(1_001)), "1001 columns"),
        (",".join("c" for _ in range(1_000_000)), "header is longer"),
    ],
)
def test_header_that_names_no_columns_is_refused(tmp_path: Path, first: str, reason: str) -> None:
    path = written(tmp_path, f"{first}\n1\n".encode())
    with pytest.raises(UnreadableCsv, match=reason):
        source.header(path, source.Layout("utf-8", ","))


def test_rows_carry_the_line_on_which_they_begin(tmp_path: Path) -> None:
    path = written(tmp_path, b'a,b\n1,"two\nlines"\n\n3,4\n5,6\n')
    found = list(source.batches(path, source.Layout("utf-8", ","), size=2))
    assert found == [
        source.Batch([2, 5], [["1", "two\nlines"], ["3", "4"]]),
        source.Batch([6], [["5", "6"]]),
    ]


def test_rows_done_before_are_skipped(tmp_path: Path) -> None:
    path = written(tmp_path, b"a\n1\n\n2\n3\n")
    assert list(source.batches(path, source.Layout("utf-8", ","), size=5, skip=2)) == [
        source.Batch([5], [["3"]])
    ]


def test_bytes_that_turn_bad_far_down_name_the_encoding(tmp_path: Path) -> None:
    path = written(tmp_path, b"a,b\n" + b"1,2\n" * 40_000 + b"\xff,2\n")
    with pytest.raises(UnreadableCsv, match="not utf-8"):
        list(source.batches(path, source.Layout("utf-8", ","), size=1_000))


def test_a_cell_beyond_the_limit_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, b"a\n" + b"x" * (source.MAX_CELL_CHARACTERS + 1) + b"\n")
    with pytest.raises(UnreadableCsv, match="field larger than field limit"):
        list(source.batches(path, source.Layout("utf-8", ","), size=1))


def test_rows_know_their_lines_whatever_stands_between_them(tmp_path: Path) -> None:
    data = b'a,b\n1,"x\ny"\n\n2,"x\r\ny\rz"\n3,w\n4,"\n"\n5,v\n'
    path = written(tmp_path, data)
    for size in (1, 2, 3, 100):
        batches = list(source.batches(path, source.Layout("utf-8", ","), size=size))
        assert [row[0] for batch in batches for row in batch.rows] == ["1", "2", "3", "4", "5"]
        assert [line for batch in batches for line in batch.lines] == [2, 5, 8, 9, 11]


def test_rows_full_of_text_come_in_small_batches(tmp_path: Path) -> None:
    row = b"x" * 500_000 + b"," + b"y" * 500_000 + b"\n"
    path = written(tmp_path, b"a,b\n" + b"1,2\n" * 600 + row * 20 + b"3,4\n" * 600)
    found = list(source.batches(path, source.Layout("utf-8", ","), size=1_000))
    assert sum(len(batch.rows) for batch in found) == 1_220
    assert max(sum(len(cell) for row in batch.rows for cell in row) for batch in found) < 32 * 1024 * 1024
    assert [line for batch in found for line in batch.lines] == list(range(2, 1_222))


def test_a_quote_that_is_never_closed_ends_the_reading(tmp_path: Path) -> None:
    path = written(tmp_path, b'a,b\n1,2\n"' + b'\n","' * 3_000_000)
    batches = source.batches(path, source.Layout("utf-8", ","), size=1)
    assert next(batches).rows == [["1", "2"]]
    with pytest.raises(UnreadableCsv, match="is a quote not closed"):
        next(batches)
