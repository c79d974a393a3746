"""What a caller wants of a collection, as plain values: the input of ``Repository``."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from insula.data.filters.tree import Node

Counting = Literal["exact", "simple", "none"]
"""How a page says where it is: total count, only whether there is more, or not at all."""

DEFAULT_PAGE_SIZE = 20
MAX_PAGE_SIZE = 1_000
"""Rows of one page, read and encoded at one go; more come without pages, in batches (``paginate=false``)."""
MAX_PAGE = 2**40
"""The last page that may be asked for: its offset fits 64 bits."""
MAX_PATHS = 500
"""Paths in ``fields``, ``appends``, ``except`` or ``sort``."""
MAX_PATH_PARTS = 20
"""Relations in one such path."""


@dataclass(frozen=True, slots=True)
class Query:
    """A read. ``fields``, ``appends``, ``excepts`` and ``sort`` are dotted paths as the client wrote them."""

    filter: Node | None = None
    fields: tuple[str, ...] | None = None
    appends: tuple[str, ...] = ()
    excepts: tuple[str, ...] = ()
    sort: tuple[str, ...] = ()
    """Paths, ``-`` in front for descending. The primary key is always the last criterion."""
    page: int = 1
    page_size: int | None = DEFAULT_PAGE_SIZE
    """``None``: all rows (``paginate=false``)."""
    counting: Counting = "exact"
    tree: bool = False
    """Answer parents with ``children`` (collections whose template is ``tree``)."""
    rendered: bool = False
    """Values come as the protocol writes them wherever the database can do that (moments as text): for who only
    passes them on, and spares making Python values of them."""


@dataclass(frozen=True, slots=True)
class Page:
    """Rows of one read, and where the page stands."""

    rows: list[dict[str, Any]]
    count: int | None = None
    """Rows that match in all; only with exact counting."""
    has_next: bool | None = None
    """Only with simple counting."""


@dataclass(frozen=True, slots=True)
class Measure:
    """``field`` (a path) under ``aggregation`` (count, sum, avg, min, max), answered as ``alias``."""

    field: tuple[str, ...]
    aggregation: str | None
    alias: str
    distinct: bool = False


@dataclass(frozen=True, slots=True)
class Dimension:
    """``field`` (a path) to group by; dates are cut by ``format`` (such as ``YYYY-MM``)."""

    field: tuple[str, ...]
    alias: str
    format: str | None = None


@dataclass(frozen=True, slots=True)
class Order:
    """``field`` is an alias of a measure or dimension, or a path."""

    field: tuple[str, ...]
    descending: bool = False
    nulls: Literal["default", "first", "last"] = "default"


@dataclass(frozen=True, slots=True)
class Aggregate:
    """A grouped read (action ``query``)."""

    measures: tuple[Measure, ...]
    dimensions: tuple[Dimension, ...] = ()
    orders: tuple[Order, ...] = ()
    filter: Node | None = None
    having: Mapping[str, Any] | None = None
    """Alias → condition, as the client wrote it: ``{"total": {"$gt": 5}}``."""
    limit: int | None = None
    offset: int = 0
    timezone: str = "UTC"
    """IANA name or offset in which dates are cut."""
