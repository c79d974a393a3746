"""One function per verb: what an environment does when it is told to. Done twice is done once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from insula import __version__
from insula.core.clock import now
from insula.core.failpoints import reach
from insula.fleet.command import NOTHING, Command, Verb
from insula.fleet.configuration import Configuration
from insula.fleet.lifecycle import Observed, Status
from insula.fleet.process.base import ProcessAdapter
from insula.fleet.provisioner.base import Finding, Provisioner

FILES: Final = "sqlite"
"""The dialect whose databases are files, which one environment alone reaches."""
NOT_SHARED: Final = Finding(
    "error",
    "DATABASE_NOT_SHARED",
    "Several environments can not share a file of SQLite.",
    "Name one environment, or a database server in options.database.",
)

Result = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Means:
    """What commands are carried out with."""

    process: ProcessAdapter
    provisioner: Provisioner
    report: Callable[[str, Status], None]
    """Told application and status where it is none that the process adapter observes."""
    idle_s: Callable[[str], float | None]
    """How long nobody has visited an application here; ``None``: nobody has."""


def configuration_of(command: Command) -> Configuration:
    """Raises ``ValueError`` for a command that lacks it: a defect of its sender."""
    if command.configuration is None:
        raise ValueError(f"{command.verb.value} needs the configuration of {command.application}")
    return command.configuration


async def check(means: Means, command: Command) -> Result:
    """Result: ``findings``."""
    adopt = command.arguments.get("adopt")
    findings = [*await means.provisioner.check(configuration_of(command), adopt)]
    whole = means.provisioner.address(configuration_of(command))
    if command.arguments.get("shared") and whole.get("dialect") == FILES:
        findings.insert(0, NOT_SHARED)
    return {"findings": [finding.to_json() for finding in findings]}


async def connect(means: Means, command: Command) -> Result:
    """No result."""
    await means.provisioner.try_connection(configuration_of(command))
    return NOTHING


async def visited(means: Means, command: Command) -> Result:
    """Result: ``idleS``."""
    idle_s = means.idle_s(command.application)
    return NOTHING if idle_s is None else {"idleS": idle_s}


async def prepare(means: Means, command: Command) -> Result:
    """Result: ``database``."""
    configuration, adopt = configuration_of(command), command.arguments.get("adopt")
    unknown = means.process.status(command.application).observed is Observed.NOT_FOUND
    if unknown:
        means.report(command.application, Status(Observed.PREPARING, now(), doing="database"))
    try:
        database = await means.provisioner.prepare(configuration, adopt)
    except BaseException as error:
        if unknown:
            failed = Status(Observed.ERROR, now(), step="prepare", cause=str(error) or type(error).__name__)
            means.report(command.application, failed)
        raise
    if command.arguments.get("shared"):  # others have to find it as well
        database = means.provisioner.address(replace(configuration, database=database))
    return {"database": dict(database)}


async def create(means: Means, command: Command) -> Result:
    """Result: ``version``."""
    await means.process.create(configuration_of(command), command.arguments)
    return {"version": __version__}


async def start(means: Means, command: Command) -> Result:
    """Result: ``version``: what runs is up to date."""
    await means.process.start(configuration_of(command))
    return {"version": __version__}


async def stop(means: Means, command: Command) -> Result:
    """No result. With a configuration the environment gets to know one that was made elsewhere, and is down."""
    await means.process.stop(command.application)
    if command.configuration is not None:
        means.process.rest(command.application)
    elif means.process.status(command.application).observed is Observed.NOT_FOUND:
        # it was prepared at most, which the process adapter knows nothing of
        means.report(command.application, Status(Observed.NOT_FOUND, now()))
    return NOTHING


async def upgrade(means: Means, command: Command) -> Result:
    """Result: ``version``."""
    await means.process.upgrade(configuration_of(command))
    return {"version": __version__}


async def remove(means: Means, command: Command) -> Result:
    """No result."""
    await means.process.stop(command.application)
    if not command.arguments.get("keep"):
        await means.provisioner.remove(configuration_of(command))
        await reach("remove.dropped")
    await means.provisioner.forget(command.application)
    means.process.forget(command.application)
    means.report(command.application, Status(Observed.NOT_FOUND, now()))
    return NOTHING


EXECUTE: Final[Mapping[Verb, Callable[[Means, Command], Awaitable[Result]]]] = {
    Verb.CHECK: check,
    Verb.CONNECT: connect,
    Verb.VISITED: visited,
    Verb.PREPARE: prepare,
    Verb.CREATE: create,
    Verb.START: start,
    Verb.STOP: stop,
    Verb.UPGRADE: upgrade,
    Verb.REMOVE: remove,
}
"""All verbs but what main is asked."""
