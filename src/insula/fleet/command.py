"""Orders to an environment."""

import enum
from dataclasses import dataclass


class Verb(enum.Enum):
    """What an environment can be told to do with an application."""

    CREATE = "create"
    START = "start"
    STOP = "stop"
    UPGRADE = "upgrade"
    REMOVE = "remove"


@dataclass(frozen=True, slots=True)
class Command:
    """One order to one environment."""

    verb: Verb
    application: str
    request_id: str
    """Names this order in logs and answers; the same order given twice carries the same one."""
