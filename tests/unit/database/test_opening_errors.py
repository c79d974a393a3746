"""Why a connection to PostgreSQL did not come about, in words."""

import errno
import socket

import pytest

from insula.database.dialects.postgresql_errors import translate_opening


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (
            ConnectionRefusedError(errno.ECONNREFUSED, "Connect call failed ('127.0.0.1', 1)"),
            "connection refused",
        ),
        (
            OSError("Multiple exceptions: [Errno 111] Connect call failed ('::1', 1, 0, 0), [Errno 111] …"),
            "connection refused",
        ),
        (socket.gaierror(socket.EAI_NONAME, "Name or service not known"), "the name is not known"),
        (OSError(errno.EHOSTUNREACH, ""), "no route to host"),
        (FileNotFoundError(errno.ENOENT, "No such file"), "no such file or directory"),
        (TimeoutError(), "it took too long to connect"),
    ],
)
def test_reasons_are_words(error: OSError, words: str) -> None:
    told = translate_opening(error, where="db:1", user="u", database="d", create="")
    assert str(told) == f"The database db:1 does not answer: {words}."
