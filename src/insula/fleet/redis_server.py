"""The Redis between the environments: how it is reached, waited for, and what its failures are called.

The library is imported with this module, and this module only where a Redis is configured.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from types import TracebackType
from typing import Final, Self

from redis import exceptions
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from insula.core.patience import WAIT_S, wait_for
from insula.fleet.errors import RedisRefused, RedisUnavailable

CONNECT_TIMEOUT_S: Final = 5.0
ANSWER_TIMEOUT_S: Final = 5.0
"""For one that takes connections and says nothing: a later try may reach one that does."""
TOO_LONG: Final = "it took too long to answer"
_REFUSALS: Final = (
    exceptions.AuthenticationError,
    exceptions.AuthorizationError,
    exceptions.AuthenticationWrongNumberOfArgsError,
    exceptions.NoPermissionError,
)


class RedisServer:
    """One server, named by a setting. Opens no connection before it is asked for something; closed by ``close``."""

    def __init__(self, url: str, setting: str) -> None:
        """``url`` as the setting (or settings) of that name has it: ``redis[s]://[user:password@]host[:port][/number]``."""
        self._setting = setting
        self.client: Redis = Redis.from_url(
            url, socket_connect_timeout=CONNECT_TIMEOUT_S, retry=Retry(NoBackoff(), 0)
        )
        """Tries nothing twice by itself: whoever calls knows what may be."""

    @property
    def where(self) -> str:
        """Host, port and number, without a secret."""
        reached = self.client.connection_pool.connection_kwargs
        host, port = reached.get("host", "localhost"), reached.get("port", 6379)
        return f"{host}:{port}/{reached.get('db', 0)}"

    async def probe(self) -> None:
        """Return when it answers and lets us in. Raises RedisUnavailable, and RedisRefused for a wrong password."""
        try:
            async with asyncio.timeout(ANSWER_TIMEOUT_S):
                await self.client.execute_command("PING")  # type: ignore[no-untyped-call]
        except _REFUSALS as error:
            raise RedisRefused(where=self.where, reason=str(error), setting=self._setting) from None
        except TimeoutError:
            raise RedisUnavailable(where=self.where, reason=TOO_LONG) from None
        except (exceptions.RedisError, OSError) as error:
            raise RedisUnavailable(where=self.where, reason=str(error).rstrip(".")) from None

    async def wait(
        self, timeout_s: float = WAIT_S, report: Callable[[str], None] = lambda line: None
    ) -> None:
        """Return once it answers; ``report`` gets a line every 5 s until then.

        Raises RedisUnavailable after ``timeout_s``, and RedisRefused at once.
        """
        too_slow = RedisUnavailable(where=self.where, reason=TOO_LONG)
        await wait_for("Redis", self.probe, (RedisUnavailable,), too_slow, timeout_s, report)

    async def close(self) -> None:
        """Give its connections back."""
        await self.client.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()
