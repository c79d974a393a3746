"""One isolated instance: its database, its users and roles, the state of its plugins, its API."""
