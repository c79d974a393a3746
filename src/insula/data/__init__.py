"""Collections, fields, filters and records. Knows a Scope (filter, fields), never a user."""
