"""The HTTP API of an application: one table of resources and actions, dispatched by name."""
