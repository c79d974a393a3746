"""The records of all applications in memory: by name, and by custom domain, of which each belongs to one alone."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator

from insula.fleet.lifecycle import Wanted
from insula.supervisor.entry import Entry
from insula.supervisor.errors import DomainTaken, NameOfDeleted, NameTaken


class Shelf(dict[str, Entry]):
    """Application → record, deleted ones too. Changed by ``put`` and ``drop`` alone."""

    def __init__(self, moved: Callable[[], None], entries: Iterable[Entry] = ()) -> None:
        """``moved`` is told when anything of it may be another from then on."""
        super().__init__()
        self._moved: Callable[[], None] = lambda: None
        self._domains: dict[str, str] = {}
        """Domain → application, deleted ones included: theirs stay taken. Reserved while one is being written."""
        for entry in entries:
            self.put(entry)
        self._moved = moved

    def put(self, entry: Entry) -> Entry:
        """Instead of what was there of its name. Gives it back."""
        before = self.get(entry.name)
        if before is not None and before.cname is not None and before.cname != entry.cname:
            self._domains.pop(before.cname, None)
        if entry.cname is not None:
            self._domains[entry.cname] = entry.name
        self[entry.name] = entry
        self._moved()
        return entry

    def drop(self, name: str) -> None:
        """Let go of one that is there."""
        gone = self.pop(name)
        if gone.cname is not None:
            self._domains.pop(gone.cname, None)
        self._moved()

    def application_of(self, domain: str | None) -> str | None:
        """Which application has the domain, or had when it was deleted; of no domain none."""
        return self._domains.get(domain) if domain else None

    def check_domain_free(self, domain: str | None, name: str) -> None:
        """Raises ``DomainTaken`` where another application than ``name`` has the domain, or had when it was deleted."""
        holder = self.application_of(domain)
        if holder is not None and holder != name:
            raise DomainTaken(domain=domain, application=holder)

    def check_name_free(self, name: str) -> None:
        """Raises ``NameTaken``, ``NameOfDeleted``."""
        entry = self.get(name)
        if entry is not None:
            deleted = entry.wanted is Wanted.DELETED
            raise (NameOfDeleted if deleted else NameTaken)(application=name)

    @contextlib.contextmanager
    def reserved(self, name: str, domain: str | None) -> Iterator[None]:
        """Let nobody else have the domain while it is being written. Raises ``DomainTaken``."""
        self.check_domain_free(domain, name)
        new = domain is not None and domain not in self._domains
        if domain is not None and new:
            self._domains[domain] = name
            self._moved()
        try:
            yield
        except BaseException:
            if domain is not None and new:
                self._domains.pop(domain, None)
                self._moved()
            raise
