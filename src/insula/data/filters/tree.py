"""The tree that a filter is parsed into. It knows nothing of collections or SQL."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Condition:
    """``path`` (through relations) compared by ``operator`` with ``value``."""

    path: tuple[str, ...]
    operator: str
    value: Any


@dataclass(frozen=True, slots=True)
class All:
    """Every one of ``nodes`` holds (``$and``; true when empty)."""

    nodes: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Some:
    """At least one of ``nodes`` holds (``$or``; false when empty)."""

    nodes: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Not:
    """``node`` does not hold."""

    node: "Node"


Node = Condition | All | Some | Not
