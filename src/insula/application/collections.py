"""The built-in collections that an application needs before it has plugins."""

from __future__ import annotations

from typing import Final

from insula.data.builtin import builtin_collection, builtin_field
from insula.data.change_log import CHANGES, PROCESS_LENGTH
from insula.data.metadata_collections import METADATA_COLLECTIONS

INSULA: Final = builtin_collection(
    "insula",
    "Application",
    "What the application knows of itself.",
    builtin_field("key", "string", "owner, secrets, fingerprint, tables.", primary_key=True, length=100),
    builtin_field("value", "json", "The value."),
)
"""Key → value: ``owner`` (stamp), ``secrets`` (wrapped keys), ``fingerprint`` (versions), ``tables``."""

MIGRATIONS: Final = builtin_collection(
    "migrations",
    "Migrations",
    "Which migrations of which plugin were applied.",
    builtin_field("id", "bigInt", "Number of the record.", primary_key=True, auto_increment=True),
    builtin_field("plugin", "string", "The plugin.", required=True, length=100),
    builtin_field("number", "integer", "The number of the migration within the plugin.", required=True),
    builtin_field("name", "string", "The name of the migration.", length=200),
    builtin_field("appliedAt", "datetimeTz", "When it was applied."),
    indexes=[{"fields": ["plugin", "number"], "unique": True}],
)

PLUGINS: Final = builtin_collection(
    "plugins",
    "Plugins",
    "Which plugins are enabled, and how they are set.",
    builtin_field("name", "string", "Name of the plugin.", primary_key=True, length=100),
    builtin_field("enabled", "boolean", "It is wanted.", required=True, default=False),
    builtin_field(
        "installed", "boolean", "Its tables and first data are there.", required=True, default=False
    ),
    builtin_field("version", "string", "Version of the plugin whose tables and data these are.", length=50),
    builtin_field("settings", "json", "Settings that differ from the defaults; secrets are sealed."),
)

JOBS: Final = builtin_collection(
    "jobs",
    "Jobs",
    "Longer pieces of work, made of steps.",
    builtin_field("id", "bigInt", "Number of the job.", primary_key=True, auto_increment=True),
    builtin_field("kind", "string", "What is done, such as records.import.", required=True, length=100),
    builtin_field("title", "string", "What people see.", length=500),
    builtin_field(
        "status",
        "string",
        "waiting, running, succeeded, failed, cancelled, undoing, undone.",
        index=True,
        length=20,
    ),
    builtin_field("progress", "double", "From 0 to 1."),
    builtin_field("input", "json", "What the job was started with."),
    builtin_field("steps", "json", "Steps: name, status, progress, result, log, error, attempts."),
    builtin_field("error", "text", "Why it failed, as one sentence."),
    builtin_field("createdById", "bigInt", "Who started it; empty for the local administrator.", index=True),
    builtin_field(
        "environment", "string", "Where it runs; empty where the application runs nowhere else.", length=100
    ),
    builtin_field("process", "string", "Who runs it, or did last.", length=PROCESS_LENGTH),
    builtin_field("createdAt", "datetimeTz", "When it was asked for."),
    builtin_field("startedAt", "datetimeTz", "When it began."),
    builtin_field("finishedAt", "datetimeTz", "When it ended."),
)

CORE_COLLECTIONS: Final = (INSULA, MIGRATIONS, PLUGINS, JOBS, CHANGES, *METADATA_COLLECTIONS)
"""In the order in which they can be made."""
