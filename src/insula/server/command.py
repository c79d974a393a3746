"""What people type to run this very program, for sentences and pages that name a command."""

import shutil
import sys
from pathlib import Path

NAME = "insula"


def command() -> str:
    """``insula`` where the shell finds it; else its path, from the working directory where it lies below."""
    if shutil.which(NAME):
        return NAME
    script = Path(sys.prefix) / "bin" / NAME
    here = Path.cwd()
    return str(script.relative_to(here) if script.is_relative_to(here) else script)
