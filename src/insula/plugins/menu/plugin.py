"""The menu of an application."""

from __future__ import annotations

from insula.application.plugin import Plugin
from insula.plugins.menu.collection import MENU_ITEMS
from insula.plugins.menu.items import MENU_ITEMS_RESOURCE
from insula.plugins.menu.mine import MENU_RESOURCE


class MenuPlugin(Plugin):
    name = "menu"
    title = "Menu"
    description = "Groups, collections and links, in the order that administrators choose, for the roles that they choose."
    requires = ("users", "acl")
    collections = (MENU_ITEMS,)
    resources = (MENU_ITEMS_RESOURCE, MENU_RESOURCE)
