"""What people write, such as the names of things."""

from __future__ import annotations

from typing import Final

JOINERS: Final = {ord(joiner): None for joiner in "\N{ZERO WIDTH JOINER}\N{ZERO WIDTH NON-JOINER}"}
"""Seen by nobody, and part of words and pictures: Persian is written with them, and families among the emoji."""


def in_one_line(text: str) -> bool:
    """Whether all of it can be shown in a line of its own: no line breaks, nothing that steers, nothing that turns its
    direction."""
    return text.translate(JOINERS).isprintable()
