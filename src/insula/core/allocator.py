"""How Python keeps its objects in a process that serves."""

from typing import Final

ALLOCATOR: Final = {"PYTHONMALLOC": "malloc", "GLIBC_TUNABLES": "glibc.malloc.tcache_count=64"}
"""glibc's allocator gives single pages back to the system, Python's own whole megabytes in which nothing is left. It is
chosen by Python's variable, which has to be there before the interpreter starts. Of each size up to 1 kB, a thread keeps 64
freed pieces at hand (glibc's own 7 made a list of 20 records a fifth slower)."""
