"""Applications that change their environments: their data stay where they are, and have to be reached from there."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from insula.fleet.command import Verb
from insula.fleet.configuration import Configuration
from insula.fleet.environment import LOCAL
from insula.fleet.lifecycle import Wanted
from insula.supervisor import seals
from insula.supervisor.entry import NOTHING, Entry
from insula.supervisor.errors import CommandUnanswered, InvalidOption, NotNow
from insula.supervisor.options import SQLITE
from insula.supervisor.wishes import SECRET

if TYPE_CHECKING:
    from insula.supervisor.control import Control

_log = logging.getLogger(__name__)

RESTING: Final = (Wanted.ASLEEP, Wanted.STOPPED)
"""What is wanted of those that are down."""

Resolve = Callable[[Configuration], Mapping[str, Any]]
"""The whole address of a database, as it is reached from main's own process; the password among it."""


def leave_home(control: Control, entry: Entry, changes: dict[str, Any], resolve: Resolve) -> None:
    """Add to ``changes`` what a move to ``changes["environments"]`` changes of the address of its database.

    Raises ``NotNow`` unless it is stopped, or where it ran is no environment any more, and ``InvalidOption`` for a file, which is in one place alone.
    """
    there = any(control.places.of(place) is not None for place in entry.places)
    if there and entry.wanted is not Wanted.STOPPED:
        raise NotNow(
            application=entry.name, verb="change its environments", reason="is not stopped; stop it first"
        )
    configuration = control.records.configuration(replace(entry, **changes))
    database = resolve(configuration) if entry.places == (LOCAL,) else configuration.database
    if database.get("dialect") == SQLITE:
        raise InvalidOption(
            field="environments",
            reason="can not change: its database is a file, which no other environment reaches; "
            "make a new application there, and import its data",
        )
    options = changes.get("options", entry.options)
    plain = {key: value for key, value in database.items() if key not in SECRET and value is not None}
    changes["options"] = {**options, "database": {**options.get("database", NOTHING), **plain}}
    secret = {key: value for key, value in database.items() if key in SECRET and value}
    if secret:
        changes["credentials"] = seals.seal_credentials(control.records.main, entry.name, secret)


async def arrive(control: Control, entry: Entry, changes: Mapping[str, Any]) -> None:
    """Look from each new environment whether its database is reached there. Raises ``CommandFailed``."""
    then = replace(entry, **changes)
    for place in then.places:
        if place not in entry.places:
            await control.do_in(place, then, Verb.CONNECT)


async def introduce(control: Control, before: Entry, after: Entry) -> None:
    """Have the environments that it has come to know it while it is down, so that a visit there is no visit to a stranger."""
    if after.made and after.wanted in RESTING:
        arguments = {"asleep": after.wanted is Wanted.ASLEEP}
        configuration = control.records.configuration(after)
        for place in after.places:
            if place not in before.places:
                try:
                    await control.orders.send_to((place,), after.name, Verb.STOP, configuration, arguments)
                except CommandUnanswered as error:
                    _log.warning("%s is known in %s once it is started: %s", after.name, place, error.message)


async def forget(control: Control, before: Entry, after: Entry) -> None:
    """Have the environments that it has left let go of it; one that does not answer is told when it is back."""
    for place in before.places:
        if place not in after.places and not control.places.why_not(place):
            try:
                await control.orders.send_to((place,), after.name, Verb.REMOVE, arguments={"keep": True})
            except CommandUnanswered as error:
                _log.warning("something of %s may be left: %s", after.name, error.message)
