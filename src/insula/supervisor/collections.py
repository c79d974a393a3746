"""The main application's collections of applications: what each should be, and what has happened to it."""

from __future__ import annotations

from typing import Final

from insula.application.access.collections import ROLE_NAME_LENGTH
from insula.data.builtin import builtin_collection, builtin_field
from insula.data.collection import Reference
from insula.supervisor.names import LONGEST_DOMAIN, LONGEST_NAME

SNIPPET: Final = "pm.app-supervisor"
"""The configuration right to look after applications."""
WORD_LENGTH: Final = 20
"""Characters of a state."""


APPLICATIONS: Final = builtin_collection(
    "applications",
    "Applications",
    "The applications beside the main one, and what each should be.",
    builtin_field("name", "string", "Its id.", primary_key=True, length=LONGEST_NAME),
    builtin_field("displayName", "string", "Name that people see."),
    builtin_field("cname", "string", "Custom domain, in small letters.", unique=True, length=LONGEST_DOMAIN),
    builtin_field("pinned", "boolean", "Shown in front.", required=True, default=False),
    builtin_field("icon", "string", "Name of its icon."),
    builtin_field("labels", "json", "Words to find it by."),
    builtin_field("environments", "json", "Names of the environments where it runs; none: the local one."),
    builtin_field("options", "json", "Start mode, connection, upgrade, session; no secret."),
    builtin_field(
        "wanted", "string", "running, asleep, stopped, deleted.", required=True, length=WORD_LENGTH
    ),
    builtin_field("stamp", "string", "Marks its database as its own.", required=True, length=64),
    builtin_field("credentials", "text", "Secrets of its connection, sealed."),
    builtin_field("dataKey", "text", "Its own key, wrapped."),
    builtin_field(
        "version",
        "string",
        "Version that its database was made or upgraded by; empty: not made yet.",
        length=50,
    ),
    builtin_field("fingerprint", "text", "Versions of core and plugins, as one text."),
    builtin_field("lastVisitAt", "datetimeTz", "Its last visit, to within a minute."),
    builtin_field("createdAt", "datetimeTz", "When it was asked for."),
    builtin_field(
        "createdById",
        "bigInt",
        "User of the main application who asked for it; empty: the local administrator.",
    ),
    builtin_field("updatedAt", "datetimeTz", "When its record was last changed."),
    builtin_field("deletedAt", "datetimeTz", "When it was deleted; empty: it is not."),
)

APPLICATION_EVENTS: Final = builtin_collection(
    "applicationEvents",
    "History of applications",
    "What was wanted of applications, and what was observed; the newest 200 of each.",
    builtin_field("id", "bigInt", "Number of the event.", primary_key=True, auto_increment=True),
    builtin_field("application", "string", "The application.", required=True, length=LONGEST_NAME),
    builtin_field("at", "datetimeTz", "When.", required=True),
    builtin_field("environment", "string", "Where it was observed.", length=100),
    builtin_field("observed", "string", "What was observed.", length=WORD_LENGTH),
    builtin_field("wanted", "string", "What was wanted from then on.", length=WORD_LENGTH),
    builtin_field("reason", "text", "Why."),
    builtin_field("requestId", "string", "The request that brought it about.", length=64),
    builtin_field("actor", "string", "Who asked for it."),
    indexes=[{"fields": ["application", "id"], "unique": False}],
)

ENVIRONMENTS: Final = builtin_collection(
    "environments",
    "Environments",
    "Where applications can run: those that have registered.",
    builtin_field("name", "string", "Its name.", primary_key=True, length=LONGEST_NAME),
    builtin_field("url", "string", "Where people reach it."),
    builtin_field("proxyUrl", "string", "Where requests are forwarded to."),
    builtin_field("version", "string", "Of its code.", length=50),
    builtin_field("instance", "string", "The installation that it is.", length=64),
    builtin_field("registeredAt", "datetimeTz", "When it was started last."),
)

APPLICATIONS_ROLES: Final = builtin_collection(
    "applicationsRoles",
    "Applications of roles",
    "Which roles may enter which applications from the launcher.",
    builtin_field(
        "roleName",
        "string",
        "The role.",
        index=True,
        required=True,
        reference=Reference("roles", "name", "CASCADE"),
        length=ROLE_NAME_LENGTH,
    ),
    builtin_field(
        "application",
        "string",
        "The application; * for all of them.",
        index=True,
        required=True,
        length=LONGEST_NAME,
    ),
    indexes=[{"fields": ["roleName", "application"], "unique": True}],
)

COLLECTIONS: Final = (APPLICATIONS, APPLICATION_EVENTS, ENVIRONMENTS, APPLICATIONS_ROLES)
