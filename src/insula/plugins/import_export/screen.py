"""A look at a file while it comes in: what can not be a CSV file is refused before all of it has come."""

import codecs

from insula.plugins.import_export.errors import EncodedBody, UnreadableCsv

MAX_HEADER_BYTES = 256 * 1024
"""A first line longer than this is no header."""
MAX_LINE_BYTES = 4 * 1024 * 1024
"""A longer line has no line ends; it would have to be held in memory whole."""
_OTHER_FILES = (
    (b"PK\x03\x04", "a ZIP archive or a workbook"),
    (b"\x1f\x8b", "compressed with gzip"),
    (b"BZh", "compressed with bzip2"),
    (b"\xfd7zXZ\x00", "compressed with xz"),
    (b"\x28\xb5\x2f\xfd", "compressed with zstd"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"%PDF-", "a PDF document"),
    (b"SQLite format 3\x00", "a SQLite database"),
)
_WIDE_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)


class Screen:
    """Sees the pieces of a file in their order."""

    def __init__(self, *, encoding: str | None = None, compression: str | None = None) -> None:
        """``encoding``: of the text, where the sender names one. Raises ``EncodedBody`` for a compressed body."""
        if compression is not None and compression.strip().lower() not in ("", "identity"):
            raise EncodedBody(found=compression.strip()[:40])
        self._wide = (
            (encoding or "").lower().replace("_", "-").startswith(("utf-16", "utf16", "utf-32", "utf32"))
        )
        self._line_bytes = 0
        """Of the line that is not complete yet."""
        self.lines = 0
        """Line ends so far."""

    def see(self, piece: bytes) -> None:
        """Raises ``UnreadableCsv``."""
        if not self.lines and not self._line_bytes:
            self._look_at_beginning(piece)
        ends = piece.count(b"\n") or piece.count(b"\r")
        end = b"\n" if b"\n" in piece else b"\r"
        first = self._line_bytes + (piece.find(end) if ends else len(piece))
        limit = MAX_LINE_BYTES if self.lines else MAX_HEADER_BYTES
        if first > limit:
            what = "line" if self.lines else "header"
            raise UnreadableCsv(line=self.lines + 1, reason=f"the {what} is longer than {limit // 1024} kB")
        self._line_bytes = len(piece) - piece.rfind(end) - 1 if ends else first
        self.lines += ends

    def _look_at_beginning(self, piece: bytes) -> None:
        for mark, what in _OTHER_FILES:
            if piece.startswith(mark):
                raise UnreadableCsv(line=1, reason=f"it is {what}; send the CSV file itself")
        self._wide = self._wide or piece.startswith(_WIDE_MARKS)
        header = piece.partition(b"\n")[0]
        if b"\0" in header and not self._wide:
            raise UnreadableCsv(line=1, reason="it holds NUL characters, so it is no text")
