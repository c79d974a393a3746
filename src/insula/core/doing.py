"""What work that takes a while tells of itself while it is done: a few words, and how much of it is done."""

from __future__ import annotations

from typing import Protocol


class Tell(Protocol):
    """Called by what works, as often as it likes: it neither waits nor writes anything."""

    def __call__(self, doing: str, progress: float | None = None) -> None:
        """``doing``: a few words, such as ``migration 3 of 7: users``; ``progress`` from 0 to 1, where that is known."""


def to_nobody(doing: str, progress: float | None = None) -> None:
    """Where nobody wants to know."""
