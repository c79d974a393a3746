"""Writes the generated pages of docs/reference; with ``--check``, only says which are not fresh and fails."""

import sys
from pathlib import Path

from pages import pages

ROOT = Path(__file__).parent.parent


def stale() -> dict[Path, str]:
    """Pages that are not what the code says: path → what should be there."""
    wanted = {ROOT / "docs" / "reference" / name: text for name, text in pages().items()}
    return {path: text for path, text in wanted.items() if not path.exists() or path.read_text() != text}


def main(words: list[str]) -> int:
    check = words == ["--check"]
    if words and not check:
        sys.stderr.write("usage: docs.py [--check]\n")
        return 2
    found = stale()
    for path, text in found.items():
        if not check:
            path.write_text(text)
        said = "not fresh, run make docs" if check else "written"
        sys.stdout.write(f"{said}: {path.relative_to(ROOT)}\n")
    return 1 if check and found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
