"""How Python keeps its objects in a process that serves."""

from typing import Final

ALLOCATOR: Final = {"PYTHONMALLOC": "malloc"}
"""glibc's allocator gives single pages back to the system, Python's own whole megabytes in which nothing is left. It is
chosen by Python's variable, which has to be there before the interpreter starts."""
