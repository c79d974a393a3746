"""What of a record is asked for: ``fields``, ``appends`` and ``except`` as one tree of names.

Knows no collections: the same lists of paths make the same object, which is part of a plan's key.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache

from insula.data.errors import InvalidQuery
from insula.data.query import MAX_PATH_PARTS, MAX_PATHS

_KEPT = 2048


@dataclass(frozen=True, slots=True, eq=False)
class Outline:
    """What is asked for of one collection. Compared by identity."""

    only: tuple[str, ...] | None
    """Names of fields, ``None`` for all that are open. Relations among them are to be appended whole."""
    without: tuple[str, ...]
    """Names that are left out of all."""
    children: tuple[tuple[str, Outline], ...]
    """Relations to append, and what is asked for behind them."""
    rendered: bool = False
    """Wanted as the protocol writes it, see ``Query``."""


@dataclass(slots=True)
class _Draft:
    only: dict[str, None] | None = None
    without: dict[str, None] = field(default_factory=dict)
    children: dict[str, _Draft] = field(default_factory=dict)
    whole: bool = False
    """Appended by itself, and not only reached through a path of ``fields``."""

    def child(self, name: str) -> _Draft:
        return self.children.setdefault(name, _Draft())

    def done(self, *, rendered: bool) -> Outline:
        children = tuple(
            (name, child.done(rendered=rendered))
            for name, child in self.children.items()
            if name not in self.without
        )
        only = None if self.only is None else tuple(self.only)
        return Outline(only, tuple(self.without), children, rendered)


@lru_cache(maxsize=_KEPT)
def outline(
    fields: tuple[str, ...] | None,
    appends: tuple[str, ...],
    excepts: tuple[str, ...],
    *,
    rendered: bool = False,
) -> Outline:
    """The tree of three lists of dotted paths. Raises ``InvalidQuery``."""
    root = _Draft()
    if fields is not None:
        root.only = {}
    for path in _paths("appends", appends):
        node = root
        for name in path:
            node = node.child(name)
            node.whole = True
    for path in _paths("fields", fields or ()):
        node = root
        for name in path[:-1]:
            node = node.child(name)
            if node.only is None:
                node.only = {}
        if node.only is None:
            node.only = {}
        node.only[path[-1]] = None
    for path in _paths("except", excepts):
        node = root
        for name in path[:-1]:
            if name not in node.children:
                break
            node = node.children[name]
        else:
            node.without[path[-1]] = None
    return root.done(rendered=rendered)


def _paths(parameter: str, written: tuple[str, ...]) -> list[list[str]]:
    if len(written) > MAX_PATHS:
        raise InvalidQuery(parameter=parameter, reason=f"has more than {MAX_PATHS} paths")
    paths = [path.split(".") for path in written]
    for path in paths:
        if "" in path:
            raise InvalidQuery(
                parameter=parameter, reason=f'has the path "{".".join(path)[:60]}" with an empty part'
            )
        if len(path) > MAX_PATH_PARTS:
            raise InvalidQuery(parameter=parameter, reason=f"has a path of more than {MAX_PATH_PARTS} parts")
    return paths


EVERYTHING = outline(None, (), ())
