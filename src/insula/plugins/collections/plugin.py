"""Collections and fields, made and changed by people while the application runs."""

from __future__ import annotations

from insula.application.plugin import Plugin
from insula.plugins.collections.actions import COLLECTIONS
from insula.plugins.collections.fields import FIELDS, FIELDS_OF_COLLECTION


class CollectionsPlugin(Plugin):
    name = "collections"
    title = "Collections"
    description = "Models data: collections, fields and relations, with real tables behind them."
    required = True
    resources = (COLLECTIONS, FIELDS_OF_COLLECTION, FIELDS)
