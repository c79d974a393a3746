"""The tree that a filter is parsed into. It knows nothing of collections or SQL."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Condition:
    """``path`` (through relations, or into JSON) compared by ``operator`` with ``value``."""

    path: tuple[str, ...]
    operator: str
    value: Any
    zone: str = "UTC"
    """IANA name or offset (``+08:00``) in which dates without a zone are understood."""


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


@dataclass(frozen=True, slots=True)
class Within:
    """``node`` holds for one and the same record behind the relation ``name`` (or inside JSON)."""

    name: str
    node: "Node"


@dataclass(frozen=True, slots=True)
class RelatedTo:
    """The record is one of those that ``collection``'s record ``key`` reaches through ``relation``.

    Made by Insula itself (``/api/posts/1/tags:list``), never parsed from a filter.
    """

    collection: str
    relation: str
    key: Any


Node = Condition | All | Some | Not | Within | RelatedTo
