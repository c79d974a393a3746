"""Who changed what others work with: a line in the log for each change of schema, people, permissions and plugins.

The log names people by their numbers alone, whether they act or are acted on: names and addresses are personal,
may change, and do not belong into what is kept and copied elsewhere. What has a name for a key is told by it.
"""

import logging
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from insula.application.access.principal import Principal
    from insula.application.api.action import Context

_log = logging.getLogger(__name__)

AUDITED: Final = frozenset(
    (
        "apiKeys",
        "collections",
        "fields",
        "jobs",
        "pm",
        "roles",
        "rolesResourcesScopes",
        "systemSettings",
        "users",
    )
)
"""Resources whose changes are told, by the first name of the path."""
_NAMED: Final = frozenset(("collections", "fields", "pm", "roles"))
"""Of these, the ones whose key is a name, which a body may hold."""
_LONGEST: Final = 80


def tell(context: "Context") -> None:
    """Called once an action that writes has succeeded."""
    path = context.request.path
    resource = path[1:].partition("/")[0].partition(":")[0]
    if resource in AUDITED:
        keys = ("name", "filterByTk") if resource in _NAMED else ("filterByTk",)
        _log.info("%s did %s%s", who(context.principal), path[1:], _which(context, keys))


def who(principal: "Principal") -> str:
    """The one who asks, as a log names them."""
    if principal.kind == "local":
        return "the local administrator"
    key = "an API key of " if principal.kind == "key" else ""
    return f"{key}user {principal.user_id} in the role {principal.role}"


def _which(context: "Context", keys: tuple[str, ...]) -> str:
    """What of a body or a query says which one is meant. Nothing else of them is told."""
    body = context.body if isinstance(context.body, dict) else {}
    given = {**context.params, **body}
    found = next((given[name] for name in keys if isinstance(given.get(name), str | int)), None)
    return "" if found is None else f" ({str(found)[:_LONGEST]})"
