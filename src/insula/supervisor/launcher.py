"""What the launcher and the switcher show: the applications that the one who asks may enter; and who lets them in."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from insula.application.access.people import EVERYTHING
from insula.application.api.action import Action, Answer, Context, Resource
from insula.application.api.parent import parent_role
from insula.application.api.queries import keys_of, number_of
from insula.application.errors import InvalidParameter
from insula.data.query import MAX_PAGE_SIZE, Query
from insula.fleet.lifecycle import Wanted
from insula.supervisor.collections import SNIPPET
from insula.supervisor.entrances import EVERY, Entrances, enters_all
from insula.supervisor.entry import Entry
from insula.supervisor.errors import InvalidOption
from insula.supervisor.openapi_launcher import ENTRANCES
from insula.supervisor.shown import making_jobs, shown_options, statuses_of, url_of
from insula.supervisor.status import shown
from insula.supervisor.supervisor import Supervisor
from insula.supervisor.verbs import beside

if TYPE_CHECKING:
    from insula.application.application import Application

_ROLES: Final = Query(fields=("name", "title"), sort=("name",), page_size=None, counting="none")
_SHOWN_IN: Final = {"launcher": "inLauncher", "switcher": "inSwitcher"}
"""Where applications are shown, and the option that leaves them out there."""
_MOST_NAMES: Final = 1_000
"""Applications of one request that a role is let into."""


class Launcher:
    """The handlers. One object for the main application."""

    def __init__(self, supervisor: Supervisor) -> None:
        self._supervisor = supervisor

    async def list_mine(self, context: Context) -> Answer:
        """Pinned ones first, then by the name that people see, by pages."""
        main = context.application
        names = await self._entered(context)
        word = context.params.get("search")
        if word is not None and not isinstance(word, str):
            raise InvalidParameter(parameter="search", reason="must be text")
        option = _option(context)
        open_ = [
            entry
            for entry in self._supervisor.records.all()
            if entry.wanted is not Wanted.DELETED
            and _enters(names, entry)
            and (option is None or entry.options.get(option, True))
            and (not word or _found(entry, word.lower()))
        ]
        open_.sort(key=lambda entry: (not entry.pinned, entry.display_name.lower(), entry.name))
        chosen, meta = _page(context, open_)
        jobs = await making_jobs(main, chosen)
        rows = []
        for entry in chosen:
            status = shown(statuses_of(self._supervisor, entry, jobs.get(entry.name)))
            rows.append(_card(main, entry, status))
        return Answer(rows, meta)

    async def list_pinned(self, context: Context) -> Answer:
        """Where the pinned ones are that answer, or do when visited."""
        main, names = context.application, await self._entered(context)
        open_ = [
            {
                "name": entry.name,
                "displayName": entry.display_name or entry.name,
                "icon": entry.icon,
                "url": url_of(main, entry),
            }
            for entry in self._supervisor.records.all()
            if entry.pinned
            and entry.made
            and entry.wanted in (Wanted.RUNNING, Wanted.ASLEEP)
            and _enters(names, entry)
        ]
        return Answer(sorted(open_, key=lambda found: (found["displayName"].lower(), found["name"])))

    async def _entered(self, context: Context) -> Collection[str] | None:
        """The names of the applications that the one who asks may enter; ``None``: all of them."""
        main = context.application
        return await Entrances(main.repository).entered_by(main.access, context.principal)

    async def list_roles(self, context: Context) -> Answer:
        """Every role, with the applications that it may enter."""
        main = context.application
        granted = await Entrances(main.repository).of()
        rows = (await main.repository.find("roles", _ROLES, scopes=EVERYTHING)).rows
        found = []
        for row in rows:
            name = str(row["name"])
            keeper = enters_all(main.access, (name,))
            names = [EVERY] if keeper else granted.get(name, [])
            found.append({"role": name, "title": row["title"], "applications": names, "fixed": keeper})
        return Answer(found)

    async def list_of_role(self, context: Context) -> Answer:
        """The names of the applications that a role may enter, ``["*"]`` for all."""
        role, main = parent_role(context), context.application
        if enters_all(main.access, (role,)):
            return Answer([EVERY])
        return Answer((await Entrances(main.repository).of((role,))).get(role, []))

    async def change(self, context: Context) -> Answer:
        """The names of the applications that a role may enter from now on."""
        role, names = parent_role(context), _named(context)
        if context.action != "remove":
            for name in names:
                if name != EVERY and self._supervisor.records.entry(name) is None:
                    reason = f"names one that is not there ({name[:100]}); * stands for all"
                    raise InvalidOption(field="applications", reason=reason)
        entrances = Entrances(context.application.repository)
        return Answer(await entrances.change(role, names, context.action))


def _enters(names: Collection[str] | None, entry: Entry) -> bool:
    return names is None or entry.name in names


def _card(main: Application, entry: Entry, status: str) -> dict[str, Any]:
    options = shown_options(entry)
    return {
        "name": entry.name,
        "displayName": entry.display_name or entry.name,
        "icon": entry.icon,
        "status": status,
        "wanted": entry.wanted.value,
        "pinned": entry.pinned,
        "labels": list(entry.labels),
        "url": _link(main, entry),
        "inLauncher": options["inLauncher"],
        "inSwitcher": options["inSwitcher"],
        "environments": list(entry.environments),
    }


def _link(main: Application, entry: Entry) -> str:
    """Where a page of the main application leads: by the scheme, and but for custom domains the host, it was asked by."""
    url = urlsplit(url_of(main, entry))
    return f"//{url.netloc}{url.path}" if entry.cname else url.path


def _option(context: Context) -> str | None:
    """The option by which applications are left out of what is asked for. Raises ``InvalidParameter``."""
    place = context.params.get("shownIn")
    if place is None:
        return None
    if not isinstance(place, str) or place not in _SHOWN_IN:
        raise InvalidParameter(parameter="shownIn", reason="must be launcher or switcher")
    return _SHOWN_IN[place]


def _found(entry: Entry, word: str) -> bool:
    return any(word in text.lower() for text in (entry.display_name, entry.name, *entry.labels))


def _page(context: Context, entries: list[Entry]) -> tuple[Sequence[Entry], dict[str, int]]:
    """Raises ``InvalidParameter``."""
    given = context.params
    page, size = number_of(given.get("page", 1)), number_of(given.get("pageSize", MAX_PAGE_SIZE))
    if page is None or page < 1:
        raise InvalidParameter(parameter="page", reason="must be a number from 1")
    if size is None or not 0 < size <= MAX_PAGE_SIZE:
        raise InvalidParameter(parameter="pageSize", reason=f"must be a number from 1 to {MAX_PAGE_SIZE}")
    count, first = len(entries), (page - 1) * size
    meta = {"count": count, "page": page, "pageSize": size, "totalPage": -(-count // size)}
    return entries[first : first + size], meta


def _named(context: Context) -> list[str]:
    """Applications by name, one or several: in the path, as ``filterByTk``, or as the body."""
    body = context.body.get("values", context.body) if isinstance(context.body, dict) else context.body
    raw = keys_of(context.key, beside(context)) or body
    names = raw if isinstance(raw, list) else [raw]
    if len(names) > _MOST_NAMES or not all(isinstance(name, str) for name in names):
        raise InvalidOption(
            field="applications", reason=f'must be a list of at most {_MOST_NAMES} names, such as ["shop"]'
        )
    return list(dict.fromkeys(names))


def entrances(launcher: Launcher) -> Resource:
    """The resource ``roles/<role>/applications``."""

    def write(name: str, summary: str) -> Action:
        parts = ENTRANCES[name]
        return Action(name, launcher.change, "snippet", summary, snippet=SNIPPET, writes=True, openapi=parts)

    return Resource(
        "roles.applications",
        (
            Action(
                "list",
                launcher.list_of_role,
                "snippet",
                "Applications that a role may enter.",
                snippet=SNIPPET,
                openapi=ENTRANCES["list"],
            ),
            write("set", "Set the applications that a role may enter."),
            write("add", "Let a role enter more applications."),
            write("remove", "Let a role enter applications no longer."),
        ),
        "Applications of roles",
    )
