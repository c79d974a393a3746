"""The built-in collections that an application needs before it has plugins."""

from __future__ import annotations

from typing import Any, Final

from insula.data.collection import Collection, Field
from insula.data.fields import field_type
from insula.data.metadata_collections import METADATA_COLLECTIONS


def _field(name: str, kind: str, description: str, **settings: Any) -> Field:
    options: dict[str, Any] = {"description": description}
    if "length" in settings:
        options["length"] = settings.pop("length")
    return Field(name, field_type(kind), key=name, options=options, **settings)


def _collection(name: str, title: str, description: str, *fields: Field, **options: Any) -> Collection:
    return Collection(
        name,
        {item.name: item for item in fields},
        title=title,
        options={"description": description, "guarded": True, "snippet": "", **options},
        internal=True,
    )


INSULA: Final = _collection(
    "insula",
    "Application",
    "What the application knows of itself.",
    _field("key", "string", "owner, secrets, fingerprint, tables.", primary_key=True, length=100),
    _field("value", "json", "The value."),
)
"""Key → value: ``owner`` (stamp), ``secrets`` (wrapped keys), ``fingerprint`` (versions), ``tables``."""

MIGRATIONS: Final = _collection(
    "migrations",
    "Migrations",
    "Which migrations of which plugin were applied.",
    _field("id", "bigInt", "Number of the record.", primary_key=True, auto_increment=True),
    _field("plugin", "string", "The plugin.", required=True, length=100),
    _field("number", "integer", "The number of the migration within the plugin.", required=True),
    _field("name", "string", "The name of the migration.", length=200),
    _field("appliedAt", "datetimeTz", "When it was applied."),
    indexes=[{"fields": ["plugin", "number"], "unique": True}],
)

PLUGINS: Final = _collection(
    "plugins",
    "Plugins",
    "Which plugins are enabled, and how they are set.",
    _field("name", "string", "Name of the plugin.", primary_key=True, length=100),
    _field("enabled", "boolean", "It is wanted.", required=True, default=False),
    _field("installed", "boolean", "Its tables and first data are there.", required=True, default=False),
    _field("version", "string", "Version of the plugin whose tables and data these are.", length=50),
    _field("settings", "json", "Settings that differ from the defaults; secrets are sealed."),
)

JOBS: Final = _collection(
    "jobs",
    "Jobs",
    "Longer pieces of work, made of steps.",
    _field("id", "bigInt", "Number of the job.", primary_key=True, auto_increment=True),
    _field("kind", "string", "What is done, such as records.import.", required=True, length=100),
    _field("title", "string", "What people see.", length=500),
    _field(
        "status",
        "string",
        "waiting, running, succeeded, failed, cancelled, undoing, undone.",
        index=True,
        length=20,
    ),
    _field("progress", "double", "From 0 to 1."),
    _field("input", "json", "What the job was started with."),
    _field("steps", "json", "Steps: name, status, progress, result, log, error, attempts."),
    _field("error", "text", "Why it failed, as one sentence."),
    _field("createdById", "bigInt", "Who started it; empty for the local administrator.", index=True),
    _field("createdAt", "datetimeTz", "When it was asked for."),
    _field("startedAt", "datetimeTz", "When it began."),
    _field("finishedAt", "datetimeTz", "When it ended."),
)

CORE_COLLECTIONS: Final = (INSULA, MIGRATIONS, PLUGINS, JOBS, *METADATA_COLLECTIONS)
"""In the order in which they can be made."""
