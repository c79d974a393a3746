"""How long each phase of a request may take, and how much of it is kept. Seconds and bytes.

No phase costs a timer: a connection knows since when it waits for what, and is asked now and then.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

HEAD_S: Final = 30.0
"""From the beginning of a connection, or from the first byte of a later request, to the end of the head."""
BODY_S: Final = 30.0
"""Without a single byte of a request's body that is being read."""
KEEP_ALIVE_S: Final = 75.0
"""Between two requests of a client. Longer than the 60 s of most proxies in front, so that they close first."""
CONNECT_S: Final = 5.0
"""Until an upstream takes a connection, its name looked up included."""
ANSWER_S: Final = 120.0
"""From the end of a request to the head of its answer. Longer than a request is held for an application that starts."""
PAUSE_S: Final = 300.0
"""Without a single byte of an answer that is under way, from an upstream that is listened to."""
UNTAKEN_S: Final = 30.0
"""Without the receiver taking a single byte of what is sent to it, client or upstream."""
PARTING_S: Final = 2.0
"""How long what is still coming is thrown away after the last answer, so that the client gets to read it."""
POOLED_S: Final = 30.0
"""How long an unused connection to an upstream is kept. Shorter than what upstreams grant (75 s: ours)."""
FRESH_S: Final = 5.0
"""An older connection is used for requests only that may be sent again, should it turn out to be closed."""
REMEMBERED_S: Final = 5.0
"""How long the headers of an idle client's last request are kept, to be recognised."""
TICK_S: Final = 1.0
"""How often connections are asked."""

KEPT_BYTES: Final = 64 * 1024
"""What is taken from a client ahead of time: further requests, or a body that has nowhere to go yet."""
DISCARDED_BYTES: Final = 256 * 1024
"""The body of a request that is answered here is taken in up to this length, so that the connection can be kept."""
POOLED_AT_MOST: Final = 64
"""Unused connections that are kept to one upstream."""
BUSY_AT_MOST: Final = 2048
"""Requests that are under way with one upstream, so that one that hangs leaves room for the others."""


@dataclass(frozen=True, slots=True)
class Phases:
    """Those that an installation may set."""

    head_s: float = HEAD_S
    body_s: float = BODY_S
    keep_alive_s: float = KEEP_ALIVE_S
    connect_s: float = CONNECT_S
    answer_s: float = ANSWER_S
    pause_s: float = PAUSE_S
    untaken_s: float = UNTAKEN_S
    tick_s: float = TICK_S
