"""The Redis between the environments: how it is reached, asked, waited for, and what its failures are called.

The library is imported with this module, and this module only where a Redis is configured.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, contextmanager
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self

from redis import exceptions
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from insula.core.errors import InsulaError
from insula.core.patience import WAIT_S, wait_for
from insula.fleet.errors import KeyMismatch, RedisNumberUnknown, RedisRefused, RedisUnavailable
from insula.fleet.outage import Outage

if TYPE_CHECKING:
    from collections.abc import Iterator

    from insula.core.sparse import Sparse

CONNECT_TIMEOUT_S: Final = 5.0
ANSWER_TIMEOUT_S: Final = 5.0
"""For one that takes connections and says nothing: a later try may reach one that does."""
TOO_LONG: Final = "it took too long to answer"
_PROBES: Final = {"TCP_KEEPIDLE": 10, "TCP_KEEPINTVL": 5, "TCP_KEEPCNT": 3}
"""Seconds, seconds and how often: whoever only listens learns by these that the other side is gone without a word."""
_REFUSALS: Final = (
    exceptions.AuthenticationError,
    exceptions.AuthorizationError,
    exceptions.AuthenticationWrongNumberOfArgsError,
    exceptions.NoPermissionError,
)
FAILURES: Final = (RedisUnavailable, RedisRefused, KeyMismatch, exceptions.ResponseError)
"""All that asking can end in. Who asks again and again goes on after each: what is wrong may be mended any time."""
_PASSING: Final = frozenset(
    ("BUSY", "CLUSTERDOWN", "LOADING", "MASTERDOWN", "MISCONF", "NOREPLICAS", "TRYAGAIN")
)
"""First words of answers that say what is wrong with the server, and not with what it was asked."""

_NO_SUCH_NUMBER: Final = "DB index is out of range"

Words = tuple[bytes | str | int, ...]
"""One command of Redis with its arguments."""


class RedisServer:
    """One server, named by a setting. Opens no connection before it is asked for something; closed by ``close``.

    Nothing is tried twice by itself: whoever asks knows what may be. All methods raise ``RedisUnavailable`` where it
    does not answer, is full, loads, is busy or may not write, ``RedisRefused`` where it lets nobody in, and
    ``KeyMismatch`` while those who meet there have another key: nothing is asked or told then.
    """

    def __init__(self, url: str, setting: str) -> None:
        """``url`` as the setting (or settings) of that name has it: ``redis[s]://[user:password@]host[:port][/number]``."""
        self._setting = setting
        self.others_key = False
        """Whether those who meet there have another key; see ``Agreement``."""
        self._client: Redis = Redis.from_url(
            url,
            socket_connect_timeout=CONNECT_TIMEOUT_S,
            socket_timeout=None,  # the library's own would end reads that are to wait
            socket_keepalive=True,
            socket_keepalive_options={
                getattr(socket, name): value for name, value in _PROBES.items() if hasattr(socket, name)
            },
            retry=Retry(NoBackoff(), 0),
        )
        self._outage = Outage(self.where)

    def warn(self, error: InsulaError | exceptions.ResponseError, head: str, sparse: Sparse) -> None:
        """Have the log say what is not done since it could not be asked: of one outage once a minute, whoever asks."""
        if isinstance(error, RedisUnavailable):
            self._outage.failed(error.message, head)
        else:
            sparse.warning(str(error), head)

    @property
    def where(self) -> str:
        """Host, port and number, without a secret."""
        reached = self._client.connection_pool.connection_kwargs
        host, port = reached.get("host", "localhost"), reached.get("port", 6379)
        return f"{host}:{port}/{reached.get('db', 0)}"

    async def call(self, *words: bytes | str | int, within_s: float = ANSWER_TIMEOUT_S) -> Any:
        """One command, and its answer: bytes, numbers, lists of them, or ``None``.

        Raises ``redis.exceptions.ResponseError`` for a command that is wrong for what stands there.
        """
        self.check_key()
        return await self.call_whatever_key(*words, within_s=within_s)

    async def call_whatever_key(self, *words: bytes | str | int, within_s: float = ANSWER_TIMEOUT_S) -> Any:
        """The same for who finds out which key others have."""
        with self._told():
            async with asyncio.timeout(within_s):
                answer = await self._client.execute_command(*words)  # type: ignore[no-untyped-call]
        self._outage.answered()
        return answer

    async def together(self, commands: Sequence[Words]) -> list[Any]:
        """Several commands, all of them or none (``MULTI``). Gives their answers."""
        self.check_key()
        with self._told():
            async with asyncio.timeout(ANSWER_TIMEOUT_S), self._client.pipeline(transaction=True) as pipe:
                for words in commands:
                    pipe.execute_command(*words)
                answers: list[Any] = await pipe.execute()
        self._outage.answered()
        return answers

    async def now_ms(self) -> int:
        """Its own time, in milliseconds: what all processes go by that meet there."""
        seconds, micros = await self.call("TIME")
        return int(seconds) * 1000 + int(micros) // 1000

    def channel(self, name: str) -> str:
        """The channel of that name for those who meet under this number: channels are one for all numbers of a Redis."""
        return f"{name}:{self._client.connection_pool.connection_kwargs.get('db', 0)}"

    @asynccontextmanager
    async def listening(self, name: str) -> AsyncIterator[Callable[[float], Any]]:
        """Hear the ``channel`` of that name. Gives a function that waits so many seconds for the next message, and gives it
        or ``None``."""
        heard = self._client.pubsub(ignore_subscribe_messages=True)

        async def next_message(within_s: float) -> bytes | None:
            with self._told():
                message = await heard.get_message(timeout=within_s)
            self.check_key()
            return None if message is None else bytes(message["data"])

        try:
            self.check_key()
            with self._told():
                async with asyncio.timeout(ANSWER_TIMEOUT_S):
                    await heard.subscribe(self.channel(name))
            yield next_message
        finally:
            await heard.aclose()  # type: ignore[no-untyped-call]

    def check_key(self) -> None:
        """Raises ``KeyMismatch`` while others there have another one."""
        if self.others_key:
            raise KeyMismatch(what=self.where)

    async def probe(self) -> None:
        """Return when it answers and lets us in."""
        await self.call("PING")

    async def wait(
        self, timeout_s: float = WAIT_S, report: Callable[[str], None] = lambda line: None
    ) -> None:
        """Return once it answers; ``report`` gets a line every 5 s until then.

        Raises RedisUnavailable after ``timeout_s``, and RedisRefused at once.
        """
        too_slow = self._unavailable(TOO_LONG)
        await wait_for("Redis", self.probe, (RedisUnavailable,), too_slow, timeout_s, report)

    async def close(self) -> None:
        """Give its connections back."""
        await self._client.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    def _unavailable(self, reason: str) -> RedisUnavailable:
        return RedisUnavailable(where=self.where, setting=self._setting, reason=reason)

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Tell the library's failures in our words."""
        try:
            yield
        except _REFUSALS as error:
            raise RedisRefused(where=self.where, reason=str(error), setting=self._setting) from None
        except TimeoutError:
            raise self._unavailable(TOO_LONG) from None
        except exceptions.OutOfMemoryError:
            raise self._unavailable("its memory is full") from None
        except exceptions.ReadOnlyError:
            raise self._unavailable("it is a replica that can not be written") from None
        except exceptions.ResponseError as error:
            if _NO_SUCH_NUMBER in str(error):
                raise RedisNumberUnknown(where=self.where, setting=self._setting) from None
            word, _, sentence = str(error).partition(" ")
            if word in _PASSING:
                raise self._unavailable(sentence.rstrip(".")) from None
            raise
        except (exceptions.RedisError, OSError, RuntimeError) as error:
            # The last is uvloop's word for a connection that was closed by the other side just now.
            raise self._unavailable(str(error).rstrip(".")) from None
