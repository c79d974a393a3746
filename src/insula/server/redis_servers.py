"""The Redis servers that the settings name: one for what is known of the fleet, one for commands; often the same."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from insula.server.declared import Settings

_log = logging.getLogger(__name__)


async def wait_for_redis(settings: Settings) -> None:
    """Return once each of them answers, with a line in the log every 5 s until then.

    Raises ``RedisUnavailable`` after ``INSULA_WAIT_TIMEOUT_S``, and ``RedisRefused`` at once.
    """
    from insula.fleet.redis_server import RedisServer  # the library is loaded where a Redis is configured

    named = {
        "APP_SUPERVISOR_REDIS_URL": settings.app_supervisor_redis_url,
        "APP_COMMAND_REDIS_URL": settings.app_command_redis_url,
    }
    for url in filter(None, dict.fromkeys(named.values())):
        names = " and ".join(name for name, given in named.items() if given == url)
        async with RedisServer(url, names) as server:
            await server.wait(settings.insula_wait_timeout_s, lambda line: _log.warning("%s", line))
