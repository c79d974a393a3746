"""What applications share: one budget for each server, kept only while something is open there."""

import gc
from pathlib import Path
from types import SimpleNamespace
from typing import cast

from insula.database.options import DatabaseOptions
from insula.server import checks
from insula.server.declared import Settings
from insula.server.host import Host
from insula.supervisor.plugin import SupervisorPlugin


def test_a_server_has_one_budget_as_long_as_it_is_used(tmp_path: Path) -> None:
    host = Host(cast(Settings, SimpleNamespace(insula_db_connections=7)), tmp_path, makes=False)
    at = DatabaseOptions("postgres", host="db", database="one")
    budget = host.budget_of(at)
    assert host.budget_of(at.on_database("two")) is budget
    for number in range(100):  # servers that somebody only tried
        host.budget_of(DatabaseOptions("postgres", host=f"db{number}", database="one"))
    gc.collect()
    assert list(host._budgets.values()) == [budget]


def test_all_names_of_this_machine_are_one_server(tmp_path: Path) -> None:
    host = Host(cast(Settings, SimpleNamespace(insula_db_connections=7)), tmp_path, makes=False)
    here = host.budget_of(DatabaseOptions("postgres", host="localhost"))
    for name in ("127.0.0.1", "::1", "/var/run/postgresql"):
        assert host.budget_of(DatabaseOptions("postgres", host=name, port=5432)) is here
    assert host.budget_of(DatabaseOptions("postgres", port=5433)) is not here


def test_what_ends_statements_is_one_of_the_connections(tmp_path: Path) -> None:
    host = Host(cast(Settings, SimpleNamespace(insula_db_connections=7)), tmp_path, makes=False)
    budget = host.budget_of(DatabaseOptions("mariadb"))
    assert budget.limit == 6
    assert host.budget_of(DatabaseOptions("mysql")) is budget
    assert host.budget_of(DatabaseOptions("postgres")).limit == 7


def test_mains_own_plugin_is_named_in_vain_and_in_peace(tmp_path: Path) -> None:
    """The documented compose files name it for every process."""
    assert SupervisorPlugin.name == checks.MAINS_PLUGIN
    named = "@nocobase/plugin-app-supervisor, swagger"
    host = Host(Settings(append_preset_built_in_plugins=named), tmp_path, makes=True)
    assert host.extra_plugins == ("swagger",)
    assert SupervisorPlugin.name not in host.registry.plugins
