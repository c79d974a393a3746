"""Who tells of an environment: nothing more is said once good-bye was."""

from insula.fleet.discovery.redis_teller import Teller
from insula.fleet.environment import Environment
from insula.fleet.redis_server import RedisServer
from insula.fleet.seal import Seal


async def test_a_new_epoch_after_the_good_bye_begins_nothing_anew() -> None:
    """The name stays held until the applications have stopped, and is taken again where Redis has forgotten it."""
    teller = Teller(RedisServer("redis://127.0.0.1:1/0", "X"), Seal(None), "here")
    teller.leave(Environment("here", available=False))
    await teller.end()
    teller.begin(2, "the second")
    assert teller._task is None
