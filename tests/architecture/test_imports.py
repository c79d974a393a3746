"""Who may import what from outside. (What the layers may import from one another is in pyproject.toml.)"""

import ast
import re
import sys
import tomllib

import pytest
from sources import ROOT, imported, trees

ONLY_IN = {
    "asyncmy": ("insula.database.dialects", "insula.testing"),
    "asyncpg": ("insula.database.dialects", "insula.testing"),
    "sqlite3": ("insula.database", "insula.testing"),
    "sqlalchemy": ("insula.data", "insula.database", "insula.testing"),
    "argon2": ("insula.application.access", "insula.data.fields"),
    "anyascii": ("insula.plugins.import_export",),
    "click": ("insula.cli",),
    "cryptography": ("insula.application", "insula.fleet.seal", "insula.server", "insula.testing"),
    "dotenv": ("insula.server",),
    "httptools": ("insula.gateway", "insula.server"),
    "httpx": ("insula.cli", "insula.testing"),
    "jinja2": ("insula.gateway",),
    "jwt": ("insula.application.access",),
    "pluggy": ("insula.application",),
    "pytest": ("insula.testing",),
    "re2": ("insula.data.filters", "insula.database.dialects"),
    "redis": ("insula.fleet.bus", "insula.fleet.redis_server"),
    "rich": ("insula.cli",),
    "uvicorn": ("insula.server", "insula.testing"),
    "uvloop": ("insula.server",),
}
"""Library → the packages that may know it. What is used everywhere (msgspec, orjson) is not here."""

IMPORTED_AS = {
    "argon2-cffi": "argon2",
    "google-re2": "re2",
    "pyjwt": "jwt",
    "python-dotenv": "dotenv",
}
READ_BY_OTHERS = {
    "httptools": "uvicorn, whose parser it is",
    "websockets": "uvicorn, whose parser it is once a connection is upgraded",
    "tzdata": "the standard library's zoneinfo, where the system has no zones",
}


@pytest.mark.parametrize("library", sorted(ONLY_IN))
def test_a_library_stays_where_it_belongs(library: str) -> None:
    strangers = [
        module
        for module, tree in trees().items()
        if any(name.split(".")[0] == library for name in imported(tree))
        and not any(module == home or module.startswith(f"{home}.") for home in ONLY_IN[library])
    ]
    assert strangers == []


def test_core_imports_the_standard_library_only() -> None:
    foreign = {
        (module, name)
        for module, tree in trees().items()
        if module.split(".")[1:2] == ["core"]
        for name in imported(tree)
        if name.split(".")[0] not in sys.stdlib_module_names and not name.startswith("insula.core")
    }
    assert foreign == set()


def test_every_dependency_is_imported() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    names = [re.split(r"[\[<>=]", line)[0] for line in project["dependencies"]]
    used = {name.split(".")[0] for tree in trees().values() for name in imported(tree)}
    idle = [n for n in names if IMPORTED_AS.get(n, n.replace("-", "_")) not in used | set(READ_BY_OTHERS)]
    assert idle == []


def test_the_environment_is_read_in_one_place() -> None:
    """Ruff refuses the usual ways; this sees the others, and the modules that ruff leaves out."""
    names = {"environ", "environb", "getenv", "getenvb"}
    readers = [module for module, tree in trees().items() if names & _names(tree)]
    assert [name for name in readers if not name.startswith("insula.testing.")] == ["insula.server.variables"]


def _names(tree: ast.Module) -> set[str]:
    """Every attribute and imported name of a module."""
    nodes = list(ast.walk(tree))
    attributes = {node.attr for node in nodes if isinstance(node, ast.Attribute)}
    return attributes | {a.name for node in nodes if isinstance(node, ast.ImportFrom) for a in node.names}
