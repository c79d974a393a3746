"""Writes the generated pages of docs/reference. The tests compare them with what this would write."""

import sys
from pathlib import Path

from pages import pages

ROOT = Path(__file__).parent.parent

for name, text in pages().items():
    path = ROOT / "docs" / "reference" / name
    if not path.exists() or path.read_text() != text:
        path.write_text(text)
        sys.stdout.write(f"written: {path.relative_to(ROOT)}\n")
