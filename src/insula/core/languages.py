"""Names of languages, such as ``en-US``."""

import re
from typing import Final

LONGEST_LANGUAGE: Final = 20
"""Characters."""
_LANGUAGE: Final = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")


def is_language(value: object) -> bool:
    """Whether it is the name of a language."""
    return (
        isinstance(value, str) and len(value) <= LONGEST_LANGUAGE and _LANGUAGE.fullmatch(value) is not None
    )
