"""The project's own files, read once, for the tests of this folder."""

import ast
import os
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
PACKAGE = ROOT / "src" / "insula"
MADE = {"__pycache__", "dist", "node_modules", "storage"}
HIDDEN = (
    ".git",
    ".venv",
    ".cache",
    ".hypothesis",
    ".import_linter",
    ".mypy",
    ".pytest",
    ".ruff",
    ".schemathesis",
)


@cache
def files() -> tuple[Path, ...]:
    """Every file of the project, without what is made from them or by running it."""
    found = []
    for folder, names, here in os.walk(ROOT):
        names[:] = [name for name in names if name not in MADE and not name.startswith(HIDDEN)]
        found += [Path(folder) / name for name in here]
    return tuple(sorted(found))


@cache
def trees() -> dict[str, ast.Module]:
    """Module of the package → its syntax tree."""
    return {name_of(path): ast.parse(path.read_text()) for path in sorted(PACKAGE.rglob("*.py"))}


def name_of(path: Path) -> str:
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imported(tree: ast.Module) -> set[str]:
    """Modules that a module names in any import, also inside of functions."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module)
    return found


def pages() -> list[Path]:
    """The pages that people read."""
    return [path for path in files() if path.suffix == ".md"]


def texts() -> dict[str, str]:
    """Every file that holds text: its path in the project → the text. The lock files are not for people."""
    kinds = {".md", ".py", ".toml", ".js", ".json", ".html", ".css", ".conf", ".yml", ".yaml", ""}
    chosen = [path for path in files() if path.suffix in kinds and "lock" not in path.name]
    return {shown(path): path.read_text() for path in chosen}


def shown(path: Path) -> str:
    return str(path.relative_to(ROOT))
