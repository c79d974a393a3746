"""The plugin ``collections``: modelling data at run time, over the API."""

from insula.plugins.collections.plugin import CollectionsPlugin

__all__ = ["CollectionsPlugin"]
