"""The page about applications agrees with the code."""

import re
from pathlib import Path

from insula.fleet.bus.memory import MemoryBus
from insula.fleet.discovery.local import LocalDiscovery
from insula.fleet.traffic import Traffic
from insula.supervisor.creation import Creation
from insula.supervisor.openapi import PARTS
from insula.supervisor.plugin import SupervisorPlugin
from insula.supervisor.probe import probe
from insula.supervisor.records import Records
from insula.supervisor.shown import COMPUTED, STORED
from insula.supervisor.supervisor import Supervisor
from insula.supervisor.wishes import DATABASE, OPTIONS

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "applications.md"


def section(title: str) -> set[str]:
    """The words in code style of a section's tables, in the first column of each line."""
    part = PAGE.read_text().partition(f"\n## {title}\n")[2].partition("\n## ")[0]
    first = [line.split("|")[1] for line in part.splitlines() if line.startswith("| `")]
    return {word.split("/")[0] for cell in first for word in re.findall(r"`([^`]+)`", cell)}


def supervisor() -> Supervisor:
    discovery = LocalDiscovery()
    return Supervisor(
        Records(discovery),
        MemoryBus(),
        discovery,
        Traffic(),
        probe=probe("/api/"),
        resolve=lambda told: told.database,
    )


def test_every_action_stands_in_the_page() -> None:
    plugin = SupervisorPlugin(supervisor(), lambda name, database: database, lambda name: None)
    applications, entrances, environments = plugin.resources
    assert section("Actions") == {action.name for action in applications.actions} == PARTS.keys()
    text = PAGE.read_text()
    assert all(f"`roles/<role>/applications:{action.name}`" in text for action in entrances.actions)
    assert [action.name for action in environments.actions] == ["list", "get", "destroy"]


def test_every_field_stands_in_the_page() -> None:
    assert section("Record") == {*STORED, *COMPUTED}


def test_every_option_stands_in_the_page() -> None:
    connections = {"new_database", "new_schema", "new_connection"}
    assert section("Options") == {*OPTIONS, "database"} | connections
    text = PAGE.read_text()
    assert all(re.search(rf"\b{word}\b", text) for word in DATABASE)


def test_every_step_stands_in_the_page() -> None:
    kind = Creation(supervisor()).kind
    text = PAGE.read_text().partition("## Making and undoing")[2]
    assert all(f"`{step.name}`" in text for step in kind.steps)
    assert kind.name in text
