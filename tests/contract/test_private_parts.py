"""What is used of libraries beside what they promise: pinned to the version that it was tried with, and still there."""

import asyncio
import inspect
import tomllib
from importlib.metadata import version
from pathlib import Path

import asyncpg
import pytest
from packaging.requirements import Requirement
from packaging.version import Version
from uvicorn import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import Server, ServerState

from insula.database.dialects.mariadb import Mariadb
from insula.database.dialects.mysql_opening import BUFFER_BYTES, Killer
from insula.database.dialects.postgresql import Postgresql
from insula.database.options import DatabaseOptions

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("library", ["uvicorn", "asyncpg", "asyncmy"])
def test_libraries_whose_insides_are_used_change_only_by_patches(library: str) -> None:
    stated = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    (wanted,) = [each for each in map(Requirement, stated) if each.name == library]
    found = Version(version(library))
    assert found in wanted.specifier
    assert Version(f"{found.major}.{found.minor + 1}") not in wanted.specifier
    assert Version(f"{found.major}.{found.minor - 1}.999") not in wanted.specifier


def test_uvicorns_protocol_has_what_ours_overrides_and_reads() -> None:
    for name in ("connection_made", "connection_lost", "data_received", "on_message_begin", "on_body"):
        assert callable(getattr(HttpToolsProtocol, name))
    for name in ("on_headers_complete", "on_message_complete", "on_response_complete", "send_400_response"):
        assert callable(getattr(HttpToolsProtocol, name))
    assert list(inspect.signature(HttpToolsProtocol._start_asgi_task).parameters) == ["self", "cycle", "app"]
    of_cycle = inspect.signature(RequestResponseCycle.__init__).parameters
    assert {"scope", "transport", "flow", "message_event", "keep_alive"} <= of_cycle.keys()


async def test_uvicorns_connection_has_the_attributes_that_ours_uses() -> None:
    async def app(scope: object, receive: object, send: object) -> None: ...

    made = HttpToolsProtocol(
        Config(app, interface="asgi3", lifespan="off", log_config=None), ServerState(), {}
    )
    for name in ("loop", "connections", "server_state", "parser", "pipeline", "cycle"):
        assert hasattr(made, name), name
    assert {"startup", "shutdown", "on_tick"} <= set(dir(Server))


async def test_asyncpgs_protocol_can_be_asked_whether_a_statement_is_being_cancelled(
    database_options: DatabaseOptions, database: object
) -> None:
    if database_options.dialect != "postgres":
        return  # another driver
    connection = await Postgresql().connect(database_options)
    raw: asyncpg.Connection = connection._raw
    assert raw._protocol._is_cancelling() is False
    await raw._protocol._wait_for_cancellation()
    assert connection.clean
    await connection.close()


async def test_asyncmys_connection_has_the_insides_that_ours_uses(
    database_options: DatabaseOptions, database: object
) -> None:
    if database_options.dialect != "mariadb":
        return  # another driver
    killer = Killer(database_options, asyncio.Lock())
    connection = await Mariadb().connect(database_options, killer)
    raw = connection._wire._raw
    await raw.query(b"SELECT 1 AS one; SELECT 2 AS two")
    assert ([field.name for field in raw._result.fields], raw._result.rows) == (["one"], ((1,),))
    assert raw._result.has_next
    await raw.next_result()
    assert (raw._result.rows, bool(raw._result.has_next)) == (((2,),), False)
    before = len(raw._proto.buffer)
    await raw.query(b"SELECT REPEAT('x', 1000000) AS x")
    assert before == BUFFER_BYTES < 1_000_000 < len(raw._proto.buffer)
    assert len(raw._result.rows[0][0]) == 1_000_000
    assert raw._stream_broken is False
    await connection.close()
    assert raw._stream_broken is True
