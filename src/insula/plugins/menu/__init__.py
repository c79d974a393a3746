"""The menu of an application: groups, collections and links, in an order that administrators choose."""
