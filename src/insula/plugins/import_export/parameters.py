"""Parameters of imports and exports are known or refused: one that is passed over would bring in or give out more."""

from collections.abc import Mapping
from typing import Any, Final

from insula.application.api.parameters import shown
from insula.application.errors import InvalidParameter

_OF_CLIENTS: Final = frozenset(("token", "timestamp", "context"))
"""Sent by clients of the protocol with every request."""


def check_known(params: Mapping[str, Any], known: frozenset[str]) -> None:
    """Names that begin with an underscore are for others. Raises ``InvalidParameter``."""
    for name in params:
        if name not in known and name not in _OF_CLIENTS and not name.startswith("_"):
            raise InvalidParameter(
                parameter=shown(name), reason=f"is not known here; known are {', '.join(sorted(known))}"
            )
