"""API keys."""

from __future__ import annotations

from insula.application.access.collections import API_KEYS
from insula.application.plugin import Plugin
from insula.plugins.api_keys.actions import API_KEYS_RESOURCE


class ApiKeysPlugin(Plugin):
    name = "api-keys"
    title = "API keys"
    description = "Tokens for programs: one user, one role, one expiry."
    # Access itself looks a key up, so that its table is always there.
    required = True
    requires = ("users", "acl")
    collections = (API_KEYS,)
    resources = (API_KEYS_RESOURCE,)
