"""The allocator of a process that serves: jemalloc, where the system has it."""

import os
import sysconfig
from collections.abc import Iterator
from pathlib import Path
from typing import Final

CONFIGURATION: Final = (
    "narenas:1,tcache:false,slab_sizes:1-1024:1,background_thread:true,dirty_decay_ms:1000,muzzy_decay_ms:0"
)
"""One heap, since threads of Python allocate in turn anyway; no freed pieces at hand for each of many threads (the one that
answers requests gets them, ``server/heap.py``); free pages go back to the system after a second, by a thread of jemalloc's.

Source: jemalloc 5.3, "TUNING" and the manual's ``opt.*``."""
_FILE: Final = "libjemalloc.so.2"


def allocator() -> dict[str, str]:
    """Variables that have to be there before the interpreter starts. None where jemalloc is not to be found: then Python keeps
    its objects itself, and gives back whole megabytes only in which nothing is left."""
    found = next((file for file in _places() if file.is_file()), None)
    if found is None or "CS_GNU_LIBC_VERSION" not in os.confstr_names:
        return {}
    return {"PYTHONMALLOC": "malloc", "LD_PRELOAD": str(found), "MALLOC_CONF": CONFIGURATION}


def _places() -> Iterator[Path]:
    """Where Debian and its kin, Red Hat's, and those who build it keep it, of this interpreter's own kind."""
    kind = sysconfig.get_config_var("MULTIARCH")
    for folder in (f"/usr/lib/{kind}", "/usr/lib64", "/usr/local/lib"):
        yield Path(folder, _FILE)
