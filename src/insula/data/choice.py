"""What of a body is written: ``whitelist``, ``blacklist`` and ``updateAssociationValues`` of a request."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Choice:
    """Dotted paths through relations; what they leave out is passed over in silence."""

    whitelist: frozenset[str] | None = None
    """Fields that are written; ``None`` is all."""
    blacklist: frozenset[str] = frozenset()
    """Fields that are not."""
    deep: frozenset[str] = frozenset()
    """Relations whose records, named by key, are written too, and not only linked."""

    @classmethod
    def of(
        cls,
        whitelist: Iterable[str] | None = None,
        blacklist: Iterable[str] = (),
        deep: Iterable[str] = (),
    ) -> Choice:
        taken = None if whitelist is None else frozenset(whitelist)
        return cls(taken, frozenset(blacklist), frozenset(deep))

    @property
    def limits(self) -> bool:
        """Whether some fields may be left out."""
        return self.whitelist is not None or bool(self.blacklist)

    def takes(self, name: str) -> bool:
        """Whether the field is written, or something behind the relation."""
        if name in self.blacklist:
            return False
        if self.whitelist is None or name in self.whitelist:
            return True
        return any(path.startswith(name + ".") for path in self.whitelist)

    def within(self, name: str) -> Choice:
        """The choice for the records behind the relation ``name``."""
        if self is WHOLE:
            return self
        taken = None
        if self.whitelist is not None and name not in self.whitelist:
            taken = _behind(name, self.whitelist)
        return Choice(taken, _behind(name, self.blacklist), _behind(name, self.deep))


def _behind(name: str, paths: Iterable[str]) -> frozenset[str]:
    return frozenset(path[len(name) + 1 :] for path in paths if path.startswith(name + "."))


WHOLE = Choice()
"""All that a body says; records named by key are linked and not written."""
