"""The main application's collections of applications: what each should be, and what has happened to it."""

from __future__ import annotations

from typing import Any, Final

from insula.data.collection import Collection, Field
from insula.data.fields import field_type
from insula.supervisor.names import LONGEST_DOMAIN, LONGEST_NAME

SNIPPET: Final = "pm.app-supervisor"
"""The configuration right to look after applications."""
WORD_LENGTH: Final = 20
"""Characters of a state."""


def _field(name: str, kind: str, description: str, *, length: int | None = None, **settings: Any) -> Field:
    options: dict[str, Any] = {"description": description}
    if length is not None:
        options["length"] = length
    return Field(name, field_type(kind), key=name, options=options, **settings)


def _collection(name: str, title: str, description: str, *fields: Field, **options: Any) -> Collection:
    """Read and written by the supervisor alone: as records they are open to nobody."""
    return Collection(
        name,
        {item.name: item for item in fields},
        title=title,
        options={"description": description, "guarded": True, "snippet": "", **options},
        internal=True,
    )


APPLICATIONS: Final = _collection(
    "applications",
    "Applications",
    "The applications beside the main one, and what each should be.",
    _field("name", "string", "Its id.", primary_key=True, length=LONGEST_NAME),
    _field("displayName", "string", "Name that people see."),
    _field("cname", "string", "Custom domain, in small letters.", unique=True, length=LONGEST_DOMAIN),
    _field("pinned", "boolean", "Shown in front.", required=True, default=False),
    _field("icon", "string", "Name of its icon."),
    _field("labels", "json", "Words to find it by."),
    _field("environments", "json", "Names of the environments where it runs; none: the local one."),
    _field("options", "json", "Start mode, connection, upgrade, session; no secret."),
    _field("wanted", "string", "running, asleep, stopped, deleted.", required=True, length=WORD_LENGTH),
    _field("stamp", "string", "Marks its database as its own.", required=True, length=64),
    _field("credentials", "text", "Secrets of its connection, sealed."),
    _field("dataKey", "text", "Its own key, wrapped."),
    _field(
        "version",
        "string",
        "Version that its database was made or upgraded by; empty: not made yet.",
        length=50,
    ),
    _field("fingerprint", "text", "Versions of core and plugins, as one text."),
    _field("lastVisitAt", "datetimeTz", "Its last visit, to within a minute."),
    _field("createdAt", "datetimeTz", "When it was asked for."),
    _field(
        "createdById",
        "bigInt",
        "User of the main application who asked for it; empty: the local administrator.",
    ),
    _field("updatedAt", "datetimeTz", "When its record was last changed."),
    _field("deletedAt", "datetimeTz", "When it was deleted; empty: it is not."),
)

APPLICATION_EVENTS: Final = _collection(
    "applicationEvents",
    "History of applications",
    "What was wanted of applications, and what was observed; the newest 200 of each.",
    _field("id", "bigInt", "Number of the event.", primary_key=True, auto_increment=True),
    _field("application", "string", "The application.", required=True, length=LONGEST_NAME),
    _field("at", "datetimeTz", "When.", required=True),
    _field("environment", "string", "Where it was observed.", length=100),
    _field("observed", "string", "What was observed.", length=WORD_LENGTH),
    _field("wanted", "string", "What was wanted from then on.", length=WORD_LENGTH),
    _field("reason", "text", "Why."),
    _field("requestId", "string", "The request that brought it about.", length=64),
    _field("actor", "string", "Who asked for it."),
    indexes=[{"fields": ["application", "id"], "unique": False}],
)

COLLECTIONS: Final = (APPLICATIONS, APPLICATION_EVENTS)
